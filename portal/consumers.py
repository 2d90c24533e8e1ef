"""The socket `/ws/stream/`: hears what a client asks for and lets its follower send (contract)."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import orjson
import structlog

from portal.actions.alerts import note_delivered
from portal.admission import FORBIDDEN, Pass, TurnedAway, admit
from portal.displays import AS_DISPLAY
from portal.errors import DomainError, NotFound
from portal.follower import Follower
from portal.hub import Hub
from portal.outages import PASSING
from portal.states import Audience
from portal.streams import SEQ_MAX, ChainKey

PATH: Final = "/ws/stream/"
FRAME_BYTES_MAX: Final = 16 * 1024
SOCKETS_EACH: Final = 10
MESSAGES_A_SECOND: Final = 20
# A page may take up many batches at once; what is granted is counted apart from what is merely sent.
GRANTS: Final = 300
SUBSCRIPTIONS_MAX: Final = 300
WATCHES_MAX: Final = 300
CLOSE_WITHIN_S: Final = 1.0
NOT_FOUND: Final = 404
TOO_MANY: Final = 429
NOT_NOW: Final = 503
FIRST_CLOSE_CODE: Final = 1000
log = structlog.get_logger(__name__)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class NotUnderstood(Exception):
    """A message the stream cannot take; `code` goes into the error frame."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.content = {"type": "error", "code": code} | extra


