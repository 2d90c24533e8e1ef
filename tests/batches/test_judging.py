"""Frames in any order and any number of times leave the same excursions as all readings judged at once."""

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.actions.cycle import complete_batch, move_phase
from batches.actions.readings import judge_missing
from batches.around import find_silences
from batches.columns import instant_of, microseconds
from batches.episodes import find_episodes
from batches.models import Limit, PhaseRun, Reading
from batches.plan import read_plan
from batches.specs import KnotSpec
from portal.action import reading
from tests.conftest import actor
from tests.factories import batches as make

TEN = timedelta(seconds=10)


def course(*knots):
    return tuple(KnotSpec(at_s, Decimal(str(low)), Decimal(str(high))) for at_s, low, high in knots)


PLAIN = {
    "plain": [make.limit("nor", 36, 37), make.limit("par", 35.5, 37.5)],
    "with a minimum": [make.limit("nor", 36, 37, min_duration_s=25), make.limit("par", 35.5, 37.5)],
    "one side": [make.limit("action", high=37), make.limit("alert", low=36)],
    "by phase": [
        make.limit("par", 35.5, 37.5),
        make.limit("par", 36.4, 36.6, phase="production"),
        make.limit("nor", 36, 37, phase="growth", min_duration_s=15),
    ],
}
RULED = {
    "a course": [make.limit("par", knots=course((0, 35.6, 37.5), (120, 36.4, 37.0)), settle_s=20)],
    "a rate": [make.limit("action", -300, 300, measure="rate", window_s=40)],
    "a sum that lasts": [make.limit("action", high=110, measure="sum", window_s=30, min_duration_s=25)],
    "how often": [make.limit("alert", high=2, measure="count", window_s=60, above=Decimal(37))],
    "a stuck sensor": [make.limit("alert", low=0.5, measure="span", window_s=30)],
    "missing data": [make.limit("alert", measure="silence", window_s=15)],
}
LIMITS = PLAIN | RULED
# Now and then long stretches outside, else every kind of crossing.
VALUES = st.sampled_from([35.0, 35.7, 36.5, 36.5, 37.2, 37.2, 37.2, 38.0])


def judged_at_once(who, batch):
    """The excursions by definition: every reading of the batch, every limit, one pass."""
    with reading(who):
        now = type(batch).objects.get(pk=batch.pk)
        plan, found = read_plan(who, now), []
        for channel in plan.channels.values():
            rows = Reading.objects.filter(batch=batch, parameter_id=channel.id).order_by("at")
            points = list(rows.values_list("at", "value"))
            at_us = np.array([microseconds(at) for at, _ in points], np.int64)
            values = np.array([value for _, value in points], np.float64)
            for limit in channel.limits.values():
                times = channel.segments[limit.pk]
                if limit.measure == "silence":
                    episodes = find_silences(channel.ruled[limit.pk], at_us, times, microseconds(make.now()))
                else:
                    episodes = find_episodes(at_us, values, times)
                name = (channel.code, str(limit.kind))
                found += [(*name, *_plain(each)) for each in episodes if each.is_excursion]
    return sorted(found, key=str)


def _plain(each):
    ended = None if each.ended_us is None else instant_of(each.ended_us)
    started, last, extreme = map(instant_of, (each.started_us, each.last_outside_us, each.extreme_us))
    return (each.direction, started, last, ended, each.extreme, extreme, each.count)


def held(who, batch):
    """The rows; of an open one that looks at more than each value what it came to may be a minute old."""
    return sorted(map(_settled, make.excursions(who, batch)), key=str)


def wanted(who, batch):
    return sorted(map(_settled, judged_at_once(who, batch)), key=str)


def _settled(row):
    return row[:4] if row[5] is None and "RULED" in row[0] else row


@st.composite
def histories(draw):
    """Readings of two parameters, cut into frames that come in any order, some of them twice."""
    length = draw(st.integers(4, 24))
    rows = [("TEMP", place, draw(VALUES)) for place in range(length)]
    rows += [("PH", place, draw(VALUES)) for place in range(0, length, 3)]
    rows = draw(st.permutations(rows)) if draw(st.booleans()) else rows
    cuts = sorted(draw(st.lists(st.integers(1, len(rows)), max_size=6)))
    frames = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True) if a < b]
    doubled = draw(st.lists(st.integers(0, len(frames) - 1), max_size=3))
    frames = [*frames, *(frames[place] for place in doubled)]
    frames = draw(st.permutations(frames)) if draw(st.booleans()) else frames
    return frames, draw(st.integers(0, length)), draw(st.integers(0, len(frames)))


CALM = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.mark.parametrize("kind", PLAIN)
@settings(max_examples=8, deadline=None, suppress_health_check=CALM)
@given(history=histories())
def test_any_order_and_any_repetition_gives_the_excursions_of_the_definition(database, kind, history):
    check(kind, history)


# What these look at is tried at length without a database (`test_measures`).
@pytest.mark.parametrize("kind", RULED)
@settings(max_examples=2, deadline=None, suppress_health_check=CALM)
@given(history=histories())
def test_so_do_limits_that_look_at_more_than_each_value(database, kind, history):
    check(kind, history)


