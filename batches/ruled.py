"""Judge limits that look at more than each value: courses, measures, missing data (`batches.measures`).

In order and inside they cost at most one query for all of them together, whatever the frame; what is uneasy
is read and judged as `batches.around` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import numpy as np

from batches.around import around, find_silences, sides_of
from batches.columns import microseconds
from batches.episodes import Changes, Episode, StoredEpisode, find_episodes, reconcile
from batches.excursion_rows import Verdict
from batches.latest import Known
from batches.limits import OPEN_END_US, OPEN_START_US, Limit
from batches.models import Batch
from batches.plan import Channel, Plan
from batches.staging import Column, Stretch, Times, read_stretches
from portal.action import instant


@dataclass(frozen=True, slots=True)
class Asked:
    """A limit to be judged again after readings of its parameter between two instants.

    `now_us` is given where that nothing came until now counts: while a gateway catches up it does not, and
    only the sweep, which waits until nothing comes any more, opens what lasts.
    """

    channel: Channel
    limit: Limit
    fresh: tuple[int, int]
    now_us: int | None = None


def asked_after(batch: Batch, plan: Plan, fresh: Mapping[str, Column], known: Known) -> list[Asked]:
    """Return the limits whose excursions new readings may have changed."""
    found: list[Asked] = []
    near: list[Asked] = []
    for code, column in fresh.items():
        channel = plan.channels[code]
        for limit in channel.ruled.values():
            one = Asked(channel, limit, (int(column[0][0]), int(column[0][-1])))
            if not _applies(one):
                continue
            if limit.id in known.running or not _is_in_order(one, known):
                found.append(one)
            elif limit.measure.kind == "silence":
                found += [one] if _came_late(one, column, known) else []
            elif limit.measure.reach_us:
                near.append(one)
            elif not _is_inside(one, _with_newest(channel, column, known)):
                found.append(one)
    return found + _outside(batch, near)


def verdict_of(batch: Batch, one: Asked, rows: Sequence[StoredEpisode]) -> Verdict:
    """Judge one limit again; `rows` are all its live ones."""
    limit, times = one.limit, one.channel.segments[one.limit.id]
    row = one.channel.limits[limit.id]
    read = partial(_read, batch.pk, one.channel.id)
    if limit.measure.kind == "silence":
        at_us, _ = read(OPEN_START_US, OPEN_END_US)
        silences = find_silences(limit, at_us, times, _until(one, rows, at_us))
        return Verdict(one.channel, row, _changes(rows, silences), None)
    column, window = around(limit, times, rows, one.fresh, read)
    held = [each for each in rows if window.holds(each)]
    changes = _changes(held, find_episodes(*column, times, window))
    return Verdict(one.channel, row, changes, window.carried.id if window.carried else None)


def _until(one: Asked, rows: Sequence[StoredEpisode], at_us: Times) -> int:
    if one.now_us is not None:
        return one.now_us
    # What lasts goes on lasting, unless something came after it began.
    lasts = any(each.episode.ended_us is None and one.fresh[1] < each.episode.started_us for each in rows)
    return microseconds(instant()) if lasts else int(at_us[-1]) + 1


def _changes(rows: Sequence[StoredEpisode], found: Sequence[Episode]) -> Changes:
    return reconcile(rows, [each for each in found if each.is_excursion])


def _read(batch_id: UUID, parameter_id: UUID, from_us: int, until_us: int) -> Column:
    (column,) = read_stretches(batch_id, [Stretch(parameter_id, from_us, until_us)])
    return column


def _applies(one: Asked) -> bool:
    first, last = one.fresh[0], one.fresh[1] + one.limit.measure.reach_us
    return any(each.start_us <= last and first < each.end_us for each in one.channel.segments[one.limit.id])


def _is_in_order(one: Asked, known: Known) -> bool:
    newest = known.newest.get(one.channel.id)
    return newest is None or newest.at_us < one.fresh[0]


def _came_late(one: Asked, column: Column, known: Known) -> bool:
    newest = known.newest.get(one.channel.id)
    begun = one.fresh[0] if newest is None else newest.at_us
    # The first reading of all, and the first of a phase, end what began with the batch or the phase.
    starts = (max(each.start_us, each.origin) for each in one.channel.segments[one.limit.id])
    edges = np.sort(np.concatenate(([begun], column[0])))
    within = [start for start in starts if start != OPEN_START_US and (newest is None or start >= begun)]
    return bool(within) or bool((np.diff(edges) > one.limit.measure.window_us).any())


def _with_newest(channel: Channel, column: Column, known: Known) -> Column:
    """Return new readings behind the newest one known: a short stretch outside may end in them."""
    newest = known.newest.get(channel.id)
    if newest is None:
        return column
    return np.concatenate(([newest.at_us], column[0])), np.concatenate(([newest.value], column[1]))


def _is_inside(one: Asked, column: Column) -> bool:
    since = one.fresh[0] if not one.limit.min_duration_s else OPEN_START_US
    at_us, side = sides_of(one.limit, one.channel.segments[one.limit.id], column)
    return not side[at_us >= since].any()


def _outside(batch: Batch, near: Sequence[Asked]) -> list[Asked]:
    """Return those of which a measure is outside, or was before where a short stretch may wait: one query."""
    stretches = [
        Stretch(one.channel.id, one.fresh[0] - 2 * one.limit.measure.reach_us, one.fresh[1] + 1)
        for one in near
    ]
    columns = read_stretches(batch.pk, stretches)
    found = []
    for one, column in zip(near, columns, strict=True):
        at_us, side = sides_of(one.limit, one.channel.segments[one.limit.id], column)
        is_new = at_us >= one.fresh[0]
        if side[is_new].any():
            found.append(one)
        elif one.limit.min_duration_s:
            before = side[~is_new & (at_us >= one.fresh[0] - one.limit.measure.reach_us)]
            found += [one] if not len(before) or before[-1] else []
    return found
