"""The ledger as people read it: chains with their heads, entries with their items."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Organisation, Partnership, Program
from portal.sealing import read
from portal.states import Audience

ITEMS_SHOWN_MAX: Final = 200
# What a company need not tell the other one about how it acted; a transaction's number would even count
# what everybody else writes.
OWN_CONTEXT: Final = frozenset(
    ("context", name)
    for name in (
        "actor",
        "organisation",
        "request",
        "transaction",
        "database_user",
        "application",
        "client_address",
    )
)


@dataclass(frozen=True, slots=True)
class Chain:
    """One sequence of the ledger with the name of its space."""

    space_id: UUID
    audience: str
    name: str
    head: int
    sealed_at: datetime

    @property
    def label(self) -> str:
        """Return the words of the audience."""
        return str(Audience(self.audience).label)


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry of a list."""

    seq: int
    sealed_at: datetime
    kind: str
    seat: str
    is_outside: bool
    number: str
    title: str
    leaf_hash: str


@dataclass(frozen=True, slots=True)
class Item:
    """One part of an entry: class, name, body as it may be read here, and whether its hash holds.

    Of a withheld one the digest alone is shown.
    """

    kind: str
    name: str
    body: str
    digest: str
    holds: bool
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class EntryDetail:
    """One entry whole."""

    line: EntryLine
    space_id: UUID
    audience: str
    header: str
    items: list[Item]
    left_out: int
    holds: bool


def list_chains(actor: Actor) -> list[Chain]:
    """Return the chains the actor may follow, programs first, by name."""
    names: dict[UUID, tuple[int, str]] = {}
    for program in Program.objects.visible_to(actor):
        names[program.pk] = (0, program.code)
    for each in Partnership.objects.visible_to(actor):
        names[each.pk] = (1, f"{each.sponsor_name} · {each.manufacturer_name}")
    for company in Organisation.objects.visible_to(actor):
        names[company.pk] = (2, company.name)
    with connection.cursor() as cursor:
        cursor.execute(
            "select space_id, audience, head, sealed_at from ledger.chain where space_id = any (%s)",
            [list(names)],
        )
        rows = cursor.fetchall()
    rows.sort(key=lambda row: (*names[row[0]], row[1] != Audience.SHARED, row[1]))
    return [
        Chain(space, audience, names[space][1], head, at)
        for space, audience, head, at in rows
        if audience in _audiences(actor, space)
    ]


def _audiences(actor: Actor, space_id: UUID) -> set[str]:
    return {Audience.SHARED, *(str(seat.side) for seat in actor.seats.get(space_id, ()))}


def _require_chain(actor: Actor, space_id: UUID, audience: str) -> None:
    if space_id not in actor.seats or audience not in _audiences(actor, space_id):
        raise NotFound


def list_newest(actor: Actor, chain: Chain, *, before: int | None, most: int) -> list[EntryLine]:
    """Return entries of a chain, newest first, optionally those below a number. Raises: NotFound."""
    _require_chain(actor, chain.space_id, chain.audience)
    with connection.cursor() as cursor:
        cursor.execute(
            "select seq, sealed_at, kind, seat, is_outside, summary, leaf_hash from ledger.entry"
            " where space_id = %s and audience = %s and seq < %s order by seq desc limit %s",
            [chain.space_id, chain.audience, before or 2**62, most],
        )
        return [_line(row) for row in cursor.fetchall()]


def _line(row: tuple[Any, ...]) -> EntryLine:
    seq, sealed_at, kind, seat, is_outside, summary, leaf_hash = row
    summary = json.loads(summary) if isinstance(summary, str) else summary
    subject = summary.get("subject") or {}
    title = read(summary.get("title") or "")
    return EntryLine(
        seq, sealed_at, kind, seat, is_outside, subject.get("number") or "", title, bytes(leaf_hash).hex()
    )


@dataclass(frozen=True, slots=True)
class Happening:
    """One fact that an entry tells about a record; `payload` has ids, codes and instants as recorded."""

    seq: int
    audience: str
    sealed_at: datetime
    kind: str
    seat: str
    subject_id: UUID
    payload: Mapping[str, Any]


_HAPPENINGS: Final = """
select e.seq, e.audience, e.sealed_at, i.name, e.seat, i.row_id, convert_from(i.body, 'UTF8')
from unnest(%s::uuid[], %s::text[]) as c (space_id, audience)
join ledger.entry e on e.space_id = c.space_id and e.audience = c.audience
join ledger.item i on i.marker_id = e.marker_id and i.space_id = e.space_id and i.audience = e.audience
where (e.summary -> 'subject' ->> 'id') = any (%s) and e.is_news
  and e.sealed_at > coalesce(%s::timestamptz, '-infinity')
  and i.class = 'fact' and i.row_id = any (%s) and i.name = any (%s)
order by e.sealed_at desc, e.audience, e.seq desc, i.id desc limit %s
"""


