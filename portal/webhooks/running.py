"""A run of the sender: turns of all streams that wait, side by side in threads, the slow in their own lane.

One run at a time in an installation, so that webhooks never hold all workers; it ends by itself in a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from django.db import OperationalError, connection, connections

from portal.errors import DomainError
from portal.webhooks.sending import take_turn

THREADS: Final = 16
# Streams that failed or answer slowly never hold more; the rest is for those that answer.
SLOW_MOST: Final = 8
RUN_S: Final = 15.0
LOOK_EACH_S: Final = 0.2
# A run shows that it lives at each look; after this silence another may begin.
SILENCE_S: Final = 5.0
NAME: Final = "webhooks"
Turn = Callable[[UUID, UUID], int]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """A stream that waits."""

    cursor_id: UUID
    space_id: UUID
    is_slow: bool


def list_due(most: int) -> list[Due]:
    """Return streams that wait, the longest not served first."""
    with connection.cursor() as cursor:
        cursor.execute("select id, space_id, is_slow from door.webhooks_due(%s)", [most])
        return [Due(*row) for row in cursor.fetchall()]


def run(*, seconds: float = RUN_S, turn: Turn = take_turn) -> int:
    """Send until nothing waits or the time is over; returns how many were taken, 0 beside another run."""
    if not _begin():
        return 0
    try:
        with ThreadPoolExecutor(THREADS, thread_name_prefix="webhook") as threads:
            return _work(threads, turn, time.monotonic() + seconds)
    finally:
        _end()


def _work(threads: ThreadPoolExecutor, turn: Turn, until: float) -> int:
    taken, turns, failed = 0, dict[Future[int | None], Due](), set[UUID]()
    while True:
        if time.monotonic() < until:
            for due in _choose(list(turns.values()), failed):
                turns[threads.submit(_apart, turn, due)] = due
        if not turns:
            return taken
        done, _ = wait(turns, timeout=LOOK_EACH_S, return_when=FIRST_COMPLETED)
        for each in done:
            due, found = turns.pop(each), each.result()
            taken += found or 0
            if found is None:
                # Not again in this run: it would be chosen at once, and again.
                failed.add(due.cursor_id)
        _show_life()


def _choose(busy: Sequence[Due], failed: Collection[UUID]) -> list[Due]:
    left_out, slow = {*failed, *(each.cursor_id for each in busy)}, sum(each.is_slow for each in busy)
    chosen: list[Due] = []
    for due in list_due(4 * THREADS):
        if len(busy) + len(chosen) >= THREADS:
            break
        if due.cursor_id in left_out or (due.is_slow and slow >= SLOW_MOST):
            continue
        slow += due.is_slow
        chosen.append(due)
    return chosen


def _apart(turn: Turn, due: Due) -> int | None:
    """Take a turn in a thread; what goes wrong with one stream, None then, stops no other."""
    try:
        return turn(due.space_id, due.cursor_id)
    except (DomainError, OperationalError) as error:
        log.warning("webhook_turn_lost", stream=str(due.cursor_id), error=type(error).__name__)
    except Exception:
        log.exception("webhook_turn_failed", stream=str(due.cursor_id))
    finally:
        connections.close_all()
    return None


def _begin() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_heartbeat as h (process, seen_at) values (%s, portal.instant())"
            " on conflict (process) do update set seen_at = excluded.seen_at"
            " where abs(extract(epoch from excluded.seen_at - h.seen_at)) > %s returning true",
            [NAME, SILENCE_S],
        )
        return cursor.fetchone() is not None


def _show_life() -> None:
    with connection.cursor() as cursor:
        cursor.execute("update portal_heartbeat set seen_at = portal.instant() where process = %s", [NAME])


def _end() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from portal_heartbeat where process = %s", [NAME])
