"""One entry to a thousand sockets, beside a bare ASGI server with one Redis subscription, in the same run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final

import redis
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect

from config.bench.bare import CHANNEL
from config.bench.results import Figure, percentile
from config.supervisor.processes import free_port
from portal.benchmarks import live

SOCKETS: Final = int(os.environ.get("COVALENT_BENCH_SOCKETS", "1000"))
EVENTS: Final = 60
# Both are given the same pause: a thousand frames each time are work for whoever counts them, too.
PAUSE_S: Final = 0.25
WITHIN_S: Final = 30.0


def fanned_out() -> list[Figure]:
    """Commit to frame with 1,000 sockets on one web process, beside publish to frame of the bare server."""
    program, tokens = live.make_program(SOCKETS)
    before = live.PAUSE_S
    live.PAUSE_S = PAUSE_S  # type: ignore[misc]  # the pace of this bench alone
    try:
        with live.web_and_relay() as address:
            times = asyncio.run(live._measure(address, program, tokens, SOCKETS, EVENTS))  # noqa: SLF001 - the same measure
    finally:
        live.PAUSE_S = before  # type: ignore[misc]  # as it was
    with _bare() as address:
        raw = asyncio.run(_measure_bare(address))
    ours = times.latencies_ms()
    return [
        Figure(f"commit to frame, {SOCKETS} sockets, p50", "ms", percentile(ours, 50), percentile(raw, 50)),
        Figure(
            f"commit to frame, {SOCKETS} sockets, p99",
            "ms",
            percentile(ours, 99),
            percentile(raw, 99),
            1.3,
            by_ratio=True,
        ),
    ]


@contextmanager
def _bare() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "config.bench.bare:app", "--port", str(port)]
    environment = os.environ | {"REDIS_URL": settings.REDIS_URL}
    options = ["--log-level", "error", "--ws-max-queue", "64", "--lifespan", "off"]
    running = subprocess.Popen([*command, *options], cwd=settings.BASE_DIR, env=environment)  # noqa: S603 - our own
    try:
        yield f"ws://127.0.0.1:{port}/"
    finally:
        running.terminate()
        running.wait(15)


async def _measure_bare(address: str) -> list[float]:
    found: list[float] = []
    publisher = redis.Redis.from_url(settings.REDIS_URL)

    async def listen(socket: ClientConnection) -> None:
        for place in range(EVENTS):
            sent_at = float(await socket.recv())
            if place >= live.WARM_UP:
                found.append(1000 * (time.perf_counter() - sent_at))

    async with AsyncExitStack() as stack:
        opened = [await _open(stack, address) for _ in range(SOCKETS)]
        listening = [asyncio.create_task(listen(each)) for each in opened]
        await asyncio.sleep(1.5)
        for _ in range(EVENTS):
            await asyncio.to_thread(lambda: publisher.publish(CHANNEL, repr(time.perf_counter())))
            await asyncio.sleep(PAUSE_S)
        await asyncio.wait_for(asyncio.gather(*listening), WITHIN_S)
    return found


async def _open(stack: AsyncExitStack, address: str) -> ClientConnection:
    until = time.monotonic() + WITHIN_S
    while True:
        try:
            return await stack.enter_async_context(connect(address, proxy=None))
        except OSError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.2)
