"""Whole replays against a portal on loopback: what arrives, and what is said of the rest."""

from datetime import timedelta

import pytest

from batches.replay.problems import FileProblem, MapProblem, TargetProblem
from batches.rest_client import RequestRefused, ServerAway
from tests.batches.replay.conftest import BATCH, NOW, SAMPLES
from tests.batches.replay.test_choosing import DRYER, TABLET

HEADER = (
    "time_h,S,DO2,T,pH,Fg,RPM,Fpaa,Culture_age,pressure",
    "h,g/L,mg/L,K,pH,L/h,RPM,PAA flow (L/h),h,bar",
)
UNITS = {"TEMP": "degC", "PH": "pH", "DO2": "mg/L", "AIR": "L/h", "PRESS": "mbar"}
STARTED = NOW - timedelta(hours=400)


def row(hours, temperature="298.15", acidity="6.5", oxygen="14.6"):
    return f"{hours},1.1,{oxygen},{temperature},{acidity},30,100,5,7e-05,0.6"


@pytest.fixture
def penicillin(add_batch):
    return add_batch(UNITS)


def test_a_run_lands_at_the_start_of_the_batch_in_the_units_of_its_recipe(portal, penicillin, play, table):
    played = play(table(*HEADER, row("0.2"), row("0.4", "297.15"), name="run.csv.gz"))
    assert played.problem is None
    assert portal.values(BATCH, "TEMP") == [
        (STARTED + timedelta(minutes=12), 25.0),
        (STARTED + timedelta(minutes=24), 24.0),
    ]
    assert [value for _, value in portal.values(BATCH, "PRESS")] == [600.0, 600.0]
    assert (played.tally.rows, played.tally.accepted, played.tally.duplicates) == (2, 10, 0)
    assert played.said == ["run.csv.gz into PEN-1, read with the map indpensim"]


def test_every_column_that_is_not_sent_is_named(penicillin, play, table):
    summary = play(table(*HEADER, row("0.2"))).summary
    assert "not in this batch's recipe: RPM (AGIT), Fpaa (PAAFEED), S (SUBST)" in summary
    assert "left out as the map says: Culture_age" in summary
    assert "column Fs of the map is not in the file" in summary


def test_a_questionable_unit_is_flagged_and_kept_as_declared(portal, penicillin, play, table):
    played = play(table(*HEADER, row("0.2")))
    assert "Fg: the unit row says L/h, the copier's notes say m3/h" in played.summary
    assert [value for _, value in portal.values(BATCH, "AIR")] == [30.0]


def test_the_same_run_again_is_all_duplicates(penicillin, play, table):
    path = table(*HEADER, row("0.2"), row("0.4"))
    play(path)
    again = play(path)
    assert (again.tally.accepted, again.tally.duplicates) == (0, 10)
    assert again.problem is None


def test_missing_values_are_left_out_and_counted_and_never_zero(portal, penicillin, play, table):
    played = play(table(*HEADER, row("0.2", "       "), row("0.4", "NaN"), row("0.6")))
    assert played.tally.missing == {"T": 2}
    assert len(portal.values(BATCH, "TEMP")) == 1
    assert len(portal.values(BATCH, "PH")) == 3


def test_bad_cells_are_refused_with_line_and_column_and_their_neighbours_kept(
    portal, penicillin, play, table
):
    played = play(table(*HEADER, row("0.2", "20M"), row("0.4", acidity="inf"), row("0.6", "-5")))
    assert played.tally.refused == {"not_a_number": 1, "not_finite": 1, "implausible": 1}
    assert played.tally.examples["not_a_number"] == ["line 3, T: '20M' is no number"]
    assert played.tally.examples["not_finite"] == ["line 4, pH: 'inf' is not finite"]
    assert played.tally.examples["implausible"][0].startswith("line 5, T: -5 is outside 250 to 400")
    assert portal.count(BATCH) == {"TEMP": 1, "PH": 2, "DO2": 3, "AIR": 3, "PRESS": 3}


