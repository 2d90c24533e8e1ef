"""Shared steps around alerts. They write, so they run inside an action only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from portal import ledger
from portal.action import current_action, instant
from portal.actor import Side
from portal.agreements.terms import plan_of
from portal.clocks import start_clock
from portal.facts import AlertRaised
from portal.models import Alert, Assignment, LadderStep, Receipt, Record, SpaceRecord
from portal.notices.writing import write_messages
from portal.rosters.cover import Listener, cover_of
from portal.rosters.days_off import days_off
from portal.states import PersonKind
from portal.terms import terms_at

LADDER: Final = "ladder"


def raise_alert(
    subject: SpaceRecord | Record,
    *,
    kind: str,
    side: Side,
    title: str,
    audience: str = "shared",
    classification: str | None = None,
    clause: str = "",
    ladder: str = "",
    first: Sequence[str] = (),
    plan: Sequence[Mapping[str, Any]] = (),
    began_at: datetime | None = None,
    site_id: UUID | None = None,
) -> Alert:
    """Ask one side for receipt: tell the first roles of its ladder and start the ladder's clock.

    The ladder is that of the agreement in force when the record began, or now, for the kind or for what
    `ladder` names, unless a `plan` takes its place. `first` are the roles that are told first, where the
    record says so; the ladder goes on from there. `site_id` is where it happened, by whose calendar the
    manufacturer's people are there. The title is read by everyone on the alert's chain.
    Records: alert.raised v1.
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
    plan = list(plan) or plan_of(terms.ladder(ladder or kind, side, classification))
    if first:
        above = [each for each in plan[1:] if not set(each["roles"]) <= set(first)]
        plan = [{**plan[0], "roles": list(first)}, *above]
    _, wait_until = tell(alert, 0, plan[0], due_at=now, site_id=site_id)
    start_clock(
        subject,
        kind=LADDER,
        clause=clause,
        side=side,
        due_at=max(now + timedelta(seconds=plan[0]["wait_s"]), wait_until),
        audience=audience,
        terms=terms.version,
        plan=plan,
        next_at=wait_until,
        alert=alert,
        inputs={"site": str(site_id)} if site_id is not None else None,
    )
    return alert


def tell(
    alert: Alert,
    number: int,
    step: Mapping[str, Any],
    *,
    due_at: datetime,
    site_id: UUID | None = None,
) -> tuple[LadderStep, datetime]:
    """Take one step of an alert's ladder: tell who of its roles is on duty and was not told before.

    Outside duty hours, and on the days off of the side's calendar, it wakes nobody: it stands on their
    screens, while messages and the wait begin with the hours. Returns the step and until when an
    answer is waited for: not at all where nobody holds one of the roles. Called once per number under the
    alert's lock, or in the transaction that makes the alert.
    """
    now = instant()
    # A ladder that began before there were duty hours keeps what it began with.
    wakes, begins_at = step.get("wakes", True), now
    if alert.side == Side.BOTH:
        listeners = _own_people(alert.space_id, step["roles"], now)
    else:
        cover = cover_of(alert.space_id)
        listeners = cover.listeners(alert.side, step["roles"], now)
        if not wakes:
            off = days_off(alert.space_id, str(alert.side), now, site_id=site_id)
            begins_at = cover.opens_at(alert.side, step["roles"], now, off)
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
    write_messages(alert, number, [each.person_id for each in fresh], now=begins_at, step_of_ladder=step)
    return taken, begins_at + timedelta(seconds=step["wait_s"]) if listeners else now


def _own_people(organisation_id: UUID, roles: Sequence[str], now: datetime) -> list[Listener]:
    """Return an organisation's own people with one of the roles; heads of quality sit with a partner."""
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
