"""The hub of a web process: one subscription to the layer, many sockets and polls (ground 6).

The layer brings news soonest; heads read every 2 s bring what the layer lost; the database fills every hole.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from channels.layers import get_channel_layer

from portal.action import reading
from portal.actor import Actor, system_actor
from portal.admission import SIGNED_OUT, WITHDRAWN, Pass, TurnedAway, find_doubtful
from portal.chains import KEPT, LiveChain, text_frame
from portal.displays import Display
from portal.follower import TOO_SLOW, Follower, Subscription
from portal.layer import PULSE_EACH_S, all_groups, key_of
from portal.metrics import hub_lag, sockets
from portal.outages import AWAY, keep, until
from portal.streams import (
    PAGE,
    ChainKey,
    Entry,
    audiences_of,
    find_watched,
    heads_of,
    look_at_heads,
    read_entries,
)
from portal.threads import QueryThreads
from portal.watches import Watches

LOOK_EACH_S: Final = 2.0
OVERLAP: Final = timedelta(seconds=15)
# Once in a while further back than any transaction may last.
LONG_OVERLAP: Final = timedelta(seconds=120)
LONG_EACH: Final = 10
TICK_S: Final = 1.0
HEADS_EACH: Final = 10
SEATS_EACH: Final = 10
MISSING_MAX: Final = 100_000
DEAF_AFTER_S: Final = 4 * PULSE_EACH_S
log = structlog.get_logger(__name__)


class Hub:
    """What one web process knows of the stream; one for each event loop, begun by whoever comes first."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, Hub]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self.chains: dict[ChainKey, LiveChain] = {}
        self.followers: set[Follower] = set()
        self.watches = Watches()
        self.threads = QueryThreads(3)
        self.waiting: Counter[UUID] = Counter()
        self._looked_at: datetime | None = None
        self._look_now = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    def running(cls) -> Hub:
        """Return the hub of this event loop, started."""
        loop = asyncio.get_running_loop()
        hub = cls._of_loop.get(loop)
        if hub is None:
            hub = cls._of_loop[loop] = cls()
            for work in (hub._listen, hub._look, hub._tick, hub._guard):
                hub.spawn(keep(work))
        return hub

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task that the hub holds on to."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- chains: held as long as somebody follows them ---

    def hold(self, key: ChainKey) -> LiveChain:
        """Follow a chain from now on; what is pushed counts as wanted until its head is learnt."""
        chain = self.chains.get(key)
        if chain is None:
            chain = self.chains[key] = LiveChain(key)
        chain.holds += 1
        return chain

    def release(self, chain: LiveChain) -> None:
        """Give a hold back; a chain that nobody holds is forgotten."""
        chain.holds -= 1
        if chain.holds == 0 and self.chains.get(chain.key) is chain:
            del self.chains[chain.key]

    def learn(self, chain: LiveChain, head: int) -> None:
        """Take note of a head read from the database, and fill what is missing before it."""
        chain.learn(head)
        self._fill(chain)

    def _fill(self, chain: LiveChain) -> None:
        if chain.is_behind and not chain.is_filling:
            chain.is_filling = True
            self.spawn(self._fill_hole(chain))

    async def _fill_hole(self, chain: LiveChain) -> None:
        async def work() -> None:
            while chain.is_behind and chain.holds:
                head = chain.head or 0
                if chain.wanted - head > KEPT:
                    chain.skip_to(chain.wanted - KEPT)
                    head = chain.wanted - KEPT
                entries = await self.threads.run(_read_as_relay, chain.key, head)
                if not entries:
                    # What was announced is not there: a database put back to an earlier day.
                    chain.wanted = head
                chain.take(entries)
            done.set()

        done = asyncio.Event()
        task = asyncio.get_running_loop().create_task(keep(work))
        try:
            await done.wait()
        finally:
            task.cancel()
            chain.is_filling = False
        # More may have been heard of since the last page was read.
        self._fill(chain)

    # --- sockets ---

    def join(self, follower: Follower) -> None:
        """Take a socket in."""
        self.followers.add(follower)

    def leave(self, follower: Follower) -> None:
        """Let a socket go with all it held."""
        self.followers.discard(follower)
        for key in list(follower.subscriptions):
            self._drop(follower, key)
        for batch_id in list(follower.watched):
            self.watches.discard(follower, batch_id)

    def count(self, person_id: UUID) -> int:
        """Return how many sockets a person has open here."""
        return sum(each.actor.person_id == person_id for each in self.followers)

    async def subscribe(self, follower: Follower, space_id: UUID, after: Mapping[str, int]) -> None:
        """Let a socket follow the chains of a space from its cursors, or from now on. Raises: NotFound."""
        audiences = audiences_of(follower.actor, space_id)
        chains = [self.hold(ChainKey(space_id, audience)) for audience in audiences]
        try:
            heads = await self.threads.run(_read_heads, follower.actor, space_id)
        except BaseException:
            for chain in chains:
                self.release(chain)
            raise
        for chain in chains:
            self._drop(follower, chain.key)
            self.learn(chain, heads[chain.key.audience])
        cursors = {each: after.get(each, heads[each]) for each in audiences}
        follower.say({"type": "subscribed", "program": str(space_id), "heads": heads})
        # A cursor past the head comes from a ledger that has since been put back: there is nothing to resume.
        if any(not 0 <= heads[each] - cursors[each] <= MISSING_MAX for each in audiences):
            cursors = heads
            follower.say({"type": "reset", "program": str(space_id), "heads": heads})
        follower.follow(Subscription(chain, cursors[chain.key.audience]) for chain in chains)

    def _drop(self, follower: Follower, key: ChainKey) -> None:
        found = follower.subscriptions.pop(key, None)
        if found is not None:
            found.chain.listeners.discard(follower.wake)
            self.release(found.chain)

    async def watch(self, follower: Follower, batch_id: UUID) -> bool:
        """Let a socket watch a batch's readings; False for one the person may not see, or that is none."""
        display = follower.admitted.display
        space_id = await self.threads.run(_find_watched, follower.actor, batch_id, display)
        if space_id is not None:
            self.watches.add(follower, batch_id, space_id)
        return space_id is not None

    # --- polls ---

    async def wait_beyond(self, chain: LiveChain, seq: int, seconds: float) -> None:
        """Return when a held chain has grown beyond a number, or the time is over."""
        grown = asyncio.Event()
        chain.listeners.add(grown)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (chain.head or 0) <= seq:
                    grown.clear()
                    await grown.wait()
        chain.listeners.discard(grown)

    # --- what runs all the time ---

    async def _listen(self) -> None:
        layer = get_channel_layer()
        try:
            channel = await layer.new_channel("hub.")
            for group in all_groups():
                await layer.group_add(group, channel)
            # What was sent before this subscription is found by looking.
            self._look_now.set()
            while True:
                # Each relay sends a pulse; without one the line may be dead although nothing says so.
                async with asyncio.timeout(DEAF_AFTER_S):
                    message = await layer.receive(channel)
                self._take(message)
        finally:
            with suppress(*AWAY):
                await layer.flush()

    def _take(self, message: Any) -> None:
        if message["type"] == "readings":
            self.watches.take(message)
        elif message["type"] == "entries":
            chain = self.chains.get(key_of(message))
            if chain is not None:
                chain.take(Entry.unpacked(each) for each in message["entries"])
                self._fill(chain)

    async def _look(self) -> None:
        turn = 0
        while True:
            await until(self._look_now, LOOK_EACH_S)
            self._look_now.clear()
            turn += 1
            if not self.chains:
                continue
            overlap = OVERLAP if turn % LONG_EACH else LONG_OVERLAP
            self._looked_at, grown = await self.threads.run(look_at_heads, self._looked_at, overlap)
            for key, head in grown:
                if (chain := self.chains.get(key)) is not None and chain.head is not None:
                    self.learn(chain, head)

    async def _tick(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(TICK_S)
            turn += 1
            self.watches.flush()
            self._measure()
            for follower in list(self.followers):
                if follower.is_too_slow():
                    follower.end(TOO_SLOW)
            if turn % HEADS_EACH == 0:
                self._tell_heads()

    def _measure(self) -> None:
        sockets.set(len(self.followers))
        behind = (each.wanted - each.head for each in self.chains.values() if each.head is not None)
        hub_lag.set(max(behind, default=0))

    async def _guard(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(TICK_S)
            turn += 1
            if self.followers:
                await self._check_rights(with_seats=turn % SEATS_EACH == 0)

    def _tell_heads(self) -> None:
        prepared: dict[tuple[ChainKey, ...], dict[str, str]] = {}
        for follower in self.followers:
            spaces: dict[UUID, list[Subscription]] = defaultdict(list)
            for each in follower.subscriptions.values():
                spaces[each.chain.key.space_id].append(each)
            for space_id, followed in spaces.items():
                keys = tuple(each.chain.key for each in followed)
                if keys not in prepared:
                    heads = {each.chain.key.audience: each.chain.head for each in followed}
                    prepared[keys] = text_frame({"type": "heads", "program": str(space_id), "heads": heads})
                follower.offer(prepared[keys])

    async def _check_rights(self, *, with_seats: bool) -> None:
        """Ask in one go on whose grounds something changed; only these are admitted anew."""
        by_pass = {each.admitted: each for each in self.followers}
        for doubtful in await self.threads.run(find_doubtful, list(by_pass), with_seats=with_seats):
            follower = by_pass[doubtful]
            try:
                renewed: Pass = await self.threads.run(doubtful.renew)
            except TurnedAway:
                follower.end(SIGNED_OUT if doubtful.session_key else WITHDRAWN)
            else:
                follower.renew(renewed)


def _read_heads(actor: Actor, space_id: UUID) -> dict[str, int]:
    with reading(actor):
        return heads_of(actor, space_id)


def _read_as_relay(key: ChainKey, after: int) -> list[Entry]:
    actor = system_actor("relay", key.space_id)
    with reading(actor):
        return read_entries(actor, key, after, PAGE)


def _find_watched(actor: Actor, batch_id: UUID, display: Display | None) -> UUID | None:
    with reading(actor):
        return find_watched(actor, batch_id, None if display is None else display.numbers)
