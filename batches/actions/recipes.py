"""Write the master record that batches execute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NoReturn
from uuid import UUID

from django.db.models import Max

from batches.access import RECIPE_AUTHORS, lock_program
from batches.facts import RecipeAuthored, RecipeSuperseded
from batches.models import Limit, Parameter, ProcedureStep, RecipeVersion
from batches.specs import LimitSpec, ParameterSpec, StepSpec
from batches.states import Level, RecipeState
from portal import ledger
from portal.access import require_role
from portal.action import action
from portal.actor import Actor
from portal.errors import Invalid


@action("recipe.author")
def author_recipe(
    actor: Actor,
    program_id: UUID,
    *,
    number: str,
    title: str,
    product: str,
    steps: Sequence[StepSpec],
    parameters: Sequence[ParameterSpec],
    is_patient_lot: bool = False,
) -> RecipeVersion:
    """Enter a recipe version with its procedure tree, parameters and limits; it is in force at once.

    A number that exists gets its next revision, and the one in force before is superseded; batches keep
    theirs. `is_patient_lot` says that each batch is for one patient. What a version holds never changes.
    Limits of a private parameter are as private. Raises: NotFound, Refused, Invalid.
    Records: recipe.authored v1, recipe.superseded v1. Source: 21 CFR 211.186 (master production records).
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *RECIPE_AUTHORS, to="author recipes")
    phases = [step.code for step in _walk(steps) if step.level == Level.PHASE]
    _check(steps, parameters, phases)
    before = RecipeVersion.objects.visible_to(actor).filter(space_id=program.pk, number=number)
    last = before.aggregate(last=Max("revision"))["last"] or 0
    recipe = RecipeVersion.objects.create(
        space_id=program.pk,
        number=number,
        revision=last + 1,
        title=title,
        product=product,
        state=RecipeState.EFFECTIVE,
        is_patient_lot=is_patient_lot,
    )
    entered = _enter_steps(recipe, steps)
    _enter_parameters(recipe, parameters, entered)
    codes = tuple(parameter.code for parameter in parameters if parameter.audience == recipe.audience)
    ledger.record(recipe, RecipeAuthored(revision=recipe.revision, phases=tuple(phases), parameters=codes))
    for old in before.filter(state=RecipeState.EFFECTIVE).exclude(pk=recipe.pk).select_for_update():
        old.state = RecipeState.SUPERSEDED
        old.bump()
        old.save(update_fields=["state", "version"])
        ledger.record(old, RecipeSuperseded(by_id=recipe.pk))
    return recipe


def _walk(steps: Iterable[StepSpec]) -> list[StepSpec]:
    return [node for step in steps for node in step.walk()]


def _refuse(field: str, detail: str) -> NoReturn:
    raise Invalid(detail, errors={field: [detail]})


def _check(steps: Sequence[StepSpec], parameters: Sequence[ParameterSpec], phases: Sequence[str]) -> None:
    """Name the first thing that cannot stand; the database would refuse it too, but not in words."""
    for field, codes in (
        ("steps", [step.code for step in _walk(steps)]),
        ("parameters", [parameter.code for parameter in parameters]),
    ):
        doubled = [code for code, times in Counter(codes).items() if times > 1]
        if doubled:
            _refuse(field, f"The code {doubled[0]} appears twice.")
    for step in _walk(steps):
        if step.level == Level.PHASE and step.children:
            _refuse("steps", f"The phase {step.code} has steps below it; phases are the leaves.")
    for parameter in parameters:
        if parameter.expected_interval_s < 1:
            _refuse("parameters", f"{parameter.code} has no expected interval of a second or more.")
        for limit in parameter.limits:
            _check_limit(parameter.code, limit, phases)


def _check_limit(code: str, limit: LimitSpec, phases: Sequence[str]) -> None:
    if limit.low is None and limit.high is None:
        _refuse("parameters", f"The {limit.kind} limit of {code} has neither a low nor a high end.")
    if limit.low is not None and limit.high is not None and limit.low >= limit.high:
        _refuse("parameters", f"The {limit.kind} limit of {code} has a low end not below its high end.")
    if limit.phase is not None and limit.phase not in phases:
        known = ", ".join(phases) or "none"
        _refuse("parameters", f"A limit of {code} names the phase {limit.phase}; the phases are: {known}.")


def _enter_steps(recipe: RecipeVersion, steps: Sequence[StepSpec]) -> dict[str, ProcedureStep]:
    entered: dict[str, ProcedureStep] = {}

    def enter(node: StepSpec, parent: ProcedureStep | None) -> None:
        entered[node.code] = row = ProcedureStep(
            space_id=recipe.space_id,
            recipe_version=recipe,
            parent=parent,
            level=node.level,
            ordinal=len(entered) + 1,
            code=node.code,
            title=node.title,
            planned_s=node.planned_s,
        )
        for child in node.children:
            enter(child, row)

    for step in steps:
        enter(step, None)
    ProcedureStep.objects.bulk_create(entered.values())
    return entered


def _enter_parameters(
    recipe: RecipeVersion, specs: Sequence[ParameterSpec], steps: dict[str, ProcedureStep]
) -> None:
    parameters = [
        Parameter(
            space_id=recipe.space_id,
            audience=spec.audience,
            recipe_version=recipe,
            code=spec.code,
            title=spec.title,
            unit=spec.unit,
            kind=spec.kind,
            data_kind=spec.data_kind,
            expected_interval_s=spec.expected_interval_s,
            decimals=spec.decimals,
            ordinal=place,
        )
        for place, spec in enumerate(specs)
    ]
    Parameter.objects.bulk_create(parameters)
    Limit.objects.bulk_create(
        Limit(
            space_id=recipe.space_id,
            audience=parameter.audience,
            parameter=parameter,
            phase=steps[limit.phase] if limit.phase is not None else None,
            kind=limit.kind,
            low=limit.low,
            high=limit.high,
            delay_s=limit.delay_s,
            min_duration_s=limit.min_duration_s,
        )
        for parameter, spec in zip(parameters, specs, strict=True)
        for limit in spec.limits
    )
