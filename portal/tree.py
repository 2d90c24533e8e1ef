"""The tree of a chain as the database keeps it: leaves in the entries, roots of full subtrees beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from portal.action import current, current_action
from portal.merkle import LEVELS_A_TILE, WIDTH, Read, root_of
from portal.streams import ChainKey

# Subtrees hashed at once while a tree grows: 64 tiles of leaves are half a megabyte.
TILES_AT_ONCE: Final = 64


class TreeIncompleteError(RuntimeError):
    """Hashes are missing that a tree of this size has: entries were taken away."""


def tiles_of(chain: ChainKey, size: int) -> Read:
    """Return a reader of the first `size` leaves that asks the database once for each tile."""
    current()
    tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def read(level: int, start: int, end: int) -> Sequence[bytes]:
        tile = start // WIDTH
        first = tile * WIDTH
        if (level, tile) not in tiles:
            last = min(first + WIDTH, size >> LEVELS_A_TILE * level)
            tiles[level, tile] = read_hashes(chain, level, first, last)
        return tiles[level, tile][start - first : end - first]

    return read


def read_hashes(chain: ChainKey, level: int, start: int, end: int) -> list[bytes]:
    """Return the hashes [start, end) of one tile level. Raises: TreeIncompleteError."""
    place: list[UUID | str | int] = [chain.space_id, chain.audience]
    if level == 0:
        query = (
            "select leaf_hash from ledger.entry where space_id = %s and audience = %s"
            " and seq > %s and seq <= %s order by seq"
        )
    else:
        query = (
            "select hash from ledger.node where space_id = %s and audience = %s"
            " and level = %s and at >= %s and at < %s order by at"
        )
        place.append(level)
    with connection.cursor() as cursor:
        cursor.execute(query, [*place, start, end])
        found = [bytes(row[0]) for row in cursor.fetchall()]
    if len(found) != max(end - start, 0):
        raise TreeIncompleteError(f"level {level}: {len(found)} of the hashes {start} to {end} are there")
    return found


def grow(chain: ChainKey, size: int) -> None:
    """Add the nodes that a tree of `size` leaves has and that are not there; the caller alone publishes.

    Raises: TreeIncompleteError.
    """
    current_action()
    level = 1
    while full := size >> LEVELS_A_TILE * level:
        for start in range(_count(chain, level), full, TILES_AT_ONCE):
            end = min(start + TILES_AT_ONCE, full)
            below = read_hashes(chain, level - 1, start * WIDTH, end * WIDTH)
            _add(chain, level, start, [root_of(below[at : at + WIDTH]) for at in range(0, len(below), WIDTH)])
        level += 1


def _count(chain: ChainKey, level: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(at) + 1, 0) from ledger.node"
            " where space_id = %s and audience = %s and level = %s",
            [*chain, level],
        )
        found: int = cursor.fetchone()[0]
        return found


def _add(chain: ChainKey, level: int, start: int, nodes: Sequence[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger.node (space_id, audience, level, at, hash)"
            " select %s, %s, %s, %s + place - 1, hash"
            " from unnest(%s::bytea[]) with ordinality u (hash, place)",
            [*chain, level, start, list(nodes)],
        )
