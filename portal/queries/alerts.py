"""Alerts as people read them: what waits for a receipt, and who was told, when, and who answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.access import available, get_visible, was_told_at_home
from portal.actor import Actor, Side
from portal.alerts import LADDER
from portal.models import Alert, Clock, Delivery, LadderStep, Opening, Receipt, Record, Refusal
from portal.states import AlertState, Channel, ClockState, alert_transitions


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert with what a list shows beside it.

    `subject` is None where the reader may not see the record. `next_at` is when the next roles are told or
    the ladder ends, None once it has. `may_acknowledge` says whether this reader may give a missing receipt.
    """

    alert: Alert
    subject: Record | None
    next_at: datetime | None
    may_acknowledge: bool


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One told person by code; `messages` went out beside.

    `opened_at` and `refused_because` are known to their own side only.
    """

    person_id: UUID
    code: str
    role: str
    step: int
    told_at: datetime
    delivered_at: datetime | None
    opened_at: datetime | None
    acknowledged_at: datetime | None
    refused_at: datetime | None
    refused_because: str
    messages: tuple[Delivery, ...]

    @property
    def mail(self) -> str:
        """Return the state of the mail, empty where none went."""
        return next((str(each.state) for each in self.messages if each.channel == Channel.EMAIL), "")


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a ladder; `taken_at` and `told` are None while it is ahead."""

    number: int
    roles: tuple[str, ...]
    due_at: datetime | None
    taken_at: datetime | None
    told: int | None


@dataclass(frozen=True, slots=True)
class Escalation:
    """An alert with its whole ladder: the steps taken and ahead, the people told, the clock."""

    line: AlertLine
    steps: tuple[StepLine, ...]
    receipts: tuple[ReceiptLine, ...]
    clock_state: str
    ended_at: datetime | None

    @property
    def alert(self) -> Alert:
        """The alert itself."""
        return self.line.alert


def list_alerts(
    actor: Actor, *, program_id: UUID | None = None, state: str | None = None, side: str | None = None
) -> QuerySet[Alert]:
    """Return the alerts the actor may see, unordered; `side` is a side's name, or `mine` for one's own."""
    found = Alert.objects.visible_to(actor)
    if program_id is not None:
        found = found.filter(space_id=program_id)
    if state is not None:
        found = found.filter(state=state)
    if side == "mine":
        found = found.filter(
            Q(side=Side.SPONSOR, space_id__in=actor.as_sponsor)
            | Q(side=Side.MANUFACTURER, space_id__in=actor.as_manufacturer)
        )
    elif side is not None:
        found = found.filter(side=side)
    return found


def list_program_alerts(
    actor: Actor, *, program_id: UUID | None = None, state: str | None = None, side: str | None = None
) -> QuerySet[Alert]:
    """Return what asks one of the two sides, unordered; what an organisation tells its own asks neither."""
    return list_alerts(actor, program_id=program_id, state=state, side=side).exclude(side=Side.BOTH)


def alert_lines(actor: Actor, alerts: Sequence[Alert]) -> list[AlertLine]:
    """Return alerts with their subjects and ladders' next times, in the order given; two queries for all."""
    subjects = Record.objects.visible_to(actor).in_bulk([each.subject_id for each in alerts])
    clocks = Clock.objects.visible_to(actor).filter(
        alert__in=[each.pk for each in alerts], kind=LADDER, state=ClockState.RUNNING
    )
    next_at = dict(clocks.values_list("alert_id", "next_at"))
    return [
        AlertLine(each, subjects.get(each.subject_id), next_at.get(each.pk), may_acknowledge(actor, each))
        for each in alerts
    ]


def may_acknowledge(actor: Actor, alert: Alert) -> bool:
    """Say whether the alert still waits for a receipt that this actor's roles may give."""
    if alert.state != AlertState.ACKNOWLEDGED and was_told_at_home(actor, alert):
        return True
    return "acknowledge" in available(actor, alert, alert_transitions(alert.side))


def may_refuse(actor: Actor, found: Escalation) -> bool:
    """Say whether this actor was told of the alert, has not refused it yet, and may."""
    told = any(each.person_id == actor.person_id and each.refused_at is None for each in found.receipts)
    return told and "refuse" in available(actor, found.alert, alert_transitions(found.alert.side))


