"""How often a due clock was begun: what kills, hangs or breaks its worker three times is set apart.

A try is noted before the clock's work, in a transaction of its own, and taken back when it ended well. While
one holds it, no other sweep begins the same clock. What a dead worker held goes on with the next sweep, for
its session of the database died with it; where a pool keeps sessions open past their users, after its lease.
The notes need not survive a crash of the database: with it the workers' tries are over, too.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from portal.models import ClockTry

TRIES_MAX: Final = 3
# A worker that works longer is interrupted before somebody else takes over.
WORK_SECONDS: Final = 8.0
LEASE_SECONDS: Final = 10
_BEGIN: Final = """
insert into portal_clocktry as t
    (clock_id, space_id, tries, tried_at, error, leased_until, holder_pid, holder_since)
select c.id, %(space)s, 1, portal.instant(), '', portal.instant() + make_interval(secs => %(lease)s),
    me.pid, me.backend_start
from unnest(%(ids)s::uuid[]) c (id), pg_stat_get_activity(pg_backend_pid()) me order by c.id
on conflict (clock_id) do update set tries = t.tries + 1, tried_at = excluded.tried_at,
    leased_until = excluded.leased_until, holder_pid = excluded.holder_pid,
    holder_since = excluded.holder_since
where t.set_apart_at is null and (t.leased_until is null or t.leased_until <= excluded.tried_at
    or not exists (select from pg_stat_get_activity(t.holder_pid) s where s.backend_start = t.holder_since))
returning clock_id, tries
"""
_END: Final = "delete from portal_clocktry where clock_id = any(%(ids)s) returning clock_id, tries"
_UNDO: Final = """
with gone as (
    delete from portal_clocktry where clock_id = any(%(ids)s) and tries <= 1 and set_apart_at is null)
update portal_clocktry set tries = tries - 1, leased_until = null
where clock_id = any(%(ids)s) and tries > 1 returning clock_id, tries
"""
_FAIL: Final = """
update portal_clocktry set error = %(error)s, leased_until = null where clock_id = any(%(ids)s)
returning clock_id, tries
"""
_SET_APART: Final = """
update portal_clocktry set set_apart_at = portal.instant(), leased_until = null where clock_id = any(%(ids)s)
returning clock_id, tries
"""


class WorkHung(RuntimeError):
    """A clock's work took longer than any does."""


def begin_tries(space_id: UUID, clock_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Note that these clocks are begun; returns how often each was by now, without what another one holds."""
    return dict(_write(_BEGIN, clock_ids, space=space_id, lease=LEASE_SECONDS))


def suspects(clock_ids: Sequence[UUID]) -> set[UUID]:
    """Return those whose last try nobody ended well: they are taken one by one."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_id from portal_clocktry where clock_id = any(%s)", [list(clock_ids)])
        return {clock_id for (clock_id,) in cursor.fetchall()}


def end_tries(clock_ids: Sequence[UUID]) -> None:
    """Take the tries of clocks back whose work is done."""
    _write(_END, clock_ids)


def undo_tries(clock_ids: Sequence[UUID]) -> None:
    """Take one try back: somebody else was at work on the record, or an outage passed."""
    _write(_UNDO, clock_ids)


def fail_tries(clock_ids: Sequence[UUID], error: str) -> None:
    """Note why tries failed; they count."""
    _write(_FAIL, clock_ids, error=error[:100])


def note_set_apart(clock_id: UUID) -> None:
    """Note that a clock is not tried any more."""
    _write(_SET_APART, [clock_id])


def list_set_apart() -> list[ClockTry]:
    """Return what is set apart, the longest first."""
    return list(ClockTry.objects.exclude(set_apart_at=None).order_by("set_apart_at", "pk"))


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Interrupt work that hangs, where a signal can: in the first thread of a worker. Raises: WorkHung."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise WorkHung

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _write(statement: str, clock_ids: Sequence[UUID], **given: Any) -> list[tuple[UUID, int]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit to off")
        cursor.execute(statement, {"ids": list(clock_ids), **given})
        return list(cursor.fetchall())
