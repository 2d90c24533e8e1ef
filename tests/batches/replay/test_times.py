from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.replay.times import TimeRule, read_times, to_utc

WALL_TIMES = st.datetimes(datetime.fromisoformat("1975-01-01"), datetime.fromisoformat("2037-01-01"))
LJUBLJANA = TimeRule("t", "date", zone="Europe/Ljubljana")


def ms(text):
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        ("hours", ["0.2", "0.4", "0.6000000000000001"], [720_000, 1_440_000, 2_160_000]),
        ("minutes", ["1", " 2.5 "], [60_000, 150_000]),
        ("seconds", ["0", "0.001"], [0, 1]),
    ],
)
def test_times_since_the_start_are_read(kind, cells, expected):
    assert read_times(cells, TimeRule("t", kind)).ms.tolist() == expected


def test_sample_numbers_count_in_the_interval_of_the_map():
    rule = TimeRule("t", "sample", interval_s=60)
    assert read_times(["0", "1", "2"], rule).ms.tolist() == [0, 60_000, 120_000]


def test_a_decimal_comma_is_read():
    assert read_times(["0,5"], TimeRule("t", "hours"), decimal=",").ms.tolist() == [1_800_000]


@pytest.mark.parametrize(
    ("cell", "code"),
    [("", "no_time"), ("   ", "no_time"), ("late", "bad_time"), ("nan", "bad_time"), ("1e9", "bad_time")],
)
def test_what_is_no_time_is_named_and_its_neighbours_are_kept(cell, code):
    times = read_times(["1", cell, "2"], TimeRule("t", "hours"))
    assert times.faults[1][0] == code
    assert times.usable.tolist() == [True, False, True]
    assert times.ms[[0, 2]].tolist() == [3_600_000, 7_200_000]


@pytest.mark.parametrize(
    "cell", ["2026-03-01T09:00:00+01:00", "2026-03-01T08:00:00Z", "2026-03-01 08:00:00+00:00"]
)
def test_an_offset_in_the_text_needs_no_zone(cell):
    assert read_times([cell], TimeRule("t", "date")).ms.tolist() == [ms("2026-03-01T08:00:00Z")]


def test_an_offset_in_the_text_goes_before_the_zone():
    assert read_times(["2026-03-01T08:00:00Z"], LJUBLJANA).ms.tolist() == [ms("2026-03-01T08:00:00Z")]


def test_a_local_time_without_a_zone_is_refused():
    times = read_times(["2026-03-01 08:00:00"], TimeRule("t", "date"))
    assert times.faults == {0: ("no_zone", "'2026-03-01 08:00:00' has no offset")}


def test_local_times_are_read_in_the_zone_of_the_map():
    times = read_times(["2019-01-18 07:02:27", "2019-07-18 07:02:27"], LJUBLJANA)
    assert times.ms.tolist() == [ms("2019-01-18T06:02:27Z"), ms("2019-07-18T05:02:27Z")]


def test_a_form_is_read_as_the_map_says():
    rule = TimeRule("t", "date", format="%d.%m.%Y %H:%M", zone="UTC")
    times = read_times(["18.01.2019 07:02", "2019-01-18 07:02"], rule)
    assert times.ms[0] == ms("2019-01-18T07:02:00Z")
    assert times.faults[1] == ("bad_time", "'2019-01-18 07:02' is no date of the form %d.%m.%Y %H:%M")


def test_an_hour_that_does_not_exist_is_refused_by_name():
    times = read_times(["2019-03-31 01:59:59", "2019-03-31 02:30:00", "2019-03-31 03:00:00"], LJUBLJANA)
    assert times.faults == {
        1: (
            "dst_gap",
            "2019-03-31 02:30:00 does not exist: the clock was put forward over it in Europe/Ljubljana",
        )
    }
    assert times.ms[[0, 2]].tolist() == [ms("2019-03-31T00:59:59Z"), ms("2019-03-31T01:00:00Z")]


def test_an_hour_that_comes_twice_is_refused_unless_the_map_chooses():
    cells = ["2019-10-27 01:59:00", "2019-10-27 02:30:00", "2019-10-27 03:00:00"]
    assert read_times(cells, LJUBLJANA).faults == {
        1: ("dst_overlap", f"{cells[1]} comes twice in Europe/Ljubljana")
    }
    for overlap, utc in {"earlier": "00:30", "later": "01:30"}.items():
        times = read_times(cells, TimeRule("t", "date", zone="Europe/Ljubljana", overlap=overlap))
        assert times.faults == {}
        assert times.ms[1] == ms(f"2019-10-27T{utc}:00Z")


@pytest.mark.parametrize(
    "cell", ["0000-00-00 00:00:00", "9999-12-31T23:59:59-12:00", "2026-02-30", "31/12/2026"]
)
def test_an_absurd_date_is_refused_and_nothing_breaks(cell):
    times = read_times([cell, "2026-03-01 08:00:00"], LJUBLJANA)
    assert set(times.faults) <= {0}
    assert times.ms[1] == ms("2026-03-01T07:00:00Z")


@given(st.lists(WALL_TIMES, min_size=1, max_size=50))
def test_the_way_to_utc_agrees_with_the_library_for_every_moment(moments):
    zone = ZoneInfo("America/New_York")
    local = np.array([round(moment.replace(tzinfo=UTC).timestamp() * 1000) for moment in moments])
    shifted, hidden = to_utc(local, zone)
    for row, moment in enumerate(moments):
        exact = moment.replace(tzinfo=zone)
        if row not in hidden:
            assert abs(shifted[row] - exact.timestamp() * 1000) <= 1
        else:
            assert exact.utcoffset() != exact.replace(fold=1).utcoffset()


def test_a_hundred_thousand_rows_are_read_in_two_seconds():
    start = datetime.fromisoformat("2019-01-01")
    cells = [(start + timedelta(seconds=10 * row)).isoformat(" ") for row in range(100_000)]
    begun = datetime.now(UTC)
    assert not read_times(cells, LJUBLJANA).faults
    assert datetime.now(UTC) - begun < timedelta(seconds=2)