def open_alerts(actor: Actor, *, program_id: UUID | None = None, most: int = 20) -> list[AlertLine]:
    """Return the open alerts that ask the actor's own side, newest first: the banner."""
    found = list_alerts(actor, program_id=program_id, state=AlertState.OPEN, side="mine")
    return alert_lines(actor, list(found.order_by("-raised_at", "pk")[:most]))


def escalations(
    actor: Actor, *, program_id: UUID | None = None, state: str | None = None, most: int = 50
) -> list[Escalation]:
    """Return alerts of both sides with their ladders, newest first; a fixed number of queries."""
    found = list_alerts(actor, program_id=program_id, state=state)
    return _with_ladders(actor, list(found.order_by("-raised_at", "pk")[:most]))


def escalation(actor: Actor, alert_id: UUID) -> Escalation:
    """Return one alert with its ladder; raises NotFound."""
    return _with_ladders(actor, [get_visible(Alert, actor, alert_id)])[0]


def _with_ladders(actor: Actor, alerts: Sequence[Alert]) -> list[Escalation]:
    ids = [each.pk for each in alerts]
    receipts = _receipts(actor, ids)
    taken: dict[UUID, list[LadderStep]] = defaultdict(list)
    for step in LadderStep.objects.visible_to(actor).filter(alert__in=ids).order_by("number", "pk"):
        taken[step.alert_id].append(step)
    clocks = Clock.objects.visible_to(actor).filter(alert__in=ids, kind=LADDER)
    ladders = {each.alert_id: each for each in clocks}
    return [
        Escalation(
            line=line,
            steps=_steps(taken[line.alert.pk], ladders[line.alert.pk]),
            receipts=tuple(receipts[line.alert.pk]),
            clock_state=ladders[line.alert.pk].state,
            ended_at=ladders[line.alert.pk].ended_at,
        )
        for line in alert_lines(actor, alerts)
    ]


def _steps(taken: Sequence[LadderStep], clock: Clock) -> tuple[StepLine, ...]:
    """Return the steps that were taken and, while the ladder runs, those ahead; only the next has a time."""
    done = [StepLine(each.number, tuple(each.roles), each.due_at, each.taken_at, each.told) for each in taken]
    if clock.state != ClockState.RUNNING:
        return tuple(done)
    ahead = [
        StepLine(
            number,
            tuple(clock.plan[number]["roles"]),
            clock.next_at if number == len(done) else None,
            None,
            None,
        )
        for number in range(len(done), len(clock.plan))
    ]
    return (*done, *ahead)


def _receipts(actor: Actor, alert_ids: Sequence[UUID]) -> dict[UUID, list[ReceiptLine]]:
    """Return who was told of each alert, first told first."""
    rows = list(Receipt.objects.visible_to(actor).filter(alert__in=alert_ids).order_by("step", "code", "pk"))
    openings = Opening.objects.visible_to(actor).filter(receipt__in=[each.pk for each in rows])
    opened = dict(openings.values_list("receipt_id", "opened_at"))
    messages: dict[tuple[UUID, UUID], list[Delivery]] = defaultdict(list)
    deliveries = Delivery.objects.visible_to(actor).filter(alert__in=alert_ids)
    for message in deliveries.order_by("step", "channel", "pk"):
        messages[message.alert_id, message.person_id].append(message)
    refusals = Refusal.objects.visible_to(actor).filter(receipt__in=[each.pk for each in rows])
    reasons = {each.receipt_id: str(each.reason) for each in refusals}
    found: dict[UUID, list[ReceiptLine]] = defaultdict(list)
    for each in rows:
        found[each.alert_id].append(
            ReceiptLine(
                person_id=each.person_id,
                code=each.code,
                role=each.role,
                step=each.step,
                told_at=each.told_at,
                delivered_at=each.delivered_at,
                opened_at=opened.get(each.pk),
                acknowledged_at=each.acknowledged_at,
                messages=tuple(messages[each.alert_id, each.person_id]),
                refused_at=each.refused_at,
                refused_because=reasons.get(each.pk, ""),
            )
        )
    return found
