"""What is sent: of each entry the public summary that the stream shows, and nothing else (contract)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import orjson
from django.db import connection

from portal.action import instant
from portal.actor import Actor
from portal.checkpoints import Published, signed_note
from portal.states import WebhookStream
from portal.streams import ChainKey, message, read_entries
from portal.webhooks.kinds import CHECKPOINT, TEST, is_told

PAGE: Final = 100
CHECKPOINTS_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a stream: of which chain, after which number, and which kinds are told."""

    stream: str
    chain: ChainKey
    after: int
    asked: int
    kinds: tuple[str, ...]
    webhook_id: UUID


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to be told; its id is the same in every try, and after a replay. `size` is a checkpoint's."""

    id: str
    seq: int
    kind: str
    body: bytes
    size: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """What follows a place in order; `upto` is how far it reaches, with all that is passed over."""

    messages: tuple[Message, ...]
    upto: int


def read_page(actor: Actor, place: Place) -> Page:
    """Return what follows a place, as the actor's side may read it. Raises: NotFound."""
    return _READERS[place.stream](actor, place)


def _entries(actor: Actor, place: Place) -> Page:
    entries = read_entries(actor, place.chain, place.after, PAGE)
    told = [each for each in entries if each.is_news and is_told(place.kinds, each.kind)]
    messages = (
        Message(
            f"evt_{_name(place.chain)}_{each.seq}",
            each.seq,
            each.kind,
            orjson.dumps(message(place.chain, each)),
        )
        for each in told
    )
    return Page(tuple(messages), entries[-1].seq if entries else place.after)


def _checkpoints(actor: Actor, place: Place) -> Page:
    with connection.cursor() as cursor:
        cursor.execute(
            "select number, size, root, note, made_at from ledger.checkpoint"
            " where space_id = %s and audience = %s and number > %s order by number limit %s",
            [*place.chain, place.after, CHECKPOINTS_AT_ONCE],
        )
        rows = cursor.fetchall()
    found = [Published(number, size, bytes(root), note, at) for number, size, root, note, at in rows]
    messages = (
        Message(
            f"chk_{_name(place.chain)}_{each.number}",
            each.number,
            CHECKPOINT,
            _checkpoint_body(actor, place.chain, each),
            each.size,
        )
        for each in found
    )
    return Page(tuple(messages), found[-1].number if found else place.after)


def _checkpoint_body(actor: Actor, chain: ChainKey, published: Published) -> bytes:
    place = {"program": str(chain.space_id), "audience": chain.audience, "size": published.size}
    told = {"at": _text(published.made_at), "kind": CHECKPOINT, "note": signed_note(actor, chain, published)}
    return orjson.dumps({"type": "checkpoint"} | place | told)


def _test(_actor: Actor, place: Place) -> Page:
    """Return one message that holds nothing, however often it was asked for meanwhile."""
    told = {"type": "test", "program": str(place.chain.space_id), "at": _text(instant()), "kind": TEST}
    name = f"test_{place.webhook_id.hex}_{place.asked}"
    return Page((Message(name, place.asked, TEST, orjson.dumps(told)),), place.asked)


def _name(chain: ChainKey) -> str:
    return f"{chain.space_id.hex}_{chain.audience}"


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_READERS: Final[Mapping[str, Callable[[Actor, Place], Page]]] = {
    WebhookStream.ENTRIES: _entries,
    WebhookStream.CHECKPOINTS: _checkpoints,
    WebhookStream.TESTS: _test,
}
