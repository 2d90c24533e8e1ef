"""Genealogy: which lots a lot was made of, and what was made of it (21 CFR 211.188(b)(4), EU GMP 5.68).

An edge leads from a lot, through the batch that used it, to each lot that this batch made. The walk itself is
one recursive statement under row security, with the rule of `visible_to` written out beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

LOTS_MOST: Final = 10_000
SEEN: Final = (
    "((%(alias)s.audience <> 'manufacturer' and %(alias)s.space_id = any (%%(as_sponsor)s::uuid[]))"
    " or (%(alias)s.audience <> 'sponsor' and %(alias)s.space_id = any (%%(as_manufacturer)s::uuid[])))"
)
LOT, USE = (SEEN % {"alias": alias} for alias in ("l", "u"))
UP: Final = f"""
with recursive walk (lot_id, batch_id) as (
    select l.id, l.produced_by_id from batches_lot l
    where l.id = any (%(lots)s::uuid[]) and l.space_id = %(space)s and {LOT}
    union
    select l.id, l.produced_by_id
    from walk w
    join batches_lotuse u
        on u.space_id = %(space)s and u.batch_id = w.batch_id and u.withdrawn_at is null and {USE}
    join batches_lot l on l.space_id = %(space)s and l.id = u.lot_id and {LOT}
) select lot_id from walk limit %(most)s
"""  # noqa: S608 - fixed text
DOWN: Final = f"""
with recursive walk (lot_id) as (
    select l.id from batches_lot l
    where l.id = any (%(lots)s::uuid[]) and l.space_id = %(space)s and {LOT}
    union
    select l.id
    from walk w
    join batches_lotuse u
        on u.space_id = %(space)s and u.lot_id = w.lot_id and u.withdrawn_at is null and {USE}
    join batches_lot l on l.space_id = %(space)s and l.produced_by_id = u.batch_id and {LOT}
) select lot_id from walk limit %(most)s
"""  # noqa: S608 - fixed text
WALKS: Final = {"up": UP, "down": DOWN}


@dataclass(frozen=True, slots=True)
class Edge:
    """A lot that went into a batch, and a lot that the batch made."""

    used: UUID
    batch: UUID
    made: UUID


def edges_of(uses: Iterable[tuple[UUID, UUID]], makers: Mapping[UUID, UUID | None]) -> list[Edge]:
    """Return the edges between lots, from uses as (lot, batch) and from the batch that made each lot."""
    made: dict[UUID, list[UUID]] = defaultdict(list)
    for lot_id, batch_id in makers.items():
        if batch_id is not None:
            made[batch_id].append(lot_id)
    found = {
        Edge(lot_id, batch_id, target)
        for lot_id, batch_id in uses
        if lot_id in makers
        for target in made[batch_id]
    }
    return sorted(found, key=lambda each: (each.used.int, each.made.int))


def layers(lot_ids: Sequence[UUID], edges: Sequence[Edge]) -> list[list[UUID]]:
    """Return the lots in columns, each to the right of all it was made of.

    Edges form no cycle; one in damaged data ends in the last column instead of a loop.
    """
    sources: dict[UUID, set[UUID]] = {lot_id: set() for lot_id in lot_ids}
    targets: dict[UUID, set[UUID]] = {lot_id: set() for lot_id in lot_ids}
    for edge in edges:
        sources[edge.made].add(edge.used)
        targets[edge.used].add(edge.made)
    missing = {lot_id: len(found) for lot_id, found in sources.items()}
    column = [lot_id for lot_id in lot_ids if not missing[lot_id]]
    columns: list[list[UUID]] = []
    while column:
        columns.append(column)
        following: list[UUID] = []
        for lot_id in column:
            for target in sorted(targets[lot_id], key=str):
                missing[target] -= 1
                if not missing[target]:
                    following.append(target)
        column = following
    placed = {lot_id for each in columns for lot_id in each}
    left = [lot_id for lot_id in lot_ids if lot_id not in placed]
    return [*columns, left] if left else columns
