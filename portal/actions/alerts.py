"""What people and the sweep do with an alert: receive, open, acknowledge, climb its ladder."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import connection

from portal import ledger
from portal.access import get_visible, lock_alert, require_role, require_state, was_told_at_home
from portal.action import action, instant
from portal.actor import Actor, Seat, Side
from portal.alerts import LADDER, tell
from portal.clocks import on_clock
from portal.errors import Invalid, Refused
from portal.facts import (
    AlertAcknowledged,
    AlertDelivered,
    AlertOpened,
    AlertRefused,
    LadderClimbed,
    LadderEnded,
)
from portal.models import Alert, Clock, Opening, Receipt, Refusal
from portal.rosters.drills import DRILL, close_drill
from portal.states import ALERT_TRANSITIONS, SYSTEM, AlertState, ClockState, alert_transitions

REASON_MIN, REASON_MAX = 3, 500


@action("alert.acknowledge")
def acknowledge_alert(actor: Actor, alert_id: UUID) -> Alert:
    """Give receipt of an alert for one's own side; its ladder climbs no further.

    Idempotent: a repeat, by whomever of the side, returns the alert as the first one left it. A receipt after
    the ladder has ended is taken, and the breached clock stays. A drill notes the receipt and climbs on to
    its end. Raises: NotFound, Refused.
    Records: alert.acknowledged v1.
    """
    alert = lock_alert(actor, alert_id)
    seat = _seat_on_side(actor, alert)
    may = alert_transitions(alert.side)["acknowledge"].roles
    if not was_told_at_home(actor, alert):
        require_role(actor, alert.space_id, *may, to="acknowledge")
    if alert.state == AlertState.ACKNOWLEDGED:
        return alert
    give_receipt(actor, alert, seat.code)
    return alert


def give_receipt(actor: Actor, alert: Alert, code: str) -> None:
    """Note the receipt on a locked alert and end its ladder; a shared step. A drill climbs on to its end.

    Records: alert.acknowledged v1.
    """
    now = instant()
    mine = Receipt.objects.visible_to(actor).filter(
        alert=alert, person_id=actor.person_id, acknowledged_at=None
    )
    for receipt in mine:
        receipt.acknowledged_at = now
        receipt.bump()
        receipt.save(update_fields=["acknowledged_at", "version"])
        if alert.kind == DRILL:
            ledger.record(alert, AlertAcknowledged(code=code))
    if alert.kind == DRILL and alert.state == AlertState.OPEN:
        return
    alert.acknowledge(now, code)
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "version"])
    clock = Clock.objects.visible_to(actor).select_for_update().filter(alert=alert, kind=LADDER).first()
    if clock is not None and clock.state == ClockState.RUNNING:
        clock.end(ClockState.MET, now)
        clock.save(update_fields=["state", "ended_at", "next_at", "version"])
    ledger.record(alert, AlertAcknowledged(code=code))


@action("alert.refuse")
def refuse_alert(actor: Actor, alert_id: UUID, *, reason: str) -> Alert:
    """Say as a told person that one cannot take an alert; its ladder climbs at once.

    On the last step it ends at once when everybody who was told has refused, else it waits on for the others.
    The reason stays with the own side. Idempotent for a person. Raises: NotFound, Refused, Invalid,
    InvalidTransition. Records: alert.refused v1, then ladder.climbed v1 or ladder.ended v1.
    """
    alert = lock_alert(actor, alert_id)
    _seat_on_side(actor, alert)
    step = alert_transitions(alert.side)["refuse"]
    require_role(actor, alert.space_id, *step.roles, to="refuse")
    require_state(alert, step, "refuse")
    mine = Receipt.objects.visible_to(actor).filter(alert=alert, person_id=actor.person_id)
    receipt = mine.select_for_update().first()
    if receipt is None:
        raise Refused("Who was told says that they cannot take it; you were not told of this alert.")
    if receipt.refused_at is not None:
        return alert
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        words = f"Say why, in {REASON_MIN} to {REASON_MAX} characters."
        raise Invalid(words, errors={"reason": [words]})
    receipt.refused_at = instant()
    receipt.bump()
    receipt.save(update_fields=["refused_at", "version"])
    Refusal.objects.create(
        space_id=alert.space_id,
        audience=alert.side,
        receipt=receipt,
        reason=reason.strip(),
        refused_at=receipt.refused_at,
    )
    ledger.record(alert, AlertRefused(code=receipt.code, step=receipt.step))
    _climb_after(actor, alert, receipt)
    return alert


def _climb_after(actor: Actor, alert: Alert, receipt: Receipt) -> None:
    """Go on with a ladder that stands at the step of who refused; one refusal climbs it once."""
    clock = Clock.objects.visible_to(actor).select_for_update().filter(alert=alert, kind=LADDER).first()
    if clock is None or clock.state != ClockState.RUNNING:
        return
    if clock.step + 1 < len(clock.plan):
        if clock.step == receipt.step:
            _take_step(alert, clock, instant())
    elif not Receipt.objects.visible_to(actor).filter(alert=alert, refused_at=None).exists():
        end_ladder(alert, clock)


@action("alert.open")
def open_alert(actor: Actor, alert_id: UUID) -> Alert:
    """Note when a told person first looked at the alert; only their own side reads it.

    Idempotent, and without effect for people of the side who were not told. Raises: NotFound, Refused.
    Records: alert.opened v1 on the side's own chain.
    """
    alert = get_visible(Alert, actor, alert_id)
    _seat_on_side(actor, alert)
    mine = Receipt.objects.visible_to(actor).filter(alert=alert, person_id=actor.person_id)
    receipt = mine.select_for_update().first()
    # In the own organisation there is no other side to keep it from, and no chain of one's side.
    if (
        receipt is None
        or alert.side == Side.BOTH
        or Opening.objects.visible_to(actor).filter(receipt=receipt).exists()
    ):
        return alert
    Opening.objects.create(space_id=alert.space_id, audience=alert.side, receipt=receipt, opened_at=instant())
    ledger.record(alert, AlertOpened(code=receipt.code), audience=alert.side)
    return alert


def _seat_on_side(actor: Actor, alert: Alert) -> Seat:
    """Return the actor's seat on the side that the alert asks; raises Refused for the other side."""
    for seat in actor.seats.get(alert.space_id, ()):
        if seat.side in (alert.side, Side.BOTH):
            return seat
    detail = f"This alert asks the {alert.side} for receipt; you sit on the other side."
    raise Refused(detail)


