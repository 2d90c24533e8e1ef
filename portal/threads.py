"""Threads in which asynchronous code asks the database; between two questions they hold no connection."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
R = TypeVar("R")


class QueryThreads:
    """A few threads of one event loop, and as many of the pool's connections at the most."""

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="live")

    async def run(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a synchronous function in a thread and give its connection back, also after an error."""
        bound: Callable[[], Any] = functools.partial(call, *args, **kwargs)
        found: R = await asyncio.get_running_loop().run_in_executor(self._pool, _connected, bound)
        return found

    def close(self) -> None:
        """Let the threads end; what they are asking is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _connected(call: Callable[[], Any]) -> Any:
    try:
        return call()
    finally:
        connections.close_all()
