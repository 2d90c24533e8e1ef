"""The raw limit of a fan-out: an ASGI app with one Redis subscription and a loop over its sockets."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from redis import asyncio as aioredis

CHANNEL: Final = "covalent.bench.bare"
_sockets: set[Callable[[Mapping[str, Any]], Awaitable[None]]] = set()
_tasks: set[asyncio.Task[None]] = set()


async def app(
    scope: Mapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Accept a socket and send it what is published, until it ends."""
    if scope["type"] != "websocket":
        return
    if not _tasks:
        _tasks.add(asyncio.get_running_loop().create_task(_listen()))
    await receive()
    await send({"type": "websocket.accept"})
    _sockets.add(send)
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        _sockets.discard(send)


async def _listen() -> None:
    client = aioredis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None)
    async with client, client.pubsub(ignore_subscribe_messages=True) as heard:
        await heard.subscribe(CHANNEL)
        async for message in heard.listen():
            text = {"type": "websocket.send", "text": message["data"].decode()}
            await asyncio.gather(*(each(text) for each in list(_sockets)))
