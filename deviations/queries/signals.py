"""Early signals as people read them: lists, one whole, what waits for whom, what a batch shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from batches.models import Batch
from batches.slots import BatchFacts, BatchSignal, BatchSignals
from deviations.access import get_signal
from deviations.models import EarlySignal
from deviations.states import SIGNAL_ALERT, SIGNAL_CLOCK, SIGNAL_RAISERS, SignalState, signal_transitions
from portal.access import available
from portal.actor import Actor, Side
from portal.alerts import LADDER
from portal.models import Clock, Receipt, RecordQuerySet
from portal.slots import InboxItem, News

ITEMS_MAX: Final = 200
URL: Final = "/signals/{}/"
RAISE_URL: Final = "/signals/new/?batch={}"


@dataclass(frozen=True, slots=True)
class SignalLine:
    """An early signal with its batch and clock, and what the reader may do next.

    `clock` is None where no clause sets one; `batch` where there is none or the reader may not see it.
    """

    signal: EarlySignal
    batch: Batch | None
    clock: Clock | None
    steps: tuple[str, ...]


def list_signals(
    actor: Actor, *, program_id: UUID | None = None, batch_id: UUID | None = None, state: str | None = None
) -> RecordQuerySet[EarlySignal]:
    """Return the early signals the actor may see, unordered."""
    given = {"space_id": program_id, "batch_id": batch_id, "state": state}
    rows = EarlySignal.objects.visible_to(actor)
    return rows.filter(**{name: value for name, value in given.items() if value is not None})


def signal_lines(actor: Actor, signals: Sequence[EarlySignal]) -> list[SignalLine]:
    """Return signals with batch and clock, in the order given; two queries for all."""
    batches = Batch.objects.visible_to(actor).in_bulk({each.batch_id for each in signals if each.batch_id})
    clocks = _clocks(actor, signals)
    return [
        SignalLine(
            each,
            batches.get(each.batch_id) if each.batch_id is not None else None,
            clocks.get(each.pk),
            may_take(actor, each),
        )
        for each in signals
    ]


def may_take(actor: Actor, signal: EarlySignal) -> tuple[str, ...]:
    """Return the steps this reader may take; whoever raised a signal does not answer it."""
    if actor.code(signal.space_id) == signal.raised_code:
        return ()
    return tuple(available(actor, signal, signal_transitions(signal.roles)))


def find_signal(actor: Actor, signal_id: UUID) -> SignalLine:
    """Return one early signal; raises NotFound."""
    return signal_lines(actor, [get_signal(actor, signal_id)])[0]


def signals_waiting(actor: Actor) -> list[InboxItem]:
    """Return the signals that wait for an answer of this actor's, with the receipt first; three queries."""
    rows = _asked_of(actor).order_by("raised_at", "pk")[:ITEMS_MAX]
    lines = [each for each in signal_lines(actor, list(rows)) if "answer" in each.steps]
    receipts = _receipts_wanted(actor, [each.signal.pk for each in lines])
    return [_item(each, receipts.get(each.signal.pk)) for each in lines]


