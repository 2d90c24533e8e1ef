"""The schedule as its reader may see it: slots with their forecast, and who was where when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from batches.models import BatchHold, Campaign, SuiteSlot
from batches.schedule.forecast import STOPPING, Expected, Hold, Slot, forecast
from batches.schedule.states import SlotState
from portal.action import instant
from portal.actor import Actor
from portal.models import RecordQuerySet


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A slot, when it will be, and how much later than planned that is."""

    slot: SuiteSlot
    expected: Expected
    later: timedelta


def list_campaigns(actor: Actor, *, program_id: UUID | None = None) -> RecordQuerySet[Campaign]:
    """Return campaigns the reader may see, unordered."""
    rows = Campaign.objects.visible_to(actor)
    return rows if program_id is None else rows.filter(space_id=program_id)


def list_slots(actor: Actor, *, program_id: UUID | None = None) -> RecordQuerySet[SuiteSlot]:
    """Return slots the reader may see, unordered, with batch and campaign."""
    rows = SuiteSlot.objects.visible_to(actor).select_related("batch", "campaign")
    return rows if program_id is None else rows.filter(space_id=program_id)


def schedule_of(actor: Actor, slots: Sequence[SuiteSlot]) -> list[Scheduled]:
    """Return slots with their forecast, reckoned with everything that the reader may see; in their order."""
    spaces = {each.space_id for each in slots}
    # What is not shown still stands before what is: the forecast wants all slots of the programs that go on.
    rows = list_slots(actor).filter(space_id__in=spaces).exclude(state=SlotState.CANCELLED)
    shown = {each.pk for each in slots}
    others = rows.filter(Q(state=SlotState.PLANNED) | Q(state=SlotState.UNDER_WAY)).exclude(pk__in=shown)
    every = [*(each for each in slots if each.state != SlotState.CANCELLED), *others]
    now = instant()
    found: dict[UUID, Expected] = {}
    # Each program by itself: a reader of several gets the forecast that each client gets.
    for space in spaces:
        own = [_plain(each) for each in every if each.space_id == space]
        found |= forecast(own, _holds(actor, {each.batch for each in own if each.batch}), now)
    return [_scheduled(each, found.get(each.pk)) for each in slots]


def _scheduled(slot: SuiteSlot, expected: Expected | None) -> Scheduled:
    if expected is None:
        return Scheduled(slot, Expected(slot.planned_start, slot.planned_end), timedelta(0))
    return Scheduled(slot, expected, expected.later_than(_plain(slot)))


def _plain(slot: SuiteSlot) -> Slot:
    return Slot(
        id=slot.pk,
        suite=slot.suite,
        batch=slot.batch_id,
        start=slot.planned_start,
        end=slot.planned_end,
        actual_start=slot.actual_start,
        actual_end=slot.actual_end,
    )


def _holds(actor: Actor, batch_ids: Collection[UUID]) -> list[Hold]:
    """Return what stops or stopped batches, as far as the reader may know of it."""
    rows = BatchHold.objects.visible_to(actor).filter(batch_id__in=batch_ids, kind__in=list(STOPPING))
    return [
        Hold(each.batch_id, each.placed_at, each.lifted_at, each.cause_number)
        for each in rows.order_by("placed_at", "id")
    ]


def in_area(
    actor: Actor, areas: Collection[str], since: datetime, until: datetime
) -> RecordQuerySet[SuiteSlot]:
    """Return the slots that took any of the suites at any time of a window, as they really were."""
    rows = list_slots(actor).filter(suite__in=list(areas), batch__isnull=False)
    began = Q(actual_start__lt=until) & (Q(actual_end=None) | Q(actual_end__gt=since))
    return rows.filter(began)
