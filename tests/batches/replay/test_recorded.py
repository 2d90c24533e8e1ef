import numpy as np
import pytest

from batches.replay.problems import MapProblem
from batches.replay.recorded import read_runs
from batches.watching.runs import Stage


def test_a_run_is_read_whole_and_what_is_no_number_is_no_reading(table):
    path = table("time_h,TEMP,PH", "1.0,37.1,7.0", "1.5,,7.1", "2.0,warm,7.2", name="run.csv.gz")
    (run,) = read_runs(path)
    assert (run.name, run.stages, run.until_s) == ("run", (Stage("RUN", 0.0, 5400.0),), 5400.0)
    at_s, values = run.columns["PH"]
    assert (at_s.tolist(), values.tolist()) == ([0.0, 1800.0, 3600.0], [7.0, 7.1, 7.2])
    assert run.columns["TEMP"][0].tolist() == [0.0]


def test_the_batches_of_one_file_are_runs_of_their_own(table, tmp_path):
    path = table("batch,minute,TEMP", "A,0,1", "A,1,2", "B,0,3", "B,1,4")
    rules = tmp_path / "map.yaml"
    rules.write_text(
        "time: {column: minute, kind: minutes}\ngroup_by: batch\ncolumns: {TEMP: {parameter: T, scale: 10}}\n"
    )
    runs = list(read_runs(path, str(rules)))
    assert [run.name.rpartition(" ")[2] for run in runs] == ["A", "B"]
    np.testing.assert_array_equal([run.columns["T"][1] for run in runs], [[10.0, 20.0], [30.0, 40.0]])


def test_a_file_without_times_is_refused_in_words(table):
    with pytest.raises(MapProblem, match="no column that looks like time"):
        list(read_runs(table("a,b", "1,2")))