def test_rows_cut_short_and_rows_without_time_are_refused_by_line(portal, penicillin, play, table):
    played = play(table(*HEADER, "0.2,1.1,14", row(""), row("soon"), row("0.8")))
    assert played.tally.refused == {"ragged_row": 1, "no_time": 1, "bad_time": 1}
    assert played.tally.examples["ragged_row"] == ["line 3: the row has 3 cells, the header 10"]
    assert portal.count(BATCH)["TEMP"] == 1


def test_a_unit_row_that_says_otherwise_stops_its_column_alone(portal, penicillin, play, table):
    played = play(table(HEADER[0], HEADER[1].replace("mg/L", "% sat"), row("0.2")))
    assert played.tally.examples["unit_mismatch"] == ["column DO2: the file says '% sat', the map 'mg/L'"]
    assert "DO2" not in portal.count(BATCH)
    assert portal.count(BATCH)["TEMP"] == 1


def test_a_unit_that_cannot_be_converted_stops_its_column_alone(portal, add_batch, play, table):
    add_batch({"TEMP": "degC", "PRESS": "%"})
    played = play(table(*HEADER, row("0.2")))
    assert played.tally.examples["no_conversion"] == ["column pressure: 'bar' is not converted to '%'"]
    assert portal.count(BATCH) == {"TEMP": 1}


def test_what_the_server_refuses_is_counted_by_its_code_at_the_line_of_the_file(add_batch, play, table):
    add_batch(UNITS, hours=1)
    played = play(table(*HEADER, row("0.2"), row("5.2")))
    assert played.tally.refused == {"too_early": 5}
    assert played.tally.examples["too_early"][0].startswith("line 3, T: at ")
    assert "the run is longer than the batch" in played.summary


def test_a_run_longer_than_the_batch_ends_now(portal, add_batch, play, table):
    add_batch(UNITS, hours=3)
    play(table(*HEADER, row("0.2"), row("4.2")))
    assert [at for at, _ in portal.values(BATCH, "TEMP")] == [NOW - timedelta(hours=4), NOW]


def test_kept_hours_count_from_the_start_of_the_batch(portal, add_batch, play, table):
    add_batch(UNITS, hours=3)
    played = play(table(*HEADER, row("0.2"), row("4.2")), keep_times=True)
    assert [at for at, _ in portal.values(BATCH, "TEMP")] == [NOW - timedelta(hours=2.8)]
    assert played.tally.refused == {"too_late": 5}
    assert "rows later than five minutes from now are refused" in played.summary


def test_dates_are_shifted_unless_kept(portal, add_batch, play, table):
    add_batch({"TEMP": "degC"})
    path = table("at,TEMP", "2026-03-20T10:00:00Z,37", "2026-03-20T10:10:00Z,38")
    play(path)
    play(path, keep_times=True)
    assert [at for at, _ in portal.values(BATCH, "TEMP")] == [
        STARTED,
        STARTED + timedelta(minutes=10),
        NOW - timedelta(minutes=120),
        NOW - timedelta(minutes=110),
    ]


def test_old_dates_kept_are_refused_and_nothing_taken_is_a_failure(add_batch, play, table):
    add_batch({"TEMP": "degC"})
    played = play(table("at,TEMP", "2019-03-20T10:00:00Z,37"), keep_times=True)
    assert played.tally.refused == {"too_early": 1}
    assert played.tally.accepted == 0


def test_frames_hold_a_thousand_readings_and_at_most_four_are_under_way(portal, penicillin, play, table):
    portal.delay_s = 0.03
    rows = [row(f"{index * 0.02:.2f}") for index in range(1, 2001)]
    played = play(table(*HEADER, *rows))
    assert played.tally.accepted == 10_000
    assert portal.frame_sizes == [1000] * 10
    assert 2 <= portal.most_busy <= 4
    assert "100%  2,000 of 2,000 rows" in played.screen