@action("alert.deliver")
def note_delivered(actor: Actor, space_id: UUID, audience: str, seq: int) -> int:
    """Note that a client of this person has a chain up to `seq`; returns how many receipts were met by it.

    A receipt is delivered once the client has acknowledged the entry that told the person. Cheap when nothing
    waits: one look at an index of undelivered receipts. Records: alert.delivered v1 per receipt.
    """
    mine = Receipt.objects.visible_to(actor).filter(
        space_id=space_id, audience=audience, person_id=actor.person_id, delivered_at=None
    )
    waiting = list(mine.select_for_update().order_by("pk"))
    reached = _told_by([each.pk for each in waiting], space_id, audience, seq)
    now = instant() if reached else None
    alerts = Alert.objects.visible_to(actor).in_bulk(
        [each.alert_id for each in waiting if each.pk in reached]
    )
    for receipt in waiting:
        if receipt.pk in reached:
            receipt.delivered_at = now
            receipt.bump()
            receipt.save(update_fields=["delivered_at", "version"])
            ledger.record(alerts[receipt.alert_id], AlertDelivered(code=receipt.code))
    return len(reached)


def _told_by(receipt_ids: list[UUID], space_id: UUID, audience: str, seq: int) -> set[UUID]:
    """Return those of the receipts that were made in an entry up to `seq` of the chain."""
    if not receipt_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.row_id from ledger.item i join ledger.entry e"
            " on e.marker_id = i.marker_id and e.space_id = i.space_id and e.audience = i.audience"
            " where i.class = 'change' and i.row_id = any(%s)"
            " and e.space_id = %s and e.audience = %s and e.seq <= %s",
            [receipt_ids, space_id, audience, seq],
        )
        return {row[0] for row in cursor.fetchall()}


