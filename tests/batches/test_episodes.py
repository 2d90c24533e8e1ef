import random
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import pairwise
from uuid import UUID

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batches.episodes import (
    Changes,
    Episode,
    Revision,
    StoredEpisode,
    Window,
    Withdrawal,
    affected_window,
    find_episodes,
    reconcile,
    rejudge,
    window_of_phase_change,
)
from batches.limits import OPEN_END_US, OPEN_START_US, Limit, PhaseRun, Segment, segments

SECOND = 1_000_000
LIMIT = Limit(UUID(int=1), "par", 33.0, 35.0)
ALWAYS = (Segment(LIMIT),)
GROWTH, FEED = UUID(int=101), UUID(int=102)


def arrays(readings):
    at_us = sorted(readings)
    return np.array(at_us, np.int64), np.array([readings[at] for at in at_us], np.float64)


def find(readings, times=ALWAYS):
    return find_episodes(*arrays(readings), times)


def episode(started, last, ended, *, extreme=36.0, extreme_us=None, count=1, direction="high", **changed):
    plain = Episode(
        limit_id=LIMIT.id,
        direction=direction,
        started_us=started,
        last_outside_us=last,
        ended_us=ended,
        extreme=extreme,
        extreme_us=started if extreme_us is None else extreme_us,
        count=count,
        is_excursion=True,
        alert_due_us=started,
    )
    return replace(plain, **changed)


def row(number, *args, **kwargs):
    return StoredEpisode(UUID(int=number), episode(*args, **kwargs))


def side_of(value, limit):
    if limit.high is not None and value > limit.high:
        return "high"
    return "low" if limit.low is not None and value < limit.low else None


def by_definition(readings, times):
    """Walk the readings one by one, as the vocabulary says it: slow, and written apart from the product."""
    found = []
    for segment in times:
        running = None
        for at, value in sorted(readings.items()):
            if not segment.start_us <= at < segment.end_us:
                continue
            side = side_of(value, segment.limit)
            if running and side != running["direction"]:
                found.append({**running, "ended_us": at})
                running = None
            if side:
                running = running or {"direction": side, "started_us": at, "count": 0, "values": {}}
                running["count"] += 1
                running["values"][at] = value
        if running:
            found.append({**running, "ended_us": None if segment.end_us == OPEN_END_US else segment.end_us})
    return [finished(one, times[0].limit) for one in found]


def finished(one, limit):
    values = one.pop("values")
    extreme_us = (max if one["direction"] == "high" else min)(values, key=values.get)
    known_end_us = max(values) if one["ended_us"] is None else one["ended_us"]
    return Episode(
        limit_id=limit.id,
        last_outside_us=max(values),
        extreme=values[extreme_us],
        extreme_us=extreme_us,
        is_excursion=known_end_us - one["started_us"] >= limit.min_duration_s * SECOND,
        alert_due_us=one["started_us"] + limit.delay_s * SECOND,
        **one,
    )


