from itertools import pairwise
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batches.limits import OPEN_END_US, OPEN_START_US, Limit, PhaseRun, Segment, segments, sides

GROWTH, FEED, HARVEST = (UUID(int=number) for number in (101, 102, 103))


def limit(number=1, *, kind="nor", low=33.0, high=35.0, phase=None):
    return Limit(UUID(int=number), kind, low, high, phase_id=phase)


def spans(applied, number):
    return [(segment.start_us, segment.end_us) for segment in applied[UUID(int=number)]]


class TestSides:
    @staticmethod
    def sides(limit, values):
        return sides(Segment(limit), np.arange(len(values)), values)[0].tolist()

    def test_a_value_equal_to_the_limit_is_inside(self):
        values = np.array([32.999, 33.0, 34.0, 35.0, 35.001, np.nextafter(35.0, 36.0), -1e308, 1e308])
        assert self.sides(limit(), values) == [-1, 0, 0, 0, 1, 1, -1, 1]

    def test_an_open_side_is_never_left(self):
        values = np.array([-1e308, 34.0, 1e308])
        assert self.sides(limit(low=None), values) == [0, 0, 1]
        assert self.sides(limit(high=None), values) == [-1, 0, 0]
        assert self.sides(limit(low=None, high=None), values) == [0, 0, 0]

    def test_no_values_have_no_sides(self):
        assert self.sides(limit(), np.array([])) == []


class TestSegments:
    def test_a_general_limit_applies_always(self):
        applied = segments([limit()], [PhaseRun(GROWTH, 10, 20)])
        assert applied == {UUID(int=1): (Segment(limit(), OPEN_START_US, OPEN_END_US),)}

    def test_a_limit_of_a_phase_applies_while_the_phase_runs(self):
        runs = [PhaseRun(GROWTH, 10, 20), PhaseRun(FEED, 20, 30), PhaseRun(GROWTH, 40)]
        applied = segments([limit(1, phase=GROWTH), limit(2, phase=FEED), limit(3, phase=HARVEST)], runs)
        assert spans(applied, 1) == [(10, 20), (40, OPEN_END_US)]
        assert spans(applied, 2) == [(20, 30)]
        assert spans(applied, 3) == []

    def test_a_limit_of_a_phase_wins_over_the_general_one_of_its_kind_only(self):
        limits = [limit(1), limit(2, phase=FEED), limit(3, kind="par")]
        applied = segments(limits, [PhaseRun(GROWTH, 10, 20), PhaseRun(FEED, 20, 30)])
        assert spans(applied, 1) == [(OPEN_START_US, 20), (30, OPEN_END_US)]
        assert spans(applied, 2) == [(20, 30)]
        assert spans(applied, 3) == [(OPEN_START_US, OPEN_END_US)]

    def test_a_running_phase_keeps_the_general_limit_away_from_its_start_on(self):
        applied = segments([limit(1), limit(2, phase=FEED)], [PhaseRun(FEED, 20)])
        assert spans(applied, 1) == [(OPEN_START_US, 20)]
        assert spans(applied, 2) == [(20, OPEN_END_US)]

    def test_a_phase_that_starts_again_at_once_goes_on(self):
        runs = [PhaseRun(FEED, 30, 40), PhaseRun(FEED, 20, 30)]
        applied = segments([limit(1), limit(2, phase=FEED)], runs)
        assert spans(applied, 1) == [(OPEN_START_US, 20), (40, OPEN_END_US)]
        assert spans(applied, 2) == [(20, 40)]

    def test_a_run_within_a_run_of_the_same_phase_adds_nothing(self):
        applied = segments([limit(2, phase=FEED)], [PhaseRun(FEED, 10, 40), PhaseRun(FEED, 20, 30)])
        assert spans(applied, 2) == [(10, 40)]

    def test_a_run_without_length_changes_nothing(self):
        applied = segments([limit(1), limit(2, phase=FEED)], [PhaseRun(FEED, 20, 20), PhaseRun(FEED, 9, 8)])
        assert spans(applied, 1) == [(OPEN_START_US, OPEN_END_US)]
        assert spans(applied, 2) == []

    def test_a_segment_does_not_cover_its_end(self):
        segment = Segment(limit(), 10, 20)
        assert [segment.covers(instant) for instant in (9, 10, 19, 20)] == [False, True, True, False]

    @given(
        st.lists(
            st.tuples(st.sampled_from([GROWTH, FEED, HARVEST]), st.integers(0, 30), st.integers(0, 10)),
            max_size=6,
        ),
        st.sets(st.sampled_from([GROWTH, FEED, HARVEST])),
        st.integers(-5, 45),
    )
    def test_at_each_instant_exactly_the_limits_of_the_rule_apply(self, spans_given, special, instant):
        runs = [PhaseRun(phase, start, start + length) for phase, start, length in spans_given]
        limits = [limit(1), *(limit(phase.int, phase=phase) for phase in special)]
        applied = segments(limits, runs)
        running = {run.phase_id for run in runs if run.started_us <= instant < run.ended_us}
        expected = {phase for phase in special if phase in running} or {UUID(int=1)}
        assert {
            limit_id for limit_id, times in applied.items() if any(one.covers(instant) for one in times)
        } == expected
        for times in applied.values():
            assert all(one.end_us < other.start_us for one, other in pairwise(times))