@action("ladder.climb")
def climb_ladder(actor: Actor, clock_id: UUID) -> Alert | None:
    """Take exactly one step of a due ladder, or end it when none is left; None when there is nothing to do.

    Called by the sweep, twice or late as it happens. Neither lock waits: who holds the clock or the alert is
    at work on it, and a person who acknowledges locks the alert first. Raises: Refused, InvalidTransition.
    Records: ladder.climbed v1 or ladder.ended v1.
    """
    clocks = Clock.objects.visible_to(actor).select_for_update(skip_locked=True)
    clock = clocks.filter(pk=clock_id, kind=LADDER, state=ClockState.RUNNING).first()
    if clock is None or clock.alert_id is None or clock.next_at is None or clock.next_at > instant():
        return None
    alerts = Alert.objects.visible_to(actor).select_for_update(skip_locked=True)
    alert = alerts.with_id(clock.alert_id)
    if alert is None:
        return None
    require_role(actor, alert.space_id, SYSTEM, to="climb a ladder")
    to = "climb_ladder" if clock.step + 1 < len(clock.plan) else "end_ladder"
    require_state(alert, ALERT_TRANSITIONS[to], to)
    if to == "climb_ladder":
        _take_step(alert, clock, clock.next_at)
    else:
        end_ladder(alert, clock)
    return alert


def _take_step(alert: Alert, clock: Clock, due_at: datetime) -> None:
    number = clock.step + 1
    step = clock.plan[number]
    # Those told now get their whole time, however late the sweep came.
    site = clock.inputs.get("site")
    site_id = UUID(site) if site else None
    taken, wait_until = tell(alert, number, step, due_at=due_at, site_id=site_id)
    clock.wait(number, wait_until)
    clock.save(update_fields=["step", "next_at", "version"])
    ledger.record(alert, LadderClimbed(step=number, roles=tuple(step["roles"]), told=taken.told))


def end_ladder(alert: Alert, clock: Clock) -> None:
    """Note that nobody gave receipt of a locked alert, or how a drill ended; a shared step.

    Records: ladder.ended v1.
    """
    answered = close_drill(alert) if alert.kind == DRILL else None
    if answered is not None:
        alert.acknowledge(cast("datetime", answered.acknowledged_at), answered.code)
    else:
        alert.end_unanswered()
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "version"])
    clock.end(ClockState.MET if answered is not None else ClockState.BREACHED, instant())
    clock.save(update_fields=["state", "ended_at", "next_at", "version"])
    ledger.record(alert, LadderEnded(step=clock.step))


@action("clock.postpone")
def postpone_clock(actor: Actor, clock_id: UUID, *, rest: timedelta) -> Clock | None:
    """Let a clock whose handler failed rest: it blocks no others and burns no sweep.

    None when somebody else is at work on it or it is no longer due. Raises: Refused.
    """
    clocks = Clock.objects.visible_to(actor).select_for_update(skip_locked=True)
    clock = clocks.filter(pk=clock_id, state=ClockState.RUNNING).first()
    if clock is None or clock.next_at is None or clock.next_at > instant():
        return None
    require_role(actor, clock.space_id, SYSTEM, to="postpone a clock")
    clock.wait(clock.step, instant() + rest)
    clock.save(update_fields=["next_at", "version"])
    return clock


on_clock(LADDER, climb_ladder)
