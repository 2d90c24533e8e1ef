import io

from batches.replay.progress import Progress
from batches.replay.tally import Place, Tally


class Terminal(io.StringIO):
    def isatty(self):
        return True


def clock():
    moment = [0.0]

    def now():
        moment[0] += 1.0
        return moment[0]

    return now


def test_a_terminal_sees_one_line_that_is_drawn_anew():
    screen = Terminal()
    progress = Progress(screen, 1000, clock())
    progress.advance(500)
    progress.advance(500)
    progress.close()
    assert screen.getvalue().count("\n") == 1
    drawn = screen.getvalue().split("\r")
    assert drawn[1].startswith("[###############...............]  50%  500 of 1,000 rows  500 rows/s")
    assert drawn[2].startswith("[##############################] 100%  1,000 of 1,000 rows")


def test_fast_progress_is_not_drawn_for_every_frame():
    screen = Terminal()
    progress = Progress(screen, 1000, lambda: 5.0)
    for _ in range(500):
        progress.advance(1)
    assert screen.getvalue().count("\r") == 1


def test_a_log_gets_at_most_ten_lines():
    screen = io.StringIO()
    progress = Progress(screen, 1000, clock())
    for _ in range(1000):
        progress.advance(1)
    progress.close()
    assert len(screen.getvalue().splitlines()) == 10
    assert "\r" not in screen.getvalue()


def test_an_empty_run_is_done():
    assert Progress(io.StringIO(), 0, clock()).line(2.0).startswith("[##############################] 100%")


def test_the_summary_counts_by_code_and_shows_the_first_of_each():
    tally = Tally(rows=10)
    tally.answer(8, 5, 1)
    for line in range(2, 9):
        tally.refuse("too_early", Place(line, "T"), f"at {line}")
    tally.refuse("unit_mismatch", None, "column Fg: the file says 'm3/h', the map 'L/h'")
    tally.missing["pH"] += 2
    tally.remark("not in this batch's recipe: Foil (OIL)")
    assert tally.lines() == [
        "rows read                 10",
        "values accepted            5",
        "duplicates                 1",
        "refused                    8",
        "  too_early                      7",
        "    line 2, T: at 2",
        "    line 3, T: at 3",
        "    line 4, T: at 4",
        "  unit_mismatch                  1",
        "    column Fg: the file says 'm3/h', the map 'L/h'",
        "missing values             2",
        "  pH                             2",
        "to know",
        "  not in this batch's recipe: Foil (OIL)",
    ]
