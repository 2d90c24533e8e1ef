"""Enter the record of a batch that was kept elsewhere before it came here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from batches.access import get_batch
from batches.actions.results import judge_result
from batches.executed.adopting import StatedEntry, StatedResult, StatedStep
from batches.executed.facts import RecordAdopted
from batches.executed.judging import applying, outside
from batches.models import Batch, Limit, Parameter, ProcedureStep, SampleResult, StepEntry, StepExecution
from batches.states import EntryState, ResultState
from batches.units import convert
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict
from portal.states import SYSTEM


@action("batch.adopt_record")
def adopt_record(
    actor: Actor,
    batch_id: UUID,
    *,
    steps: Sequence[StatedStep],
    entries: Sequence[StatedEntry] = (),
    results: Sequence[StatedResult] = (),
) -> Batch:
    """Enter what a record that was kept elsewhere says; only the set-up does so, once for a batch.

    People are named by their codes. Values are judged by the rules, nobody is alerted, and the time of the
    record is now: nothing passes for entered here when it happened. Raises: NotFound, Refused, Conflict.
    Records: batch.record_adopted v1.
    """
    batch = get_batch(actor, batch_id)
    require_role(actor, batch.space_id, SYSTEM, to="adopt records")
    if StepExecution.objects.visible_to(actor).filter(batch=batch).exists():
        raise Conflict(f"{batch.number} has a record.", code="has_a_record")
    known = _Known(actor, batch)
    for step in steps:
        known.executions[step.step] = _execution(batch, known.steps[step.step], step)
    StepExecution.objects.bulk_create(known.executions.values())
    made = [row for each in entries for row in _entries(batch, known, each)]
    StepEntry.objects.bulk_create(made)
    found = [_result(actor, batch, known, each) for each in results]
    SampleResult.objects.bulk_create(found)
    ledger.record(batch, RecordAdopted(steps=len(steps), entries=len(made), results=len(found)))
    return batch


class _Known:
    """What the recipe of a batch says, and the steps that are entered."""

    def __init__(self, actor: Actor, batch: Batch) -> None:
        recipe_id = batch.recipe_version_id
        self.steps = {
            each.code: each
            for each in ProcedureStep.objects.visible_to(actor).filter(recipe_version_id=recipe_id)
        }
        self.parameters = {
            each.code: each
            for each in Parameter.objects.visible_to(actor).filter(recipe_version_id=recipe_id)
        }
        self.limits: dict[UUID, list[Limit]] = {}
        for each in Limit.objects.visible_to(actor).filter(parameter__recipe_version_id=recipe_id):
            self.limits.setdefault(each.parameter_id, []).append(each)
        self.executions: dict[str, StepExecution] = {}


def _execution(batch: Batch, step: ProcedureStep, stated: StatedStep) -> StepExecution:
    now = instant()
    row = StepExecution(
        space_id=batch.space_id,
        audience=step.audience,
        batch=batch,
        step=step,
        number=f"{batch.number} {step.code}",
        title=step.title,
        equipment=list(stated.equipment),
        rooms=list(stated.rooms),
        started_at=stated.started_at,
        started_entered_at=stated.started_at,
        started_recorded_at=now,
        started_code=stated.performed_code,
    )
    if stated.ended_at is not None:
        row.finish(stated.ended_at, stated.ended_at, now, None, stated.performed_code)
        if stated.verified_code:
            row.verify(stated.ended_at, None, stated.verified_code)
    row.version = 1
    return row


def _entries(batch: Batch, known: _Known, stated: StatedEntry) -> list[StepEntry]:
    """Return an entry, after the one that it corrects."""
    execution = known.executions.get(stated.step)
    measured = known.parameters.get(stated.parameter)
    common: dict[str, Any] = {
        "space_id": batch.space_id,
        "audience": measured.audience if measured is not None else "shared",
        "batch": batch,
        "execution": execution,
        "parameter": measured,
        "title": stated.title,
        "at": stated.at,
        "entered_at": stated.at,
        "recorded_at": instant(),
        "code": stated.code,
    }
    wanted = measured.unit if measured is not None else stated.unit
    rows = []
    if stated.corrects is not None:
        first = StepEntry(**common, state=EntryState.CORRECTED, unit=wanted, given_unit=stated.unit or wanted)
        first.value, first.given_value = convert(stated.corrects, stated.unit, wanted), stated.corrects
        rows.append(first)
    row = StepEntry(**common, text=stated.text)
    if stated.value is not None:
        row.value, row.unit = convert(stated.value, stated.unit, wanted), wanted
        row.given_value, row.given_unit = stated.value, stated.unit or wanted
        limits = known.limits.get(row.parameter_id, []) if row.parameter_id is not None else []
        crossed = outside(applying(limits, execution.step_id if execution is not None else None), row.value)
        row.outside = crossed.kind if crossed is not None else ""
    if rows:
        row.replaces, row.reason = rows[0], stated.reason
    if stated.verified_code:
        row.verified_at, row.verified_code = stated.at, stated.verified_code
    return [*rows, row]


def _result(actor: Actor, batch: Batch, known: _Known, stated: StatedResult) -> SampleResult:
    measured = known.parameters[stated.parameter]
    row = SampleResult(
        space_id=batch.space_id,
        audience=measured.audience,
        batch=batch,
        parameter=measured,
        execution=None,
        number=stated.sample,
        title=f"{measured.title}, {stated.sample}"[:200],
        point=stated.point,
        sampled_at=stated.sampled_at,
        exposed_until=stated.exposed_until,
        resulted_at=stated.resulted_at,
        recorded_at=instant(),
        given_value=stated.value,
        given_unit=measured.unit,
        value=stated.value,
        unit=measured.unit,
        method=stated.method,
        reader_code=stated.reader_code,
    )
    judge_result(actor, row)
    row.is_late = batch.ended_at is not None and stated.resulted_at > batch.ended_at
    if stated.reviewed_code:
        row.state, row.reviewed_code = ResultState.REVIEWED, stated.reviewed_code
        row.reviewed_at = stated.resulted_at
    return row