def test_a_busy_server_is_waited_for_and_no_value_is_lost_or_doubled(portal, penicillin, play, table):
    rows = [row(f"{index * 0.02:.2f}") for index in range(1, 1001)]
    path = table(*HEADER, *rows)
    statuses = (503, 429, 503, 429, 503)
    portal.frame_troubles.extend((status, {"Retry-After": "0"}, None) for status in statuses)
    played = play(path)
    assert played.problem is None
    assert (played.tally.accepted, played.tally.duplicates) == (5000, 0)


def test_a_batch_that_closes_under_way_ends_the_replay_with_what_was_taken(portal, penicillin, play, table):
    portal.closed.add(BATCH)
    played = play(table(*HEADER, row("0.2")))
    assert isinstance(played.problem, RequestRefused)
    assert "The batch is complete" in str(played.problem)
    assert played.tally.accepted == 0


def test_a_server_that_stays_away_ends_the_replay(portal, penicillin, play, table):
    portal.troubles.extend([(503, {"Retry-After": "100"}, None)] * 5)
    assert isinstance(play(table(*HEADER, row("0.2"))).problem, ServerAway)


def test_a_paced_replay_sends_rows_when_their_time_comes(portal, penicillin, play, table):
    path = table(*HEADER, *[row(f"{index / 10:.1f}") for index in range(1, 6)])
    begun = len(portal.frame_sizes)
    played = play(path, speed=720.0)  # six minutes between rows: half a second
    assert played.tally.accepted == 25
    assert len(portal.frame_sizes) - begun >= 3
    assert portal.values(BATCH, "TEMP")[0][0] == STARTED + timedelta(minutes=6)


def test_at_the_pace_of_life_the_first_row_is_now(portal, penicillin, play, table):
    played = play(table(*HEADER, row("100.0"), row("100.0001")), speed=1.0)
    assert played.tally.accepted == 10
    assert portal.values(BATCH, "TEMP")[0][0] == NOW


def test_one_batch_of_a_file_with_several_is_chosen(portal, add_batch, play, table):
    add_batch({"SPEED": "", "MAINCOMP": "N"})
    lines = [
        TABLET,
        "2019-01-18 07:02:27;20;82;7;90;0;4.2;4.84;0;0;0;0;1.5;5;2;0",
        "2019-01-18 07:02:37;20;83;7;95;0;4.3;4.84;0;0;0;0;1.5;5;2;0",
    ]
    path = table(*lines)
    unchosen = play(path)
    assert isinstance(unchosen.problem, MapProblem)
    assert "holds 2 batches; batch is one of 82, 83" in str(unchosen.problem)
    assert "holds no batch 90" in str(play(path, group="90").problem)
    played = play(path, group="83")
    assert [value for _, value in portal.values(BATCH, "SPEED")] == [95.0]
    assert [value for _, value in portal.values(BATCH, "MAINCOMP")] == [4300.0]
    assert "Europe/Ljubljana is assumed" in played.summary


def test_a_clock_that_starts_again_is_refused_unless_batches_are_told_apart(
    add_batch, play, table, written_map
):
    add_batch({"TEMP": "degC"})
    path = table("batch_id,n,T", "1,0,20", "1,1,21", "2,0,20", "2,1,22")
    text = "time: {column: n, kind: sample, interval_s: 60}\ncolumns: {T: {parameter: TEMP, unit: degC}}\n"
    problem = play(path, map_name=written_map(text)).problem
    assert isinstance(problem, FileProblem)
    assert "the time starts again at line 4: the file holds several runs" in str(problem)
    played = play(path, map_name=written_map(text + "group_by: batch_id\nbatch: 2\n"))
    assert (played.problem, played.tally.accepted) == (None, 2)


