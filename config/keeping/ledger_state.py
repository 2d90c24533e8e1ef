"""The whole ledger of one database, checked against itself and against what others hold of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

from portal.merkle import leaf_hash, root_of
from portal.offline.verify_export import Found, Rejected, check_items
from portal.streams import ChainKey

Reader = psycopg.Connection[tuple[Any, ...]]
BATCH: Final = 500

ENTRIES: Final = """
    select e.seq, e.header, e.leaf_hash, coalesce(i.digests, '{}')
    from ledger.entry e
    left join lateral (
        select array_agg(encode(hash, 'hex') order by id) as digests from ledger.item i
        where i.marker_id = e.marker_id and i.space_id = e.space_id and i.audience = e.audience) i on true
    where e.space_id = %s and e.audience = %s order by e.seq
"""
# An item that was blanked by law keeps its digest and has no body.
CHANGED_ITEMS: Final = sql.SQL(
    "select count(*) from ledger.item where body is not null and hash <> sha256(salt || body)"
)


@dataclass(frozen=True, slots=True)
class Chain:
    """One chain as it stands: every leaf, and what is wrong with it by itself."""

    key: ChainKey
    leaves: Sequence[bytes]
    faults: Sequence[str]

    @property
    def name(self) -> str:
        """Return the chain as people and files name it."""
        return f"{self.key.space_id}/{self.key.audience}"

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return len(self.leaves)

    def root(self, size: int) -> bytes:
        """Return the head of the tree of the first entries."""
        return root_of(self.leaves[:size])


@dataclass(frozen=True, slots=True)
class Ledger:
    """All chains of a database, the newest checkpoint of each, and how many items were changed."""

    chains: Sequence[Chain]
    notes: Mapping[ChainKey, tuple[int, str]]
    changed_items: int


def read_ledger(raw: Reader) -> Ledger:
    """Return the whole ledger, every entry hashed anew from its exact bytes, in the caller's snapshot."""
    heads = raw.execute(
        "select space_id, audience, head from ledger.chain where head > 0 order by space_id, audience"
    ).fetchall()
    chains = [_read_chain(raw, ChainKey(space_id, audience), head) for space_id, audience, head in heads]
    return Ledger(chains, _newest_notes(raw), int(single(raw, CHANGED_ITEMS)))


def single(raw: Reader, query: sql.SQL | sql.Composed, values: Sequence[Any] = ()) -> Any:
    """Return the one value that a query answers with."""
    row = raw.execute(query, values).fetchone()
    return row[0] if row else None


def _read_chain(raw: Reader, key: ChainKey, head: int) -> Chain:
    leaves: list[bytes] = []
    faults: list[str] = []
    with raw.cursor(name="entries") as cursor:
        cursor.itersize = BATCH
        cursor.execute(ENTRIES, [key.space_id, key.audience])
        for seq, header, kept, digests in cursor:
            if seq != len(leaves) + 1:
                faults.append(f"entry {len(leaves) + 1} is missing")
                break
            leaf = leaf_hash(bytes(header))
            leaves.append(leaf)
            if leaf != bytes(kept):
                faults.append(f"entry {seq} is not what its hash says")
            elif fault := _items_fault(bytes(header), digests):
                faults.append(f"entry {seq}: {fault}")
    if len(leaves) != head and not faults:
        faults.append(f"{len(leaves)} of {head} entries are there")
    return Chain(key, leaves, faults)


def _items_fault(header: bytes, digests: list[str]) -> str:
    try:
        check_items(json.loads(header), digests, Found())
    except (Rejected, ValueError, KeyError, TypeError) as error:
        return str(error)
    return ""


def _newest_notes(raw: Reader) -> dict[ChainKey, tuple[int, str]]:
    """Return size and note of the newest checkpoint of each chain."""
    rows = raw.execute(
        "select distinct on (space_id, audience) space_id, audience, size, note from ledger.checkpoint"
        " order by space_id, audience, number desc"
    ).fetchall()
    return {ChainKey(UUID(str(space)), audience): (size, note) for space, audience, size, note in rows}
