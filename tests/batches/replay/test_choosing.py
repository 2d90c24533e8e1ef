import pytest

from batches.replay.choosing import choose_map
from batches.replay.problems import FileProblem, MapProblem

INDPENSIM = "time_h,S,DO2,T,pH,Fg,RPM,Fpaa,Culture_age,pressure"
INDPENSIM_UNITS = "h,g/L,mg/L,K,pH,L/h,RPM,PAA flow (L/h),h,bar"
DRYER = (
    "batch_id,CollectorTankLevel,DifferentialPressure,DryerPressure,AgitatorPower,AgitatorTorque,"
    "AgitatorSpeed,JacketTemperatureSP,JacketTemperature,DryerTemperatureSP,DryerTemp,ClockTime"
)
TABLET = (
    "timestamp;campaign;batch;code;tbl_speed;fom;main_comp;tbl_fill;SREL;pre_comp;produced;waste;"
    "cyl_main;cyl_pre;stiffness;ejection"
)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ([INDPENSIM, INDPENSIM_UNITS], "indpensim"),
        ([DRYER], "dryer"),
        ([TABLET], "tablet-timeseries"),
        (["timestamp,value"], "nab"),
    ],
)
def test_a_known_kind_of_file_is_known_by_its_header(table, header, name):
    chosen, opened = choose_map(table(*header, "1,2"), None, [])
    assert chosen.name == name
    assert opened.layout == chosen.layout


def test_columns_called_like_parameters_are_guessed(table):
    chosen, _ = choose_map(table("elapsed_h;temp [K];Ph;other", "0.5;298;7;1"), None, ["TEMP", "PH", "DO"])
    assert chosen.name == "guessed"
    assert (chosen.time.column, chosen.time.kind, chosen.layout.delimiter) == ("elapsed_h", "hours", ";")
    assert [(rule.column, rule.parameter, rule.unit) for rule in chosen.columns] == [
        ("temp [K]", "TEMP", "K"),
        ("Ph", "PH", None),
    ]


@pytest.mark.parametrize(
    ("header", "cell", "kind"),
    [
        ("time_h", "0.2", "hours"),
        ("Time (h)", "0.2", "hours"),
        ("hours", "1", "hours"),
        ("time_min", "1", "minutes"),
        ("elapsed [s]", "1", "seconds"),
        ("timestamp", "2026-03-01T08:00:00Z", "date"),
        ("at", "2026-03-01T08:00:00+01:00", "date"),
    ],
)
def test_the_kind_of_time_is_guessed_from_name_and_first_cell(table, header, cell, kind):
    chosen, _ = choose_map(table(f"{header},TEMP", f"{cell},37"), None, ["TEMP"])
    assert chosen.time.kind == kind


def test_a_time_without_zone_is_not_guessed(table):
    with pytest.raises(MapProblem, match=r"have no zone; the map must name it, as time: \{column: timestamp"):
        choose_map(table("timestamp,TEMP", "2026-03-01 08:00:00,37"), None, ["TEMP"])


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["a,TEMP", "1,2"], "no column that looks like time"),
        (["time_h,A", "1,2"], r"is called like a parameter of this batch \(PH, TEMP\)"),
        (["time,TEMP", "1,2"], "counts, but not said is what"),
        (["time,TEMP", "soon,2"], "'soon' in time of run.csv is no ISO date"),
    ],
)
def test_what_cannot_be_guessed_is_told_with_the_form_of_a_map(table, lines, words):
    with pytest.raises(MapProblem, match=words) as problem:
        choose_map(table(*lines), None, ["TEMP", "PH"])
    assert "Write a YAML map that says: time:" in str(problem.value)
    assert "indpensim" in str(problem.value)


def test_a_file_without_any_time_is_refused(table):
    with pytest.raises(FileProblem, match="has no row with a time"):
        choose_map(table("time_h,TEMP", " ,2"), None, ["TEMP"])


def test_a_table_stored_with_rows_and_columns_exchanged_is_named(table, written_map):
    name = written_map(
        "header_rows: 0\ndelimiter: space\nwidth: 3\ntime: {column: 1, kind: sample, interval_s: 180}\n"
        "columns: {2: TEMP}\n"
    )
    with pytest.raises(
        FileProblem, match="has 5 columns, the map map says 3: it may be stored with rows and"
    ):
        choose_map(table("1 2 3 4 5", "1 2 3 4 5"), name, ["TEMP"])
    with pytest.raises(FileProblem, match="has 2 columns, the map map says 3: columns are lacking"):
        choose_map(table("1 2", "1 2"), name, ["TEMP"])
    assert choose_map(table("1 2 3", "1 2 3"), name, ["TEMP"])[1].names == ("1", "2", "3")


def test_a_map_whose_time_is_not_in_the_file_is_named(table, written_map):
    name = written_map("time: {column: when, kind: hours}\ncolumns: {T: TEMP}\n")
    with pytest.raises(MapProblem, match=r"run\.csv has no column when; it has t, T"):
        choose_map(table("t,T", "1,2"), name, ["TEMP"])
