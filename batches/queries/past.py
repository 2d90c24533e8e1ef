"""One batch as a side could see it at an instant, rebuilt from the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from batches.access import get_batch
from batches.models import Batch, Excursion, Limit, Parameter, PhaseRun, ProcedureStep, RecipeVersion
from batches.queries.batches import BatchDetail, ParameterState
from batches.states import Level
from portal.actor import Actor
from portal.models import ProgramSite
from portal.past import Past, join

M = TypeVar("M")


def batch_then(
    actor: Actor, batch_id: UUID, at: datetime, *, chains: Collection[str] | None = None
) -> BatchDetail:
    """Return a batch as the actor's side could see it at an instant, from all its chains or some.

    Readings are sealed by digest and are no part of it: parameters come without a newest value, open
    excursions as they were last recorded. Raises: NotFound, also before it was there for this side.
    """
    past = Past(actor, get_batch(actor, batch_id).space_id, at, chains)
    batch = past.get(Batch, batch_id)
    recipe = past.get(RecipeVersion, batch.recipe_version_id)
    steps = {each.pk: each for each in past.related(ProcedureStep, recipe_version_id=recipe.pk)}
    join(
        batch,
        recipe_version=recipe,
        site=past.find(ProgramSite, batch.site_id),
        phase=_known(steps, batch.phase_id),
    )
    parameters = {each.pk: each for each in past.related(Parameter, recipe_version_id=recipe.pk)}
    limits = past.related(Limit, parameter__recipe_version_id=recipe.pk)
    _joined(limits, "phase", steps)
    runs = past.related(PhaseRun, batch_id=batch_id)
    _joined(runs, "phase", steps)
    excursions = past.related(Excursion, batch_id=batch_id)
    _joined(excursions, "parameter", parameters)
    _joined(excursions, "limit", {each.pk: each for each in limits})
    _joined(excursions, "batch", {batch_id: batch})
    return BatchDetail(
        batch=batch,
        parameters=_states(parameters.values(), limits, steps),
        phases=sorted(
            (each for each in steps.values() if each.level == Level.PHASE),
            key=lambda each: (each.ordinal, each.pk),
        ),
        runs=sorted(runs, key=lambda each: (each.started_at, each.pk)),
        excursions=sorted(excursions, key=lambda each: (each.started_at, each.pk)),
        rests_on=tuple(past.rests_on),
    )


def _known(rows: Mapping[UUID, M], row_id: UUID | None) -> M | None:
    return rows.get(row_id) if row_id is not None else None


def _joined(rows: Iterable[Any], name: str, known: Mapping[UUID, Any]) -> None:
    for row in rows:
        join(row, **{name: _known(known, getattr(row, f"{name}_id"))})


def _states(
    parameters: Iterable[Parameter], limits: Iterable[Limit], steps: Mapping[UUID, ProcedureStep]
) -> list[ParameterState]:
    """Return the parameters in recipe order, each with its limits in the order of the phases."""
    last = len(steps)
    places: dict[UUID | None, int] = {each.pk: each.ordinal for each in steps.values()}
    ordered = sorted(
        limits,
        # As the database sorts: a limit without a phase comes last.
        key=lambda each: (each.phase_id is None, places.get(each.phase_id, last), each.kind, each.pk),
    )
    return [
        ParameterState(parameter, [each for each in ordered if each.parameter_id == parameter.pk], None)
        for parameter in sorted(parameters, key=lambda each: (each.ordinal, each.pk))
    ]
