"""The order of execution: which steps are done one after the other, and what stands before a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from batches.models import ProcedureStep, StepExecution
from batches.states import ExecutionState

Latest = Mapping[UUID, StepExecution]


def leaves_of(steps: Iterable[ProcedureStep]) -> list[ProcedureStep]:
    """Return the steps that are executed, in order: those without steps below them."""
    ordered = sorted(steps, key=lambda each: each.ordinal)
    above = {each.parent_id for each in ordered}
    return [each for each in ordered if each.pk not in above]


def latest_of(executions: Iterable[StepExecution]) -> dict[UUID, StepExecution]:
    """Return the latest attempt at each step."""
    return {each.step_id: each for each in sorted(executions, key=lambda each: each.attempt)}


def next_of(leaves: Sequence[ProcedureStep], latest: Latest) -> ProcedureStep | None:
    """Return the first step that is not over, None when all are."""
    return next((each for each in leaves if not is_over(latest.get(each.pk))), None)


def is_over(execution: StepExecution | None) -> bool:
    """Say whether the latest attempt at a step lets the next one begin."""
    return execution is not None and execution.is_over


def before(leaves: Sequence[ProcedureStep], step: ProcedureStep, latest: Latest) -> ProcedureStep | None:
    """Return the first step before this one that is not over, None when it may begin."""
    return next(
        (each for each in leaves if each.ordinal < step.ordinal and not is_over(latest.get(each.pk))), None
    )


def under_way(executions: Iterable[StepExecution]) -> StepExecution | None:
    """Return the step that is under way, None when none is."""
    return next((each for each in executions if each.state == ExecutionState.STARTED), None)