def check(kind, history):
    frames, moved_at, moved_after = history
    gateway, qa = actor("gateway"), actor("cdmo_qa")
    mark = transaction.savepoint()
    try:
        codes = {"TEMP": "TEMP", "PH": "PH"} if kind in PLAIN else {"TEMP": "T-RULED", "PH": "P-RULED"}
        measured = [make.temperature(*LIMITS[kind], code=code) for code in codes.values()]
        batch = make.batch(of=make.recipe(measured=measured))
        start = make.now() - timedelta(minutes=20)
        for number, frame in enumerate(frames):
            if number == moved_after:
                move_phase(qa, batch.pk, phase="production", version=1, at=start + moved_at * TEN)
            make.send(
                gateway, batch, [(codes[code], start + place * TEN, value) for code, place, value in frame]
            )
            judge_missing(gateway, batch.pk)
            assert held(gateway, batch) == wanted(gateway, batch)
        version = make.fresh(qa, batch).version
        complete_batch(qa, batch.pk, version=version, at=start + 30 * TEN)
        assert sorted(make.excursions(gateway, batch), key=str) == judged_at_once(gateway, batch)
    finally:
        transaction.savepoint_rollback(mark)


def test_a_late_reading_splits_an_excursion_and_the_earlier_part_stays_the_same_one(database, gateway):
    batch, start = make.batch(), make.now() - timedelta(minutes=10)
    make.send(gateway, batch, [("TEMP", start, 37.2), ("TEMP", start + 2 * TEN, 37.2)])
    make.send(gateway, batch, [("TEMP", start + TEN, 36.5)])
    assert make.excursions(gateway, batch) == [
        ("TEMP", "nor", "high", start, start, start + TEN, 37.2, start, 1),
        ("TEMP", "nor", "high", start + 2 * TEN, start + 2 * TEN, None, 37.2, start + 2 * TEN, 1),
    ]


def test_a_late_reading_within_an_open_excursion_is_counted(database, gateway):
    batch, start = make.batch(), make.now() - timedelta(minutes=10)
    make.send(gateway, batch, [("TEMP", start, 37.2), ("TEMP", start + 2 * TEN, 37.2)])
    make.send(gateway, batch, [("TEMP", start + TEN, 37.25), ("TEMP", start + 3 * TEN, 37.1)])
    assert make.excursions(gateway, batch) == [
        ("TEMP", "nor", "high", start, start + 3 * TEN, None, 37.25, start + TEN, 4)
    ]


def test_a_limit_of_a_phase_judges_nothing_outside_it(database, gateway):
    cold = make.limit("par", 33, 35, phase="production")
    batch = make.batch(of=make.recipe(measured=[make.temperature(cold)]))
    make.send(gateway, batch, make.course([36.5, 20.0, 50.0], start=make.now() - timedelta(minutes=5)))
    assert make.excursions(gateway, batch) == []


def test_a_value_on_the_limit_is_inside(database, gateway):
    batch = make.batch()
    make.send(gateway, batch, make.course([36.0, 37.0], start=make.now() - timedelta(minutes=5)))
    assert make.excursions(gateway, batch) == []


def test_a_short_stretch_becomes_an_excursion_when_the_reading_that_ends_it_comes_late_enough(
    database, gateway
):
    patient = make.limit("par", 36, 37, min_duration_s=60)
    batch = make.batch(of=make.recipe(measured=[make.temperature(patient)]))
    start = make.now() - timedelta(minutes=10)
    make.send(gateway, batch, make.course([38.0], start=start))
    assert make.excursions(gateway, batch) == []
    make.send(gateway, batch, [("TEMP", start + timedelta(seconds=90), 36.5)])
    assert [row[3:6] for row in make.excursions(gateway, batch)] == [
        (start, start, start + timedelta(seconds=90))
    ]


def test_calm_frames_cost_the_same_few_queries_whatever_the_number_of_parameters(database, gateway, counted):
    measured = [make.temperature(code=f"T{number}") for number in range(12)]
    batch, start = make.batch(of=make.recipe(measured=measured)), make.now() - timedelta(minutes=10)
    make.send(gateway, batch, [("T0", start, 36.5)])
    one = counted(lambda: make.send(gateway, batch, [("T0", start + TEN, 36.5)]))
    twelve = counted(lambda: make.send(gateway, batch, [(f"T{n}", start + 2 * TEN, 36.5) for n in range(12)]))
    # In a rolled back test the connection's own table is asked for each time, and the context is taken back.
    assert (one, twelve) == (12, 12)


def test_judging_many_parameters_reads_their_readings_at_once(database, gateway, counted):
    measured = [make.temperature(code=f"T{number}") for number in range(6)]
    batch, start = make.batch(of=make.recipe(measured=measured)), make.now() - timedelta(minutes=10)
    make.send(gateway, batch, [(f"T{n}", start, 37.1) for n in range(6)])
    growing = counted(lambda: make.send(gateway, batch, [(f"T{n}", start + TEN, 37.1) for n in range(6)]))
    # The row of none of the six is written: they only grow.
    assert growing == 13
    with reading(gateway):
        assert Limit.objects.count() == 18
        assert PhaseRun.objects.count() == 1
