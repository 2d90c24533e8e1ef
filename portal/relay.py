"""The relay: reads what was sealed and pushes it, as public summaries, to the hubs (ground 4, 6).

It is a hurry, never the truth: whatever it does not push, or pushes twice, the hubs set right by number.
"""

from __future__ import annotations

import asyncio
import signal
import uuid
from collections import OrderedDict, defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from redis import asyncio as aioredis

from portal.action import reading
from portal.actor import system_actor
from portal.layer import PULSE_EACH_S, entries_message, group_of, pulse_group
from portal.outages import AWAY, PASSING, keep, until
from portal.streams import SHARDS, ChainKey, Entry, look_at_heads, read_entries
from portal.threads import QueryThreads
from portal.wake import POKE
from portal.webhooks.waking import wake_sender

LOOK_EACH_S: Final = 0.25
OVERLAP: Final = timedelta(seconds=5)
LEASE: Final = timedelta(seconds=10)
RENEW_EACH_S: Final = 3.0
HEARTBEAT_EACH_S: Final = 5.0
PUBLISH_WITHIN_S: Final = 1.0
CHAINS_KEPT: Final = 20_000
# Of a chain not followed yet only the last entries are pushed; a hub that misses some reads them itself.
FIRST_PUSH: Final = 20
LONGEST_PUSH: Final = 500
TAKE: Final = """
    update portal_relayshard s set holder = %(me)s, leased_until = now.at + now.lease
    from (select portal.instant() as at, make_interval(secs => %(lease)s) as lease) now
    where s.shard in (
        select shard from portal_relayshard
        where holder = %(me)s or holder is null or leased_until not between now.at and now.at + now.lease
        order by holder = %(me)s desc nulls last, shard limit %(fair)s for update skip locked)
    returning s.shard
"""
log = structlog.get_logger(__name__)


