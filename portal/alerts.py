"""Shared steps around alerts and deadlines. They write, so they run inside an action only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F

from portal import ledger
from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.clauses import Step, ladder_for
from portal.facts import AlertRaised
from portal.models import Alert, Assignment, Clock, Delivery, LadderStep, Receipt, SpaceRecord
from portal.states import ClockState, PersonKind

LADDER: Final = "ladder"
ClockHandler = Callable[[Actor, UUID], object]
_handlers: Final[dict[str, ClockHandler]] = {}


def on_clock(kind: str, handler: ClockHandler) -> None:
    """Let the sweep call an action when a clock of this kind is due.

    The action locks the clock, reads it again and moves or ends its `next_at`: it may come twice or late.
    """
    _handlers[kind] = handler


def handler_of(kind: str) -> ClockHandler:
    """Return the action for due clocks of a kind; raises LookupError when no app has one."""
    return _handlers[kind]


@dataclass(frozen=True, slots=True)
class Listener:
    """A person who is to be told, in the role for which they are."""

    person_id: UUID
    role: str
    code: str


def raise_alert(
    subject: SpaceRecord,
    *,
    kind: str,
    side: Side,
    title: str,
    audience: str = "shared",
    classification: str | None = None,
    clause: str = "",
) -> Alert:
    """Ask one side for receipt: tell the first roles of its ladder and start the ladder's clock.

    The title is read by everyone on the alert's chain. Records: alert.raised v1.
    """
    current_action()
    if audience not in ("shared", side):
        msg = f"an alert for the {side} cannot stand on the chain of the {audience}"
        raise ValueError(msg)
    now = instant()
    alert = Alert.objects.create(
        space_id=subject.space_id,
        audience=audience,
        subject_id=subject.pk,
        kind=kind,
        side=side,
        classification=classification,
        title=title,
        clause=clause,
        raised_at=now,
    )
    ledger.record(alert, AlertRaised(kind=kind, side=str(side), clause=clause, subject_id=subject.pk))
    plan = ladder_for(kind, side, classification)
    _, wait_until = tell(alert, 0, plan[0].plain(), due_at=now)
    start_clock(
        subject,
        kind=LADDER,
        clause=clause,
        side=side,
        due_at=now + timedelta(seconds=plan[0].wait_s),
        audience=audience,
        plan=plan,
        next_at=wait_until,
        alert=alert,
    )
    return alert


def tell(alert: Alert, number: int, step: dict[str, Any], *, due_at: datetime) -> tuple[LadderStep, datetime]:
    """Take one step of an alert's ladder: tell the people of its roles who were not told before.

    Returns the step and until when an answer is waited for: not at all where nobody holds one of the roles.
    Called once per number under the alert's lock, or in the transaction that makes the alert.
    """
    now = instant()
    listeners = _listeners(alert.space_id, str(alert.side), step["roles"])
    told = set(Receipt.objects.filter(alert=alert).values_list("person_id", flat=True)) if number else set()
    fresh = [each for each in listeners if each.person_id not in told]
    common = {"space_id": alert.space_id, "audience": alert.audience, "alert": alert, "step": number}
    taken = LadderStep.objects.create(
        space_id=alert.space_id,
        audience=alert.audience,
        alert=alert,
        number=number,
        roles=step["roles"],
        told=len(fresh),
        due_at=due_at,
        taken_at=now,
    )
    Receipt.objects.bulk_create(
        Receipt(**common, person_id=each.person_id, role=each.role, code=each.code, told_at=now)
        for each in fresh
    )
    Delivery.objects.bulk_create(
        Delivery(**common, person_id=each.person_id, channel="email", next_at=now) for each in fresh
    )
    return taken, now + timedelta(seconds=step["wait_s"] if listeners else 0)


def _listeners(space_id: UUID, side: str, roles: Sequence[str]) -> list[Listener]:
    """Return the people on a side with one of the roles, each once, in the first role of the step's order."""
    if side == Side.BOTH:
        return _own_people(space_id, roles)
    with connection.cursor() as cursor:
        cursor.execute(
            "select person_id, role, code from door.people_of(%s)"
            " where side = %s and role = any(%s) order by array_position(%s, role), code, person_id",
            [space_id, side, list(roles), list(roles)],
        )
        rows = [Listener(*row) for row in cursor.fetchall()]
    first: dict[UUID, Listener] = {}
    for each in rows:
        first.setdefault(each.person_id, each)
    return list(first.values())


def _own_people(organisation_id: UUID, roles: Sequence[str]) -> list[Listener]:
    """Return an organisation's own people with one of the roles; heads of quality sit with a partner."""
    now = instant()
    held = Assignment.objects.visible_to(current_action().actor).filter(
        space_id=organisation_id,
        role__in=roles,
        valid_from__lte=now,
        person__organisation_id=organisation_id,
        person__is_active=True,
        person__is_guest=False,
        person__kind=PersonKind.HUMAN,
    )
    first: dict[UUID, Listener] = {}
    for each in held.exclude(valid_until__lte=now).order_by("code", "person_id"):
        first.setdefault(each.person_id, Listener(each.person_id, each.role, each.code))
    return list(first.values())


def start_clock(
    subject: SpaceRecord,
    *,
    kind: str,
    clause: str,
    side: Side,
    due_at: datetime,
    audience: str,
    plan: Sequence[Step] = (),
    next_at: datetime | None = None,
    alert: Alert | None = None,
) -> Clock:
    """Start a durable deadline; `side` holds the ball.

    The sweep calls the kind's handler at `next_at`, which is `due_at` unless said otherwise. The plan is kept
    as it is now: a running clock does not follow later changes of the rules.
    """
    current_action()
    return Clock.objects.create(
        space_id=subject.space_id,
        audience=audience,
        subject_id=subject.pk,
        alert=alert,
        kind=kind,
        clause=clause,
        side=side,
        plan=[each.plain() for each in plan],
        started_at=instant(),
        due_at=due_at,
        next_at=next_at or due_at,
    )


def end_clocks(subject: SpaceRecord, *, kind: str, state: ClockState) -> int:
    """End the running clocks of a kind on a record; returns how many there were."""
    running = Clock.objects.visible_to(current_action().actor).filter(
        space_id=subject.space_id, subject_id=subject.pk, kind=kind, state=ClockState.RUNNING
    )
    return running.update(state=state, ended_at=instant(), next_at=None, version=F("version") + 1)
