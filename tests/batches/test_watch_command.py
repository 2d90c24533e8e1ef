import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.batches.watching.conftest import made_run, only


@pytest.fixture
def file_of(tmp_path):
    """Return a function that writes a made batch as a CSV file."""

    def write(run):
        path = tmp_path / f"{run.name}.csv"
        codes = list(run.columns)
        at_min = run.columns[codes[0]][0] / 60
        rows = zip(at_min, *(run.columns[code][1] for code in codes), strict=True)
        lines = [",".join(f"{cell:.6g}" for cell in row) for row in rows]
        path.write_text("\n".join([",".join(["time_min", *codes]), *lines]))
        return str(path)

    return write


@pytest.fixture
def good(file_of):
    return [file_of(made_run(seed)) for seed in range(4)]


def test_what_was_learned_from_good_runs_names_what_a_bad_one_did(file_of, good, capsys):
    cut = only("FEED", lambda minutes: np.where((minutes >= 60) & (minutes < 70), -8.0, 0.0))
    bad = file_of(made_run(50, change=cut, name="BAD"))
    call_command("watch", "--learn", *good, "--judge", bad, good[0])
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "learned from 4 runs: B-000, B-001, B-002, B-003"
    assert out[2] == "no golden batch: it takes 20 runs"
    assert "B-000: no signals" in out
    told = [
        line for line in out if "FEED is below what good batches showed at this time of the phase" in line
    ]
    assert told
    assert told[0].lstrip().startswith("1.0 h  known 1.0 h  until 1.2 h")


def test_a_model_written_down_says_the_same_later(file_of, good, capsys, tmp_path):
    kept = str(tmp_path / "model.json")
    drift = only("TEMP", lambda minutes: np.clip((minutes - 30) / 60, 0, 1) * 0.6)
    bad = file_of(made_run(50, change=drift, name="BAD"))
    call_command("watch", "--learn", *good, "--judge", bad, "--model", kept, "--json")
    first = capsys.readouterr().out
    call_command("watch", "--judge", bad, "--model", kept, "--json")
    assert capsys.readouterr().out == first
    signals = json.loads(first)["BAD"]
    assert {(each["sign"], each["parameter"], each["direction"]) for each in signals} >= {
        ("level", "TEMP", "high")
    }
    assert all(each["begins_h"] < each["known_h"] for each in signals)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--judge", "x.csv"], "Name the good runs"),
        (["--learn", "nowhere.csv"], "cannot be opened"),
        (["--model", "nowhere.json"], "holds no model"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("watch", *arguments)


def test_one_run_is_too_little(good):
    with pytest.raises(CommandError, match="too little"):
        call_command("watch", "--learn", good[0])


def test_a_file_that_is_json_but_no_model_is_refused(tmp_path):
    path = tmp_path / "model.json"
    path.write_text('{"format": 7}')
    with pytest.raises(CommandError, match="format 7"):
        call_command("watch", "--model", str(path))
