"""Checkpoints as they are read: the newest of a chain, who cosigned it, who holds which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from portal.actor import Actor
from portal.errors import NotFound
from portal.merkle import head
from portal.streams import ChainKey, audiences_of
from portal.tree import TreeIncompleteError, tiles_of


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint as it was signed; `note` without the lines of witnesses."""

    number: int
    size: int
    root: bytes
    note: str
    made_at: datetime

    @property
    def text(self) -> str:
        """Return what was signed."""
        return self.note.rpartition("\n\n")[0] + "\n"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's statement about one checkpoint."""

    witness: str
    key: str
    organisation_id: UUID
    organisation: str
    line: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Cosigned:
    """One checkpoint in a list, and which witnesses cosigned it."""

    size: int
    made_at: datetime
    witnesses: list[str]


@dataclass(frozen=True, slots=True)
class Holder:
    """An organisation that got a checkpoint, the largest it has, and how."""

    organisation_id: UUID
    organisation: str
    size: int
    how: str
    at: datetime


def require_chain(actor: Actor, chain: ChainKey) -> None:
    """Raise NotFound unless the actor may follow the chain; a foreign one and an unknown one are alike."""
    if chain.audience not in audiences_of(actor, chain.space_id):
        raise NotFound


def find_newest(actor: Actor, chain: ChainKey) -> Published | None:
    """Return the newest checkpoint of a chain, None before the first. Raises: NotFound."""
    require_chain(actor, chain)
    with connection.cursor() as cursor:
        cursor.execute(
            "select number, size, root, note, made_at from ledger.checkpoint"
            " where space_id = %s and audience = %s order by number desc limit 1",
            list(chain),
        )
        row = cursor.fetchone()
    return Published(row[0], row[1], bytes(row[2]), row[3], row[4]) if row else None


def get_newest(actor: Actor, chain: ChainKey) -> Published:
    """Return the newest checkpoint of a chain. Raises: NotFound, also before the first."""
    found = find_newest(actor, chain)
    if found is None:
        raise NotFound
    return found


def list_cosignatures(actor: Actor, chain: ChainKey, number: int) -> list[Cosignature]:
    """Return what witnesses said about one checkpoint, by the name of the witness. Raises: NotFound."""
    require_chain(actor, chain)
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.witness, c.key, c.organisation_id, c.line, c.at from ledger.cosignature c"
            " where c.space_id = %s and c.audience = %s and c.checkpoint = %s order by c.witness",
            [*chain, number],
        )
        rows = cursor.fetchall()
    names = _names(chain)
    return [
        Cosignature(witness, key, company, names.get(company, ""), line, at)
        for witness, key, company, line, at in rows
    ]


def list_cosigned(actor: Actor, chain: ChainKey, *, most: int) -> list[Cosigned]:
    """Return the newest checkpoints of a chain with the names of their witnesses. Raises: NotFound."""
    require_chain(actor, chain)
    with connection.cursor() as cursor:
        cursor.execute(
            "select k.size, k.made_at, (select coalesce(array_agg(c.witness order by c.witness), '{}')"
            " from ledger.cosignature c where (c.space_id, c.audience, c.checkpoint)"
            " = (k.space_id, k.audience, k.number)) from ledger.checkpoint k"
            " where k.space_id = %s and k.audience = %s order by k.number desc limit %s",
            [*chain, most],
        )
        return [Cosigned(*row) for row in cursor.fetchall()]


def count_cosigned(actor: Actor, chain: ChainKey) -> int:
    """Return the size of the largest checkpoint that some witness cosigned, 0 for none. Raises: NotFound."""
    require_chain(actor, chain)
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(k.size), 0) from ledger.cosignature c join ledger.checkpoint k"
            " on (k.space_id, k.audience, k.number) = (c.space_id, c.audience, c.checkpoint)"
            " where c.space_id = %s and c.audience = %s",
            list(chain),
        )
        found: int = cursor.fetchone()[0]
        return found


def list_holders(actor: Actor, chain: ChainKey) -> list[Holder]:
    """Return for each organisation and way the largest checkpoint it got. Raises: NotFound."""
    require_chain(actor, chain)
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct on (organisation_id, how) organisation_id, size, how, at from ledger.holder"
            " where space_id = %s and audience = %s order by organisation_id, how, size desc",
            list(chain),
        )
        rows = cursor.fetchall()
    names = _names(chain)
    found = [Holder(company, names.get(company, ""), size, how, at) for company, size, how, at in rows]
    return sorted(found, key=lambda each: (each.organisation, -each.size, each.how))


def chains_with(actor: Actor, space_id: UUID, record_id: UUID) -> list[str]:
    """Return the chains whose checkpoint covers an entry about a record, shared first. Raises: NotFound."""
    followed = audiences_of(actor, space_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct e.audience from ledger.item i join ledger.entry e"
            " on e.marker_id = i.marker_id and e.space_id = i.space_id and e.audience = i.audience"
            " where i.class = 'change' and i.row_id = %s and i.space_id = %s and i.audience = any (%s)"
            " and e.seq <= (select max(c.size) from ledger.checkpoint c"
            " where c.space_id = e.space_id and c.audience = e.audience)",
            [record_id, space_id, list(followed)],
        )
        found = {audience for (audience,) in cursor.fetchall()}
    return [each for each in followed if each in found]


def is_held(chain: ChainKey, size: int, organisation_id: UUID, how: str) -> bool:
    """Say whether this is written down already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from ledger.holder where space_id = %s and audience = %s"
            " and size = %s and organisation_id = %s and how = %s)",
            [*chain, size, organisation_id, how],
        )
        return bool(cursor.fetchone()[0])


def signed_note(actor: Actor, chain: ChainKey, published: Published) -> str:
    """Return a checkpoint as a signed note with the lines of its witnesses. Raises: NotFound."""
    lines = [each.line for each in list_cosignatures(actor, chain, published.number)]
    return published.note + "".join(lines)


def fault_of(chain: ChainKey, published: Published, size: int) -> str:
    """Return how a checkpoint contradicts the chain of that many entries as it stands; empty when it agrees.

    That happens after a restore of an older state or a change past the product: `shrunk` or `forked`.
    """
    if published.size > size:
        return "shrunk"
    try:
        root = head(tiles_of(chain, published.size), published.size)
    except TreeIncompleteError:
        return "forked"
    return "" if root == published.root else "forked"


def _names(chain: ChainKey) -> dict[UUID, str]:
    """Return the names of the companies that the reader may know: the parties, or the company itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            # Who sits in a program alone, as an inspector does, reads the names there.
            "select sponsor_id, sponsor_name, manufacturer_id, manufacturer_name"
            " from portal_program where id = %s"
            " union all select sponsor_id, sponsor_name, manufacturer_id, manufacturer_name"
            " from portal_partnership where id = %s",
            [chain.space_id, chain.space_id],
        )
        row = cursor.fetchone()
        if row:
            return {row[0]: row[1], row[2]: row[3]}
        cursor.execute("select id, name from portal_organisation where id = %s", [chain.space_id])
        return dict(cursor.fetchall())
