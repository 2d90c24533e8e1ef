"""The newest value of each parameter of a batch with a thin trace; derived from the readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import numpy as np
from django.db import connection

from batches.columns import instant_of, microseconds
from batches.models import Batch, Latest
from batches.plan import Plan, Watch
from batches.staging import Column
from portal.actor import Actor

BUCKETS: Final = 48
# One bucket of the trace, in expected intervals: of a 10 s sensor the trace shows 24 minutes.
INTERVALS_A_BUCKET: Final = 3
STORE: Final = """
insert into batches_latest
    (id, space_id, audience, batch_id, parameter_id, at, value, received_at, trace_at, trace)
values {rows}
on conflict (space_id, batch_id, parameter_id) do update
set at = excluded.at, value = excluded.value, received_at = excluded.received_at,
    trace_at = excluded.trace_at, trace = excluded.trace
"""


@dataclass(frozen=True, slots=True)
class Newest:
    """What is known of one parameter; the trace has the last value of each bucket, instants in ms."""

    at_us: int
    value: float
    received_at: datetime
    trace_at: list[int]
    trace: list[float]


def read_newest(
    actor: Actor, batch: Batch, watches: Mapping[str, Watch], codes: list[str]
) -> dict[UUID, Newest]:
    """Return what is known of some parameters of a batch, by the parameter's id."""
    rows = Latest.objects.visible_to(actor).filter(
        batch=batch, parameter_id__in=[watches[code].id for code in codes]
    )
    return {
        row.parameter_id: Newest(microseconds(row.at), row.value, row.received_at, row.trace_at, row.trace)
        for row in rows
    }


def store_newest(
    batch: Batch,
    plan: Plan,
    fresh: Mapping[str, Column],
    newest: Mapping[UUID, Newest],
    received_at: datetime,
) -> None:
    """Bring the newest values in line with readings just stored: one statement, in the order of their ids."""
    chosen = sorted((plan.watches[code] for code in fresh), key=lambda watch: watch.id)
    values: list[Any] = []
    for watch in chosen:
        known = _together(watch, newest.get(watch.id), fresh[watch.code], received_at)
        values += [uuid4(), batch.space_id, watch.audience, batch.pk, watch.id, instant_of(known.at_us)]
        values += [known.value, known.received_at, known.trace_at, known.trace]
    row = "(%s, %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s::double precision[])"
    with connection.cursor() as cursor:
        cursor.execute(STORE.format(rows=", ".join([row] * len(chosen))), values)


def _together(watch: Watch, known: Newest | None, column: Column, received_at: datetime) -> Newest:
    at_us, values = column
    at_ms = at_us // 1000
    if known is None:
        trace_at, trace = _thin(watch, at_ms, values)
        return Newest(int(at_us[-1]), float(values[-1]), received_at, trace_at, trace)
    old_at = np.array(known.trace_at, np.int64)
    all_at = np.concatenate((old_at, at_ms))
    order = np.argsort(all_at, kind="stable")
    trace_at, trace = _thin(watch, all_at[order], np.concatenate((known.trace, values))[order])
    if at_us[-1] <= known.at_us:
        return Newest(known.at_us, known.value, known.received_at, trace_at, trace)
    return Newest(int(at_us[-1]), float(values[-1]), received_at, trace_at, trace)


def _thin(watch: Watch, at_ms: Any, values: Any) -> tuple[list[int], list[float]]:
    """Keep the last value of each bucket, of the last buckets."""
    bucket = at_ms // (INTERVALS_A_BUCKET * watch.interval_us // 1000)
    is_last = np.append(bucket[1:] != bucket[:-1], True)
    is_near = bucket > bucket[-1] - BUCKETS
    kept = is_last & is_near
    return at_ms[kept].tolist(), values[kept].tolist()
