"""Plan campaigns and slots of suites, and note when they were really taken."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from batches.access import find_batch, lock_program
from batches.models import Batch, Campaign, SuiteSlot
from batches.reach import check_happened, check_planned
from batches.schedule.facts import CampaignPlanned, SlotMoved, SlotPlanned, SlotTaken
from batches.schedule.states import SCHEDULERS, SLOT_TRANSITIONS, SlotState
from batches.states import REASON_LEAST
from portal import ledger
from portal.access import lock_record, require_role, require_version
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, refuse_field


@action("campaign.plan")
def plan_campaign(
    actor: Actor,
    program_id: UUID,
    *,
    number: str,
    title: str,
    begins_at: datetime,
    ends_at: datetime,
    version: int | None = None,
) -> Campaign:
    """Plan a campaign of a program, or state the one of that number anew.

    Raises: NotFound, Refused, Invalid, VersionMissing, StaleVersion. Records: campaign.planned v1.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *SCHEDULERS, to="plan campaigns")
    _check_plan("begins_at", begins_at, "ends_at", ends_at)
    stated = {"title": title, "begins_at": begins_at, "ends_at": ends_at}
    found = Campaign.objects.visible_to(actor).filter(space_id=program.pk, number=number).first()
    if found is None:
        found = Campaign.objects.create(space_id=program.pk, number=number, **stated)
    else:
        require_version(found, version)
        for name, value in stated.items():
            setattr(found, name, value)
        found.bump()
        found.save(update_fields=[*stated, "version"])
    ledger.record(found, CampaignPlanned(number=number, begins_at=begins_at, ends_at=ends_at))
    return found


@action("slot.plan")
def plan_slot(
    actor: Actor,
    program_id: UUID,
    *,
    suite: str,
    title: str,
    planned_start: datetime,
    planned_end: datetime,
    campaign: str = "",
    batch_id: UUID | None = None,
) -> SuiteSlot:
    """Promise a suite for a time, to a batch or not yet to any.

    A suite that the planner knows to be taken then is refused, without a word on whose. Raises: NotFound,
    Refused, Invalid, Conflict. Records: slot.planned v1.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *SCHEDULERS, to="plan slots")
    _check_plan("planned_start", planned_start, "planned_end", planned_end)
    of = None
    if campaign:
        of = Campaign.objects.visible_to(actor).filter(space_id=program.pk, number=campaign).first()
        if of is None:
            refuse_field("campaign", "The program has no such campaign.")
    batch: Batch | None = None
    if batch_id is not None:
        batch = find_batch(actor, program.pk, batch_id)
        if batch is None:
            refuse_field("batch", "The program has no such batch.")
    _require_free(actor, suite, planned_start, planned_end)
    slot = SuiteSlot.objects.create(
        space_id=program.pk,
        campaign=of,
        batch=batch,
        suite=suite,
        title=title,
        first_start=planned_start,
        first_end=planned_end,
        planned_start=planned_start,
        planned_end=planned_end,
    )
    fact = SlotPlanned(suite=suite, batch_id=batch_id, planned_start=planned_start, planned_end=planned_end)
    ledger.record(slot, fact)
    return slot


@action("slot.move")
def move_slot(
    actor: Actor,
    slot_id: UUID,
    *,
    version: int | None,
    planned_start: datetime,
    planned_end: datetime,
    reason: str,
) -> SuiteSlot:
    """Plan a slot for another time; both sides read why, in words that name no other client.

    Raises: NotFound, Refused, InvalidTransition, Invalid, Conflict, VersionMissing, StaleVersion.
    Records: slot.moved v1.
    """
    slot = _lock(actor, slot_id, "move", version)
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say why, in {REASON_LEAST} characters or more.")
    _check_plan("planned_start", planned_start, "planned_end", planned_end)
    _require_free(actor, slot.suite, planned_start, planned_end, but=slot)
    before = slot.planned_start, slot.planned_end
    slot.move(planned_start, planned_end, reason.strip(), actor.code(slot.space_id))
    slot.save(update_fields=["planned_start", "planned_end", "moved_why", "moved_code", "version"])
    ledger.give_reason(slot, reason.strip())
    fact = SlotMoved(
        suite=slot.suite,
        start_before=before[0],
        end_before=before[1],
        planned_start=planned_start,
        planned_end=planned_end,
    )
    ledger.record(slot, fact)
    return slot


@action("slot.take")
def take_slot(
    actor: Actor, slot_id: UUID, *, to: str, version: int | None, at: datetime | None = None
) -> SuiteSlot:
    """Begin a slot, end it, or give it up; `to` is `begin`, `end` or `give_up`.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion.
    Records: slot.taken v1.
    """
    slot = _lock(actor, slot_id, to, version)
    now = instant()
    happened = at or now
    check_happened("at", happened, now)
    if slot.actual_start is not None and happened < slot.actual_start:
        refuse_field("at", "A slot ends after it began.")
    slot.go(SlotState(SLOT_TRANSITIONS[to].target or slot.state), happened)
    slot.save(update_fields=["state", "actual_start", "actual_end", "version"])
    ledger.record(slot, SlotTaken(suite=slot.suite, step=to, at=happened))
    return slot


def _lock(actor: Actor, slot_id: UUID, to: str, version: int | None) -> SuiteSlot:
    return lock_record(SuiteSlot, actor, slot_id, to=to, version=version, transitions=SLOT_TRANSITIONS)


def _check_plan(begins: str, start: datetime, ends: str, end: datetime) -> None:
    now = instant()
    check_planned(begins, start, now)
    check_planned(ends, end, now)
    if end <= start:
        refuse_field(ends, "Later than the beginning.")


def _require_free(
    actor: Actor, suite: str, start: datetime, end: datetime, *, but: SuiteSlot | None = None
) -> None:
    """Raise Conflict where the actor knows the suite to be taken, by whomever."""
    rows = SuiteSlot.objects.visible_to(actor).filter(suite=suite, planned_start__lt=end)
    rows = rows.filter(planned_end__gt=start, state__in=[SlotState.PLANNED, SlotState.UNDER_WAY])
    if but is not None:
        rows = rows.exclude(pk=but.pk)
    if rows.exists():
        raise Conflict(f"{suite} is taken then.", code="suite_taken")
