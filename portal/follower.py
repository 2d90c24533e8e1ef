"""One socket's place in the stream: which chains it follows, how far it was sent and has acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from portal.action import reading
from portal.actor import Actor
from portal.admission import WITHDRAWN, Pass
from portal.chains import Frame, LiveChain, bare_frame, frame_of, text_frame
from portal.errors import NotFound
from portal.outages import BACK_OFF_S, PASSING
from portal.streams import PAGE, ChainKey, audiences_of, read_entries
from portal.threads import QueryThreads

TOO_SLOW: Final = 4408
WINDOW: Final = 256
ACK_WITHIN_S: Final = 10.0
# A client acknowledges at least every 5 s: a full window and a second more of silence is enough.
FULL_WITHIN_S: Final = 6.0
TURN: Final = 64
NOTES_KEPT: Final = 64


@dataclass(slots=True, eq=False)
class Subscription:
    """One followed chain: the last number sent, the news that waits for an ack, the alerts among it."""

    chain: LiveChain
    sent: int
    unacked: deque[int] = field(default_factory=deque)
    alerts: deque[int] = field(default_factory=deque)
    page: deque[Frame] = field(default_factory=deque)

    def ack(self, seen: int) -> tuple[bool, int | None]:
        """Return whether news was acknowledged, and the last alert among it."""
        moved, alert = False, None
        while self.unacked and self.unacked[0] <= seen:
            self.unacked.popleft()
            moved = True
        while self.alerts and self.alerts[0] <= seen:
            alert = self.alerts.popleft()
        return moved, alert


class Follower:
    """What one socket is sent, in order, as fast as its client acknowledges.

    It pulls: the newest stretch from the chain in memory, anything older from the database as the person
    themself. So replay and live are one movement of one cursor, and nothing queues for a slow client.
    """

    def __init__(
        self, admitted: Pass, send: Callable[[Mapping[str, Any]], Awaitable[None]], threads: QueryThreads
    ) -> None:
        self.admitted = admitted
        self.wake = asyncio.Event()
        self.ended = asyncio.Event()
        self.code: int | None = None
        self.subscriptions: dict[ChainKey, Subscription] = {}
        self.watched: dict[UUID, UUID] = {}
        self._send = send
        self._threads = threads
        self._notes: deque[dict[str, str]] = deque()
        self._quiet_since = self._now()
        self._blocked_since: float | None = None

    @property
    def actor(self) -> Actor:
        """Return who listens, with the seats last confirmed."""
        return self.admitted.actor

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def end(self, code: int) -> None:
        """Stop sending and let the socket be closed with a code; the first reason counts."""
        if self.code is None:
            self.code = code
        self.ended.set()
        self.wake.set()

    def say(self, content: object) -> None:
        """Send a message that belongs to no chain, ahead of what waits on the chains."""
        self._notes.append(text_frame(content))
        self.wake.set()

    def offer(self, prepared: dict[str, str]) -> None:
        """Send a message that may be left out when the client is slow."""
        if len(self._notes) < NOTES_KEPT:
            self._notes.append(prepared)
            self.wake.set()

    def follow(self, subscriptions: Iterable[Subscription]) -> None:
        """Begin with chains at their cursors."""
        for each in subscriptions:
            self.subscriptions[each.chain.key] = each
            each.chain.listeners.add(self.wake)
        self.wake.set()

    def renew(self, admitted: Pass) -> None:
        """Go on with the seats of now; ends the socket when something it follows is no longer among them."""
        self.admitted = admitted
        held = {space: set(audiences_of(self.actor, space)) for space in self.actor.seats}
        lost = any(key.audience not in held.get(key.space_id, ()) for key in self.subscriptions)
        if lost or any(space not in held for space in self.watched.values()):
            self.end(WITHDRAWN)

    def ack(self, key: ChainKey, seen: int) -> tuple[bool, int | None]:
        """Take an acknowledgement; returns whether it confirmed news, and the last alert among it."""
        found = self.subscriptions.get(key)
        if found is None:
            return False, None
        moved, alert = found.ack(min(seen, found.sent))
        if moved:
            self._quiet_since = self._now()
            self.wake.set()
        return moved, alert

    @property
    def _unacked(self) -> int:
        return sum(len(each.unacked) for each in self.subscriptions.values())

    def is_too_slow(self) -> bool:
        """Say whether the client lets events wait: 10 s without an ack, less with a full window."""
        now, unacked = self._now(), self._unacked
        quiet = now - self._quiet_since
        return (
            (unacked > 0 and quiet > ACK_WITHIN_S)
            or (unacked >= WINDOW and quiet > FULL_WITHIN_S)
            or (self._blocked_since is not None and now - self._blocked_since > ACK_WITHIN_S)
        )

    async def pump(self) -> None:
        """Send until the socket ends."""
        while self.code is None:
            await self.wake.wait()
            self.wake.clear()
            while await self._round():
                pass

    async def _round(self) -> bool:
        """Let each chain send a few; returns whether more may go at once."""
        while self._notes and self.code is None:
            await self._hand_over(self._notes.popleft())
        has_more = False
        for subscription in list(self.subscriptions.values()):
            room = min(TURN, WINDOW - self._unacked)
            frames = await self._next(subscription, room) if room > 0 else []
            for frame in frames:
                if (
                    self.code is not None
                    or self.subscriptions.get(subscription.chain.key) is not subscription
                ):
                    break
                self._note_sent(subscription, frame)
                await self._hand_over(self._shown(subscription, frame))
            has_more = has_more or bool(frames)
        return has_more and self.code is None

    def _shown(self, subscription: Subscription, frame: Frame) -> dict[str, str]:
        """Return what is sent of a frame: a wall hears that something happened, and not what."""
        if self.admitted.display is None:
            return frame.sent
        return bare_frame(subscription.chain.key, frame.seq)

    def _is_current(self, subscription: Subscription) -> bool:
        return self.subscriptions.get(subscription.chain.key) is subscription

    def _note_sent(self, subscription: Subscription, frame: Frame) -> None:
        subscription.sent = frame.seq
        if subscription.page and subscription.page[0] is frame:
            subscription.page.popleft()
        if not frame.is_news:
            return
        if self._unacked == 0:
            self._quiet_since = self._now()
        subscription.unacked.append(frame.seq)
        if frame.has_alert:
            subscription.alerts.append(frame.seq)

    async def _hand_over(self, message: Mapping[str, Any]) -> None:
        self._blocked_since = self._now()
        await self._send(message)
        self._blocked_since = None

    async def _next(self, subscription: Subscription, most: int) -> list[Frame]:
        if not subscription.page:
            frames = subscription.chain.after(subscription.sent, most)
            if frames is not None:
                return frames
            subscription.page.extend(await self._read_page(subscription))
        return [subscription.page[at] for at in range(min(most, len(subscription.page)))]

    async def _read_page(self, subscription: Subscription) -> list[Frame]:
        """Read what is no longer kept in memory, as the person themself; wait for a database that is away."""
        key, failures = subscription.chain.key, 0
        while self.code is None:
            try:
                entries = await self._threads.run(_read_as, self.actor, key, subscription.sent)
                return [frame_of(key, entry) for entry in entries]
            except NotFound:
                self.end(WITHDRAWN)
            except PASSING:
                failures += 1
                await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])
        return []


def _read_as(actor: Actor, key: ChainKey, after: int) -> list[Any]:
    with reading(actor):
        return read_entries(actor, key, after, PAGE)
