"""Rate limits per key or person; with Redis away they hold per process instead of falling open (ground 8)."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from portal.metrics import throttled


class PerKey(BaseThrottle):
    """A bucket per actor and class of request, refilled by the second; `view.rate` names the class."""

    _lock = threading.Lock()
    _buckets: dict[tuple[Any, str], tuple[float, float]] = {}

    def __init__(self) -> None:
        self._wait = 0.0

    def allow_request(self, request: Request, view: Any) -> bool:
        """Take one from the bucket."""
        actor = getattr(request, "actor", None)
        kind = getattr(view, "rate", "default")
        per_second = settings.RATE_LIMITS[kind] / 60
        key = (actor.person_id if actor else request.META.get("REMOTE_ADDR"), kind)
        now = time.monotonic()
        with self._lock:
            level, at = self._buckets.get(key, (settings.RATE_LIMITS[kind], now))
            level = min(settings.RATE_LIMITS[kind], level + (now - at) * per_second)
            if level < 1:
                self._wait = (1 - level) / per_second
                throttled.labels(kind).inc()
                return False
            self._buckets[key] = (level - 1, now)
        return True

    def wait(self) -> float:
        """Return seconds until the next one is taken."""
        return self._wait