class Relay:
    """One relay process; several share the shards."""

    def __init__(self, alive: Path | None = None) -> None:
        self.id = uuid.uuid4()
        self._alive = alive
        self.led: set[int] = set()
        self._heads: OrderedDict[ChainKey, int] = OrderedDict()
        self._looked_at: datetime | None = None
        self._looked = asyncio.Event()
        self._wake = asyncio.Event()
        self._threads = QueryThreads(2, keeps_connections=True)
        self._silent_until = 0.0

    async def run(self) -> None:
        """Work until SIGTERM or SIGINT, then give the shards back."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        works = (self._lead, self._hear, self._follow, self._show_life)
        tasks = [asyncio.create_task(keep(work), name=work.__name__) for work in works]
        tasks.append(asyncio.create_task(_until(stop)))
        log.info("relay_started", relay=str(self.id))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(*PASSING):
            async with asyncio.timeout(2):
                await self._threads.run(release, self.id)
        self._threads.close()
        with suppress(*AWAY):
            await get_channel_layer().flush()
        for task in done:
            task.result()

    async def _lead(self) -> None:
        while True:
            led = await self._threads.run(take_shards, self.id)
            if led - self.led:
                # Whoever led them before may have been away for a whole lease.
                self._looked_at = self._looked_at and self._looked_at - LEASE
                log.info("relay_leads", relay=str(self.id), shards=sorted(led))
            self.led = led
            await asyncio.sleep(RENEW_EACH_S)

    async def _hear(self) -> None:
        client = aioredis.Redis.from_url(settings.REDIS_URL, socket_timeout=None, health_check_interval=10)
        try:
            async with client.pubsub() as pokes:
                await pokes.subscribe(POKE)
                async for _ in pokes.listen():
                    self._wake.set()
        finally:
            with suppress(*AWAY):
                await client.aclose()

    async def _follow(self) -> None:
        while True:
            await until(self._wake, LOOK_EACH_S)
            self._wake.clear()
            has_grown = False
            for key, entries in await self._threads.run(self._read_new):
                await self._push(group_of(key), entries_message(key, entries))
                has_grown = True
            self._looked.set()
            if has_grown:
                await self._threads.run(wake_sender)

    def _read_new(self) -> list[tuple[ChainKey, list[Entry]]]:
        is_first = self._looked_at is None
        looked_at, grown = look_at_heads(self._looked_at, OVERLAP)
        wanted: dict[uuid.UUID, list[ChainKey]] = defaultdict(list)
        heads = {key: head for key, head in grown if key.shard in self.led}
        for key, head in heads.items():
            # History is the clients' to ask for: a relay begins with what is sealed from now on.
            if not is_first and head > self._heads.get(key, 0):
                wanted[key.space_id].append(key)
        found = []
        for space_id, keys in wanted.items():
            actor = system_actor("relay", space_id)
            with reading(actor):
                for key in keys:
                    known = self._heads.get(key, heads[key] - FIRST_PUSH)
                    after = max(known, heads[key] - LONGEST_PUSH, 0)
                    found.append((key, read_entries(actor, key, after, LONGEST_PUSH)))
        self._remember(heads | {key: entries[-1].seq for key, entries in found if entries})
        self._looked_at = looked_at
        return found

    def _remember(self, heads: dict[ChainKey, int]) -> None:
        for key, head in heads.items():
            self._heads[key] = head
            self._heads.move_to_end(key)
        while len(self._heads) > CHAINS_KEPT:
            self._heads.popitem(last=False)

    async def _push(self, group: str, message: Any) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._silent_until:
            return
        try:
            async with asyncio.timeout(PUBLISH_WITHIN_S):
                await get_channel_layer().group_send(group, message)
        except AWAY as error:
            # The hubs look for themselves every 2 s; what waits here must not hold up what comes.
            self._silent_until = loop.time() + PUBLISH_WITHIN_S
            log.warning("push_lost", group=group, error=type(error).__name__)

    async def _show_life(self) -> None:
        while True:
            # Only a relay that has looked since the last beat is alive.
            await self._looked.wait()
            self._looked.clear()
            await self._threads.run(beat)
            if self._alive is not None:
                self._alive.touch()
            await self._push(pulse_group(), {"type": "pulse"})
            await asyncio.sleep(min(HEARTBEAT_EACH_S, PULSE_EACH_S))


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()


def take_shards(relay_id: uuid.UUID) -> set[int]:
    """Renew and take this relay's fair part of the shards; return those it leads now.

    A lease that ends later than any can is as good as none: the clock was put back.
    """
    name, lease = f"relay {relay_id.hex}", LEASE.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_heartbeat (process, seen_at) values (%s, portal.instant())"
            " on conflict (process) do update set seen_at = excluded.seen_at",
            [name],
        )
        cursor.execute(
            "select count(*) from portal_heartbeat where process like 'relay %%'"
            " and abs(extract(epoch from seen_at - portal.instant())) < %s",
            [lease],
        )
        fair = -(-SHARDS // max(1, cursor.fetchone()[0]))
        cursor.execute(
            TAKE,
            {"me": relay_id, "lease": lease, "fair": fair},
        )
        led = {shard for (shard,) in cursor.fetchall()}
        cursor.execute(
            "update portal_relayshard set holder = null where holder = %s and not shard = any (%s)",
            [relay_id, list(led)],
        )
        cursor.execute(
            "delete from portal_heartbeat where process like 'relay %%'"
            " and seen_at < portal.instant() - make_interval(secs => %s)",
            [lease * 6],
        )
    return led


def release(relay_id: uuid.UUID) -> None:
    """Give the shards back."""
    with connection.cursor() as cursor:
        cursor.execute("update portal_relayshard set holder = null where holder = %s", [relay_id])
        cursor.execute("delete from portal_heartbeat where process = %s", [f"relay {relay_id.hex}"])


def beat() -> None:
    """Say that a relay works; `/readyz` reads it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_heartbeat (process, seen_at) values ('relay', portal.instant())"
            " on conflict (process) do update set seen_at = excluded.seen_at"
        )
