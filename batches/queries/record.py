"""The executed record of a batch: its steps with who did them, clocks, yields, results, entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from batches.access import get_batch
from batches.executed.hold_clocks import HoldClock, clocks_of
from batches.executed.order import latest_of, leaves_of, next_of, under_way
from batches.executed.yields import YIELD, Amount, YieldLine, reconcile
from batches.models import (
    Batch,
    HoldTime,
    Limit,
    Lot,
    LotUse,
    ProcedureStep,
    RecipeMaterial,
    SampleResult,
    StepEntry,
    StepExecution,
)
from batches.states import EntryState, ExecutionState, MaterialUse, ResultFlag, ResultState
from portal.action import instant
from portal.actor import Actor
from portal.models import Attachment

STEPS_SHOWN: Final = 5_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Entries of a step, or of the batch as a whole, as far as the reader sees them."""

    entries: int = 0
    outside: int = 0
    late: int = 0
    corrected: int = 0


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of the tree with its attempts, the latest last; `depth` counts from 0."""

    step: ProcedureStep
    depth: int
    is_leaf: bool
    attempts: Sequence[StepExecution]
    counts: Counts

    @property
    def latest(self) -> StepExecution | None:
        """Return the latest attempt, None before the first."""
        return self.attempts[-1] if self.attempts else None


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The executed record of a batch as one reader may see it."""

    batch: Batch
    lines: Sequence[StepLine]
    whole: Counts
    results: Sequence[SampleResult]
    clocks: Sequence[HoldClock]
    yields: Sequence[YieldLine]
    following: ProcedureStep | None
    running: StepExecution | None
    done: int = field(default=0)
    leaves: int = field(default=0)

    @property
    def flagged(self) -> int:
        """Return how many results that count are OOS or OOT."""
        return sum(
            each.flag != ResultFlag.NONE and each.state != ResultState.INVALIDATED for each in self.results
        )

    def is_next(self, step: ProcedureStep) -> bool:
        """Say whether a step is the one that may begin now."""
        return (
            self.following is not None
            and self.following.pk == step.pk
            and self.running is None
            and not self.is_waiting
        )

    @property
    def is_waiting(self) -> bool:
        """Say whether a second check is waited for before anything else may begin."""
        following = self.following
        own = next((line.latest for line in self.lines if following and line.step.pk == following.pk), None)
        return own is not None and own.state == ExecutionState.PERFORMED


def batch_record(actor: Actor, batch_id: UUID) -> BatchRecord:
    """Return the executed record of a batch: a fixed number of queries, whatever its length.

    Entries are counted by step; `list_entries` reads them. Raises: NotFound.
    """
    batch = get_batch(actor, batch_id)
    steps = _steps(actor, batch)
    executions = list(list_executions(actor, batch.pk).order_by("started_at", "id"))
    latest, leaves, counts = latest_of(executions), leaves_of(steps), _counts(actor, batch)
    holds = HoldTime.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    attempts: dict[UUID, list[StepExecution]] = {}
    for each in sorted(executions, key=lambda one: one.attempt):
        attempts.setdefault(each.step_id, []).append(each)
    leaf_ids, depths = {each.pk for each in leaves}, _depths(steps)
    return BatchRecord(
        batch=batch,
        lines=[
            StepLine(
                each,
                depths[each.pk],
                each.pk in leaf_ids,
                attempts.get(each.pk, ()),
                counts.get(each.pk, Counts()),
            )
            for each in steps[:STEPS_SHOWN]
        ],
        whole=counts.get(None, Counts()),
        results=list(list_sample_results(actor, batch.pk).order_by("sampled_at", "number", "id")),
        clocks=clocks_of(holds.order_by("ordinal", "id"), steps, latest, instant()),
        yields=_yields(actor, batch),
        following=next_of(leaves, latest),
        running=under_way(executions),
        done=sum(each.pk in latest and latest[each.pk].is_over for each in leaves),
        leaves=len(leaves),
    )


