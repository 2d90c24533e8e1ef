"""The trace of a tile is the same whether readings come one by one, at once, or in any order."""

from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from batches.latest import BUCKETS, _together

WATCH = SimpleNamespace(interval_us=10_000_000)
BUCKET_US = 30_000_000
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def column(points):
    at_us = sorted(points)
    return np.array(at_us, np.int64), np.array([points[at] for at in at_us], np.float64)


def after(frames):
    known = None
    for frame in frames:
        known = _together(WATCH, known, column(frame), NOW)
    return known


def by_definition(points):
    buckets = {}
    for at in sorted(points):
        buckets[at // BUCKET_US] = (at // 1000, points[at])
    last = max(buckets)
    return [point for bucket, point in buckets.items() if bucket > last - BUCKETS]


POINTS = st.dictionaries(
    st.integers(0, 80).map(lambda place: place * 13_000_000), st.floats(30, 40), min_size=1, max_size=40
)


@given(points=POINTS, cuts=st.lists(st.integers(1, 39), max_size=5))
def test_readings_in_order_leave_the_trace_of_the_definition(points, cuts):
    instants, edges = sorted(points), sorted({0, *cuts, 40})
    frames = [{at: points[at] for at in instants[start:end]} for start, end in pairwise(edges)]
    known = after([frame for frame in frames if frame])
    assert list(zip(known.trace_at, known.trace, strict=True)) == by_definition(points)
    assert (known.at_us, known.value) == (instants[-1], points[instants[-1]])


@given(points=POINTS, order=st.randoms())
def test_single_readings_in_any_order_leave_it_within_the_buckets_that_are_kept(points, order):
    instants = list(points)
    order.shuffle(instants)
    known = after([{at: points[at]} for at in instants])
    assert list(zip(known.trace_at, known.trace, strict=True)) == by_definition(points)
    assert known.at_us == max(points)
