from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.series import MIN_POINTS, downsample, spark, unpack

SECOND = 1_000_000
START = 1_772_352_000_000_000
WIDE = 10**15


def arrays(readings):
    at_us = sorted(readings)
    return np.array(at_us, np.int64), np.array([readings[at] for at in at_us], np.float64)


def thin(readings, points=MIN_POINTS, gap_us=WIDE):
    return downsample(*arrays(readings), points, gap_us)


class TestDownsample:
    def test_few_readings_stay_as_they_are(self):
        assert thin({0: 1.5, 1: 2.5, 2: -1.0}) == [(0, 1.5), (1, 2.5), (2, -1.0)]
        assert thin({}) == []
        assert thin({7: 1.0}) == [(7, 1.0)]

    def test_first_last_lowest_and_highest_of_a_stretch_are_kept(self):
        assert thin({0: 5.0, 1: 9.0, 2: 6.0, 3: 1.0, 4: 7.0, 5: 5.5}) == [
            (0, 5.0),
            (1, 9.0),
            (3, 1.0),
            (5, 5.5),
        ]

    def test_stretches_are_equal_in_time_and_not_in_number(self):
        crowded = {at: 1.0 + at for at in range(10)}
        assert thin(crowded | {100: 50.0}, points=8) == [(0, 1.0), (9, 10.0), (100, 50.0)]

    def test_one_spike_among_two_hundred_thousand_is_kept(self):
        at_us = START + np.arange(200_000, dtype=np.int64) * SECOND
        values = np.full(200_000, 37.0)
        values[123_456], values[77_777] = 99.0, -99.0
        series = downsample(at_us, values, 500, 5 * SECOND)
        assert len(series) <= 500
        assert {(START + 123_456 * SECOND, 99.0), (START + 77_777 * SECOND, -99.0)} <= set(series)

    def test_a_gap_is_a_break_in_the_line(self):
        assert thin({0: 1.0, 10: 2.0, 21: 3.0, 31: 4.0}, gap_us=10) == [
            (0, 1.0),
            (10, 2.0),
            None,
            (21, 3.0),
            (31, 4.0),
        ]

    def test_a_gap_between_readings_that_were_not_chosen_still_breaks_the_line(self):
        readings = {at: float(at) for at in range(20)} | {at: float(at) for at in range(60, 80)}
        assert thin(readings, gap_us=10) == [(0, 0.0), None, (79, 79.0)]

    def test_values_that_are_no_number_are_passed_over_and_leave_a_gap(self):
        readings = {0: 1.0, 10: float("nan"), 20: float("inf"), 30: 4.0}
        assert thin(readings, gap_us=29) == [(0, 1.0), None, (30, 4.0)]
        assert thin(readings, gap_us=30) == [(0, 1.0), (30, 4.0)]

    def test_fewer_than_four_points_cannot_keep_the_extremes(self):
        with pytest.raises(ValueError, match="at least 4"):
            thin({0: 1.0}, points=3)

    @given(
        st.dictionaries(st.integers(0, 10_000), st.integers(-5, 5).map(float), max_size=120),
        st.integers(4, 60),
        st.integers(1, 500),
    )
    def test_extremes_ends_and_gaps_survive_within_the_budget(self, readings, points, gap_us):
        series = thin(readings, points, gap_us)
        chosen = [point for point in series if point is not None]
        assert len(chosen) <= points
        assert set(chosen) <= set(readings.items())
        assert [at for at, _ in chosen] == sorted({at for at, _ in chosen})
        if readings:
            values = [value for _, value in chosen]
            assert (min(values), max(values)) == (min(readings.values()), max(readings.values()))
            assert (chosen[0][0], chosen[-1][0]) == (min(readings), max(readings))
        for one, other in pairwise(chosen):
            between = [at for at in sorted(readings) if one[0] <= at <= other[0]]
            is_gap = any(later - earlier > gap_us for earlier, later in pairwise(between))
            assert (series[series.index(one) + 1] is None) == is_gap


class TestSpark:
    def test_each_stretch_has_its_lowest_and_highest(self):
        readings = {0: 1.0, 1: 3.0, 4: 2.0, 5: 9.0, 9: 4.0}
        assert spark(*arrays(readings), 2) == [(1.0, 3.0), (4.0, 9.0)]

    def test_a_stretch_without_readings_is_empty(self):
        assert spark(*arrays({0: 1.0, 9: 4.0}), 4) == [(1.0, 1.0), None, None, (4.0, 4.0)]
        assert spark(*arrays({}), 3) == [None, None, None]
        assert spark(*arrays({5: float("nan")}), 2) == [None, None]

    def test_a_single_reading_stands_at_the_newest_end(self):
        assert spark(*arrays({START: 7.0}), 3) == [None, None, (7.0, 7.0)]

    @given(
        st.dictionaries(st.integers(0, 1000), st.integers(-9, 9).map(float), min_size=1), st.integers(1, 40)
    )
    def test_it_shows_all_extremes_and_its_ends(self, readings, buckets):
        tile = spark(*arrays(readings), buckets)
        filled = [pair for pair in tile if pair is not None]
        assert len(tile) == buckets
        assert min(low for low, _ in filled) == min(readings.values())
        assert max(high for _, high in filled) == max(readings.values())
        span = max(readings) - min(readings) + 1
        held = {}
        for at, value in readings.items():
            place = max(bucket for bucket in range(buckets) if min(readings) + span * bucket // buckets <= at)
            held.setdefault(place, []).append(value)
        assert tile == [(min(held[b]), max(held[b])) if b in held else None for b in range(buckets)]


class TestUnpack:
    def test_packed_readings_become_instants_since_1970_and_values(self):
        packed = bytes.fromhex("0000000000000000404280000000000000000000000f4240bff0000000000000")
        for given_bytes in (packed, memoryview(packed)):
            at_us, values = unpack(given_bytes)
            assert at_us.tolist() == [946_684_800_000_000, 946_684_801_000_000]
            assert values.tolist() == [37.0, -1.0]
            assert (at_us.dtype, values.dtype) == (np.dtype(np.int64), np.dtype(np.float64))

    def test_no_readings_are_empty_columns(self):
        at_us, values = unpack(None)
        assert (len(at_us), len(values)) == (0, 0)
