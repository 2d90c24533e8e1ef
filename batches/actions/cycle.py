"""The life of a batch: start, phases, end (`batches.states.TRANSITIONS`)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from batches.access import lock_batch
from batches.columns import microseconds
from batches.custody.stopping import require_identity
from batches.facts import BatchCompleted, BatchDiscontinued, BatchStarted, PhaseEntered
from batches.judging import judge_change
from batches.models import Batch, PhaseRun
from batches.phases import enter_phase, find_phase, leave_phase, list_phases
from batches.plan import read_plan
from batches.reach import check_happened
from batches.sealing import seal_frames
from batches.states import BatchState
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid


@action("batch.start")
def start_batch(actor: Actor, batch_id: UUID, *, version: int | None, at: datetime | None = None) -> Batch:
    """Begin the execution, in the first phase of the recipe; from one hour before, readings are taken.

    `at` is when it began, now if not given: as in every step, from 2000 to five minutes from now. Raises:
    NotFound, Refused, InvalidTransition, StaleVersion, Invalid.
    Records: batch.started v1. Source: 21 CFR 211.188.
    """
    batch = lock_batch(actor, batch_id, to="start", version=version)
    require_identity(actor, batch)
    started_at = _stated(at)
    phases = list_phases(actor, batch.recipe_version_id)
    phase = phases[0] if phases else None
    batch.start(started_at, phase)
    batch.save(update_fields=["state", "started_at", "phase", "version"])
    if phase is not None:
        enter_phase(batch, phase, started_at)
    ledger.record(batch, BatchStarted(started_at=started_at, phase=phase.code if phase else ""))
    return batch


@action("batch.phase")
def move_phase(
    actor: Actor, batch_id: UUID, *, phase: str, version: int | None, at: datetime | None = None
) -> Batch:
    """Move to another phase of the recipe, by its code; from `at` (now if not given) its limits apply.

    Readings since then are judged again. A phase may come again. Raises: NotFound, Refused,
    InvalidTransition, StaleVersion, Invalid, Conflict. Records: batch.phase_entered v1 and what follows for
    excursions.
    """
    batch = lock_batch(actor, batch_id, to="phase", version=version)
    require_identity(actor, batch)
    entered_at = _stated(at)
    entered = find_phase(list_phases(actor, batch.recipe_version_id), phase)
    if entered.pk == batch.phase_id:
        raise Conflict(f"{batch.number} is in {entered.title} already.", code="same_phase")
    _require_after_last_phase(actor, batch, entered_at)
    batch.enter(entered)
    batch.save(update_fields=["phase", "version"])
    enter_phase(batch, entered, entered_at)
    ledger.record(batch, PhaseEntered(phase=entered.code, at=entered_at))
    judge_change(actor, batch, read_plan(actor, batch), microseconds(entered_at))
    return batch


@action("batch.complete")
def complete_batch(actor: Actor, batch_id: UUID, *, version: int | None, at: datetime | None = None) -> Batch:
    """End the execution: no more readings are taken, excursions end, readings are sealed.

    `at` is when it ended, now if not given. Raises: NotFound, Refused, InvalidTransition, StaleVersion,
    Invalid.
    Records: batch.completed v1, readings.sealed v1, and what follows for excursions.
    """
    batch = lock_batch(actor, batch_id, to="complete", version=version)
    require_identity(actor, batch)
    ended_at = _end(actor, batch, BatchState.COMPLETE, at)
    ledger.record(batch, BatchCompleted(ended_at=ended_at))
    _close(actor, batch)
    return batch


@action("batch.discontinue")
def discontinue_batch(
    actor: Actor, batch_id: UUID, *, version: int | None, reason: str = "", at: datetime | None = None
) -> Batch:
    """Stop a batch for good, before or after its start.

    `reason` is free text, at most 4,000 characters. Raises: NotFound, Refused, InvalidTransition,
    StaleVersion, Invalid.
    Records: batch.discontinued v1, readings.sealed v1, and what follows for excursions.
    """
    batch = lock_batch(actor, batch_id, to="discontinue", version=version)
    if reason:
        ledger.give_reason(batch, reason)
    ended_at = _end(actor, batch, BatchState.DISCONTINUED, at)
    ledger.record(batch, BatchDiscontinued(ended_at=ended_at))
    _close(actor, batch)
    return batch


def _stated(at: datetime | None) -> datetime:
    if at is None:
        return instant()
    check_happened("at", at, instant())
    return at


def _require_after_last_phase(actor: Actor, batch: Batch, at: datetime) -> None:
    runs = PhaseRun.objects.visible_to(actor).filter(batch=batch, ended_at=None)
    began = next((run.started_at for run in runs), batch.started_at)
    if began is not None and at < began:
        detail = f"The present phase began at {began.isoformat()}; the time lies before."
        raise Invalid(detail, errors={"at": [detail]})


def _end(actor: Actor, batch: Batch, state: BatchState, at: datetime | None) -> datetime:
    ended_at = _stated(at)
    if batch.started_at is not None:
        _require_after_last_phase(actor, batch, ended_at)
    batch.end(state, ended_at)
    batch.save(update_fields=["state", "ended_at", "version"])
    leave_phase(batch, ended_at)
    return ended_at


def _close(actor: Actor, batch: Batch) -> None:
    """Let excursions end with the batch and seal its readings, last of all: sealing ends the entry."""
    if batch.started_at is not None and batch.ended_at is not None:
        judge_change(actor, batch, read_plan(actor, batch), microseconds(batch.ended_at))
    seal_frames(actor, batch)
