"""Put the readings of a frame into the database and get stretches of readings out of it, by binary COPY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final
from uuid import UUID, uuid4

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from batches.columns import instant_of, read_rows, staged_rows
from batches.frame_rows import Frame
from batches.limits import OPEN_END_US, OPEN_START_US
from batches.models import Batch
from batches.plan import Watch
from portal.action import current, current_action

Column = tuple[NDArray[np.int64], NDArray[np.float64]]

# Made once per connection, emptied by each commit. A rolled back transaction takes a table it made with it,
# so every frame asks anew.
STAGE: Final = """
create temporary table if not exists batches_stage
    (parameter_id uuid not null, part smallint not null, at timestamptz not null, value double precision not
    null) on commit delete rows
"""
STORE: Final = """
insert into batches_reading (space_id, audience, batch_id, parameter_id, at, value, received_at, frame_id)
select %s, %s, %s, parameter_id, at, value, %s, %s from batches_stage where part = %s
on conflict do nothing
"""
STORED: Final = """
copy (select w.ordinal::integer, r.at, r.value
      from unnest({ids}::uuid[]) with ordinality w (parameter_id, ordinal)
      join batches_reading r on r.batch_id = {batch} and r.parameter_id = w.parameter_id
      where r.at between {first} and {last} and r.frame_id = any ({frames}::uuid[]))
to stdout (format binary)
"""
# The first reading at or after each end comes too: it may close what lies before.
STRETCHES: Final = """
copy (select w.ordinal::integer, r.at, r.value
      from unnest({ids}::uuid[], {since}::timestamptz[], {until}::timestamptz[])
           with ordinality w (parameter_id, since, until, ordinal)
      cross join lateral (
          (select at, value from batches_reading
           where batch_id = {batch} and parameter_id = w.parameter_id and at >= w.since and at < w.until)
          union all
          (select at, value from batches_reading
           where batch_id = {batch} and parameter_id = w.parameter_id and at >= w.until order by at limit 1))
           r order by 1, 2)
to stdout (format binary)
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when, end not included, readings of a parameter are asked for."""

    parameter_id: UUID
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What of a frame was new, by parameter code in time order, and the id its readings carry by audience."""

    fresh: Mapping[str, Column]
    frame_ids: Mapping[str, UUID]
    count: int


def store_frame(batch: Batch, watches: Mapping[str, Watch], frame: Frame, received_at: datetime) -> Stored:
    """Insert what is not stored yet; the first reading of an instant stands (ground 5)."""
    current_action()
    codes = sorted(set(frame.parameters))
    audiences = sorted({watches[code].audience for code in codes})
    frame_ids = {audience: uuid4() for audience in audiences}
    _stage(frame, codes, [watches[code] for code in codes], audiences)
    count = 0
    with connection.cursor() as cursor:
        for part, audience in enumerate(audiences):
            cursor.execute(
                STORE, [batch.space_id, audience, batch.pk, received_at, frame_ids[audience], part]
            )
            count += cursor.rowcount
    columns = frame.by_parameter()
    if count < len(frame.parameters):
        columns = _only_stored(batch, [(code, watches[code].id) for code in codes], columns, frame_ids)
    return Stored(columns, frame_ids, count)


def _stage(frame: Frame, codes: list[str], chosen: list[Watch], audiences: list[str]) -> None:
    place = {code: number for number, code in enumerate(codes)}
    places = np.fromiter((place[code] for code in frame.parameters), np.int64, len(frame.parameters))
    ids = np.array([watch.id.bytes for watch in chosen], dtype="V16")
    parts = np.array([audiences.index(watch.audience) for watch in chosen], dtype=np.int16)
    rows = staged_rows(ids[places], parts[places], frame.at_us, frame.values)
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        with cursor.copy("copy batches_stage from stdin (format binary)") as copy:
            copy.write(rows)


def _only_stored(
    batch: Batch,
    parameters: Sequence[tuple[str, UUID]],
    columns: Mapping[str, Column],
    frames: Mapping[str, UUID],
) -> dict[str, Column]:
    first, last = min(at[0] for at, _ in columns.values()), max(at[-1] for at, _ in columns.values())
    values = {
        "ids": [parameter_id for _, parameter_id in parameters],
        "batch": batch.pk,
        "first": instant_of(int(first)),
        "last": instant_of(int(last)),
        "frames": list(frames.values()),
    }
    ordinals, at_us, _ = read_rows(copy_out(STORED, values))
    fresh = {}
    for ordinal, (code, _) in enumerate(parameters, start=1):
        at, value = columns[code]
        is_new = np.isin(at, at_us[ordinals == ordinal])
        if is_new.any():
            fresh[code] = (at[is_new], value[is_new])
    return fresh


def copy_out(query: str, values: Mapping[str, object]) -> bytes:
    """Return what a COPY ... TO STDOUT gives; `{name}` in the query stands for a value.

    Row security holds in it as in any query; the wall in Python does not see COPY, so it is asked here.
    """
    current()
    with connection.cursor() as cursor:
        statement = query.format(**{name: f"%({name})s" for name in values})
        with cursor.copy(statement, values) as copy:
            return b"".join(copy)


def read_stretches(batch_id: UUID, stretches: Sequence[Stretch]) -> list[Column]:
    """Return the readings of each stretch and the first one at or after its end, in time order, at once."""
    if not stretches:
        return []
    values = {
        "ids": [stretch.parameter_id for stretch in stretches],
        "since": [_edge(stretch.from_us) for stretch in stretches],
        "until": [_edge(stretch.until_us) for stretch in stretches],
        "batch": batch_id,
    }
    ordinals, at_us, found = read_rows(copy_out(STRETCHES, values))
    ends = np.searchsorted(ordinals, np.arange(len(stretches) + 1) + 1)
    return [(at_us[start:end], found[start:end]) for start, end in pairwise(ends)]


def _edge(at_us: int) -> str:
    if at_us <= OPEN_START_US:
        return "-infinity"
    return "infinity" if at_us >= OPEN_END_US else instant_of(at_us).isoformat()
