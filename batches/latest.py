"""The newest value of each parameter of a batch with a thin trace; derived from the readings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection

from batches.columns import instant_of, microseconds
from batches.models import Batch, Frame
from batches.plan import Channel, Plan
from batches.staging import Column, Times, Values

BUCKETS: Final = 48
Trace = tuple[list[int], list[float]]
# One bucket of the trace, in expected intervals: of a 10 s sensor the trace shows 24 minutes.
INTERVALS_A_BUCKET: Final = 3
# Of what is sampled by the hour or the day each value is shown, also when one comes early or is repeated.
SAMPLED_FROM_US: Final = 3_600_000_000
BUCKETS_A_SAMPLE: Final = 3
# With what is known of a parameter come the limits of which a live excursion runs through its new readings.
READ: Final = """
select w.id, l.at, l.value, l.received_at, l.trace_at, l.trace,
       array(select distinct e.limit_id from batches_excursion e
             where e.space_id = %s and e.batch_id = %s and e.parameter_id = w.id and e.state <> 'withdrawn'
                 and e.started_at <= w.last and (e.ended_at is null or e.ended_at > w.first))
from unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) w (id, first, last)
left join batches_latest l on l.space_id = %s and l.batch_id = %s and l.parameter_id = w.id
"""
STORE: Final = """
with newest as (
    insert into batches_latest
        (id, space_id, audience, batch_id, parameter_id, at, value, received_at, trace_at, trace)
    values {rows}
    on conflict (space_id, batch_id, parameter_id) do update
    set at = excluded.at, value = excluded.value, received_at = excluded.received_at,
        trace_at = excluded.trace_at, trace = excluded.trace)
insert into batches_frame (id, space_id, audience, batch_id, person_id, received_at, rows, digest,
    device, sequence, recorded_at, announced_at, marked_at, skew_s, proof, first_at, last_at)
values {frames}
"""
FRAME: Final = "(" + ", ".join(["%s"] * 17) + ")"
ROW: Final = "(gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s::double precision[])"


@dataclass(frozen=True, slots=True)
class Newest:
    """What is known of one parameter; the trace has the last value of each bucket, instants in ms."""

    at_us: int
    value: float
    received_at: datetime
    trace_at: list[int]
    trace: list[float]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of parameters before a frame; `running` are limits with an excursion through its time."""

    newest: Mapping[UUID, Newest]
    running: frozenset[UUID]


def look_up(batch: Batch, channels: Mapping[str, Channel], fresh: Mapping[str, Column]) -> Known:
    """Return what is known of the parameters of new readings; the batch is locked."""
    ids = [channels[code].id for code in fresh]
    firsts = [instant_of(int(at_us[0])) for at_us, _ in fresh.values()]
    lasts = [instant_of(int(at_us[-1])) for at_us, _ in fresh.values()]
    where = [batch.space_id, batch.pk]
    with connection.cursor() as cursor:
        cursor.execute(READ, [*where, ids, firsts, lasts, *where])
        rows = cursor.fetchall()
    newest = {row[0]: Newest(microseconds(row[1]), *row[2:6]) for row in rows if row[1] is not None}
    return Known(newest, frozenset(limit_id for row in rows for limit_id in row[6]))


def store_newest(
    batch: Batch, plan: Plan, fresh: Mapping[str, Column], known: Known, frames: Sequence[Frame]
) -> None:
    """Bring the newest values in line with new readings, in the order of their ids, and enter the frames.

    One statement: with a thousand frames a minute each way to the database and back counts.
    """
    received_at = frames[0].received_at
    chosen = sorted((plan.channels[code] for code in fresh), key=lambda channel: channel.id)
    values: list[Any] = []
    for channel in chosen:
        now = _together(channel, known.newest.get(channel.id), fresh[channel.code], received_at)
        values += [batch.space_id, channel.audience, batch.pk, channel.id, instant_of(now.at_us)]
        values += [now.value, now.received_at, _array(now.trace_at), _array(now.trace)]
    for frame in frames:
        values += [frame.pk, batch.space_id, frame.audience, batch.pk, frame.person_id]
        values += [frame.received_at, frame.rows, frame.digest, frame.device, frame.sequence]
        values += [frame.recorded_at, frame.announced_at, frame.marked_at, frame.skew_s, frame.proof]
        values += [frame.first_at, frame.last_at]
    rows, entered = ", ".join([ROW] * len(chosen)), ", ".join([FRAME] * len(frames))
    with connection.cursor() as cursor:
        cursor.execute(STORE.format(rows=rows, frames=entered), values)


def _array(numbers: list[int] | list[float]) -> str:
    """Write an array as PostgreSQL reads it; the driver looks at each number twice before it does."""
    return "{" + ",".join(map(repr, numbers)) + "}"


def _together(channel: Channel, known: Newest | None, column: Column, received_at: datetime) -> Newest:
    at_us, values = column
    bucket_ms = INTERVALS_A_BUCKET * channel.interval_us // 1000
    trace_at, trace = _thin(at_us // 1000, values, bucket_ms)
    if known is not None:
        trace_at, trace = _joined(known, (trace_at, trace), bucket_ms)
        if at_us[-1] <= known.at_us:
            return Newest(known.at_us, known.value, known.received_at, trace_at, trace)
    return Newest(int(at_us[-1]), float(values[-1]), received_at, trace_at, trace)


def _thin(at_ms: Times, values: Values, bucket_ms: int) -> Trace:
    """Keep the last value of each bucket, of the last buckets."""
    bucket = at_ms // bucket_ms
    kept = bucket > bucket[-1] - BUCKETS
    kept[:-1] &= bucket[1:] != bucket[:-1]
    return at_ms[kept].tolist(), values[kept].tolist()


def _joined(known: Newest, fresh: Trace, bucket_ms: int) -> Trace:
    """Join two thin traces; what comes in order, as nearly always, is put behind."""
    old_at, old = known.trace_at, known.trace
    if fresh[0][0] >= old_at[-1]:
        keep = len(old_at) - (old_at[-1] // bucket_ms == fresh[0][0] // bucket_ms)
        since = (fresh[0][-1] // bucket_ms - BUCKETS + 1) * bucket_ms
        first = bisect_left(old_at, since, 0, keep)
        return old_at[first:keep] + fresh[0], old[first:keep] + fresh[1]
    at_ms = np.array(old_at + fresh[0], np.int64)
    order = np.argsort(at_ms, kind="stable")
    return _thin(at_ms[order], np.array(old + fresh[1])[order], bucket_ms)
