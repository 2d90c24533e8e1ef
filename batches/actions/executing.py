"""Work through the steps of a batch: begin, finish, verify, repeat, leave out (21 CFR 211.188(b))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from batches.access import lock_batch_record
from batches.custody.stopping import require_identity
from batches.errors import OutOfSequence, SamePerson
from batches.executed.facts import StepAborted, StepPerformed, StepSkipped, StepStarted, StepVerified
from batches.executed.order import before, latest_of, leaves_of, under_way
from batches.executed.times import stamp
from batches.models import Batch, BatchHold, ProcedureStep, StepExecution
from batches.states import PERFORMERS, REASON_LEAST, STEP_TRANSITIONS, ExecutionState, HoldKind, StandState
from portal import ledger
from portal.access import lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, refuse_field
from portal.states import CDMO_QA, SYSTEM

THINGS_MOST: Final = 20
THING_CHARACTERS: Final = 60


@action("step.start")
def start_step(
    actor: Actor,
    batch_id: UUID,
    *,
    step: str,
    at: datetime | None = None,
    entered_at: datetime | None = None,
    equipment: Sequence[str] = (),
    rooms: Sequence[str] = (),
    reason: str = "",
    late_reason: str = "",
) -> StepExecution:
    """Begin a step, by its code; every step before it must be over, and none be under way.

    A step that was done before is repeated with a `reason` of 10 to 4,000 characters. `equipment` and `rooms`
    are codes; what is out of use, or a hold point that is held, is refused. More than 30 minutes after it
    happened a `late_reason` is needed. The batch's row is locked. Raises: NotFound, Refused, OutOfSequence,
    Conflict, Invalid. Records: step.started v1. Source: 21 CFR 211.188(b)(1)-(2), (11), 11.10(f).
    """
    batch = lock_batch_record(actor, batch_id)
    require_role(actor, batch.space_id, *PERFORMERS, to="work through steps")
    require_identity(actor, batch)
    leaves, executions = _read(actor, batch)
    meant = _find(leaves, step)
    latest = latest_of(executions)
    _require_turn(leaves, executions, meant)
    times = stamp(at, entered_at, late_reason)
    _require_room(batch, executions, times.at)
    done = latest.get(meant.pk)
    if done is not None:
        _require_reason(reason, f"{meant.title} was done before. Say why it is repeated.")
    _require_not_held(actor, batch, meant, _things("equipment", equipment))
    execution = StepExecution(
        **_attempt(batch, meant, done),
        equipment=_things("equipment", equipment),
        rooms=_things("rooms", rooms),
        started_at=times.at,
        started_entered_at=times.entered_at,
        started_recorded_at=times.recorded_at,
        started_by=actor.person_id,
        started_code=actor.code(batch.space_id),
        reason=reason.strip() if done is not None else "",
    )
    if times.is_late:
        execution.admit_late(times.late_reason)
    if execution.reason or times.late_reason:
        ledger.give_reason(execution, execution.reason or times.late_reason)
    execution.save(force_insert=True)
    ledger.record(
        execution,
        StepStarted(
            batch_id=batch.pk,
            step=meant.code,
            attempt=execution.attempt,
            started_at=times.at,
            is_late=times.is_late,
        ),
    )
    return execution


@action("step.finish")
def finish_step(
    actor: Actor,
    execution_id: UUID,
    *,
    version: int | None,
    at: datetime | None = None,
    entered_at: datetime | None = None,
    late_reason: str = "",
) -> StepExecution:
    """Note that a step was done; one that needs a second check waits for it before the next may begin.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    step.performed v1. Source: 21 CFR 211.188(b)(11).
    """
    execution = _lock(actor, execution_id, "finish", version)
    times = stamp(at, entered_at, late_reason)
    _require_after_start(execution, times.at)
    code = actor.code(execution.space_id)
    execution.finish(times.at, times.entered_at, times.recorded_at, actor.person_id, code)
    if times.is_late:
        execution.admit_late(
            "\n".join(filter(None, dict.fromkeys((execution.late_reason, times.late_reason))))
        )
        ledger.give_reason(execution, times.late_reason)
    execution.save()
    fact = StepPerformed(
        batch_id=execution.batch_id,
        step=execution.step.code,
        code=code,
        ended_at=times.at,
        is_late=times.is_late,
    )
    ledger.record(execution, fact)
    return execution


@action("step.verify")
def verify_step(actor: Actor, execution_id: UUID, *, version: int | None) -> StepExecution:
    """Check a step that somebody else did; who began or did it, or stands in for them, does not check it.

    A check is never entered for the past. Raises: NotFound, Refused, SamePerson, InvalidTransition,
    VersionMissing, StaleVersion. Records: step.verified v1. Source: 21 CFR 211.101(d), 211.188(b)(11).
    """
    execution = _lock(actor, execution_id, "verify", version)
    for by, code in (
        (execution.started_by, execution.started_code),
        (execution.performed_by, execution.performed_code),
    ):
        if actor.is_one_of(execution.space_id, person_id=by, code=code):
            raise SamePerson(
                f"{execution.title} was done by {code}. A second person verifies it, who neither did it nor"
                " stands in for who did."
            )
    code = actor.code(execution.space_id)
    execution.verify(instant(), actor.person_id, code)
    execution.save(update_fields=["state", "verified_at", "verified_by", "verified_code", "version"])
    ledger.record(execution, StepVerified(batch_id=execution.batch_id, step=execution.step.code, code=code))
    return execution


@action("step.abort")
def abort_step(actor: Actor, execution_id: UUID, *, version: int | None, reason: str) -> StepExecution:
    """Give up a step that was begun, with a reason of 10 to 4,000 characters; it may be begun again.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    step.aborted v1.
    """
    execution = _lock(actor, execution_id, "abort", version)
    _require_reason(reason, "Say why the step is given up.")
    code = actor.code(execution.space_id)
    ledger.give_reason(execution, reason.strip())
    execution.abort(max(instant(), execution.started_at), actor.person_id, code, reason.strip())
    execution.save()
    ledger.record(execution, StepAborted(batch_id=execution.batch_id, step=execution.step.code, code=code))
    return execution


@action("step.skip")
def skip_step(actor: Actor, batch_id: UUID, *, step: str, reason: str) -> StepExecution:
    """Let the next step be left out: QA alone, with a reason of 10 to 4,000 characters.

    Raises: NotFound, Refused, OutOfSequence, Conflict, Invalid. Records: step.skipped v1.
    """
    batch = lock_batch_record(actor, batch_id)
    require_role(actor, batch.space_id, CDMO_QA, SYSTEM, to="leave out a step")
    leaves, executions = _read(actor, batch)
    meant = _find(leaves, step)
    _require_turn(leaves, executions, meant)
    done = latest_of(executions).get(meant.pk)
    if done is not None and done.is_over:
        raise Conflict(f"{meant.title} is over already.", code="step_is_over")
    _require_reason(reason, "Say why the step is left out.")
    now, code = instant(), actor.code(batch.space_id)
    execution = StepExecution(
        **_attempt(batch, meant, done),
        started_at=now,
        started_entered_at=now,
        started_recorded_at=now,
        started_by=actor.person_id,
        started_code=code,
        reason=reason.strip(),
    )
    execution.finish(now, now, now, actor.person_id, code)
    execution.state, execution.version = ExecutionState.SKIPPED, 1
    ledger.give_reason(execution, execution.reason)
    execution.save(force_insert=True)
    ledger.record(execution, StepSkipped(batch_id=batch.pk, step=meant.code, code=code))
    return execution


def _attempt(batch: Batch, step: ProcedureStep, done: StepExecution | None) -> dict[str, Any]:
    """Return what one more attempt at a step is."""
    attempt = 1 if done is None else done.attempt + 1
    return {
        "space_id": batch.space_id,
        "audience": step.audience,
        "batch": batch,
        "step": step,
        "number": f"{batch.number} {step.code}" + (f" ({attempt})" if attempt > 1 else ""),
        "title": step.title,
        "attempt": attempt,
    }


def _lock(actor: Actor, execution_id: UUID, to: str, version: int | None) -> StepExecution:
    return lock_record(
        StepExecution, actor, execution_id, to=to, version=version, transitions=STEP_TRANSITIONS
    )


def _read(actor: Actor, batch: Batch) -> tuple[list[ProcedureStep], list[StepExecution]]:
    steps = ProcedureStep.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    executions = StepExecution.objects.visible_to(actor).filter(batch=batch).select_related("step")
    return leaves_of(steps), list(executions.order_by("started_at", "id"))


def _find(leaves: Sequence[ProcedureStep], code: str) -> ProcedureStep:
    found = next((each for each in leaves if each.code == code), None)
    if found is None:
        known = ", ".join(each.code for each in leaves[:50]) or "none"
        refuse_field("step", f"The recipe of this batch has no such step. Its steps are: {known}.")
    return found


def _require_turn(
    leaves: Sequence[ProcedureStep], executions: Sequence[StepExecution], meant: ProcedureStep
) -> None:
    running = under_way(executions)
    if running is not None:
        raise OutOfSequence(f"{running.title} is under way. Finish it first.", step=running.step.code)
    latest = latest_of(executions)
    missing = before(leaves, meant, latest)
    if missing is None:
        own = latest.get(meant.pk)
        if own is not None and own.state == ExecutionState.PERFORMED and not own.is_over:
            raise OutOfSequence(f"{meant.title} waits for its second check.", step=meant.code)
        return
    waits = latest.get(missing.pk)
    if waits is not None and waits.state == ExecutionState.PERFORMED:
        raise OutOfSequence(f"{missing.title} waits for its second check.", step=missing.code)
    raise OutOfSequence(f"{missing.title} comes before {meant.title}.", step=missing.code)


def _require_room(batch: Batch, executions: Sequence[StepExecution], at: datetime) -> None:
    """Refuse a time before the batch, after it, or inside a step that was done."""
    if batch.started_at is not None and at < batch.started_at:
        refuse_field("at", f"{batch.number} began at {batch.started_at.isoformat()}; the time lies before.")
    if batch.ended_at is not None and at > batch.ended_at:
        refuse_field("at", f"{batch.number} ended at {batch.ended_at.isoformat()}; the time lies after.")
    for each in executions:
        done = each.state in {ExecutionState.PERFORMED, ExecutionState.VERIFIED}
        if done and each.ended_at is not None and at < each.ended_at:
            refuse_field("at", f"{each.title} ended at {each.ended_at.isoformat()}; steps do not overlap.")


def _require_after_start(execution: StepExecution, at: datetime) -> None:
    if at < execution.started_at:
        refuse_field("at", f"The step began at {execution.started_at.isoformat()}; the time lies before.")
    ended_at = execution.batch.ended_at
    if ended_at is not None and at > ended_at:
        refuse_field("at", f"The batch ended at {ended_at.isoformat()}; the time lies after.")


def _require_not_held(actor: Actor, batch: Batch, meant: ProcedureStep, equipment: Sequence[str]) -> None:
    stands = BatchHold.objects.visible_to(actor).filter(batch=batch, state=StandState.STANDING)
    for hold in stands.exclude(kind=HoldKind.STATUS).order_by("placed_at", "id"):
        scope = hold.scope.casefold()
        if hold.kind == HoldKind.PROCESSING and scope in {meant.code.casefold(), meant.title.casefold()}:
            raise Conflict(f"{meant.title} is held: do not pass this point.", code="hold_point")
        if hold.kind == HoldKind.USE and scope in {each.casefold() for each in equipment}:
            detail = f"{hold.scope} is out of use."
            raise Conflict(detail, code="out_of_use", errors={"equipment": [detail]})


def _things(field: str, given: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(each.strip() for each in given if each.strip()))
    if len(found) > THINGS_MOST or any(len(each) > THING_CHARACTERS for each in found):
        refuse_field(field, f"At most {THINGS_MOST} codes of {THING_CHARACTERS} characters.")
    return found


def _require_reason(reason: str, words: str) -> None:
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"{words} At least {REASON_LEAST} characters.")
