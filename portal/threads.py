"""Threads in which asynchronous code asks the database."""

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
    """A few threads of one event loop, and as many of the pool's connections at the most.

    Between two questions a connection goes back to the pool, unless they come too often for that.
    """

    def __init__(self, most: int, *, keeps_connections: bool = False) -> None:
        self._run = _keeping_connection if keeps_connections else _connected
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="live")

    async def run(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a synchronous function in a thread; after an error its connection is given up."""
        bound: Callable[[], Any] = functools.partial(call, *args, **kwargs)
        found: R = await asyncio.get_running_loop().run_in_executor(self._pool, self._run, bound)
        return found

    def close(self) -> None:
        """Let the threads end; what they are asking is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _keeping_connection(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except BaseException:
        connections.close_all()
        raise


def _connected(call: Callable[[], Any]) -> Any:
    try:
        return call()
    finally:
        connections.close_all()
