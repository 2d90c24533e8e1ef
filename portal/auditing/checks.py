"""What the auditor looks at: counts through the doors, heartbeats, and the MACs of new entries.

Nothing here writes, and no record's content is read.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from portal.action import context_mac, reading
from portal.actor import system_actor
from portal.record_table import IDENTITIES

PROCESSES: Final = ("worker", "relay")
# The longest transaction that may still commit behind what was seen.
OVERLAP: Final = timedelta(seconds=60)
ENTRIES_AT_ONCE: Final = 5000
CONTEXT: Final = ("actor", "action", "request", "transaction")


@dataclass(slots=True)
class Cursor:
    """How far the MACs were looked at: since when chains are asked for, and up to which entry of each."""

    since: datetime | None = None
    seen: dict[tuple[UUID, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, by code; `count` says how much of it."""

    code: str
    count: int = 1


def look(cursor: Cursor) -> list[Fault]:
    """Return what is wrong now, by code; an outage is a fault as well and raises nothing."""
    try:
        found = [*_overdue(), *_silent(), *_forged(cursor)]
    except DatabaseError:
        connection.close()
        found = [Fault("database_away")]
    return [*found, *_redis()]


def _overdue() -> Iterator[Fault]:
    with connection.cursor() as asked:
        asked.execute("select name, value from door.audit(%s)", [settings.AUDITOR_GRACE.total_seconds()])
        yield from (Fault(name, value) for name, value in asked.fetchall() if value)


def _silent() -> Iterator[Fault]:
    with connection.cursor() as asked:
        asked.execute(
            "select process from portal_heartbeat where process = any(%s)"
            " and seen_at > portal.instant() - make_interval(secs => %s)",
            [list(PROCESSES), settings.AUDITOR_GRACE.total_seconds()],
        )
        heard = {process for (process,) in asked.fetchall()}
    yield from (Fault(f"{process}_silent") for process in PROCESSES if process not in heard)


def _redis() -> Iterator[Fault]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    except redis.RedisError:
        yield Fault("redis_away")
    finally:
        client.close()


def _forged(cursor: Cursor) -> Iterator[Fault]:
    """Count new entries that an action is said to have made and whose context has not its MAC (ground 2).

    And those by which an account, or what proves it, was changed past the product.
    """
    with connection.cursor() as asked:
        asked.execute("select portal.instant()")
        (now,) = asked.fetchone()
        # After a start, what was made in the hour before is looked at too.
        since = (cursor.since or now - timedelta(hours=1)) - OVERLAP
        asked.execute("select space_id, audience, head from door.heads_since(%s)", [since])
        heads = asked.fetchall()
    wrong = Counter[str]()
    for space_id, audience, head in heads:
        wrong.update(_wrong_in(cursor, (space_id, audience), head))
    cursor.since = now
    yield from (Fault(code, count) for code, count in sorted(wrong.items()) if count)


def _wrong_in(cursor: Cursor, chain: tuple[UUID, str], head: int) -> Counter[str]:
    last, wrong = cursor.seen.get(chain, max(head - ENTRIES_AT_ONCE, 0)), Counter[str]()
    while last < head:
        upto = min(head, last + ENTRIES_AT_ONCE)
        forged = sum(not holds(mac, context) for mac, context in _contexts(*chain, last, upto))
        wrong.update(context_forged=forged, account_changed_outside=_accounts_in(*chain, last, upto))
        last = cursor.seen[chain] = upto
    return wrong


def _accounts_in(space_id: UUID, audience: str, last: int, upto: int) -> int:
    """Count the entries that say of themselves that no action changed the accounts in them."""
    with reading(system_actor("watchdog", space_id)), connection.cursor() as asked:
        asked.execute(
            "select count(*) from ledger.entry e"
            " where e.space_id = %s and e.audience = %s and e.seq > %s and e.seq <= %s and e.is_outside"
            " and exists (select from ledger.item i where i.class = 'change' and i.name = any(%s)"
            " and (i.marker_id, i.space_id, i.audience) = (e.marker_id, e.space_id, e.audience))",
            [space_id, audience, last, upto, [each.table for each in IDENTITIES]],
        )
        return int(asked.fetchone()[0])


def _contexts(space_id: UUID, audience: str, last: int, upto: int) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the MAC and the stated context of the entries after one number up to another."""
    with reading(system_actor("watchdog", space_id)), connection.cursor() as asked:
        asked.execute(
            "select e.header, array_agg(i.body) from ledger.entry e join ledger.item i"
            " on (i.marker_id, i.space_id, i.audience) = (e.marker_id, e.space_id, e.audience)"
            " where e.space_id = %s and e.audience = %s and e.seq > %s and e.seq <= %s"
            " and not e.is_outside and i.class = 'context' and i.name = any(%s) group by e.seq, e.header",
            [space_id, audience, last, upto, list(CONTEXT)],
        )
        rows = asked.fetchall()
    for header, bodies in rows:
        parts = [json.loads(bytes(body)) for body in bodies if body]
        yield json.loads(bytes(header))["mac"], {each["item"]: each["value"] for each in parts}


def holds(mac: str, context: dict[str, str]) -> bool:
    """Say whether a context was stated by a process that has the secret key, present or earlier."""
    if set(context) != set(CONTEXT):
        # A part that law orders blanked cannot be compared.
        return True
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    words = [context[each] for each in CONTEXT]
    return any(hmac.compare_digest(mac, context_mac(key, *words)) for key in keys)
