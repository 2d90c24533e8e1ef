"""Put the readings of a frame into the database by COPY, and get stretches of readings out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any, Final
from uuid import UUID, uuid4
from weakref import WeakSet

import numpy as np
import psycopg
from django.db import connection
from numpy.typing import NDArray

from batches.columns import instant_of, staged_rows
from batches.frame_rows import Frame
from batches.limits import OPEN_END_US, OPEN_START_US
from batches.models import Batch
from batches.plan import Channel
from batches.series import PACKED_SQL, unpack
from portal.action import after_commit, current, current_action

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Column = tuple[Times, Values]
Params = Sequence[Any] | Mapping[str, Any]

# Made once per connection, emptied by each commit. A rolled back transaction takes a table it made with it,
# so only a commit lets later frames rely on it.
_staged: WeakSet[Any] = WeakSet()
STAGE: Final = """
create temporary table if not exists batches_stage
    (parameter_id uuid not null, part smallint not null, at timestamptz not null,
     value double precision not null)
    on commit delete rows
"""
STORE: Final = """
insert into batches_reading (space_id, audience, batch_id, parameter_id, at, value, received_at, frame_id)
select %s, %s, %s, parameter_id, at, value, %s, %s from batches_stage where part = %s
on conflict do nothing
"""
STORED: Final = f"""
select w.ordinal, {PACKED_SQL}
from unnest(%s::uuid[]) with ordinality w (parameter_id, ordinal)
join batches_reading r on r.batch_id = %s and r.parameter_id = w.parameter_id
where r.at between %s and %s and r.frame_id = any (%s)
group by w.ordinal
"""  # noqa: S608 - a fixed expression
# The first reading at or after each end comes too: it may close what lies before.
STRETCHES: Final = f"""
select w.ordinal, (
    select {PACKED_SQL} from (
        (select at, value from batches_reading
         where batch_id = %(batch)s and parameter_id = w.parameter_id and at >= w.since and at < w.until
         order by at)
        union all
        (select at, value from batches_reading
         where batch_id = %(batch)s and parameter_id = w.parameter_id and at >= w.until
         order by at limit 1)) r)
from unnest(%(ids)s::uuid[], %(since)s::timestamptz[], %(until)s::timestamptz[])
     with ordinality w (parameter_id, since, until, ordinal)
"""  # noqa: S608 - likewise


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


def store_frame(batch: Batch, channels: Mapping[str, Channel], frame: Frame, received_at: datetime) -> Stored:
    """Insert what is not stored yet; the first reading of an instant stands (ground 5)."""
    current_action()
    codes = sorted(set(frame.parameters))
    place = {code: number for number, code in enumerate(codes)}
    places = np.fromiter(map(place.__getitem__, frame.parameters), np.int64, len(frame.parameters))
    chosen = [channels[code] for code in codes]
    audiences = sorted({channel.audience for channel in chosen})
    frame_ids = {audience: uuid4() for audience in audiences}
    parts = np.array([audiences.index(channel.audience) for channel in chosen], dtype=np.int16)
    ids = np.array([channel.id.bytes for channel in chosen], dtype="V16")
    _stage(staged_rows(ids[places], parts[places], frame.at_us, frame.values))
    count = 0
    with connection.cursor() as cursor:
        for part, audience in enumerate(audiences):
            cursor.execute(
                STORE, [batch.space_id, audience, batch.pk, received_at, frame_ids[audience], part]
            )
            count += cursor.rowcount
    columns = _columns(codes, places, frame)
    if count < len(frame.parameters):
        columns = _only_stored(batch, [(channel.code, channel.id) for channel in chosen], columns, frame_ids)
    return Stored(columns, frame_ids, count)


def _columns(codes: Sequence[str], places: NDArray[np.int64], frame: Frame) -> dict[str, Column]:
    """Return the readings of each parameter in time order."""
    order = np.lexsort((frame.at_us, places))
    at_us, values = frame.at_us[order], frame.values[order]
    edges = np.searchsorted(places[order], np.arange(len(codes) + 1)).tolist()
    return {
        code: (at_us[start:end], values[start:end])
        for code, (start, end) in zip(codes, pairwise(edges), strict=True)
    }


def _stage(rows: bytes) -> None:
    with connection.cursor() as cursor:
        if connection.connection not in _staged:
            cursor.execute(STAGE)
            after_commit(partial(_staged.add, connection.connection))
        with cursor.copy("copy batches_stage from stdin (format binary)") as copy:
            copy.write(rows)


def _only_stored(
    batch: Batch,
    parameters: Sequence[tuple[str, UUID]],
    columns: Mapping[str, Column],
    frames: Mapping[str, UUID],
) -> dict[str, Column]:
    first, last = min(at[0] for at, _ in columns.values()), max(at[-1] for at, _ in columns.values())
    ids = [parameter_id for _, parameter_id in parameters]
    window = (instant_of(int(first)), instant_of(int(last)))
    found = dict(fetch_packed(STORED, [ids, batch.pk, *window, list(frames.values())]))
    fresh = {}
    for ordinal, (code, _) in enumerate(parameters, start=1):
        at, value = columns[code]
        is_new = np.isin(at, unpack(found.get(ordinal))[0])
        if is_new.any():
            fresh[code] = (at[is_new], value[is_new])
    return fresh


def fetch_packed(query: str, values: Params) -> list[tuple[int, bytes | None]]:
    """Return rows of (ordinal, packed readings); see `batches.series` why they travel so.

    Row security holds in it as in any query; the wall in Python stands round Django's cursors, so it is asked
    here.
    """
    current()
    connection.ensure_connection()
    # Django's cursors bind in the client and take results as text, which doubles what has to travel.
    with psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(query, values, binary=True).fetchall()


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
    found = dict(fetch_packed(STRETCHES, values))
    return [unpack(found[ordinal]) for ordinal in range(1, len(stretches) + 1)]


def _edge(at_us: int) -> str:
    if at_us <= OPEN_START_US:
        return "-infinity"
    return "infinity" if at_us >= OPEN_END_US else instant_of(at_us).isoformat()
