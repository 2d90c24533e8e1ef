import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batches.plant.running import Plant, Settings
from batches.rest_client import Access, RequestRefused, RestClient, ServerAway
from tests.batches.replay.small_portal import KEY, serve

ROOT = Path(__file__).parents[3]
ONLINE = {"TEMP": "degC", "PH": "pH", "DO": "%", "VALVE": "%", "JACKET": "degC"}
NOW = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


@pytest.fixture
def portal():
    served, stop = serve()
    served.now = NOW
    yield served
    stop()


@pytest.fixture
def clock():
    moment = [NOW.timestamp()]

    def now():
        return moment[0]

    def forward(seconds):
        moment[0] += seconds

    now.forward = forward
    return now


def client_of(portal, **rest):
    return RestClient(
        Access(portal.url, rest.pop("key", KEY)), patience_s=rest.pop("patience_s", 1.0), **rest
    )


def plant_of(portal, clock, **settings):
    return Plant(client_of(portal), Settings(**settings), clock=clock)


def running_batch(portal, batch_id="b1", number="B-2418", units=None, **rest):
    return portal.add(batch_id, number, units or ONLINE, started=NOW - timedelta(days=4), **rest)


def test_every_running_batch_is_fed_from_five_minutes_back(portal, clock):
    running_batch(portal)
    running_batch(portal, "b2", "F-0388", {"FILLWT": "g", "ISODP": "Pa"}, kinds={"ISODP": ("online", 1)})
    plant_of(portal, clock).step(clock())
    assert portal.count("b1") == dict.fromkeys(ONLINE, 30)
    assert portal.count("b2") == {"FILLWT": 30, "ISODP": 300}
    first = portal.values("b1", "TEMP")[0][0]
    assert NOW - timedelta(minutes=5) < first <= NOW - timedelta(seconds=290)


def test_only_what_is_new_is_sent_with_the_next_frame(portal, clock):
    running_batch(portal)
    plant = plant_of(portal, clock)
    plant.step(clock())
    clock.forward(20)
    portal.now = NOW + timedelta(seconds=20)
    assert plant.step(clock()) == 2 * len(ONLINE)
    assert portal.count("b1")["TEMP"] == 32


def test_the_frozen_batch_is_never_fed(portal, clock):
    running_batch(portal, "b1", "B-2417")
    running_batch(portal, "b2", "B-2418")
    plant = plant_of(portal, clock)
    for _ in range(5):
        plant.step(clock())
        clock.forward(30)
        portal.now += timedelta(seconds=30)
    assert portal.count("b1") == {}
    assert portal.count("b2") != {}


def test_a_batch_for_recorded_runs_is_not_fed(portal, clock):
    running_batch(portal, "b1", "PEN-1", {"TEMP": "degC", "SUGAR": "L/h", "BASE": "L/h", "ACID": "L/h"})
    plant_of(portal, clock).step(clock())
    assert portal.count("b1") == {}


def test_a_batch_that_is_not_in_process_is_not_asked_for(portal, clock):
    running_batch(portal, "b1", state="planned")
    plant_of(portal, clock).step(clock())
    assert portal.count("b1") == {}
    assert [path for verb, path, _ in portal.requests] == ["/api/v1/batches/?state=in_process"]


def test_parameters_are_fetched_one_by_one_when_the_list_leaves_them_out(portal, clock):
    portal.detail_only = True
    running_batch(portal)
    plant_of(portal, clock).step(clock())
    assert portal.count("b1") == dict.fromkeys(ONLINE, 30)


def test_all_pages_of_the_list_are_read_and_only_from_the_portal_itself(portal, clock):
    portal.page_size = 2
    for index in range(5):
        running_batch(portal, f"b{index}", f"B-30{index}")
    plant_of(portal, clock).step(clock())
    assert all(portal.count(f"b{index}") for index in range(5))


def test_an_at_line_value_is_sent_when_it_is_due_and_not_before(portal, clock):
    running_batch(portal, units={"GLUC": "g/L", "OSMO": "mOsm/kg"}, kinds={"GLUC": ("at_line", 86400)})
    plant = plant_of(portal, clock)
    clock.forward(-120)
    plant.step(clock())
    assert "GLUC" not in portal.count("b1")
    clock.forward(150)
    plant.step(clock())
    assert portal.count("b1")["GLUC"] == 1
    assert portal.values("b1", "GLUC")[0][0] == NOW


def test_a_batch_completed_in_between_is_dropped_and_the_others_go_on(portal, clock):
    running_batch(portal, "b1")
    running_batch(portal, "b2", "B-2419")
    portal.closed.add("b1")
    plant = plant_of(portal, clock)
    assert plant.step(clock()) == 30 * len(ONLINE)
    assert set(plant.feeds) == {"b2"}


