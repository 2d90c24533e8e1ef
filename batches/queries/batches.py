"""Batches, recipes, and one batch with all its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from batches.access import get_batch
from batches.models import Batch, Excursion, Latest, Limit, Parameter, PhaseRun, ProcedureStep, RecipeVersion
from batches.phases import list_phases
from batches.queries.excursions import list_excursions, up_to_date
from batches.states import Level, LimitMeasure
from portal.actor import Actor
from portal.past import RestsOn

# A value is stale once it is older than this many expected intervals (domain 2e).
STALE_AFTER: Final = 2


@dataclass(frozen=True, slots=True)
class ParameterState:
    """A parameter of a batch: its limits in all phases, its newest value, and how old that is."""

    parameter: Parameter
    limits: Sequence[Limit]
    latest: Latest | None

    @property
    def stale_after_s(self) -> int:
        """Return the age in seconds from which a value is stale."""
        return STALE_AFTER * self.parameter.expected_interval_s

    def is_stale(self, now: datetime) -> bool:
        """Say whether there is no value, or none as new as the parameter's own interval asks for."""
        return self.latest is None or now - self.latest.at > timedelta(seconds=self.stale_after_s)

    def applying(self, phase_id: UUID | None) -> list[Limit]:
        """Return the limits that hold in a phase: its own of each kind, else the general one."""
        own = [limit for limit in self.limits if limit.phase_id is not None and limit.phase_id == phase_id]
        known = {(limit.kind, limit.measure) for limit in own}
        general = [limit for limit in self.limits if limit.phase_id is None]
        return own + [limit for limit in general if (limit.kind, limit.measure) not in known]

    def ranges(self, phase_id: UUID | None) -> dict[str, Limit]:
        """Return by kind the limits of a phase that each value is compared with."""
        return {
            str(each.kind): each for each in self.applying(phase_id) if each.measure == LimitMeasure.VALUE
        }


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """One batch with everything its page and its REST resource show."""

    batch: Batch
    parameters: Sequence[ParameterState]
    phases: Sequence[ProcedureStep]
    runs: Sequence[PhaseRun]
    excursions: Sequence[Excursion]
    # Of a view of the past: which entries of which chains it was rebuilt from.
    rests_on: Sequence[RestsOn] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """Since when a batch is in its phase, and in the unit procedure that the phase is a part of.

    The plant's clock may run a little ahead of ours: what is said to begin in a minute has just begun.
    """

    phase_since: datetime
    procedure_since: datetime

    def in_phase(self, now: datetime) -> timedelta:
        """Return how long the batch has been in its phase."""
        return max(now - self.phase_since, timedelta(0))

    def in_procedure(self, now: datetime) -> timedelta:
        """Return how long the batch has been in its unit procedure."""
        return max(now - self.procedure_since, timedelta(0))


def running_since(runs: Iterable[PhaseRun]) -> Running | None:
    """Return since when the unended one of a batch's runs, with their phases, lasts; None without one."""
    known = sorted(runs, key=lambda run: run.started_at)
    last = next((run for run in reversed(known) if run.ended_at is None), None)
    if last is None:
        return None
    first = next(run for run in known if run.phase.parent_id == last.phase.parent_id)
    return Running(last.started_at, first.started_at)


def list_batches(
    actor: Actor, *, program_id: UUID | None = None, state: str | None = None
) -> QuerySet[Batch]:
    """Return the batches the actor may see, unordered, with recipe version and phase."""
    rows = Batch.objects.visible_to(actor).select_related("recipe_version", "phase", "site")
    if program_id is not None:
        rows = rows.filter(space_id=program_id)
    return rows if state is None else rows.filter(state=state)


def list_recipes(actor: Actor, *, program_id: UUID | None = None) -> QuerySet[RecipeVersion]:
    """Return the recipe versions the actor may see, unordered."""
    rows = RecipeVersion.objects.visible_to(actor)
    return rows if program_id is None else rows.filter(space_id=program_id)


def phases_of(actor: Actor, recipe_version_ids: Sequence[UUID]) -> dict[UUID, list[ProcedureStep]]:
    """Return the phases of each recipe version in the order of execution."""
    found: dict[UUID, list[ProcedureStep]] = {}
    rows = ProcedureStep.objects.visible_to(actor).filter(level=Level.PHASE)
    for phase in rows.filter(recipe_version_id__in=recipe_version_ids).order_by("ordinal", "id"):
        found.setdefault(phase.recipe_version_id, []).append(phase)
    return found


def batch_detail(actor: Actor, batch_id: UUID) -> BatchDetail:
    """Return a batch: parameters in recipe order, phases in order of execution, runs, excursions by start.

    Raises: NotFound.
    """
    batch = get_batch(actor, batch_id)
    parameters = Parameter.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    limits: dict[UUID, list[Limit]] = {}
    of_recipe = Limit.objects.visible_to(actor).filter(parameter__recipe_version_id=batch.recipe_version_id)
    for limit in of_recipe.select_related("phase").order_by("phase__ordinal", "kind", "id"):
        limits.setdefault(limit.parameter_id, []).append(limit)
    newest = {row.parameter_id: row for row in Latest.objects.visible_to(actor).filter(batch=batch)}
    runs = PhaseRun.objects.visible_to(actor).filter(batch=batch).select_related("phase")
    excursions = list_excursions(actor, batch_id=batch.pk).order_by("started_at", "id")
    return BatchDetail(
        batch=batch,
        parameters=[
            ParameterState(each, limits.get(each.pk, []), newest.get(each.pk))
            for each in parameters.order_by("ordinal", "id")
        ],
        phases=list_phases(actor, batch.recipe_version_id),
        runs=list(runs.order_by("started_at", "id")),
        excursions=up_to_date(list(excursions)),
    )
