"""Shared steps around alerts. They write, so they run inside an action only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from portal import ledger
from portal.action import current_action, instant
from portal.actor import Side
from portal.agreements.terms import plan_of
from portal.clocks import start_clock
from portal.facts import AlertRaised
from portal.models import Alert, Delivery, LadderStep, Receipt, Record, SpaceRecord
from portal.terms import terms_at

LADDER: Final = "ladder"


@dataclass(frozen=True, slots=True)
class Listener:
    """A person who is to be told, in the role for which they are."""

    person_id: UUID
    role: str
    code: str


def raise_alert(
    subject: SpaceRecord | Record,
    *,
    kind: str,
    side: Side,
    title: str,
    audience: str = "shared",
    classification: str | None = None,
    clause: str = "",
    began_at: datetime | None = None,
) -> Alert:
    """Ask one side for receipt: tell the first roles of its ladder and start the ladder's clock.

    The ladder is that of the agreement in force when the record began, or now. The title is read by everyone
    on the alert's chain. Records: alert.raised v1.
    """
    actor = current_action().actor
    if audience not in ("shared", side):
        msg = f"an alert for the {side} cannot stand on the chain of the {audience}"
        raise ValueError(msg)
    now = instant()
    terms = terms_at(actor, subject.space_id, began_at or now)
    alert = Alert.objects.create(
        space_id=subject.space_id,
        audience=audience,
        subject_id=subject.pk,
        kind=kind,
        side=side,
        classification=classification,
        title=title,
        clause=clause,
        terms=terms.version,
        raised_at=now,
    )
    ledger.record(alert, AlertRaised(kind=kind, side=str(side), clause=clause, subject_id=subject.pk))
    plan = plan_of(terms.ladder(kind, side, classification))
    _, wait_until = tell(alert, 0, plan[0], due_at=now)
    start_clock(
        subject,
        kind=LADDER,
        clause=clause,
        side=side,
        due_at=now + timedelta(seconds=plan[0]["wait_s"]),
        audience=audience,
        terms=terms.version,
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