def test_a_batch_that_left_the_list_is_no_longer_fed_and_a_new_one_is_found(portal, clock):
    running_batch(portal, "b1")
    plant = plant_of(portal, clock, discover_every_s=20)
    plant.step(clock())
    portal.batches["b1"]["state"] = "complete"
    running_batch(portal, "b2", "B-2430")
    clock.forward(21)
    portal.now += timedelta(seconds=21)
    plant.step(clock())
    assert set(plant.feeds) == {"b2"}


def test_a_moved_phase_moves_the_set_point(portal, clock):
    ranges = [
        {"kind": "nor", "phase": "PRODUCTION", "low": "36.0", "high": "37.0"},
        {"kind": "nor", "phase": "COOL", "low": "33.5", "high": "34.5"},
    ]
    running_batch(portal, number="B-9", limits={"TEMP": ranges})
    plant = plant_of(portal, clock, discover_every_s=0)
    plant.step(clock())
    portal.batches["b1"]["phase"] = "COOL"
    plant.step(clock())
    for hours in (2, 4.2):
        clock.forward(hours * 3600)
        portal.now += timedelta(hours=hours)
        plant.step(clock())
    values = portal.values("b1", "TEMP")
    assert [value for at, value in values if at <= NOW] == pytest.approx([36.5] * 30, abs=0.12)
    assert [value for at, value in values if at > NOW + timedelta(hours=5)] == pytest.approx(
        [34] * 30, abs=0.12
    )


def test_the_fault_plays_on_its_batch_alone_and_again(portal, clock):
    running_batch(portal, "b1", "B-2418")
    running_batch(portal, "b2", "B-2419")
    plant = plant_of(portal, clock)
    portal.now = NOW + timedelta(hours=1)
    for _ in range(40):
        plant.step(clock())
        clock.forward(60)
    outside = [at for at, value in portal.values("b1", "TEMP") if value > 37.5]
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(outside)]
    assert sum(gap > 500 for gap in gaps) == 1
    assert (outside[-1] - outside[0]).total_seconds() == pytest.approx(1060 + 70, abs=21)
    assert max(value for _, value in portal.values("b2", "TEMP")) < 37.0


def test_after_an_absence_the_last_five_minutes_are_told_and_no_more(portal, clock):
    running_batch(portal)
    plant = plant_of(portal, clock)
    plant.step(clock())
    clock.forward(3600)
    portal.now += timedelta(hours=1)
    assert plant.step(clock()) == 30 * len(ONLINE)


def test_a_frame_that_did_not_get_through_is_told_again(portal, clock):
    running_batch(portal)
    plant = plant_of(portal, clock)
    plant.discover(clock())
    plant._next_look = clock() + 100
    portal.troubles.extend([(503, {"Retry-After": "9"}, None)])
    with pytest.raises(ServerAway):
        plant.step(clock())
    assert portal.count("b1") == {}
    clock.forward(10)
    portal.now += timedelta(seconds=10)
    plant.step(clock())
    assert portal.count("b1") == dict.fromkeys(ONLINE, 30)


def test_a_refused_key_ends_the_plant(portal, clock):
    running_batch(portal)
    plant = Plant(client_of(portal, key="wrong"), clock=clock)
    with pytest.raises(RequestRefused, match="401"):
        plant.run(threading.Event())


def test_the_loop_waits_out_an_absence_and_resumes(portal):
    portal.now = None
    portal.add("b1", "B-1", ONLINE, started=datetime.now(UTC) - timedelta(days=4))
    portal.troubles.extend([(503, {"Retry-After": "5"}, None)] * 2)
    stop = threading.Event()
    client = client_of(portal, patience_s=0.1, stop=stop)
    thread = threading.Thread(target=Plant(client, Settings(every_s=0.2)).run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 15
    while not portal.count("b1") and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert portal.count("b1")["TEMP"] >= 30


def command(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "django", "plant", *arguments],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_command_reads_demo_json_feeds_and_ends_cleanly_on_sigterm(portal, tmp_path):
    portal.now = None
    portal.add("b1", "B-1", ONLINE, started=datetime.now(UTC) - timedelta(days=4))
    process = command("--data", str(tmp_path), "--every", "0.2")
    time.sleep(2)
    assert process.poll() is None  # it waits for the demo to be loaded
    token = f'{{"url": "{portal.url}", "keys": {{"gateway": {{"token": "{KEY}", "scopes": []}}}}}}'
    (tmp_path / "demo.json").write_text(token)
    deadline = time.monotonic() + 20
    while not portal.count("b1") and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert portal.count("b1")["TEMP"] >= 30
    assert process.returncode == 0, err
    assert "Traceback" not in out + err


def test_the_command_says_when_its_key_is_refused(portal):
    process = command("--url", portal.url, "--key", "wrong")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "key is refused" in err
