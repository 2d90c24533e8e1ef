import random
from dataclasses import replace
from functools import partial
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.around import around, find_silences
from batches.episodes import StoredEpisode, find_episodes, reconcile
from batches.limits import OPEN_END_US, Limit, PhaseRun, Segment, segments, settling
from batches.measures import HOUR_US, SECOND_US, Knot, Measure, Profile

LIMIT = Limit(UUID(int=1), "action", 2.0, 6.0)
HIGH = Limit(UUID(int=1), "action", None, 3.0)
LOW = Limit(UUID(int=1), "action", 0.5, None)
ALWAYS = (Segment(LIMIT),)
PHASE = UUID(int=7)

readings = st.dictionaries(st.integers(0, 60), st.integers(0, 8).map(float), max_size=30)
RAMP = Profile((Knot(0, 1.0, 3.0), Knot(30e-6, 4.0, 7.0)))
RULES = {
    "value": LIMIT,
    "rate": replace(Limit(LIMIT.id, "action", -2.0 * HOUR_US, 2.0 * HOUR_US), measure=Measure("rate", 5)),
    "sum": replace(Limit(LIMIT.id, "action", None, 12.0), measure=Measure("sum", 7)),
    "count": replace(HIGH, measure=Measure("count", 10, above=4.0)),
    "span": replace(LOW, measure=Measure("span", 6)),
    "waiting": replace(LIMIT, measure=Measure("sum", 7), low=None, high=12.0, min_duration_s=6e-6),
    "lasting": replace(
        LIMIT, min_duration_s=5e-6, profile=Profile((Knot(0, 1.0, 3.0), Knot(30e-6, 4.0, 7.0)))
    ),
    "profile": replace(LIMIT, profile=replace(RAMP, every_s=40e-6)),
}


def arrays(held):
    at_us = sorted(held)
    return np.array(at_us, np.int64), np.array([held[at] for at in at_us], np.float64)


def stored(held, from_us, until_us):
    """Readings as the database gives them: with the first one at or after the end."""
    at_us, values = arrays(held)
    first, last = np.searchsorted(at_us, (max(from_us, -1), min(until_us, 10**9)))
    return at_us[first : last + 1], values[first : last + 1]


def silent(allowed):
    return Limit(UUID(int=1), "action", None, None, measure=Measure("silence", allowed))


def found(rule, held, times=None):
    segments_of = times or (Segment(rule),)
    return find_episodes(*arrays(held), [replace(each, limit=rule) for each in segments_of])


@pytest.mark.parametrize("name", RULES)
@given(held=readings, parts=st.integers(1, 6), seed=st.integers(0, 99))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_and_any_doubling_of_frames_leads_to_the_same_episodes(name, held, parts, seed):
    rule, chance = RULES[name], random.Random(seed)  # noqa: S311 - for order, not for secrets
    rows = list(held.items())
    chance.shuffle(rows)
    frames = [rows[part::parts] for part in range(parts)]
    frames += chance.choices(frames, k=2)
    chance.shuffle(frames)
    times = (Segment(rule, 3, 45), Segment(rule, 50, OPEN_END_US))
    known, kept, number = {}, [], 0
    for frame in frames:
        fresh = {at: value for at, value in frame if at not in known}
        if not fresh:
            continue
        known |= fresh
        with pytest.MonkeyPatch.context() as patch:
            # So little is read at first that the window often has to grow.
            patch.setattr("batches.around.NEAR_US", 2)
            column, window = around(rule, times, kept, (min(fresh), max(fresh)), partial(stored, known))
        changes = reconcile(
            [row for row in kept if window.holds(row)],
            [each for each in find_episodes(*column, times, window) if each.is_excursion],
        )
        after = {each.row.id: each.after for each in (*changes.closed, *changes.extended)}
        gone = {each.row.id for each in changes.withdrawn}
        kept = [StoredEpisode(row.id, after.get(row.id, row.episode)) for row in kept if row.id not in gone]
        kept += [StoredEpisode(UUID(int=number + place), each) for place, each in enumerate(changes.opened)]
        number += len(changes.opened)
        kept.sort(key=lambda row: row.episode.started_us)
    wanted = [each for each in found(rule, held, times) if each.is_excursion]
    assert [row.episode for row in kept] == wanted


def by_hand(measure, held, at):
    window = {each: value for each, value in held.items() if at - measure.window_us < each <= at}
    if measure.kind == "sum":
        return sum(window.values())
    if measure.kind == "count":
        return sum(value > measure.above for value in window.values())
    oldest = min(window)
    if measure.kind == "span":
        filled = at - oldest >= 0.8 * measure.window_us
        return max(window.values()) - min(window.values()) if filled else None
    return (held[at] - held[oldest]) / ((at - oldest) / HOUR_US) if at > oldest else None


@pytest.mark.parametrize("kind", ["rate", "sum", "count", "span"])
@given(held=readings, window=st.integers(1, 25))
def test_a_measure_is_what_it_says_of_the_readings_in_its_window(kind, held, window):
    measure = Measure(kind, window, above=4.0)
    at_us, values = arrays(held)
    told = [None if value != value else value for value in measure.of(at_us, values).tolist()]  # noqa: PLR0124 - NaN
    assert told == pytest.approx([by_hand(measure, held, at) for at in sorted(held)])


def test_one_particle_in_a_minute_is_none_in_a_rolling_cubic_metre_of_them():
    # 28.3 L a minute: a cubic metre passes in 35.3 minutes; Grade A asks for at most 20 of 5 um in it.
    minute = 60 * SECOND_US
    single = {place * minute: float(place == 40) for place in range(80)}
    rule = replace(Limit(UUID(int=1), "action", None, 20.0), measure=Measure("sum", int(35.3 * minute)))
    assert found(rule, single) == []
    burst = single | {place * minute: 3.0 for place in range(40, 48)}
    (event,) = found(rule, burst)
    assert (event.started_us, event.extreme) == (46 * minute, 24.0)


