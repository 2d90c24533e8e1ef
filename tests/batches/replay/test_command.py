import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import execute_from_command_line

from tests.batches.replay.conftest import BATCH
from tests.batches.replay.small_portal import KEY

ROOT = Path(__file__).parents[3]


@pytest.fixture
def batch(portal):
    portal.now = None
    started = datetime.now(UTC) - timedelta(hours=10)
    return portal.add(BATCH, "PEN-1", {"TEMP": "degC", "PH": "pH"}, started=started)


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "django", "replay", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def replay(capsys):
    """The command as a terminal calls it, in this process: exit code, output, errors."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def run(*arguments):
        status = 0
        try:
            execute_from_command_line(["manage.py", "replay", *map(str, arguments)])
        except SystemExit as ended:
            status = ended.code
        return status, *capsys.readouterr()

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_file_is_played_with_a_bar_and_a_summary(portal, batch, table, tmp_path, replay):
    (tmp_path / "demo.json").write_text(
        f'{{"url": "{portal.url}", "keys": {{"gateway": {{"token": "{KEY}", "scopes": []}}}}}}'
    )
    path = table("time_h,TEMP,PH", "0.1,37.1,7.0", "0.2,,7.0", "0.3,warm,7.0", name="run.csv.gz")
    status, out, err = replay(path, "--batch", "PEN-1", "--data", tmp_path)
    assert status == 0, err
    assert "[##############################] 100%  3 of 3 rows" in err
    assert out.splitlines()[:9] == [
        "run.csv.gz into PEN-1, read with the map guessed",
        "rows read                  3",
        "values accepted            4",
        "duplicates                 0",
        "refused                    1",
        "  not_a_number                   1",
        "    line 4, TEMP: 'warm' is no number",
        "missing values             1",
        "  TEMP                           1",
    ]
    assert portal.count(BATCH) == {"TEMP": 1, "PH": 3}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.csv", "--batch", "PEN-1"], "none.csv cannot be opened"),
        (["{file}", "--batch", "PEN-9"], "There is no batch PEN-9"),
        (["{file}", "--batch", "PEN-1", "--map", "none"], "There is no map none; built in are"),
        (["{file}", "--batch", "PEN-1", "--speed", "0"], "--speed is a number above 0"),
        (["{file}", "--batch", "PEN-1", "--group", "3"], "says no group_by"),
        (["{file}"], "--batch"),
    ],
)
@pytest.mark.usefixtures("batch")
def test_what_cannot_be_done_is_said_in_a_sentence(portal, table, replay, arguments, words):
    path = table("time_h,TEMP", "0.1,37.1")
    given = [str(path) if text == "{file}" else text for text in arguments]
    status, _, err = replay(*given, "--url", portal.url, "--key", KEY)
    assert status != 0
    assert words in err
    assert "Traceback" not in err


def test_a_wrong_key_and_a_missing_demo_are_said_in_a_sentence(portal, batch, table, tmp_path, replay):
    path = table("time_h,TEMP", "0.1,37.1")
    assert "No such key" in replay(path, "--batch", BATCH, "--url", portal.url, "--key", "wrong")[2]
    assert "start the demo first" in replay(path, "--batch", BATCH, "--data", tmp_path / "none")[2]


def test_nothing_taken_is_a_failure_after_the_summary(portal, batch, table, replay):
    path = table("at,TEMP", "2019-03-20T10:00:00Z,37")
    status, out, err = replay(path, "--batch", BATCH, "--keep-times", "--url", portal.url, "--key", KEY)
    assert status == 1
    assert "too_early" in out
    assert "Nothing of the file was taken" in err


def test_a_stop_ends_a_paced_replay_with_its_summary(portal, batch, table):
    path = table("time_h,TEMP", "0.1,37.1", "5.0,37.2")
    process = start(path, "--batch", BATCH, "--speed", "2", "--url", portal.url, "--key", KEY)
    deadline = time.monotonic() + 30
    while not portal.count(BATCH) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert "values accepted            1" in out
    assert "Asked to end" in err
    assert process.returncode == 1
    assert "Traceback" not in err


def test_the_help_says_where_the_rows_land(replay):
    _, out, _ = replay("--help")
    assert "the run begins with the batch when it then ends before now" in out
    assert "indpensim" in out