def test_set_points_that_start_implausibly_are_refused_by_name(portal, add_batch, play, table):
    add_batch({"TEMPSP": "degC", "TEMP": "degC", "JACKETSP": "degC"})
    lines = [
        DRYER,
        "1,0.0,0.648,119.94,127.3,8.01,39.515,-0.08,18.697,-5,19.614,0",
        "1,0.156,1.028,62.902,138.4,8.01,40.26,100.0,38.654,41.161,20.247,1",
    ]
    played = play(table(*lines))
    assert played.tally.refused == {"implausible": 2}
    assert [value for _, value in portal.values(BATCH, "TEMPSP")] == [41.161]
    assert [value for _, value in portal.values(BATCH, "TEMP")] == [19.614, 20.247]
    assert "no interval between samples; 60 s is assumed" in played.summary


def test_times_without_zone_are_refused_as_a_whole(add_batch, play, table, written_map):
    add_batch({"TEMP": "degC"})
    name = written_map("time: {column: t, kind: date}\ncolumns: {T: {parameter: TEMP, unit: degC}}\n")
    problem = play(table("t,T", "2026-03-01 08:00:00,37"), map_name=name).problem
    assert isinstance(problem, MapProblem)
    assert "the map must name it under time, as zone:" in str(problem)


def test_an_hour_that_does_not_exist_is_refused_row_by_row(portal, add_batch, play, table, written_map):
    add_batch({"TEMP": "degC"})
    name = written_map(
        "time: {column: t, kind: date, zone: Europe/Stockholm}\ncolumns: {T: {parameter: TEMP, unit: degC}}\n"
    )
    rows = ["2025-03-30 01:50:00,37", "2025-03-30 02:10:00,38", "2025-03-30 03:10:00,39"]
    played = play(table("t,T", *rows), map_name=name)
    assert played.tally.refused == {"dst_gap": 1}
    first, second = portal.values(BATCH, "TEMP")
    assert second[0] - first[0] == timedelta(minutes=20)


def test_a_column_without_unit_takes_the_unit_of_the_recipe_and_says_so(add_batch, play, table):
    add_batch({"TEMP": "degC"})
    assert "TEMP: no unit is stated; taken as degC" in play(table("time_h,TEMP", "1,37")).summary


def test_a_decimal_comma_and_scale_are_read_as_the_map_says(portal, add_batch, play, table, written_map):
    add_batch({"TEMP": "degC"})
    name = written_map(
        "delimiter: ';'\ndecimal: ','\ntime: {column: t, kind: hours}\n"
        "columns: {T: {parameter: TEMP, unit: K, scale: 0.1, missing: ['-999']}}\n"
    )
    played = play(table("t;T", "0,5;2981,5", "0,6;-999"), map_name=name)
    assert portal.values(BATCH, "TEMP") == [(STARTED + timedelta(minutes=30), 25.0)]
    assert played.tally.missing == {"T": 1}


def test_a_file_with_nothing_to_send_is_refused(add_batch, play, table):
    add_batch({"FLUX": "g"})
    played = play(table(*HEADER, row("0.2")))
    assert isinstance(played.problem, MapProblem)
    assert "No column of run.csv can be sent to PEN-1" in str(played.problem)


def test_a_header_without_rows_is_refused(penicillin, play, table):
    assert "has no row with a time" in str(play(table(*HEADER)).problem)


def test_a_batch_is_found_by_number_also_among_many_pages(portal, add_batch, play, table):
    portal.page_size = 2
    for index in range(5):
        add_batch(UNITS, batch_id=f"b{index}", number=f"PEN-{index}")
    played = play(table(*HEADER, row("0.2")), batch="PEN-4")
    assert played.problem is None
    assert portal.count("b4")["TEMP"] == 1


def test_a_number_in_two_programs_needs_the_program(portal, add_batch, play, table):
    portal.programs = [{"id": "p1", "code": "AV-101"}, {"id": "p2", "code": "TB-22"}]
    add_batch(UNITS, batch_id="b1")
    add_batch(UNITS, batch_id="b2", program="p2")
    path = table(*HEADER, row("0.2"))
    assert "2 programs have a batch PEN-1; say which with --program" in str(play(path, "PEN-1").problem)
    assert play(path, "PEN-1", program="TB-22").problem is None
    assert (portal.count("b1"), portal.count("b2")["TEMP"]) == ({}, 1)
    assert "There is no program XX-1" in str(play(path, "PEN-1", program="XX-1").problem)


