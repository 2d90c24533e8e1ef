"""What batches look like in JSON: one function per record, fed with what a query returned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import reverse

from batches.api.inputs import CYCLE_INPUTS
from batches.models import Batch, Excursion, Limit, PhaseRun, ProcedureStep, RecipeVersion
from batches.queries import BatchDetail, ParameterState
from batches.states import TRANSITIONS
from portal.action import instant
from portal.actor import Actor
from portal.api.past import represent_past
from portal.api.transitions import offer_actions

Json = dict[str, Any]


def number_text(value: Decimal | None) -> str | None:
    """Return a recorded number exactly, without the zeros of its column."""
    return None if value is None else f"{value.normalize():f}"


def batch_json(actor: Actor, batch: Batch) -> Json:
    """Return a batch with its recipe version, phase and what the reader may do with it."""
    recipe, phase = batch.recipe_version, batch.phase
    return {
        "id": batch.pk,
        "program": batch.space_id,
        "number": batch.number,
        "title": batch.title,
        "recipe_version": recipe.pk,
        "recipe": {"number": recipe.number, "revision": recipe.revision, "title": recipe.title},
        "state": batch.state,
        "phase": phase and {"id": phase.pk, "code": phase.code, "title": phase.title},
        "site": batch.site and {"id": batch.site.pk, "name": batch.site.name, "zone": batch.site.zone},
        "equipment": batch.equipment,
        "is_patient_lot": batch.is_patient_lot,
        "planned_start": batch.planned_start,
        "started_at": batch.started_at,
        "ended_at": batch.ended_at,
        "external_id": batch.external_id,
        "external_status": batch.external_status,
        "external_as_of": batch.external_as_of,
        "version": batch.version,
        "available_actions": offer_actions(
            actor,
            batch,
            TRANSITIONS,
            href=reverse("batch", kwargs={"batch_id": batch.pk}),
            inputs=CYCLE_INPUTS,
        ),
    }


def detail_json(actor: Actor, detail: BatchDetail) -> Json:
    """Return a batch with its parameters, phases and how long it was in each."""
    return batch_json(actor, detail.batch) | {
        "parameters": [parameter_json(each) for each in detail.parameters],
        "phases": [phase_json(each) for each in detail.phases],
        "phase_runs": [run_json(each) for each in detail.runs],
        "open_excursions": sum(each.state == "open" for each in detail.excursions),
    }


def then_json(actor: Actor, detail: BatchDetail, at: datetime) -> Json:
    """Return a batch as it could be seen at an instant; nothing can be done to what is past."""
    past = {"available_actions": [], "as_of": represent_past(at, detail.rests_on)}
    return detail_json(actor, detail) | past


def parameter_json(state: ParameterState) -> Json:
    """Return a parameter with its limits in all phases and its newest value."""
    parameter, now = state.parameter, instant()
    return {
        "code": parameter.code,
        "title": parameter.title,
        "unit": parameter.unit,
        "kind": parameter.kind,
        "data_kind": parameter.data_kind,
        "audience": parameter.audience,
        "expected_interval_s": parameter.expected_interval_s,
        "decimals": parameter.decimals,
        "limits": [limit_json(each) for each in state.limits],
        "latest": latest_json(state, now),
    }


def latest_json(state: ParameterState, now: datetime) -> Json | None:
    """Return the newest value with its age; None when there is none yet."""
    if state.latest is None:
        return None
    return {
        "at": state.latest.at,
        "value": state.latest.value,
        "received_at": state.latest.received_at,
        "age_s": round((now - state.latest.at).total_seconds(), 1),
        "is_stale": state.is_stale(now),
    }


def limit_json(limit: Limit) -> Json:
    """Return a limit; without phase it holds in every phase that has no own of its kind."""
    return {
        "kind": limit.kind,
        "phase": limit.phase and limit.phase.code,
        "low": number_text(limit.low),
        "high": number_text(limit.high),
        "delay_s": limit.delay_s,
        "min_duration_s": limit.min_duration_s,
        "measure": limit.measure,
        "window_s": limit.window_s,
        "above": number_text(limit.above),
        "knots": [{"at_s": at_s, "low": low, "high": high} for at_s, low, high in limit.knots],
        "every_s": limit.every_s,
        "settle_s": limit.settle_s,
    }


def phase_json(phase: ProcedureStep) -> Json:
    """Return a phase of a recipe."""
    return {"id": phase.pk, "code": phase.code, "title": phase.title, "planned_s": phase.planned_s}


def run_json(run: PhaseRun) -> Json:
    """Return a stretch of time in a phase."""
    return {"phase": run.phase.code, "started_at": run.started_at, "ended_at": run.ended_at}


def recipe_json(recipe: RecipeVersion, phases: Sequence[ProcedureStep]) -> Json:
    """Return a recipe version with its phases."""
    return {
        "id": recipe.pk,
        "program": recipe.space_id,
        "number": recipe.number,
        "revision": recipe.revision,
        "title": recipe.title,
        "product": recipe.product,
        "state": recipe.state,
        "audience": recipe.audience,
        "based_on": recipe.based_on_id,
        "digest": recipe.digest,
        "drafted_at": recipe.drafted_at,
        "submitted_at": recipe.submitted_at,
        "approved_at": recipe.approved_at,
        "effective_from": recipe.effective_from,
        "until": recipe.until,
        "phases": [phase_json(each) for each in phases],
        "version": recipe.version,
    }


def excursion_json(row: Excursion) -> Json:
    """Return a stretch outside a limit, with the limit that was crossed."""
    parameter = row.parameter
    end = row.ended_at or row.last_outside_at
    return {
        "id": row.pk,
        "program": row.space_id,
        "batch": {"id": row.batch.pk, "number": row.batch.number},
        "title": row.title,
        "parameter": {"code": parameter.code, "title": parameter.title, "unit": parameter.unit},
        "limit": limit_json(row.limit),
        "bound": number_text(row.bound),
        "direction": row.direction,
        "state": row.state,
        "started_at": row.started_at,
        "last_outside_at": row.last_outside_at,
        "ended_at": row.ended_at,
        "duration_s": (end - row.started_at).total_seconds(),
        "extreme": row.extreme,
        "extreme_at": row.extreme_at,
        "readings": row.readings,
        "is_late": row.is_late,
        "alerted_at": row.alerted_at,
        "merged_into": row.merged_into_id,
        "recorded_at": row.recorded_at,
        "version": row.version,
    }
