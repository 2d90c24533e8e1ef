"""Shared steps of clocks. They write, so they run inside an action only; and who acts when one is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.clocks.timing import Timing
from portal.models import Alert, Clock, ClockMove, Record, SpaceRecord
from portal.states import ClockState, ClockStep

ClockHandler = Callable[[Actor, UUID], object]
ClocksHandler = Callable[[Actor, Sequence[UUID]], int]
_handlers: Final[dict[str, ClockHandler]] = {}
_many_handlers: Final[dict[str, ClocksHandler]] = {}
_ENDS: Final[Mapping[ClockState, ClockStep]] = {
    ClockState.MET: ClockStep.MET,
    ClockState.BREACHED: ClockStep.BREACHED,
    ClockState.WITHDRAWN: ClockStep.WITHDRAWN,
}


def on_clock(kind: str, handler: ClockHandler) -> None:
    """Let the sweep call an action when a clock of this kind is due.

    The action locks the clock, reads it again and moves or ends its `next_at`: it may come twice or late.
    """
    _handlers[kind] = handler


def on_clocks(kind: str, handler: ClocksHandler) -> None:
    """Let the sweep call an action for many due clocks of this kind in one space; it says how many moved.

    It skips clocks that somebody else holds or that are no longer due. When it fails, the handler of single
    clocks is asked for each.
    """
    _many_handlers[kind] = handler


def handler_of(kind: str) -> ClockHandler:
    """Return the action for due clocks of a kind; raises LookupError when no app has one."""
    return _handlers[kind]


def many_handler_of(kind: str) -> ClocksHandler | None:
    """Return the action for many due clocks of a kind, None when they are taken one by one."""
    return _many_handlers.get(kind)


def start_clock(
    subject: SpaceRecord | Record,
    *,
    kind: str,
    clause: str,
    side: Side,
    due_at: datetime,
    audience: str,
    plan: Sequence[Mapping[str, Any]] = (),
    next_at: datetime | None = None,
    alert: Alert | None = None,
    timing: Timing | None = None,
    terms: int | None = None,
    inputs: Mapping[str, Any] | None = None,
    is_joint: bool = False,
    is_regulatory: bool = False,
) -> Clock:
    """Start a durable deadline; `side` holds the ball.

    The sweep calls the kind's handler at `next_at`, which is `due_at` unless said otherwise. The plan, the
    version of the terms and that of the calendar are kept as they are now: a running clock does not follow
    later changes of the rules.
    """
    current_action()
    since = {"since": timing.since.isoformat()} if timing is not None else {}
    clock = Clock.objects.create(
        space_id=subject.space_id,
        audience=audience,
        subject_id=subject.pk,
        alert=alert,
        kind=kind,
        clause=clause,
        terms=terms,
        calendar=timing.calendar if timing is not None else None,
        zone=timing.zone if timing is not None else "",
        duration=timing.duration.plain() if timing is not None else {},
        inputs={**since, **(inputs or {})},
        side=side,
        is_joint=is_joint,
        is_regulatory=is_regulatory,
        plan=list(plan),
        started_at=instant(),
        due_at=due_at,
        next_at=next_at or due_at,
    )
    if alert is None:
        note_step(clock, ClockStep.STARTED, due_after=due_at)
    return clock


def end_clocks(subject: SpaceRecord | Record, *, kind: str, state: ClockState) -> int:
    """End the running and paused clocks of a kind on a record; returns how many there were.

    One whose time was over stays breached; that what it asks for is done after all is noted beside it.
    """
    rows = Clock.objects.visible_to(current_action().actor).filter(
        space_id=subject.space_id, subject_id=subject.pk, kind=kind, done_at=None
    )
    open_states = (ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED)
    ended = 0
    for clock in rows.filter(state__in=open_states).select_for_update(no_key=True).order_by("pk"):
        ended += _end(clock, state)
    return ended


def _end(clock: Clock, state: ClockState) -> bool:
    is_late = clock.state == ClockState.BREACHED
    if is_late and state != ClockState.MET:
        return False
    if is_late:
        clock.done_at = instant()
        clock.bump()
    else:
        clock.end(state, instant())
    fields = ["state", "ended_at", "done_at", "next_at", "paused_at", "paused_next_at", "version"]
    clock.save(update_fields=fields)
    if clock.alert_id is None:
        note_step(clock, ClockStep.DONE_LATE if is_late else _ENDS[state], due_before=clock.due_at)
    return True


def note_step(
    clock: Clock,
    step: ClockStep,
    *,
    reason: str = "",
    due_before: datetime | None = None,
    due_after: datetime | None = None,
) -> ClockMove:
    """Write a line of a clock's history: what the present actor did with it now."""
    return ClockMove.objects.create(
        **line_of(clock, step), reason=reason, due_before=due_before, due_after=due_after
    )


def line_of(clock: Clock, step: ClockStep) -> dict[str, Any]:
    """Return what every line of a clock's history says of it."""
    return {
        "space_id": clock.space_id,
        "audience": clock.audience,
        "clock": clock,
        "step": step,
        "at": instant(),
        "code": current_action().actor.code(clock.space_id),
        "side": clock.side,
    }
