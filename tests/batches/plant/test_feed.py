from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from batches.plant.catalogue import awaits_replay, choose_model, find_signal, walk
from batches.plant.culture import DAY_S, HOUR_S
from batches.plant.feed import Feed, range_of, seed_of
from batches.plant.signal import Story, Vessel

STARTED = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
UNITS = {"TEMP": "degC", "PH": "pH", "VALVE": "%", "GLUC": "g/L"}


def limits(*rows):
    return [{"kind": kind, "phase": phase, "low": low, "high": high} for kind, phase, low, high in rows]


def batch(number="B-2418", phase="GROWTH", parameters=None, temperature=()):
    rows = parameters or [
        {"code": "TEMP", "unit": "degC", "data_kind": "online", "expected_interval_s": 10},
        {"code": "VALVE", "unit": "%", "data_kind": "online", "expected_interval_s": 10},
        {"code": "GLUC", "unit": "g/L", "data_kind": "at_line", "expected_interval_s": 86400},
        {"code": "SEC", "unit": "%", "data_kind": "lab", "expected_interval_s": 86400},
    ]
    rows = [{**row, "limits": limits(*temperature)} if row["code"] == "TEMP" else row for row in rows]
    started = "2026-03-01T00:00:00Z"
    return {"id": "b1", "number": number, "phase": phase, "started_at": started, "parameters": rows}


def feed(since_s, **rest):
    story = rest.pop("story", None)
    return Feed.of(batch(**rest), since=STARTED + since_s, story=story)


@pytest.mark.parametrize(
    ("codes", "model"),
    [
        (["TEMP", "PH", "DO", "VALVE", "JACKET"], "bioreactor"),
        (["TEMP", "PH", "DO", "OSMO"], "bioreactor"),
        (["TEMP", "PH", "DO", "VCD"], "seed_train"),
        (["FILLWT", "PC05", "ROOMT"], "fill_line"),
        (["INCT", "CO2", "VCD", "VIAB"], "cell_therapy"),
        (["FLUX"], "generic"),
        ([], "generic"),
    ],
)
def test_the_parameters_of_a_batch_choose_its_model(codes, model):
    assert choose_model(codes) == model


def test_a_batch_of_recorded_runs_is_left_to_the_replay():
    assert awaits_replay(["TEMP", "PH", "SUGAR", "BASE", "ACID"])
    assert not awaits_replay(["TEMP", "PH", "DO"])


def test_online_values_come_at_their_interval_and_once():
    running = feed(4 * DAY_S)
    first = [row for row in running.due(STARTED + 4 * DAY_S + 60) if row.parameter == "TEMP"]
    running.reported_until = STARTED + 4 * DAY_S + 60
    second = [row for row in running.due(STARTED + 4 * DAY_S + 120) if row.parameter == "TEMP"]
    times = [row.at for row in first + second]
    assert len(times) == 12
    assert {round(later - earlier, 3) for earlier, later in pairwise(times)} == {10}


def test_readings_come_in_order_of_time():
    times = [row.at for row in feed(4 * DAY_S).due(STARTED + 4 * DAY_S + 300)]
    assert times == sorted(times)


def test_an_at_line_value_comes_once_a_day_and_never_between():
    running = feed(4 * DAY_S - 60)
    samples = [row for row in running.due(STARTED + 5 * DAY_S - 60) if row.parameter == "GLUC"]
    assert [row.at - STARTED for row in samples] == [4 * DAY_S]


def test_laboratory_values_are_never_simulated():
    assert "SEC" not in {row.parameter for row in feed(0).due(STARTED + 2 * DAY_S)}


def test_nothing_is_said_of_the_time_before_the_batch():
    rows = feed(-300).due(STARTED + 20)
    assert min(row.at for row in rows) >= STARTED


def test_a_feed_repeats_itself_after_a_restart():
    until = STARTED + 4 * DAY_S + 100
    assert feed(4 * DAY_S).due(until) == feed(4 * DAY_S).due(until)