class Judge:
    """The ingest of one limit in memory: keeps readings and rows, reads only the window it is told to."""

    def __init__(self, times=ALWAYS):
        self.times = times
        self.readings = {}
        self.rows = {}
        self.merged = {}
        self.withdrawn = set()
        self.read = 0

    @property
    def stored(self):
        return [StoredEpisode(row_id, one) for row_id, one in self.rows.items()]

    def take(self, frame):
        frame = dict(frame)
        if not frame:
            return Changes()
        self.readings = frame | self.readings
        first_us, last_us = min(frame), max(frame)
        next_us = min((at for at in self.readings if at > last_us), default=None)
        asked = [
            one
            for one in self.stored
            if one.episode.end_us > first_us
            and (one.episode.started_us <= last_us or one.episode.started_us == next_us)
        ]
        return self.apply(asked, affected_window(asked, first_us, last_us, next_us))

    def change_phases(self, times, changed_us):
        self.times = times
        asked = [one for one in self.stored if one.episode.end_us >= changed_us]
        return self.apply(asked, window_of_phase_change(asked, changed_us))

    def apply(self, asked, window):
        at_us = sorted(self.readings)
        chosen = at_us[bisect_left(at_us, window.from_us) : bisect_left(at_us, window.until_us) + 1]
        self.read += len(chosen)
        changes = rejudge(*arrays({at: self.readings[at] for at in chosen}), self.times, asked, window)
        for gone in changes.withdrawn:
            del self.rows[gone.row.id]
            self.withdrawn.add(gone.row.id)
            self.merged[gone.row.id] = gone.merged_into
        for revision in [*changes.extended, *changes.closed]:
            assert window.holds(revision.row)
            assert self.rows[revision.row.id] == revision.row.episode != revision.after
            self.rows[revision.row.id] = revision.after
        for opened in changes.opened:
            self.rows[UUID(int=len(self.rows) + len(self.withdrawn) + 1)] = opened
        return changes

    def live(self):
        return sorted(self.rows.values(), key=lambda one: one.started_us)


