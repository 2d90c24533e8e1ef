"""Certificates of analysis, and what they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from batches.laboratory.comparing import Known, Wanted
from batches.laboratory.states import CoaState
from batches.models import (
    Batch,
    Coa,
    CoaDifference,
    CoaLine,
    Limit,
    Lot,
    Parameter,
    RecipeMaterial,
    RecipeVersion,
    SampleResult,
)
from batches.states import LimitKind, ParameterKind, RecipeState, ResultState
from portal.actor import Actor
from portal.errors import Conflict
from portal.states import Audience


def list_coas(actor: Actor, *, batch_id: UUID | None = None, lot_id: UUID | None = None) -> QuerySet[Coa]:
    """Return the certificates the actor may see, of a batch or of a lot, unordered, with their files."""
    rows = Coa.objects.visible_to(actor).select_related("attachment", "batch", "lot")
    if batch_id is not None:
        rows = rows.filter(batch=batch_id)
    return rows.filter(lot=lot_id) if lot_id is not None else rows


def lines_of_coa(actor: Actor, coa_ids: Sequence[UUID]) -> list[CoaLine]:
    """Return the lines of certificates in their order."""
    rows = CoaLine.objects.visible_to(actor).filter(coa__in=coa_ids).select_related("parameter")
    return list(rows.order_by("coa", "ordinal"))


def differences_of(actor: Actor, coa_ids: Sequence[UUID]) -> list[CoaDifference]:
    """Return the differences of certificates in their order."""
    rows = CoaDifference.objects.visible_to(actor).filter(coa__in=coa_ids)
    return list(rows.order_by("coa", "ordinal"))


def open_coas(actor: Actor, batch_id: UUID) -> list[Coa]:
    """Return the certificates of a batch whose differences are not all answered and accepted."""
    rows = list_coas(actor, batch_id=batch_id).filter(state__in=[CoaState.OPEN, CoaState.ANSWERED])
    return list(rows.order_by("entered_at", "id"))


def release_tests(actor: Actor, batch: Batch) -> list[Wanted]:
    """Return the tests of a batch's specification with what its record has of them, as both sides may see."""
    results = SampleResult.objects.visible_to(actor).filter(batch=batch, audience=Audience.SHARED)
    valid = results.exclude(state=ResultState.INVALIDATED).order_by("sampled_at", "resulted_at", "id")
    latest = {each.parameter_id: each for each in valid}
    parameters = _parameters(actor, batch.recipe_version_id).exclude(kind=ParameterKind.CMA)
    specified = _specified(actor, batch.recipe_version_id)
    return [
        _wanted(each, specified.get(each.pk), latest.get(each.pk))
        for each in parameters.order_by("ordinal", "id")
        if each.pk in specified or each.pk in latest
    ]


def material_tests(actor: Actor, lot: Lot) -> tuple[RecipeVersion, list[Wanted]]:
    """Return the newest master record in force that takes a lot's material, with its CMAs as tests.

    Raises: Conflict where no master record in force takes it.
    """
    rows = RecipeMaterial.objects.visible_to(actor).filter(
        space_id=lot.space_id, code=lot.material, recipe_version__state=RecipeState.EFFECTIVE
    )
    found = rows.select_related("recipe_version").order_by("-recipe_version__revision", "id").first()
    if found is None:
        detail = f"No master record in force takes {lot.material}: there is nothing to compare with."
        raise Conflict(detail, code="no_specification")
    recipe: RecipeVersion = found.recipe_version
    specified = _specified(actor, recipe.pk)
    parameters = _parameters(actor, recipe.pk).filter(kind=ParameterKind.CMA).order_by("ordinal", "id")
    return recipe, [_wanted(each, specified.get(each.pk), None) for each in parameters]


def _parameters(actor: Actor, recipe_id: UUID) -> QuerySet[Parameter]:
    rows = Parameter.objects.visible_to(actor).filter(recipe_version_id=recipe_id)
    return rows.filter(audience=Audience.SHARED)


def _specified(actor: Actor, recipe_id: UUID) -> dict[UUID, Limit]:
    """Return the specification of each parameter that has one as fixed ends, of all phases before of one."""
    rows = Limit.objects.visible_to(actor).filter(
        parameter__recipe_version_id=recipe_id, kind=LimitKind.SPEC, measure="value", knots=[]
    )
    found: dict[UUID, Limit] = {}
    for each in rows.order_by("phase__ordinal", "id"):
        if each.phase_id is None or each.parameter_id not in found:
            found[each.parameter_id] = each
    return found


def _wanted(parameter: Parameter, limit: Limit | None, result: SampleResult | None) -> Wanted:
    known = None
    if result is not None:
        known = Known(result.value, result.unit, result.qualifier, result.method)
    return Wanted(
        parameter.code,
        parameter.title,
        parameter.unit,
        limit.low if limit is not None else None,
        limit.high if limit is not None else None,
        known,
        is_specified=limit is not None,
        id=parameter.pk,
    )