def test_the_live_feed_goes_on_where_the_loaded_history_ends():
    temperature = find_signal("bioreactor", "TEMP")
    rows = [row for row in feed(4 * DAY_S).due(STARTED + 4 * DAY_S + 60) if row.parameter == "TEMP"]
    vessel = Vessel(seed_of("B-2418"))
    for row in rows:
        at_s = pytest.approx(row.at - STARTED, abs=1e-3)
        again = temperature.values(vessel, np.array([row.at - STARTED]))[0]
        assert (row.at - STARTED, row.value) == (at_s, pytest.approx(again, abs=0.03))


def test_a_reading_is_written_as_the_interface_takes_it():
    row = feed(4 * DAY_S).due(STARTED + 4 * DAY_S + 10)[0].as_json()
    assert set(row) == {"parameter", "at", "value"}
    assert row["at"].startswith("2026-03-05T00:00:0")
    assert row["at"].endswith("Z")
    assert isinstance(row["value"], float)


def test_the_fault_rises_above_the_set_point_of_its_own_day_and_comes_back():
    at = STARTED + 4 * DAY_S + 60
    running = feed(4 * DAY_S, story=Story(at, speed=31, every_s=1060))
    rows = [row for row in running.due(STARTED + 4 * DAY_S + 2200) if row.parameter == "TEMP"]
    outside = [row.at - at for row in rows if row.value > 37.5]
    assert max(row.value for row in rows) == pytest.approx(37.8, abs=0.08)
    first = [moment for moment in outside if moment < 1060]
    second = [moment for moment in outside if moment >= 1060]
    assert max(first) - min(first) > 60
    assert max(second) - min(second) > 60
    assert min(second) - max(first) > 600
    assert all(row.value < 37.0 for row in rows if 470 < row.at - at < 1050)


def test_the_set_point_follows_the_limits_of_the_phase():
    growth, production = ("nor", "GROWTH", "36.0", "37.0"), ("nor", "COOL", "33.5", "34.5")
    running = feed(8 * DAY_S, phase="GROWTH", temperature=[growth, production])
    warm = [row.value for row in running.due(STARTED + 8 * DAY_S + 60) if row.parameter == "TEMP"]
    assert warm == pytest.approx([36.5] * len(warm), abs=0.1)
    now = STARTED + 8 * DAY_S + 60
    running.reported_until = now
    running.follow(batch(phase="COOL", temperature=[growth, production]), now)
    ramp = {row.at - now: row.value for row in running.due(now + 5 * HOUR_S) if row.parameter == "TEMP"}
    middle = [value for at, value in ramp.items() if abs(at - 2 * HOUR_S) < 10]
    assert middle == pytest.approx([35.25] * len(middle), abs=0.1)
    late = [value for at, value in ramp.items() if at > 4.1 * HOUR_S]
    assert late == pytest.approx([34.0] * len(late), abs=0.12)


def test_without_limits_the_age_of_the_culture_sets_the_temperature():
    values = [row.value for row in feed(8 * DAY_S).due(STARTED + 8 * DAY_S + 60) if row.parameter == "TEMP"]
    assert values == pytest.approx([34.0] * len(values), abs=0.1)


def test_a_limit_of_the_phase_goes_before_a_general_one_and_nor_before_par():
    own, other = ("nor", "GROWTH", 4, 6), ("nor", "OTHER", 0, 1)
    row = {"limits": limits(("par", None, 1, 9), ("nor", None, 3, 7), own, other)}
    assert range_of(row, "GROWTH") == (4, 6)
    assert range_of(row, None) == (3, 7)
    assert range_of({"limits": limits(("par", None, None, "9"))}, "GROWTH") == (None, 9)
    assert range_of({}, "GROWTH") == (None, None)


@pytest.mark.parametrize(
    ("low", "high", "inside"),
    [(10, 20, (10, 20)), (5, None, (5, 6)), (None, 8, (7, 8)), (None, None, (0.9, 1.1))],
)
def test_an_unknown_parameter_wanders_inside_its_range(low, high, inside):
    values = walk("FLUX", low, high).values(Vessel(3), np.arange(0, 50_000, 10.0))
    assert inside[0] < values.min() < values.max() < inside[1]