class TestDefinition:
    def test_readings_inside_make_no_episode(self):
        assert find({0: 33.0, 1: 34.0, 2: 35.0}) == []
        assert find({}) == []

    def test_an_episode_runs_from_the_first_reading_outside_to_the_first_back_inside(self):
        readings = {0: 34.0, 10: 35.2, 20: 35.3, 30: 35.1, 40: 35.0, 50: 34.0}
        assert find(readings) == [episode(10, 30, 40, extreme=35.3, extreme_us=20, count=3)]

    def test_an_episode_stays_open_until_a_reading_is_back(self):
        assert find({0: 32.5, 10: 32.0}) == [
            episode(0, 10, None, direction="low", extreme=32.0, extreme_us=10, count=2)
        ]

    def test_of_equal_extremes_the_first_counts(self):
        assert find({0: 36.0, 1: 37.0, 2: 37.0})[0].extreme_us == 1
        assert find({0: 31.0, 1: 30.0, 2: 30.0})[0].extreme_us == 1

    def test_a_jump_from_above_to_below_ends_one_episode_and_starts_another(self):
        assert find({0: 36.0, 10: 32.0, 20: 34.0}) == [
            episode(0, 0, 10),
            episode(10, 10, 20, direction="low", extreme=32.0),
        ]

    def test_the_end_of_the_limits_segment_ends_its_episode(self):
        times = (Segment(LIMIT, 10, 25), Segment(LIMIT, 40, OPEN_END_US))
        assert find({0: 36.0, 10: 36.0, 20: 36.0, 30: 36.0, 40: 36.0}, times) == [
            episode(10, 20, 25, count=2),
            episode(40, 40, None),
        ]

    def test_a_shorter_stretch_than_the_minimum_is_no_excursion(self):
        times = (Segment(replace(LIMIT, min_duration_s=10)),)
        back_too_soon = {0: 36.0, 10 * SECOND - 1: 34.0}
        back_in_time = {0: 36.0, 10 * SECOND: 34.0}
        still_open = {0: 36.0, 10 * SECOND - 1: 36.0}
        still_open_later = {0: 36.0, 10 * SECOND: 36.0}
        assert [find(readings, times)[0].is_excursion for readings in (back_too_soon, back_in_time)] == [
            False,
            True,
        ]
        assert [find(readings, times)[0].is_excursion for readings in (still_open, still_open_later)] == [
            False,
            True,
        ]

    def test_the_alert_is_reached_by_a_reading_still_outside_after_the_delay(self):
        times = (Segment(replace(LIMIT, delay_s=10)),)
        [before] = find({5 * SECOND: 36.0, 15 * SECOND - 1: 36.0, 20 * SECOND: 34.0}, times)
        [after] = find({5 * SECOND: 36.0, 15 * SECOND: 36.0, 20 * SECOND: 34.0}, times)
        assert before.alert_due_us == after.alert_due_us == 15 * SECOND
        assert (before.is_alert_reached, after.is_alert_reached) == (False, True)

    def test_nested_limits_each_have_their_own_episode(self):
        # The stuck valve of batch B-2417: minutes after 04:00, plateau values between the crossings.
        minute = 60 * SECOND
        readings = {0: 33.9, 50: 34.6, 74: 34.9, 90: 35.1, 114: 35.3, 132: 35.0, 144: 34.8, 162: 34.5}
        readings = {at * minute: value for at, value in readings.items()}
        lasted = {}
        for name, high in (("nor", 34.5), ("action", 34.8), ("par", 35.0)):
            [one] = find(readings, (Segment(replace(LIMIT, high=high)),))
            lasted[name] = ((one.ended_us - one.started_us) // minute, one.extreme)
        assert lasted == {"nor": (112, 35.3), "action": (70, 35.3), "par": (42, 35.3)}


class TestLateReadings:
    def test_further_readings_extend_and_close_the_same_row(self):
        judge = Judge()
        assert judge.take([(0, 34.0), (10, 36.0)]) == Changes(opened=[episode(10, 10, None)])
        [first] = judge.stored
        longer = episode(10, 20, None, extreme=37.0, extreme_us=20, count=2)
        assert judge.take([(20, 37.0)]) == Changes(extended=[Revision(first, longer)])
        [second] = judge.stored
        assert judge.take([(30, 34.0)]) == Changes(closed=[Revision(second, replace(longer, ended_us=30))])
        assert judge.take([(40, 34.0), (50, 34.0)]) == Changes()

    def test_a_doubled_frame_changes_nothing(self):
        judge = Judge()
        frame = [(0, 36.0), (10, 36.0), (20, 34.0)]
        judge.take(frame)
        before = dict(judge.rows)
        assert judge.take(frame) == Changes()
        assert judge.rows == before

    def test_a_late_reading_inside_splits_and_the_earlier_part_keeps_the_row(self):
        judge = Judge()
        judge.take([(0, 36.0), (10, 37.0), (30, 38.0), (40, 34.0)])
        [whole] = judge.stored
        assert judge.take([(20, 34.0)]) == Changes(
            opened=[episode(30, 30, 40, extreme=38.0)],
            extended=[Revision(whole, episode(0, 10, 20, extreme=37.0, extreme_us=10, count=2))],
        )

    def test_a_late_reading_inside_splits_an_open_one_and_so_closes_its_first_part(self):
        judge = Judge()
        judge.take([(0, 36.0), (30, 36.0)])
        [whole] = judge.stored
        assert judge.take([(20, 34.0)]) == Changes(
            opened=[episode(30, 30, None)], closed=[Revision(whole, episode(0, 0, 20))]
        )

    def test_a_late_reading_outside_moves_the_start(self):
        judge = Judge()
        judge.take([(0, 34.0), (20, 36.0), (30, 34.0)])
        [late] = judge.stored
        assert judge.take([(10, 35.5)]) == Changes(
            extended=[Revision(late, episode(10, 20, 30, extreme=36.0, extreme_us=20, count=2))]
        )

    def test_a_late_reading_outside_moves_the_end(self):
        judge = Judge()
        judge.take([(0, 36.0), (20, 34.0)])
        [short] = judge.stored
        assert judge.take([(10, 37.0)]) == Changes(
            extended=[Revision(short, episode(0, 10, 20, extreme=37.0, extreme_us=10, count=2))]
        )
        assert judge.take([(15, 34.0)]) == Changes(
            extended=[
                Revision(
                    StoredEpisode(short.id, episode(0, 10, 20, extreme=37.0, extreme_us=10, count=2)),
                    episode(0, 10, 15, extreme=37.0, extreme_us=10, count=2),
                )
            ]
        )

    def test_a_late_reading_on_the_other_side_splits_into_three(self):
        judge = Judge()
        judge.take([(0, 36.0), (20, 36.0), (30, 34.0)])
        [whole] = judge.stored
        assert judge.take([(10, 32.0)]) == Changes(
            opened=[episode(10, 10, 20, direction="low", extreme=32.0), episode(20, 20, 30)],
            extended=[Revision(whole, episode(0, 0, 10))],
        )

    def test_a_long_open_episode_is_not_read_again_for_each_frame(self):
        judge = Judge()
        for start in range(0, 10_000, 100):
            judge.take([(at, 36.0) for at in range(start, start + 100)])
        assert judge.live() == [episode(0, 9_999, None, count=10_000)]
        assert judge.read == 10_000


class TestPhaseChanges:
    LIMITS = (LIMIT, replace(LIMIT, id=UUID(int=2), high=37.0, phase_id=FEED))

    def times(self, *runs, limit=LIMIT):
        return segments(self.LIMITS, runs)[limit.id]

    def test_the_start_of_another_phase_closes_the_episode_of_the_former_limit(self):
        judge = Judge(self.times())
        judge.take([(0, 36.0), (10, 36.0), (20, 36.0)])
        [open_row] = judge.stored
        assert judge.change_phases(self.times(PhaseRun(FEED, 20)), 20) == Changes(
            closed=[Revision(open_row, episode(0, 10, 20, count=2))]
        )
        assert judge.take([(30, 36.0)]) == Changes()

    def test_a_corrected_phase_joins_what_it_had_cut_and_the_earlier_row_stays(self):
        judge = Judge(self.times(PhaseRun(FEED, 10, 20)))
        judge.take([(0, 36.0), (15, 36.0), (20, 36.0), (30, 34.0)])
        earlier, later = judge.stored
        assert (earlier.episode, later.episode) == (episode(0, 0, 10), episode(20, 20, 30))
        assert judge.change_phases(self.times(), 10) == Changes(
            extended=[Revision(earlier, episode(0, 20, 30, count=3))],
            withdrawn=[Withdrawal(later, earlier.id)],
        )

    def test_a_phase_recorded_late_withdraws_what_was_outside_the_wrong_limit(self):
        judge = Judge(self.times())
        judge.take([(0, 34.0), (20, 36.0), (30, 34.0)])
        [wrong] = judge.stored
        assert judge.change_phases(self.times(PhaseRun(FEED, 10)), 10) == Changes(
            withdrawn=[Withdrawal(wrong, None)]
        )


class TestReconcile:
    def test_rows_go_on_as_what_holds_their_readings(self):
        one, two = row(1, 0, 10, 20), row(2, 30, 40, 50)
        same = [one.episode, two.episode]
        assert reconcile([two, one], same) == Changes()

    def test_a_row_that_loses_its_first_half_to_an_earlier_row_goes_on_as_the_rest(self):
        one, two = row(1, 0, 10, 15), row(2, 20, 40, 50)
        first, second = episode(0, 25, 28), episode(30, 40, 50)
        assert reconcile([one, two], [first, second]) == Changes(
            extended=[Revision(one, first), Revision(two, second)]
        )

    def test_a_row_absorbed_half_and_vanished_half_is_merged(self):
        one, two = row(1, 0, 10, 15), row(2, 20, 40, 50)
        first, other = episode(0, 25, 28), episode(60, 70, 80)
        assert reconcile([one, two], [first, other]) == Changes(
            opened=[other], extended=[Revision(one, first)], withdrawn=[Withdrawal(two, one.id)]
        )

    def test_the_other_direction_is_never_a_continuation(self):
        one = row(1, 0, 30, 40)
        low, high = episode(10, 10, 15, direction="low"), episode(20, 30, 40)
        assert reconcile([one], [low, high]) == Changes(opened=[low], extended=[Revision(one, high)])

    def test_rows_without_any_episode_are_withdrawn(self):
        one, two = row(1, 0, 10, 15), row(2, 20, 40, None)
        assert reconcile([one, two], []) == Changes(withdrawn=[Withdrawal(one, None), Withdrawal(two, None)])


class TestWindow:
    @pytest.mark.parametrize(
        ("first_us", "last_us", "next_us", "window"),
        [
            (0, 4, 7, Window(0, 5)),
            (0, 5, 10, Window(0, 30)),
            (0, 10, 20, Window(0, 30)),
            (10, 12, 20, Window(10, 30)),
            (15, 40, 50, Window(10, 41)),
            (20, 25, 30, Window(10, 30)),
            (30, 30, 50, Window(30, 31)),
            (31, 40, None, Window(31, 41)),
        ],
    )
    def test_only_touched_episodes_widen_it(self, first_us, last_us, next_us, window):
        assert affected_window([row(1, 10, 20, 30)], first_us, last_us, next_us) == window

    def test_a_row_whose_readings_all_lie_before_is_carried(self):
        one = row(1, 10, 20, 30)
        assert affected_window([one], 21, 25, 30) == Window(21, 30, one)
        assert affected_window([row(1, 10, 20, None)], 21, 25, None).until_us == OPEN_END_US

    def test_without_rows_it_is_the_new_readings(self):
        assert affected_window([], 3, 9, None) == Window(3, 10)

    def test_it_holds_its_rows_and_no_others(self):
        carried = row(1, 0, 5, 12)
        window = Window(10, 20, carried)
        assert [
            window.holds(one) for one in (carried, row(2, 10, 11, 12), row(3, 20, 21, 22), row(4, 0, 1, 2))
        ] == [
            True,
            True,
            False,
            False,
        ]
        assert Window().from_us == OPEN_START_US


VALUES = st.sampled_from([31.0, 32.0, 33.0, 34.0, 34.0, 35.0, 36.0, 37.0])
READINGS = st.dictionaries(st.integers(0, 40), VALUES, max_size=40)
LIMITS = st.builds(
    Limit,
    st.just(UUID(int=1)),
    st.just("nor"),
    st.sampled_from([None, 33.0]),
    st.sampled_from([None, 35.0]),
    delay_s=st.sampled_from([0, 3]),
    min_duration_s=st.sampled_from([0, 3]),
    phase_id=st.sampled_from([None, GROWTH, FEED]),
)
CUTS = st.lists(st.integers(0, 40), unique=True, max_size=4).map(sorted)


def runs_of(cuts):
    """Give alternating phases that change at the cuts; the last one runs on."""
    ends = [*cuts[1:], None]
    return (
        [
            PhaseRun((GROWTH, FEED)[place % 2], start * SECOND, None if end is None else end * SECOND)
            for place, (start, end) in enumerate(zip(cuts, ends, strict=True))
        ]
        if cuts
        else []
    )


def times_of(limit, cuts):
    other = Limit(UUID(int=2), "nor", 30.0, 40.0, phase_id=FEED)
    return segments([limit, other], runs_of(cuts))[limit.id]


@dataclass(frozen=True)
class Deal:
    """How readings are dealt out in shuffled frames, some of which come again."""

    sizes: list[int]
    seed: int
    doubled: int

    def frames(self, readings):
        chance = random.Random(self.seed)  # noqa: S311 - a shuffle, not a secret
        rest = list(readings.items())
        chance.shuffle(rest)
        frames = []
        for size in self.sizes:
            frames.append(rest[:size])
            rest = rest[size:]
        frames.append(rest)
        frames += [chance.choice(frames) for _ in range(self.doubled)]
        chance.shuffle(frames)
        return frames


DEALS = st.builds(
    Deal, st.lists(st.integers(1, 8), max_size=12), st.integers(0, 2**32), doubled=st.integers(0, 5)
)


def in_seconds(readings):
    return {at * SECOND: value for at, value in readings.items()}


def check_rows(judge):
    live = judge.live()
    for one, other in pairwise(live):
        assert one.ended_us is not None
        assert one.ended_us <= other.started_us
    assert judge.withdrawn.isdisjoint(judge.rows)


class TestProperties:
    @given(READINGS, LIMITS, CUTS)
    def test_the_vectorised_definition_is_the_definition(self, readings, limit, cuts):
        readings, times = in_seconds(readings), times_of(limit, cuts)
        assert find(readings, times) == by_definition(readings, times)

    @given(READINGS, LIMITS, CUTS, DEALS)
    @example(dict.fromkeys(range(40), 36.0), LIMIT, [], Deal([1] * 12, 3, 2))
    @settings(max_examples=400)
    def test_any_order_and_doubling_of_frames_gives_the_same_episodes(self, readings, limit, cuts, deal):
        readings, times = in_seconds(readings), times_of(limit, cuts)
        judge = Judge(times)
        for frame in deal.frames(readings):
            judge.take(frame)
            check_rows(judge)
            assert judge.live() == by_definition(judge.readings, times)
        assert judge.live() == by_definition(readings, times)
        assert judge.withdrawn == set()

    @given(READINGS, LIMITS, DEALS)
    @settings(max_examples=200)
    def test_a_row_goes_on_as_the_episode_that_holds_its_first_reading(self, readings, limit, deal):
        readings, times = in_seconds(readings), times_of(replace(limit, phase_id=None), [])
        judge = Judge(times)
        for frame in deal.frames(readings):
            before = dict(judge.rows)
            judge.take(frame)
            for row_id, one in before.items():
                after = judge.rows[row_id]
                assert after.direction == one.direction
                assert after.started_us <= one.started_us <= after.last_outside_us
                if one.ended_us is not None:
                    assert after.ended_us is not None
                    assert after.ended_us <= one.ended_us

    @given(READINGS, LIMITS, st.lists(st.integers(1, 8), max_size=6), st.integers(1, 38))
    @settings(max_examples=200)
    def test_readings_in_order_only_ever_open_extend_and_close(self, readings, limit, sizes, cut):
        readings = in_seconds(readings)
        judge = Judge(times_of(replace(limit, phase_id=None), [cut]))
        rest = sorted(readings.items())
        for size in sizes:
            before = judge.read
            changes = judge.take(rest[:size])
            assert judge.read - before == len(rest[:size])
            assert changes.withdrawn == []
            assert len(changes.extended) + len(changes.closed) <= 1
            assert all(revision.row.episode.ended_us is None for revision in changes.extended)
            rest = rest[size:]

    @given(READINGS, LIMITS, CUTS, CUTS)
    @settings(max_examples=400)
    def test_corrected_phases_give_the_same_episodes_as_if_known_from_the_start(
        self, readings, limit, cuts, corrected
    ):
        readings = in_seconds(readings)
        judge = Judge(times_of(limit, cuts))
        judge.take(readings.items())
        agreed = 0
        while cuts[agreed : agreed + 1] == corrected[agreed : agreed + 1] != []:
            agreed += 1
        changed = min([*cuts[agreed : agreed + 1], *corrected[agreed : agreed + 1]], default=0)
        before = dict(judge.rows)
        judge.change_phases(times_of(limit, corrected), changed * SECOND)
        check_rows(judge)
        assert judge.live() == by_definition(readings, times_of(limit, corrected))
        for row_id, into in judge.merged.items():
            assert into is None or judge.rows[into].started_us <= before[row_id].last_outside_us

    @given(READINGS, LIMITS, CUTS, DEALS)
    @settings(max_examples=200)
    def test_phase_changes_amid_late_frames_give_the_same_episodes(self, readings, limit, cuts, deal):
        readings = in_seconds(readings)
        frames = deal.frames(readings)
        judge = Judge(times_of(limit, []))
        for place, frame in enumerate(frames):
            judge.take(frame)
            if place < len(cuts):
                judge.change_phases(times_of(limit, cuts[: place + 1]), cuts[place] * SECOND)
            check_rows(judge)
        known = cuts[: len(frames)]
        assert judge.live() == by_definition(readings, times_of(limit, known))
