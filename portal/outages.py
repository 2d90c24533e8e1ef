"""What passes with time, and how work that never ends waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import redis
import structlog
from django.db import DatabaseError, InterfaceError

# An outage of Redis as its client and ours tell it; of the database likewise.
AWAY: Final = (redis.RedisError, OSError, TimeoutError)
PASSING: Final = (DatabaseError, InterfaceError, *AWAY)
BACK_OFF_S: Final = (0.1, 0.25, 0.5, 1.0, 2.0)
log = structlog.get_logger(__name__)


async def keep(work: Callable[[], Awaitable[None]]) -> None:
    """Begin a work again whenever it fails, later each time it fails at once."""
    loop, failures, name = asyncio.get_running_loop(), 0, work.__qualname__
    while True:
        began = loop.time()
        try:
            await work()
        except PASSING as error:
            log.warning("work_waits", work=name, error=type(error).__name__)
        except Exception:
            log.exception("work_failed", work=name)
        failures = 0 if loop.time() - began > BACK_OFF_S[-1] else failures + 1
        await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1])


async def until(wake: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long. `asyncio.wait_for` may swallow a cancellation, this does not."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()
