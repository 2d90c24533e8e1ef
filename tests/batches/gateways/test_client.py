"""The store-and-forward client: nothing that was recorded is lost, changed or sent twice."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batches.gateways.client import clockwork
from batches.gateways.client.intake import Lines, Recorder
from batches.gateways.client.running import Order, run_gateway
from batches.gateways.client.sending import FAULTS_MOST, Sender
from batches.gateways.client.store import QueueFull, Store
from batches.rest_client import Access, RestClient
from tests.batches.gateways.far_side import serve

ROOT = Path(__file__).parents[3]
MEGABYTE = 1024 * 1024
BATCH = "00000000-0000-0000-0000-00000000000b"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def far():
    found, url, stop = serve()
    found.url = url
    yield found
    stop()


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "queue.sqlite", most_bytes=MEGABYTE)
    yield found
    found.close()


def sender(far, store, **given):
    client = RestClient(Access(far.url, "key"))
    return Sender(client, store, BATCH, "GW-1", threading.Event(), **given)


def rows(first, many=3):
    return [
        {"parameter": "TEMP", "at": (NOON + timedelta(seconds=n)).isoformat(), "value": n / 10}
        for n in range(first, first + many)
    ]


def drain(sending, most=60):
    """Send until nothing waits, however often it takes, without waiting."""
    for _ in range(most):
        sending.step()
        if not sending.store.waiting:
            return
    raise AssertionError(f"{sending.store.waiting} frames still wait")


def test_what_was_recorded_arrives_in_order_in_one_chain(far, store):
    for n in range(4):
        store.add(rows(3 * n))
    sending = sender(far, store)
    drain(sending)
    assert [number for number, *_ in far.frames] == [1, 2, 3, 4]
    assert (far.broken, len(far.readings)) == (0, 12)
    assert (sending.tally.frames, sending.tally.accepted, store.waiting) == (4, 12, 0)


def test_what_waited_is_announced_before_it_is_sent_and_is_what_was_announced(far, store):
    far.failing = ["cut"] * 3
    sending = sender(far, store)
    for n in range(3):
        store.add(rows(3 * n))
        sending.step()
    drain(sending)
    assert far.beats[0]["waiting"] == 3
    assert [is_as_announced for _, is_as_announced, _ in far.frames] == [True, True, True]


@pytest.mark.parametrize("how", ["cut", "answer lost", 429, 500, 502, 503], ids=str)
def test_a_cut_or_a_fault_of_the_portal_loses_and_doubles_nothing(far, store, how):
    far.failing = [None, how, how, None, how]
    for n in range(4):
        store.add(rows(3 * n))
    sending = sender(far, store)
    drain(sending)
    assert [number for number, *_ in far.frames] == [1, 2, 3, 4]
    assert (far.broken, len(far.readings), sending.tally.accepted) == (0, 12, 12)


def test_the_portal_is_asked_again_when_it_says_and_else_ever_more_seldom(far, store):
    store.add(rows(0))
    sending = sender(far, store)
    far.failing = [429, "cut", "cut", "cut"]
    waits = [sending.step() for _ in range(4)]
    assert waits[0] == 0.0
    assert 1.0 <= waits[1] <= 1.5
    assert waits[1] < waits[3]
    assert sending.step() == 0.0
    assert store.waiting == 0


def test_an_answer_that_came_as_the_gateway_died_is_asked_for_again_and_the_same(far, tmp_path):
    path = tmp_path / "queue.sqlite"
    before = Store(path, most_bytes=MEGABYTE)
    before.add(rows(0))
    far.failing = [None, "answer lost"]
    sender(far, before).step()
    before.close()
    after = Store(path, most_bytes=MEGABYTE)
    assert after.waiting == 1
    drain(sender(far, after))
    assert (len(far.frames), len(far.readings), far.broken) == (1, 3, 0)
    after.close()


def test_rows_and_frames_that_the_portal_does_not_take_are_kept_aside_with_the_reason(far, store):
    store.add([*rows(0), {"parameter": "NONE", "at": NOON.isoformat(), "value": 1}])
    sending = sender(far, store)
    sending.step()
    (refused,) = store.aside()
    assert refused[:3] == (1, "unknown_parameter", "No such.")
    assert json.loads(refused[3])["parameter"] == "NONE"
    far.refuse = (409, {"code": "batch_not_running", "detail": "It is complete.", "state": "complete"})
    store.add(rows(9))
    sending.step()
    assert (store.waiting, [each[:2] for each in store.aside()][1:]) == (0, [(2, "batch_not_running")])


@pytest.mark.parametrize(
    "answer",
    [(401, {"code": "not_authenticated"}), (403, {"code": "refused"}), (404, {"code": "not_found"}),
     (409, {"code": "batch_not_running", "state": "planned"})],
    ids=lambda each: f"{each[0]} {each[1]['code']}",
)  # fmt: skip
def test_a_key_that_ended_or_a_batch_to_come_leaves_the_queue_whole(far, store, answer):
    far.refuse = answer
    store.add(rows(0))
    sending = sender(far, store)
    assert sending.step() == 30.0
    assert (store.waiting, store.aside()) == (1, [])
    far.refuse = None
    drain(sending)
    assert len(far.readings) == 3


def test_a_frame_on_which_the_portal_fails_for_ever_holds_up_no_other(far, store):
    store.add(rows(0))
    store.add(rows(3))
    sending = sender(far, store)
    sending.step()
    far.failing = [500] * FAULTS_MOST
    for _ in range(FAULTS_MOST):
        sending.step()
    assert [each[1] for each in store.aside()] == ["server_fault"]
    drain(sending)
    assert far.broken == 0


def fill(store):
    while True:
        store.add(rows(0, many=50))


def test_a_full_queue_says_so_counts_what_is_lost_and_holds_back_who_can_wait(tmp_path):
    store = Store(tmp_path / "small.sqlite", most_bytes=64 * 1024)
    stop = threading.Event()
    recorder = Recorder(store, stop, lambda: None)
    with pytest.raises(QueueFull):
        fill(store)
    kept = store.waiting
    assert (recorder.put(rows(0, many=50)), store.lost) == (False, 50)
    stop.set()
    assert recorder.put_waiting(rows(0, many=50)) is False
    assert (store.waiting, store.lost) == (kept, 50)
    assert (tmp_path / "small.sqlite").stat().st_size <= 2 * 64 * 1024
    store.answered(1)
    store.answered(2)
    assert recorder.put(rows(0))
    store.close()


def test_what_was_lost_is_told_with_the_next_heartbeat(far, store):
    store.lose(7)
    sender(far, store).step()
    assert far.beats[-1]["lost"] == 7


def test_a_frame_says_the_clock_by_which_it_was_recorded_also_after_that_was_put(monkeypatch, far, store):
    steady = {"at": 1_000_000_000}
    wall = {"at": int(NOON.timestamp() * 1e9)}
    monkeypatch.setattr(clockwork.time, "clock_gettime_ns", lambda _: steady["at"])
    monkeypatch.setattr(clockwork.time, "time_ns", lambda: wall["at"])
    store.add(rows(0))
    steady["at"] += 60 * 10**9
    # An hour and a minute on by the machine: somebody put its clock forward by an hour.
    wall["at"] += 3660 * 10**9
    sending = sender(far, store)
    sending.step()
    ((_, _, sent),) = far.frames
    assert (sent.recorded_at, sent.clock) == (NOON, NOON + timedelta(minutes=1))
    assert datetime.fromisoformat(far.beats[0]["clock"]) == NOON + timedelta(minutes=61)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("csv", "parameter,at,value,unit\nTEMP,2026-03-01T12:00:00Z,36.5,\nTEMP,2026-03-01T12:00:10Z,x,\n"),
        ("ndjson", '{"parameter":"TEMP","at":"2026-03-01T12:00:00Z","value":36.5}\n{"parameter":\n'),
    ],
)
def test_lines_are_read_in_both_forms_and_one_that_cannot_be_is_counted(store, form, text):
    lines = Lines(io.BytesIO(text.encode()), form)
    lines.run(Recorder(store, threading.Event(), lambda: None))
    body = json.loads(store.oldest().body)
    assert body == {"readings": [{"parameter": "TEMP", "at": "2026-03-01T12:00:00Z", "value": 36.5}]}
    assert lines.unread == 1


def test_a_file_is_read_on_from_where_the_queue_has_it(tmp_path, store):
    path = tmp_path / "rows.csv"
    line = "TEMP,2026-03-01T12:00:{:02},{}\n"
    path.write_text("parameter,at,value\n" + "".join(line.format(n, n) for n in range(5)))
    for _ in range(2):
        with path.open("rb") as stream:
            Lines(stream, "csv", keeps_position=True).run(Recorder(store, threading.Event(), lambda: None))
    assert store.waiting == 1
    with path.open("a") as more:
        more.write(line.format(5, 5))
    with path.open("rb") as stream:
        Lines(stream, "csv", keeps_position=True).run(Recorder(store, threading.Event(), lambda: None))
    store.answered(1)
    assert [each["value"] for each in json.loads(store.oldest().body)["readings"]] == [5]


def test_a_gateway_runs_to_the_end_of_a_pipe_and_says_what_became_of_it(far, store):
    text = "".join(json.dumps(each) + "\n" for each in rows(0, many=2500))
    client = RestClient(Access(far.url, "key"))
    lines = Lines(io.BytesIO(text.encode()), "ndjson")
    tally = run_gateway(client, store, Order(BATCH, "GW-1"), lines, threading.Event())
    assert (tally.frames, tally.accepted, len(far.readings), far.broken) == (3, 2500, 2500, 0)


@pytest.mark.parametrize("kills", [1, pytest.param(6, marks=pytest.mark.soak)])
def test_nothing_that_was_in_the_queue_is_lost_by_kill_9(far, tmp_path, kills):
    """The command itself, killed while it reads a file that grows."""
    path = tmp_path / "rows.csv"
    path.write_text("parameter,at,value\n")
    given = {"batch": BATCH, "device": "GW-1", "queue": tmp_path, "from": path, "url": far.url, "key": "k"}
    options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "x" * 40}
    command = [sys.executable, "-m", "django", "gateway", *options, "--follow"]
    for turn in range(kills + 1):
        running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        with path.open("a") as more:
            more.writelines(f"TEMP,2026-03-01T12:{turn:02}:{n:02}Z,{n}\n" for n in range(60))
        until = time.monotonic() + 40
        while len(far.readings) < 60 * (turn + 1) - (40 if turn < kills else 0) and time.monotonic() < until:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL if turn < kills else signal.SIGTERM)
        running.wait(20)
    assert (len(far.readings), far.broken) == (60 * (kills + 1), 0)
    numbers = [number for number, *_ in far.frames]
    assert numbers == sorted(set(numbers))