async def websocket(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve one socket: admit, then hear and send until either side ends."""
    await receive()
    hub = Hub.running()
    try:
        admitted = await _let_in(hub, scope)
    except TurnedAway as turned:
        await _turn_away(scope, send, turned.code)
        return
    follower = Follower(admitted, send, hub.threads)
    hub.join(follower)
    try:
        await send({"type": "websocket.accept"})
        await _serve(Conversation(hub, follower, receive), follower)
    finally:
        hub.leave(follower)
    if follower.code is not None:
        # A client that does not read must not keep its place by not reading the farewell either.
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await send({"type": "websocket.close", "code": follower.code})


async def _let_in(hub: Hub, scope: Mapping[str, Any]) -> Pass:
    if scope["path"] != PATH:
        raise TurnedAway(NOT_FOUND)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    try:
        as_display = scope.get("query_string", b"") == AS_DISPLAY
        admitted = await hub.threads.run(functools.partial(admit, as_display=as_display), headers)
    except PASSING as error:
        raise TurnedAway(NOT_NOW) from error
    if hub.count(admitted.actor.person_id) >= SOCKETS_EACH:
        raise TurnedAway(TOO_MANY)
    return admitted


async def _turn_away(scope: Mapping[str, Any], send: Send, code: int) -> None:
    if code >= FIRST_CLOSE_CODE:
        # A browser shows a close code to the page only on a socket that was opened.
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": code})
    elif code == FORBIDDEN or "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close"})
    else:
        await send({"type": "websocket.http.response.start", "status": code, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})


async def _serve(conversation: Conversation, follower: Follower) -> None:
    tasks = [asyncio.create_task(each) for each in (conversation.hear(), follower.pump(), _ended(follower))]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        # The server's own error for a client that is gone is no fault.
        with suppress(OSError):
            task.result()


async def _ended(follower: Follower) -> None:
    await follower.ended.wait()


class Bucket:
    """So many at once, refilled by the second."""

    def __init__(self, most: float, per_second: float) -> None:
        self._most, self._per_second = most, per_second
        self._level, self._at = most, asyncio.get_running_loop().time()

    def take(self) -> bool:
        """Take one if there is one."""
        now = asyncio.get_running_loop().time()
        self._level = min(self._most, self._level + (now - self._at) * self._per_second)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def give_back(self) -> None:
        """Undo a take."""
        self._level = min(self._most, self._level + 1)


class Conversation:
    """What a client says, one message after the other."""

    def __init__(self, hub: Hub, follower: Follower, receive: Receive) -> None:
        self._hub, self._follower, self._receive = hub, follower, receive
        self._messages = Bucket(MESSAGES_A_SECOND, MESSAGES_A_SECOND)
        self._grants = Bucket(GRANTS, MESSAGES_A_SECOND)
        self._complaints = Bucket(1, 1)

    async def hear(self) -> None:
        """Take messages until the client is gone."""
        while True:
            heard = await self._receive()
            if heard["type"] == "websocket.disconnect":
                return
            if not self._messages.take():
                # Said once a second: an answer to each would be a flood of ours.
                if self._complaints.take():
                    self._follower.say({"type": "error", "code": "too_many_messages"})
                continue
            try:
                await self._answer(heard)
            except NotUnderstood as error:
                self._follower.say(error.content)
            except PASSING:
                self._follower.say({"type": "error", "code": "unavailable"})

    async def _answer(self, heard: Mapping[str, Any]) -> None:
        given = parse(heard)
        match given.get("type"):
            case "subscribe":
                await self._subscribe(given)
                self._granted()
            case "watch":
                await self._watch(given)
                self._granted()
            case "unwatch":
                batch_id = as_id(given, "batch")
                if batch_id in self._follower.watched:
                    self._hub.watches.discard(self._follower, batch_id)
                    self._granted()
            case "ack":
                self._ack(as_id(given, "program"), as_cursors(given, "seen"))
            case _:
                raise NotUnderstood("unknown_type")

    def _granted(self) -> None:
        if self._grants.take():
            self._messages.give_back()

    async def _subscribe(self, given: Mapping[str, Any]) -> None:
        space_id, after = as_id(given, "program"), as_cursors(given, "after")
        if len(self._follower.subscriptions) >= SUBSCRIPTIONS_MAX:
            raise NotUnderstood("too_many_subscriptions", program=str(space_id))
        try:
            await self._hub.subscribe(self._follower, space_id, after)
        except NotFound as error:
            raise NotUnderstood("unknown_program", program=str(space_id)) from error

    async def _watch(self, given: Mapping[str, Any]) -> None:
        batch_id = as_id(given, "batch")
        if len(self._follower.watched) >= WATCHES_MAX:
            raise NotUnderstood("too_many_watches", batch=str(batch_id))
        if not await self._hub.watch(self._follower, batch_id):
            raise NotUnderstood("unknown_batch", batch=str(batch_id))

    def _ack(self, space_id: UUID, seen: Mapping[str, int]) -> None:
        confirms = False
        for audience, seq in seen.items():
            moved, alert = self._follower.ack(ChainKey(space_id, audience), seq)
            confirms = confirms or moved
            if alert is not None:
                self._hub.spawn(self._note_delivered(space_id, audience, alert))

        if confirms:
            # A replay runs as fast as it is acknowledged: only empty acks count against the client.
            self._messages.give_back()

    async def _note_delivered(self, space_id: UUID, audience: str, seq: int) -> None:
        """Let the receipts of the alerts up to here say delivered; tried again while the database is away."""
        for pause in (0.5, 2.0, 5.0, 0.0):
            try:
                await self._hub.threads.run(note_delivered, self._follower.actor, space_id, audience, seq)
            except PASSING as error:
                log.warning("delivery_not_noted", error=type(error).__name__)
                await asyncio.sleep(pause)
            except DomainError as error:
                log.warning("delivery_not_noted", error=error.problem_code)
                return
            else:
                return


def parse(heard: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object of a text frame. Raises: NotUnderstood."""
    text = heard.get("text")
    if text is None:
        raise NotUnderstood("binary_frame")
    if len(text) > FRAME_BYTES_MAX or len(text.encode()) > FRAME_BYTES_MAX:
        raise NotUnderstood("frame_too_large", limit=FRAME_BYTES_MAX)
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotUnderstood("bad_json") from error
    if not isinstance(given, dict):
        raise NotUnderstood("bad_message")
    return given


def as_id(given: Mapping[str, Any], name: str) -> UUID:
    """Return an id of a message. Raises: NotUnderstood."""
    try:
        return UUID(given.get(name, ""))
    except (ValueError, AttributeError, TypeError) as error:
        raise NotUnderstood("bad_message", field=name) from error


def as_cursors(given: Mapping[str, Any], name: str) -> dict[str, int]:
    """Return audience -> number of a message, empty when left out. Raises: NotUnderstood."""
    cursors = given.get(name)
    if cursors is None:
        return {}
    if not isinstance(cursors, dict) or not set(cursors) <= set(Audience.values):
        raise NotUnderstood("bad_message", field=name)
    if not all(type(seq) is int and 0 <= seq <= SEQ_MAX for seq in cursors.values()):
        raise NotUnderstood("bad_message", field=name)
    return cursors
