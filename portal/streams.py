"""The ledger as a stream: entries of a chain as the public summaries of the contract."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

import orjson
import structlog
from django.db import connection

from portal.actor import Actor, Side
from portal.errors import KeyUnavailable, NotFound
from portal.models import Record
from portal.sealing import unseal
from portal.states import Audience

PAGE: Final = 500
SHARDS: Final = 16
SEQ_MAX: Final = 2**53
# Facts by which people are told; one may stand in an entry that is named for another fact.
TELLING: Final = ("alert.raised", "ladder.climbed")
log = structlog.get_logger(__name__)


class ChainKey(NamedTuple):
    """One chain of the ledger."""

    space_id: UUID
    audience: str

    @property
    def shard(self) -> int:
        """Return which of the relays' shards the chain belongs to."""
        return zlib.crc32(f"{self.space_id}:{self.audience}".encode()) % SHARDS


@dataclass(frozen=True, slots=True)
class Entry:
    """What everyone on its chain may read of a sealed entry; `title` as stored, sealed on a private chain."""

    seq: int
    at: str
    kind: str
    is_news: bool
    subject: dict[str, Any]
    classification: str | None
    title: str
    has_alert: bool

    def packed(self) -> dict[str, Any]:
        """Return plain values for the way from relay to hub."""
        return asdict(self)

    @classmethod
    def unpacked(cls, values: Mapping[str, Any]) -> Self:
        """Return the entry from its plain values."""
        return cls(**values)


def audiences_of(actor: Actor, space_id: UUID) -> tuple[str, ...]:
    """Return the chains of a space that the actor may follow: shared, then those of its seats' sides.

    Raises: NotFound without a seat. An organisation's own space has the shared chain alone.
    """
    seats = actor.seats.get(space_id)
    if not seats:
        raise NotFound
    sides = {str(seat.side) for seat in seats}
    if Side.BOTH in sides and actor.kind == "system":
        sides |= {Side.MANUFACTURER, Side.SPONSOR}
    return tuple(each for each in Audience.values if each == Audience.SHARED or each in sides)


def heads_of(actor: Actor, space_id: UUID) -> dict[str, int]:
    """Return the last number of each chain of the space that the actor may follow. Raises: NotFound."""
    heads = dict.fromkeys(audiences_of(actor, space_id), 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "select audience, head from ledger.chain where space_id = %s and audience = any (%s)",
            [space_id, list(heads)],
        )
        return heads | dict(cursor.fetchall())


def read_entries(actor: Actor, key: ChainKey, after: int, most: int = PAGE) -> list[Entry]:
    """Return the entries of a chain that follow a number, in order, at most a page. Raises: NotFound."""
    if key.audience not in audiences_of(actor, key.space_id):
        raise NotFound
    with connection.cursor() as cursor:
        cursor.execute(
            "select e.seq, e.sealed_at, e.kind, e.is_news, e.summary, e.is_news and exists ("
            " select 1 from ledger.item i where i.marker_id = e.marker_id and i.space_id = e.space_id"
            " and i.audience = e.audience and i.class = 'fact' and i.name = any (%s))"
            " from ledger.entry e"
            " where e.space_id = %s and e.audience = %s and e.seq > %s order by e.seq limit %s",
            [list(TELLING), key.space_id, key.audience, after, most],
        )
        rows = cursor.fetchall()
    return [_entry(key, row) for row in rows]


def _entry(key: ChainKey, row: tuple[Any, ...]) -> Entry:
    seq, sealed_at, kind, is_news, summary, has_alert = row
    summary = orjson.loads(summary) if isinstance(summary, str) else summary
    # A change from outside the product names no record: it concerns the space.
    subject = summary.get("subject") or {"type": "space", "id": str(key.space_id), "number": "", "version": 1}
    return Entry(
        seq=seq,
        at=sealed_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        kind=kind,
        is_news=is_news,
        subject=subject,
        classification=summary.get("classification"),
        title=summary.get("title") or "",
        has_alert=has_alert,
    )


def message(key: ChainKey, entry: Entry) -> dict[str, Any]:
    """Return the contract's message of an entry: `event` for news, `skip` for what is not."""
    place = {"program": str(key.space_id), "audience": key.audience, "seq": entry.seq}
    if not entry.is_news:
        return {"type": "skip"} | place
    return (
        {"type": "event"}
        | place
        | {
            "at": entry.at,
            "kind": entry.kind,
            "subject": entry.subject,
            "classification": entry.classification,
            "title": _clear(key, entry),
        }
    )


def _clear(key: ChainKey, entry: Entry) -> str:
    # What stands on the shared chain was never sealed, also when it looks like it.
    if key.audience == Audience.SHARED:
        return entry.title
    try:
        return unseal(entry.title)
    except KeyUnavailable:
        # One title that cannot be read must not hold up all that follows it.
        log.warning("title_unreadable", space=str(key.space_id), audience=key.audience, seq=entry.seq)
        return ""


def find_watched(actor: Actor, batch_id: UUID, numbers: Collection[str] | None = None) -> UUID | None:
    """Return the space of a batch that the actor may see, None for any other id; of some numbers alone."""
    rows = Record.objects.visible_to(actor).filter(pk=batch_id, type="batch")
    if numbers:
        rows = rows.filter(number__in=numbers)
    return rows.values_list("space_id", flat=True).first()


def look_at_heads(
    looked_at: datetime | None, overlap: timedelta
) -> tuple[datetime, Iterable[tuple[ChainKey, int]]]:
    """Return the database's time and the chains that grew since the last look, less an overlap.

    A chain is dated when it is sealed and seen when that commits: the overlap is the longest such wait. Going
    back to the earlier of last look and now, nothing depends on the clock, which may be put forward or back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select now.at, c.space_id, c.audience, c.head from (select portal.instant() as at) now"
            " left join lateral door.heads_since(least(now.at, %s) - make_interval(secs => %s)) c on true",
            [looked_at, overlap.total_seconds()],
        )
        rows = cursor.fetchall()
    return rows[0][0], [(ChainKey(space, audience), head) for _, space, audience, head in rows if space]
