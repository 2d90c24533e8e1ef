import pytest
import yaml

from batches.replay.choosing import BUILT_IN, built_in_names, given_map
from batches.replay.maps import load_map, read_map
from batches.replay.problems import MapProblem
from batches.replay.tables import Layout
from batches.replay.times import TimeRule

SMALL = {"time": {"column": "t", "kind": "hours"}, "columns": {"T": {"parameter": "TEMP", "unit": "K"}}}


def changed(**rest):
    return {**SMALL, **rest}


def with_time(**rest):
    return changed(time={**SMALL["time"], **rest})


def with_column(**rest):
    return changed(columns={"T": {"parameter": "TEMP", **rest}})


def test_a_small_map_is_read_with_the_usual_for_all_else():
    given = read_map(SMALL, name="small")
    assert (given.name, given.layout, given.decimal) == ("small", Layout(1, ","), ".")
    assert given.time == TimeRule("t", "hours")
    (rule,) = given.columns
    assert (rule.column, rule.parameter, rule.unit, rule.scale, rule.offset) == ("T", "TEMP", "K", 1.0, 0.0)
    assert "" in rule.missing


def test_a_column_may_be_given_by_its_parameter_alone():
    given = read_map(changed(columns={"T": "TEMP", 7: "PH"}), name="short")
    assert [(rule.column, rule.parameter) for rule in given.columns] == [("T", "TEMP"), ("7", "PH")]


def test_markers_of_missing_values_add_to_the_usual_ones():
    given = read_map(with_column(missing=["-999", "Fault"]), name="m")
    assert {"", "nan", "-999", "fault"} <= given.columns[0].missing


def test_delimiters_may_be_named():
    assert read_map(changed(delimiter="tab"), name="m").layout.delimiter == "\t"
    assert read_map(changed(delimiter=";"), name="m").layout.delimiter == ";"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "The map m is not a list of names"),
        ({}, "does not say 'time'"),
        ({"time": SMALL["time"]}, "does not say 'columns'"),
        (changed(columns={}), "names no columns"),
        (changed(columns=["T"]), "Columns is not a list of names"),
        (changed(colums={}), "the map m says colums, which is unknown"),
        (changed(header_rows="two"), "header_rows is 'two'"),
        (changed(header_rows=True), "header_rows is True"),
        (changed(delimiter="::"), "delimiter is '::'"),
        (changed(decimal=";"), "decimal is ';'"),
        (changed(missing="NA"), "missing is not a list"),
        (
            with_time(kind="days"),
            "time is of kind 'days'; it is one of date, hours, minutes, seconds, sample",
        ),
        (with_time(column=None), "time does not say which column"),
        (with_time(kind="sample"), "must say interval_s"),
        (with_time(kind="sample", interval_s=0), "must say interval_s"),
        (with_time(kind="sample", interval_s="1 min"), "time: interval_s is '1 min'; it is a number"),
        (with_time(zone="Mars/Olympus"), "zone 'Mars/Olympus', which is unknown"),
        (with_time(zone="../../etc/passwd"), "which is unknown"),
        (with_time(overlap="both"), "overlap is 'both'"),
        (with_time(speed=2), "time says speed, which is unknown"),
        (changed(columns={"T": {"unit": "K"}}), "Column T does not say which parameter"),
        (changed(columns={"T": 5}), "Column T is not a list of names"),
        (with_column(scale=0), "scale 0"),
        (with_column(scale="x"), "column T: scale is 'x'"),
        (with_column(plausible=[5]), "plausible is not"),
        (with_column(plausible=[5, 1]), "plausible is not"),
        (with_column(plausible=[1, None]), "plausible is not"),
    ],
)
def test_a_wrong_map_is_told_what_is_wrong(given, words):
    with pytest.raises(MapProblem) as problem:
        read_map(given, name="m")
    assert words in str(problem.value)


def test_a_map_that_is_no_yaml_or_not_there_is_named(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text("time: [")
    with pytest.raises(MapProblem, match="is not YAML"):
        load_map(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MapProblem, match="is not YAML"):
        load_map(path)
    with pytest.raises(MapProblem, match="cannot be opened"):
        load_map(tmp_path)
    with pytest.raises(MapProblem, match="There is no map nowhere; built in are dryer, indpensim"):
        given_map("nowhere")


def test_a_map_cannot_run_code(tmp_path):
    path = tmp_path / "m.yaml"
    path.write_text('time: !!python/object/apply:os.system ["true"]')
    with pytest.raises(MapProblem, match="is not YAML"):
        load_map(path)


@pytest.mark.parametrize("name", ["dryer", "indpensim", "nab", "tablet-timeseries"])
def test_each_built_in_map_reads_itself(name):
    assert name in built_in_names()
    given = given_map(name)
    assert given.name == name
    parameters = [rule.parameter for rule in given.columns]
    assert len(set(parameters)) == len(parameters)


def test_the_penicillin_recipe_fits_its_map():
    document = yaml.safe_load((BUILT_IN / "indpensim.yaml").read_text())
    units = {rule.parameter: rule.unit for rule in given_map("indpensim").columns}
    codes = [row["code"] for row in document["recipe"]["parameters"]]
    assert set(codes) <= set(units)
    assert len(set(codes)) == len(codes)
    for row in document["recipe"]["parameters"]:
        assert row["unit"] == ("degC" if row["code"] == "TEMP" else units[row["code"]])
        assert row["kind"] in {"cpp", "kpp", "other"}
        by_kind = {limit["kind"]: limit for limit in row["limits"]}
        assert len(by_kind) == len(row["limits"])
        ends = [by_kind[kind] for kind in ("par", "action", "nor") if kind in by_kind]
        lows = [end["low"] for end in ends if "low" in end]
        highs = [end["high"] for end in ends if "high" in end]
        assert lows == sorted(lows)
        assert highs == sorted(highs, reverse=True)