def list_executions(actor: Actor, batch_id: UUID) -> QuerySet[StepExecution]:
    """Return the attempts at steps of a batch, unordered, with their steps."""
    return StepExecution.objects.visible_to(actor).filter(batch=batch_id).select_related("step", "batch")


def list_entries(actor: Actor, batch_id: UUID, *, step: str = "", whole: bool = False) -> QuerySet[StepEntry]:
    """Return what was entered in a batch, or at one step, or with `whole` at none, unordered."""
    rows = StepEntry.objects.visible_to(actor).filter(batch=batch_id)
    if step:
        rows = rows.filter(execution__step__code=step)
    if whole:
        rows = rows.filter(execution=None)
    return rows.select_related("execution__step", "parameter")


def list_sample_results(actor: Actor, batch_id: UUID) -> QuerySet[SampleResult]:
    """Return the results of a batch, unordered, with their parameters."""
    rows = SampleResult.objects.visible_to(actor).filter(batch=batch_id)
    return rows.select_related("parameter", "execution__step", "batch")


def files_of(actor: Actor, record: BatchRecord) -> dict[UUID, list[Attachment]]:
    """Return the files of the latest attempts at steps, by attempt, in the order they came."""
    attempts = [line.latest.pk for line in record.lines if line.latest is not None]
    found: dict[UUID, list[Attachment]] = {}
    for each in (
        Attachment.objects.visible_to(actor).filter(subject__in=attempts).order_by("attached_at", "id")
    ):
        found.setdefault(each.subject_id, []).append(each)
    return found


def _steps(actor: Actor, batch: Batch) -> list[ProcedureStep]:
    rows = ProcedureStep.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    return list(rows.order_by("ordinal", "id"))


def _depths(steps: Sequence[ProcedureStep]) -> Mapping[UUID, int]:
    depths: dict[UUID, int] = {}
    for each in steps:
        depths[each.pk] = depths.get(each.parent_id, -1) + 1 if each.parent_id is not None else 0
    return depths


def _counts(actor: Actor, batch: Batch) -> Mapping[UUID | None, Counts]:
    rows = (
        StepEntry.objects.visible_to(actor).filter(batch=batch).values_list("execution__step_id").order_by()
    )
    counted = rows.annotate(
        entries=Count("pk", filter=Q(state=EntryState.STANDING)),
        outside=Count("pk", filter=Q(state=EntryState.STANDING) & ~Q(outside="")),
        late=Count("pk", filter=Q(is_late=True)),
        corrected=Count("pk", filter=Q(state=EntryState.CORRECTED)),
    )
    return {step_id: Counts(*rest) for step_id, *rest in counted}


def _yields(actor: Actor, batch: Batch) -> list[YieldLine]:
    recipe_id = batch.recipe_version_id
    materials = RecipeMaterial.objects.visible_to(actor).filter(recipe_version_id=recipe_id)
    uses = LotUse.objects.visible_to(actor).filter(batch=batch, withdrawn_at=None)
    made = Lot.objects.visible_to(actor).filter(produced_by=batch)
    amounts = [
        Amount(material, MaterialUse.INPUT, quantity, unit)
        for material, quantity, unit in uses.values_list("lot__material", "quantity", "lot__unit")
    ]
    amounts += [
        Amount(material, MaterialUse.OUTPUT, quantity, unit)
        for material, quantity, unit in made.values_list("material", "quantity", "unit")
    ]
    limits: dict[str, list[Limit]] = {}
    stated = Limit.objects.visible_to(actor).filter(
        parameter__recipe_version_id=recipe_id, parameter__code__startswith=YIELD, phase=None
    )
    for each in stated.select_related("parameter").order_by("id"):
        limits.setdefault(each.parameter.code.removeprefix(YIELD), []).append(each)
    return reconcile(materials.order_by("ordinal", "id"), amounts, limits)