def _receipts_wanted(actor: Actor, signal_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return until when a receipt for signals of which this actor was told is waited for; one query."""
    told = Receipt.objects.visible_to(actor).filter(person_id=actor.person_id, acknowledged_at=None)
    ladders = Clock.objects.visible_to(actor).filter(
        subject_id__in=signal_ids, kind=LADDER, alert__in=told.values("alert_id"), next_at__isnull=False
    )
    return {subject: at for subject, at in ladders.values_list("subject_id", "next_at") if at is not None}


def signals_asking(actor: Actor) -> tuple[Collection[str], QuerySet[EarlySignal, Any]]:
    """Return which alerts ask for no more than a signal that waits for this actor's answer itself."""
    mine = Q(pk__in=[])
    for space_id, seats in actor.seats.items():
        for name in {f"{seat.side}.{role}" for seat in seats for role in seat.roles}:
            mine |= Q(space_id=space_id, roles__contains=[name])
        mine &= ~Q(space_id=space_id, raised_code=actor.code(space_id))
    return (SIGNAL_ALERT,), _asked_of(actor).filter(mine).values("pk")


def count_signals(actor: Actor) -> int:
    """Return how many signals wait for an answer of this actor's."""
    return sum(bool(may_take(actor, each)) for each in _asked_of(actor)[:ITEMS_MAX])


def signals_of_batches(actor: Actor, batch_ids: Sequence[UUID]) -> Mapping[UUID, BatchFacts]:
    """Return how many signals of each batch wait for an answer, and the nearest deadline; two queries."""
    rows = list(list_signals(actor, state=SignalState.OPEN).filter(batch_id__in=batch_ids))
    clocks = _clocks(actor, rows)
    facts: dict[UUID, BatchFacts] = {}
    for each in rows:
        if each.batch_id is not None:
            clock = clocks.get(each.pk)
            due_at, clause = (clock.due_at, clock.clause) if clock is not None else (None, "")
            fact = BatchFacts(early_signals=1, next_due_at=due_at, next_due_clause=clause)
            facts[each.batch_id] = facts.get(each.batch_id, BatchFacts()) + fact
    return facts


def signals_of_batch(actor: Actor, space_id: UUID, batch_id: UUID) -> BatchSignals:
    """Return the signals of a batch, those that wait first, and where this reader raises one; one query."""
    rows = list_signals(actor, program_id=space_id, batch_id=batch_id).order_by("-raised_at", "pk")
    lines = [
        BatchSignal(
            number=each.number,
            title=str(each.title),
            url=URL.format(each.pk),
            state=str(each.get_state_display()),
            is_open=each.state == SignalState.OPEN,
            by=each.raised_code,
            raised_at=each.raised_at,
            answer=str(each.answer),
        )
        for each in rows[:ITEMS_MAX]
    ]
    may_raise = actor.holds(space_id, *SIGNAL_RAISERS)
    ordered = sorted(lines, key=lambda each: not each.is_open)
    return BatchSignals(tuple(ordered), RAISE_URL.format(batch_id) if may_raise else "")


def signal_news(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return the signals raised in the batches since, and the answers given; one query."""
    rows = EarlySignal.objects.visible_to(actor).filter(
        Q(raised_at__gt=min(since.values())) | Q(answered_at__gt=min(since.values())),
        batch_id__in=since.keys(),
    )
    found = []
    for each in rows.order_by("-raised_at", "-id")[:ITEMS_MAX]:
        told = [(each.raised_at, _("Early signal"), each.raised_code)]
        if each.answered_at is not None:
            told.append((each.answered_at, _("Early signal answered"), each.answered_code))
        found += [
            News(
                batch_id=each.batch_id,
                subject_id=each.pk,
                kind="signal",
                words=f"{words}: {each.number} {each.title}",
                url=URL.format(each.pk),
                at=at,
                detail=code,
            )
            for at, words, code in told
            if each.batch_id is not None and at > since[each.batch_id]
        ]
    return found


def batch_of_signals(
    actor: Actor, batch_ids: Collection[UUID], subject_ids: Collection[UUID]
) -> Mapping[UUID, UUID]:
    """Return the batch of each early signal among the records; one query."""
    rows = EarlySignal.objects.visible_to(actor).filter(pk__in=subject_ids, batch_id__in=batch_ids)
    return dict(rows.values_list("pk", "batch_id"))


def _asked_of(actor: Actor) -> RecordQuerySet[EarlySignal]:
    own = Q(asked_side=Side.MANUFACTURER, space_id__in=actor.as_manufacturer) | Q(
        asked_side=Side.SPONSOR, space_id__in=actor.as_sponsor
    )
    return list_signals(actor, state=SignalState.OPEN).filter(own)


def _clocks(actor: Actor, signals: Sequence[EarlySignal]) -> dict[UUID, Clock]:
    rows = Clock.objects.visible_to(actor).filter(
        subject_id__in=[each.pk for each in signals], kind=SIGNAL_CLOCK
    )
    return {each.subject_id: each for each in rows}


def _item(line: SignalLine, receipt_by: datetime | None) -> InboxItem:
    signal, clock = line.signal, line.clock
    due_at = clock.due_at if clock is not None else None
    is_receipt_first = receipt_by is not None and (due_at is None or receipt_by < due_at)
    return InboxItem(
        subject_type="early_signal",
        subject_id=signal.pk,
        number=signal.number,
        title=str(signal.title),
        kind="early_signal",
        why=_("Early signal: acknowledge it first, then answer it")
        if is_receipt_first
        else _("Early signal, waits for your side's answer"),
        clause=clock.clause if clock is not None else "",
        terms=clock.terms if clock is not None else None,
        side=str(signal.asked_side),
        due_at=receipt_by if is_receipt_first else due_at,
        url=URL.format(signal.pk),
        classification=None,
        space_id=signal.space_id,
    )