def list_happenings(
    actor: Actor,
    space_id: UUID,
    subject_ids: Collection[UUID],
    *,
    kinds: Collection[str],
    most: int,
) -> list[Happening]:
    """Return facts of some kinds about records of a space, newest first, of the chains the actor may follow.

    Raises: NotFound without a seat. Of an erased body the payload is empty; its entry stays.
    """
    if space_id not in actor.seats:
        raise NotFound
    return _happenings(actor, [space_id], subject_ids, kinds, since=None, most=most)


def happenings_since(
    actor: Actor, subject_ids: Collection[UUID], since: datetime, *, kinds: Collection[str], most: int
) -> list[Happening]:
    """Return facts sealed after an instant about records of any of the actor's spaces, newest first."""
    return _happenings(actor, list(actor.seats), subject_ids, kinds, since=since, most=most)


def _happenings(
    actor: Actor,
    spaces: Collection[UUID],
    subject_ids: Collection[UUID],
    kinds: Collection[str],
    *,
    since: datetime | None,
    most: int,
) -> list[Happening]:
    chains = [(space_id, audience) for space_id in spaces for audience in sorted(_audiences(actor, space_id))]
    with connection.cursor() as cursor:
        cursor.execute(
            _HAPPENINGS,
            [
                [space_id for space_id, _audience in chains],
                [audience for _space_id, audience in chains],
                [str(each) for each in subject_ids],
                since,
                list(subject_ids),
                list(kinds),
                most,
            ],
        )
        rows = cursor.fetchall()
    return [
        Happening(seq, audience, at, kind, seat, subject_id, json.loads(body)["payload"] if body else {})
        for seq, audience, at, kind, seat, subject_id, body in rows
    ]


def show_entry(actor: Actor, space_id: UUID, audience: str, seq: int) -> EntryDetail:
    """Return one entry with at most 200 of its items, each checked against its digest. Raises: NotFound."""
    _require_chain(actor, space_id, audience)
    with connection.cursor() as cursor:
        cursor.execute(
            "select seq, sealed_at, kind, seat, is_outside, summary, leaf_hash, header, marker_id"
            " from ledger.entry where space_id = %s and audience = %s and seq = %s",
            [space_id, audience, seq],
        )
        row = cursor.fetchone()
        if row is None:
            raise NotFound
        cursor.execute(
            "select class, name, salt, body, hash, count(*) over () from ledger.item"
            " where marker_id = %s and space_id = %s and audience = %s order by id limit %s",
            [row[8], space_id, audience, ITEMS_SHOWN_MAX],
        )
        items = cursor.fetchall()
    header = bytes(row[7])
    withheld = withheld_of(actor, [(each[0], each[1], each[3]) for each in items])
    found = [
        replace(_item(*each[:5]), body="", is_withheld=True)
        if (each[0], each[1]) in withheld
        else _item(*each[:5])
        for each in items
    ]
    return EntryDetail(
        line=_line(row[:7]),
        space_id=space_id,
        audience=audience,
        header=header.decode(),
        items=found,
        left_out=(items[0][5] if items else 0) - len(found),
        holds=hashlib.sha256(b"\x00" + header).digest() == bytes(row[6]),
    )


def _item(kind: str, name: str, salt: bytes, body: bytes | None, digest: bytes) -> Item:
    if body is None:
        return Item(kind, name, _("(erased)"), bytes(digest).hex(), holds=True)
    holds = hashlib.sha256(bytes(salt) + bytes(body)).digest() == bytes(digest)
    return Item(kind, name, _shown(bytes(body)), bytes(digest).hex(), holds)


def withheld_of(actor: Actor, items: Iterable[tuple[str, str, bytes | None]]) -> frozenset[tuple[str, str]]:
    """Return class and name of those items (class, name, body) of an entry that this reader is not shown."""
    organisation = ("context", "organisation")
    said = next((bytes(body or b"") for kind, name, body in items if (kind, name) == organisation), b"")
    is_own = bool(said) and json.loads(said)["value"] == str(actor.organisation_id)
    return frozenset() if is_own else OWN_CONTEXT


def _shown(body: bytes) -> str:
    """Return an item's JSON with sealed texts opened for the reader; the exact bytes are what is hashed."""

    def opened(value: Any) -> Any:
        if isinstance(value, str):
            return read(value)
        if isinstance(value, dict):
            return {name: opened(each) for name, each in value.items()}
        if isinstance(value, list):
            return [opened(each) for each in value]
        return value

    return json.dumps(opened(json.loads(body)), ensure_ascii=False, indent=1)
