import gzip

import pytest

from batches.replay import tables
from batches.replay.problems import FileProblem
from batches.replay.tables import Layout, guess_delimiter, open_table


def rows_of(path, layout=None):
    table = open_table(path, layout or Layout())
    return table, [
        (line, row) for block in table.blocks() for line, row in zip(block.lines, block.rows, strict=True)
    ]


def test_names_and_units_come_from_two_header_rows(table):
    path = table("time_h,T,Fg", "h,K,L/h", "0.2,298,30", "0.4,299,30")
    opened, rows = rows_of(path, Layout(header_rows=2))
    assert (opened.names, opened.units) == (("time_h", "T", "Fg"), ("h", "K", "L/h"))
    assert rows == [(3, ["0.2", "298", "30"]), (4, ["0.4", "299", "30"])]


def test_gzip_is_known_by_its_content_and_not_by_its_name(table, tmp_path):
    path = table("t,A", "1,2", name="run.csv.gz")
    assert rows_of(path)[1] == [(2, ["1", "2"])]
    renamed = path.rename(tmp_path / "run.csv")
    assert rows_of(renamed)[1] == [(2, ["1", "2"])]


def test_without_a_header_columns_are_called_by_number(table):
    path = table("  1.5   2.5  ", "3.5 4.5")
    opened, rows = rows_of(path, Layout(header_rows=0, delimiter=" "))
    assert opened.names == ("1", "2")
    assert rows == [(1, ["1.5", "2.5"]), (2, ["3.5", "4.5"])]


def test_blank_lines_are_no_rows_and_lines_count_as_an_editor_shows_them(table):
    path = table("t,A", "", "1,2", ", ", '3,"two', 'lines"', "4,5")
    assert [line for line, _ in rows_of(path)[1]] == [3, 6, 7]


def test_a_byte_order_mark_is_not_part_of_the_first_name(table):
    assert open_table(table("time,A", "1,2", encoding="utf-8-sig"), Layout()).names == ("time", "A")


def test_bytes_that_are_no_utf8_become_signs_that_no_number_has(table):
    path = table(b"t,A\n1,3\xff7\n")
    assert rows_of(path)[1] == [(2, ["1", "3�7"])]


def test_many_rows_come_in_blocks(table, monkeypatch):
    monkeypatch.setattr(tables, "BLOCK_ROWS", 2)
    path = table("t,A", *(f"{row},1" for row in range(5)))
    assert [len(block.rows) for block in open_table(path, Layout()).blocks()] == [2, 2, 1]


def test_two_columns_of_one_name_are_refused(table):
    with pytest.raises(FileProblem, match="more than one column called T"):
        open_table(table("t,T,T", "1,2,3"), Layout())


def test_a_file_shorter_than_its_header_is_refused(table):
    with pytest.raises(FileProblem, match=r"has 1 rows; the header alone should have 2"):
        open_table(table("t,A"), Layout(header_rows=2))


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(FileProblem, match="cannot be opened: No such file"):
        open_table(tmp_path / "none.csv", Layout())
    with pytest.raises(FileProblem, match="cannot be opened: Is a directory"):
        open_table(tmp_path, Layout())


def test_a_cut_gzip_file_is_refused_whole(tmp_path):
    whole = gzip.compress(
        "\n".join(["t,A", *(f"{row},{row * 7919 % 1000}" for row in range(20_000))]).encode()
    )
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileProblem, match="is damaged after line"):
        rows_of(path)


def test_a_gzip_file_with_wrong_bytes_is_refused(tmp_path):
    path = tmp_path / "bad.csv.gz"
    path.write_bytes(b"\x1f\x8b" + b"nothing of the kind" * 10)
    with pytest.raises(FileProblem, match=r"bad\.csv\.gz"):
        open_table(path, Layout())
    with pytest.raises(FileProblem, match=r"bad\.csv\.gz cannot be read"):
        guess_delimiter(path)


def test_a_file_that_unfolds_without_end_is_refused(table, monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 100_000)
    path = table(b"t,A\n" + b"1,2\n" * 100_000, name="bomb.csv.gz")
    with pytest.raises(FileProblem, match="unfolds to more than"):
        rows_of(path)


def test_a_cell_beyond_all_measure_is_refused(table):
    with pytest.raises(FileProblem, match=r"is not a table: field larger than field limit"):
        rows_of(table("t,A", "1," + "x" * 200_000))


@pytest.mark.parametrize(
    ("line", "sign"), [("a;b;c,d", ";"), ("a,b", ","), ("a\tb\tc", "\t"), ("alone", ",")]
)
def test_the_delimiter_is_the_sign_that_cuts_most(table, line, sign):
    assert guess_delimiter(table(line)) == sign
