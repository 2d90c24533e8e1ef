"""What anybody needs to check a chain alone: entries as sealed, tiles, and proofs of both kinds."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from portal.action import current
from portal.checkpoints import Published
from portal.errors import Invalid, NotFound
from portal.ledger_entries import withheld_of
from portal.merkle import (
    LEVELS_A_TILE,
    WIDTH,
    Read,
    consistency_proof,
    in_memory,
    inclusion_proof,
    leaf_hash,
)
from portal.states import Audience
from portal.streams import ChainKey
from portal.tree import read_hashes, tiles_of

ENTRIES_MOST: Final = 500
# An entry may hold 200,000 items; an answer stops before it grows much beyond this many.
ITEMS_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class SealedItem:
    """One item as it was hashed; without salt and body where it is withheld or was erased."""

    digest: bytes
    salt: bytes | None
    body: bytes | None


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """One entry as it was hashed: exact header and items in the header's order."""

    seq: int
    header: bytes
    items: Sequence[SealedItem]


@dataclass(frozen=True, slots=True)
class IntervalProof:
    """Where a private entry stands in the padded interval that the other side holds the root of."""

    starts_at: datetime
    root: bytes
    index: int
    size: int
    path: Sequence[bytes]


def read_sealed(chain: ChainKey, start: int, end: int) -> list[SealedEntry]:
    """Return the entries of the leaves [start, end), at most 500 and at least one if there is one."""
    return _with_items(chain, _headers(chain, start, min(end, start + ENTRIES_MOST)))


def list_sealed(chain: ChainKey, size: int, row_ids: Collection[UUID] | None) -> Iterator[SealedEntry]:
    """Yield all entries of the first `size`, or those about some rows, in order."""
    start = 0
    while start < size:
        end = min(start + ENTRIES_MOST, size)
        headers = _headers(chain, start, end, row_ids)
        found = _with_items(chain, headers)
        yield from found
        start = found[-1].seq if len(found) < len(headers) else end


def _headers(
    chain: ChainKey, start: int, end: int, row_ids: Collection[UUID] | None = None
) -> list[tuple[int, int, bytes]]:
    current()
    with connection.cursor() as cursor:
        cursor.execute(
            "select seq, marker_id, header from ledger.entry e"
            " where space_id = %(space)s and audience = %(audience)s and seq > %(start)s and seq <= %(end)s"
            " and (%(rows)s::uuid[] is null or summary -> 'subject' ->> 'id' = any (%(rows)s::text[])"
            " or exists (select from ledger.item i where i.marker_id = e.marker_id"
            " and i.space_id = e.space_id and i.audience = e.audience and i.row_id = any (%(rows)s::uuid[])))"
            " order by seq",
            {
                "space": chain.space_id,
                "audience": chain.audience,
                "start": start,
                "end": end,
                "rows": None if row_ids is None else [str(each) for each in row_ids],
            },
        )
        return [(seq, marker, bytes(header)) for seq, marker, header in cursor.fetchall()]


def _with_items(chain: ChainKey, headers: Sequence[tuple[int, int, bytes]]) -> list[SealedEntry]:
    place = "marker_id = any (%s) and space_id = %s and audience = %s"
    with connection.cursor() as cursor:
        cursor.execute(
            f"select marker_id, count(*) from ledger.item where {place} group by 1",  # noqa: S608 - a fixed text
            [[marker for _, marker, _ in headers], *chain],
        )
        chosen = _as_many_as_fit(headers, dict(cursor.fetchall()))
        cursor.execute(
            f"select marker_id, class, name, body, salt, hash from ledger.item where {place}"  # noqa: S608 - likewise
            " order by marker_id, id",
            [[marker for _, marker, _ in chosen], *chain],
        )
        rows: dict[int, list[Any]] = {marker: [] for _, marker, _ in chosen}
        for marker, *row in cursor.fetchall():
            rows[marker].append(row)
    return [SealedEntry(seq, header, _shown(rows[marker])) for seq, marker, header in chosen]


def _shown(rows: Sequence[Any]) -> list[SealedItem]:
    """Return the items of an entry; of withheld and of erased ones the digest alone."""
    withheld = withheld_of(current().actor, [(kind, name, body) for kind, name, body, _, _ in rows])
    return [
        SealedItem(bytes(digest), None, None)
        if body is None or (kind, name) in withheld
        else SealedItem(bytes(digest), bytes(salt), bytes(body))
        for kind, name, body, salt, digest in rows
    ]


def _as_many_as_fit(
    headers: Sequence[tuple[int, int, bytes]], counts: dict[int, int]
) -> list[tuple[int, int, bytes]]:
    chosen: list[tuple[int, int, bytes]] = []
    total = 0
    for each in headers:
        total += counts.get(each[1], 0)
        if chosen and total > ITEMS_MOST:
            break
        chosen.append(each)
    return chosen


def read_tile(chain: ChainKey, size: int, *, level: int, index: int, width: int) -> bytes:
    """Return the first `width` hashes of a tile of the tree of `size` leaves. Raises: NotFound."""
    start = index * WIDTH
    if start + width > size >> LEVELS_A_TILE * level:
        raise NotFound
    return b"".join(read_hashes(chain, level, start, start + width))


def prove_entry(read: Read, published: Published, seq: int) -> list[bytes]:
    """Return the audit path of an entry in the tree of a checkpoint. Raises: Invalid."""
    if not 1 <= seq <= published.size:
        detail = f"The newest checkpoint is of {published.size} entries."
        raise Invalid(detail, errors={"seq": [f"Give a number from 1 to {published.size}."]})
    return inclusion_proof(read, seq - 1, published.size)


def prove_consistency(chain: ChainKey, published: Published, old: int) -> list[bytes]:
    """Return the proof that the tree of a checkpoint begins with that of `old` entries. Raises: Invalid."""
    if not 0 <= old <= published.size:
        detail = f"The newest checkpoint is of {published.size} entries."
        raise Invalid(detail, errors={"from": [f"Give a size from 0 to {published.size}."]})
    return consistency_proof(tiles_of(chain, published.size), old, published.size)


def prove_interval(chain: ChainKey, seq: int) -> IntervalProof | None:
    """Return when a private entry was committed to towards the other side; None while its hour runs."""
    if chain.audience == Audience.SHARED:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.starts_at, p.root, p.leaves, e.leaf_hash from ledger.padded p"
            " join ledger.entry e on e.space_id = p.space_id and e.audience = p.audience and e.seq = %s"
            " where p.space_id = %s and p.audience = %s and p.upto >= %s order by p.starts_at limit 1",
            [seq, *chain, seq],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    leaves = [bytes(each) for each in row[2]]
    index = leaves.index(bytes(row[3]))
    path = inclusion_proof(in_memory([leaf_hash(each) for each in leaves]), index, len(leaves))
    return IntervalProof(row[0], bytes(row[1]), index, len(leaves), path)


def encoded(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode()


def members_of(entry: SealedEntry) -> dict[str, Any]:
    """Return an entry as the API gives it."""
    return {
        "seq": entry.seq,
        "header": encoded(entry.header),
        "items": [
            {
                "hash": encoded(each.digest),
                "salt": None if each.salt is None else encoded(each.salt),
                "body": None if each.body is None else encoded(each.body),
            }
            for each in entry.items
        ],
    }