@pytest.mark.parametrize("batch", ["PEN-9", "99999999-9999-4999-8999-999999999999"])
def test_a_batch_that_is_not_there_is_named(penicillin, play, table, batch):
    problem = play(table(*HEADER, row("0.2")), batch).problem
    assert isinstance(problem, TargetProblem)
    assert f"There is no batch {batch} that this key may see" in str(problem)


def test_a_batch_that_has_not_started_is_named(portal, penicillin, play, table):
    portal.batches[BATCH]["started_at"] = None
    assert "PEN-1 has not started" in str(play(table(*HEADER, row("0.2"))).problem)


def test_the_list_may_leave_out_parameters(portal, penicillin, play, table):
    portal.detail_only = True
    assert play(table(*HEADER, row("0.2")), "PEN-1").problem is None


samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="recorded runs are not beside the product")


@samples
@pytest.mark.parametrize("run", ["101", "102", "201", "204"])
def test_a_whole_recorded_run_is_taken_and_again_is_all_duplicates(portal, penicillin, play, run):
    path = SAMPLES / "indpensim" / f"batch_seed{run}.csv.gz"
    played = play(path)
    rows = {"101": 1155, "102": 1185, "201": 995, "204": 1345}[run]
    assert played.problem is None
    assert (played.tally.rows, played.tally.accepted, played.tally.refused) == (rows, rows * len(UNITS), {})
    again = play(path)
    assert (again.tally.accepted, again.tally.duplicates) == (0, rows * len(UNITS))


@samples
def test_the_true_ph_dip_near_90_hours_lies_outside_par_and_nothing_else_of_ph_does(portal, add_batch, play):
    for run in ("101", "102"):
        batch_id = add_batch({"PH": "pH"}, batch_id=f"b{run}", number=f"PEN-{run}")
        play(SAMPLES / "indpensim" / f"batch_seed{run}.csv.gz", f"PEN-{run}")
        outside = [
            (at - STARTED).total_seconds() / 3600
            for at, value in portal.values(batch_id, "PH")
            if not 6.20 <= value <= 6.80
        ]
        assert outside
        assert all(90 <= hours <= 91.5 for hours in outside)


@samples
def test_a_faulty_aeration_lies_below_nor_when_it_was_injected(portal, add_batch, play):
    batch_id = add_batch({"AIR": "L/h"})
    play(SAMPLES / "indpensim" / "batch_seed201.csv.gz")
    low = [
        (at - STARTED).total_seconds() / 3600 for at, value in portal.values(batch_id, "AIR") if value < 28
    ]
    assert all(19.9 <= hours <= 24.3 or 99.9 <= hours <= 110.3 for hours in low)
    assert len(low) > 60


@samples
def test_each_recorded_dryer_batch_is_taken_with_its_implausible_set_points_named(portal, add_batch, play):
    add_batch({"JACKETSP": "degC", "TEMP": "degC"})
    path = SAMPLES / "dryer-batches" / "dryer_first_40_batches.csv.gz"
    assert "holds 40 batches" in str(play(path).problem)
    played = play(path, group="2")
    assert played.problem is None
    assert played.tally.refused["implausible"] > 0


@samples
@pytest.mark.parametrize("name", ["csv_formula_payloads_small.txt", "blns.json", "csv-spectrum"])
def test_hostile_files_are_refused_in_words(penicillin, play, name):
    paths = sorted((SAMPLES / "naughty-inputs").rglob("*"))
    chosen = [path for path in paths if path.is_file() and name in str(path)]
    assert chosen
    for path in chosen:
        assert isinstance(play(path).problem, MapProblem | FileProblem), path