def test_a_sensor_that_does_not_move_is_stuck_once_its_window_is_full_and_until_it_moves():
    held = {place * SECOND_US: (25.0 if 10 <= place < 40 else 20.0 + place % 3) for place in range(60)}
    (stuck,) = found(replace(LOW, measure=Measure("span", 10 * SECOND_US)), held)
    assert (stuck.direction, stuck.extreme) == ("low", 0.0)
    assert (stuck.started_us, stuck.ended_us) == (19 * SECOND_US, 40 * SECOND_US)


def test_a_ramp_is_followed_by_its_profile_and_left_where_it_stays_behind():
    ramp = Profile((Knot(0, 20.0, 24.0), Knot(600, 30.0, 34.0)))
    rule = replace(LIMIT, profile=ramp)
    at = [place * 10 * SECOND_US for place in range(80)]
    good = {each: min(22 + each / SECOND_US / 60, 32.0) for each in at}
    assert found(rule, good, (Segment(LIMIT, 0),)) == []
    behind = good | {each: 22.0 for each in at if each >= 100 * SECOND_US}
    (late,) = found(rule, behind, (Segment(LIMIT, 0),))
    assert late.started_us == 130 * SECOND_US
    assert (late.extreme, late.extreme_us) == (22.0, 600 * SECOND_US)


def test_the_time_of_a_profile_counts_from_the_start_of_its_phase_each_time_it_runs():
    of_phase = Limit(UUID(int=1), "action", 2.0, 6.0, phase_id=PHASE)
    times = segments([of_phase], [PhaseRun(PHASE, 0, 100), PhaseRun(PHASE, 500, None)])[of_phase.id]
    rule = replace(of_phase, profile=Profile((Knot(0, None, 5.0), Knot(100e-6, None, 10.0))))
    held = {90: 9.0, 505: 9.0, 590: 9.0}
    assert [each.started_us for each in found(rule, held, times)] == [505]


def test_a_day_profile_begins_again_every_day():
    day = 86_400
    rule = replace(
        LIMIT, profile=Profile((Knot(0, None, 5.0), Knot(43_200, None, 8.0), Knot(86_399, None, 5.0)), day)
    )
    noon_and_night = {
        (day * number + hour * 3600) * SECOND_US: 7.0 for number in range(3) for hour in (0, 12)
    }
    assert [each.started_us // HOUR_US for each in found(rule, noon_and_night, (Segment(LIMIT, 0),))] == [
        0,
        24,
        48,
    ]


def test_a_side_left_open_stays_open_all_along():
    low, high = Profile((Knot(0, 1.0, None), Knot(10, 2.0, 9.0))).ends(np.array([0, 5 * SECOND_US]))
    assert (low.tolist(), high.tolist()) == ([1.0, 1.5], [np.inf, np.inf])


@pytest.mark.parametrize(
    ("knots", "every_s"),
    [((), None), ((Knot(5), Knot(5)), None), ((Knot(0, 3.0, 3.0),), None), ((Knot(0), Knot(20)), 10.0)],
    ids=["none", "in disorder", "ends crossed", "longer than its period"],
)
def test_a_profile_that_is_no_line_is_refused(knots, every_s):
    with pytest.raises(ValueError, match="profile"):
        Profile(knots, every_s)


@given(
    st.sets(st.integers(0, 60)),
    st.integers(1, 20),
    st.integers(1, 70),
    st.integers(0, 30),
    st.integers(31, 80),
)
def test_a_silence_is_every_instant_at_which_nothing_came_for_too_long(held, allowed, until, begun, over):
    at_us = np.array(sorted(held), np.int64)
    silences = find_silences(silent(allowed), at_us, [Segment(LIMIT, begun, over)], until)
    end = min(over, until)

    def is_silent(instant):
        heard = [at for at in held if begun <= at <= instant and at < end]
        return instant - max([begun, *heard]) >= allowed

    told = {instant for each in silences for instant in range(each.started_us, each.last_outside_us)}
    assert told == {instant for instant in range(begun, end) if is_silent(instant)}
    assert sum(each.ended_us is None for each in silences) <= int(until < over)


def test_a_late_reading_ends_or_splits_a_silence():
    def silences(*held):
        found_us = find_silences(silent(10), np.array(held, np.int64), [Segment(LIMIT, 0, OPEN_END_US)], 50)
        return [(each.started_us, each.ended_us) for each in found_us]

    assert silences(5, 45) == [(15, 45)]
    assert silences(5, 25, 45) == [(15, 25), (35, 45)]
    assert silences(5, 14, 23, 32, 41) == []
    assert silences(5) == [(15, None)]


@given(
    st.lists(st.tuples(st.integers(0, 80), st.integers(1, 30)), max_size=3),
    st.lists(st.integers(-10, 100), max_size=5),
    st.integers(1, 20),
)
def test_settling_takes_out_what_follows_a_trigger_and_nothing_else(stretches, triggers, settle):
    times = segments(
        [Limit(UUID(int=1), "nor", 0.0, 1.0, phase_id=PHASE)],
        [PhaseRun(PHASE, a, a + b) for a, b in stretches],
    )
    whole = times[UUID(int=1)]
    left = settling(whole, triggers, settle)

    def inside(instant, each):
        return any(segment.covers(instant) for segment in each)

    for instant in range(-15, 130):
        settles = any(trigger <= instant < trigger + settle for trigger in triggers)
        assert inside(instant, left) == (inside(instant, whole) and not settles)
    assert {segment.origin for segment in left} <= {segment.start_us for segment in whole}
