"""Wake-ups over Redis: best effort, never waited for, never the truth (ground 4)."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

import redis
import structlog
from django.conf import settings

POKE: Final = "covalent.poke"
REST_S: Final = 1.0
T = TypeVar("T")
log = structlog.get_logger(__name__)


@functools.cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2, health_check_interval=10
    )


class _Breaker(threading.local):
    until = 0.0


_breaker = _Breaker()


def poke_relay() -> None:
    """Tell the relays that a chain has grown; when Redis is away they find it by their own timer."""
    publish(POKE, b"1")


def publish(channel: str, message: bytes) -> None:
    """Publish and swallow the outage: what is committed stands, and a request must not fail for a wake-up."""
    over_redis(lambda client: client.publish(channel, message))


def over_redis(work: Callable[[redis.Redis], T]) -> T | None:
    """Return what a short piece of work over Redis gives; None, and at once, while it is away."""
    if time.monotonic() < _breaker.until:
        return None
    try:
        return work(_client())
    except redis.RedisError as error:
        _breaker.until = time.monotonic() + REST_S
        log.warning("redis_away", error=type(error).__name__)
        return None
