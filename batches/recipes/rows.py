"""A recipe as the rows that batches are run and judged by: written once, read back as the same values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from batches.models import (
    HoldTime,
    Limit,
    Parameter,
    ProcedureStep,
    RecipeMaterial,
    RecipeVersion,
)
from batches.recipes.document import exact, number
from batches.specs import (
    HoldTimeSpec,
    KnotSpec,
    LimitSpec,
    MaterialSpec,
    ParameterSpec,
    RecipeSpec,
    StepSpec,
    Unread,
)
from batches.states import DataKind, Level, LimitKind, LimitMeasure, MaterialUse, ParameterKind
from portal.action import current_action
from portal.actor import Actor
from portal.states import Audience, SeatSide

M = TypeVar("M", RecipeMaterial, HoldTime)
AT_ONCE: Final = 1000


def enter_rows(recipe: RecipeVersion, spec: RecipeSpec) -> None:
    """Write what a version holds, once; a shared step. The specification is sound."""
    current_action()
    steps = _enter_steps(recipe, spec)
    _enter_parameters(recipe, spec.parameters, steps)
    RecipeMaterial.objects.bulk_create(
        [
            RecipeMaterial(
                space_id=recipe.space_id,
                recipe_version=recipe,
                step=steps[each.step] if each.step is not None else None,
                code=each.code,
                title=each.title,
                use=each.use,
                quantity=each.quantity,
                unit=each.unit,
                supplied_by=each.supplied_by,
                specification=each.specification,
                ordinal=place,
            )
            for place, each in enumerate(spec.materials)
        ]
    )
    HoldTime.objects.bulk_create(
        [
            HoldTime(
                space_id=recipe.space_id,
                recipe_version=recipe,
                after=steps[each.after],
                before=steps[each.before] if each.before is not None else None,
                code=each.code,
                title=each.title,
                longest_s=each.longest_s,
                condition=each.condition,
                rationale=each.rationale,
                ordinal=place,
            )
            for place, each in enumerate(spec.hold_times)
        ]
    )


def _enter_steps(recipe: RecipeVersion, spec: RecipeSpec) -> dict[str, ProcedureStep]:
    entered: dict[str, ProcedureStep] = {}
    parents = {child.code: step.code for step in spec.walk() for child in step.children}
    for node in spec.walk():
        entered[node.code] = ProcedureStep(
            space_id=recipe.space_id,
            recipe_version=recipe,
            parent=entered[parents[node.code]] if node.code in parents else None,
            level=node.level,
            ordinal=len(entered) + 1,
            code=node.code,
            title=node.title,
            planned_s=node.planned_s,
            equipment_class=node.equipment_class,
            instruction=node.instruction,
            needs_second_check=node.needs_second_check,
        )
    ProcedureStep.objects.bulk_create(entered.values(), batch_size=AT_ONCE)
    return entered


def _enter_parameters(
    recipe: RecipeVersion, specs: Sequence[ParameterSpec], steps: Mapping[str, ProcedureStep]
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
            target=spec.target,
            rationale=spec.rationale,
        )
        for place, spec in enumerate(specs)
    ]
    Parameter.objects.bulk_create(parameters, batch_size=AT_ONCE)
    Limit.objects.bulk_create(
        [
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
                measure=limit.measure,
                window_s=limit.window_s,
                above=limit.above,
                knots=[[each.at_s, exact(each.low), exact(each.high)] for each in limit.knots],
                every_s=limit.every_s,
                settle_s=limit.settle_s,
                rationale=limit.rationale,
            )
            for parameter, spec in zip(parameters, specs, strict=True)
            for limit in spec.limits
        ],
        batch_size=AT_ONCE,
    )


def read_rows(actor: Actor, recipe: RecipeVersion) -> RecipeSpec:
    """Return what a submitted version holds, as far as the actor may see it: five queries."""
    steps = list(
        ProcedureStep.objects.visible_to(actor).filter(recipe_version=recipe).order_by("ordinal", "id")
    )
    codes = {each.pk: each.code for each in steps}
    materials = RecipeMaterial.objects.visible_to(actor)
    hold_times = HoldTime.objects.visible_to(actor)
    found = RecipeSpec(
        number=recipe.number,
        title=recipe.title,
        product=recipe.product,
        steps=_tree(steps),
        parameters=_read_parameters(actor, recipe, codes),
        materials=tuple(_read_material(each, codes) for each in _of(materials, recipe)),
        hold_times=tuple(_read_hold_time(each, codes) for each in _of(hold_times, recipe)),
        not_understood=tuple(Unread(each["where"], each["what"]) for each in recipe.not_understood),
    )
    return found.in_order()


def _of(rows: QuerySet[M], recipe: RecipeVersion) -> QuerySet[M]:
    return rows.filter(recipe_version=recipe).order_by("ordinal", "id")


def _tree(steps: Sequence[ProcedureStep]) -> tuple[StepSpec, ...]:
    """Return the tree of steps that come parents first; it is built from its leaves."""
    below: dict[UUID | None, list[StepSpec]] = {}
    for step in reversed(steps):
        below.setdefault(step.parent_id, []).append(
            StepSpec(
                code=step.code,
                title=step.title,
                level=Level(step.level),
                planned_s=step.planned_s,
                children=tuple(reversed(below.pop(step.pk, []))),
                equipment_class=step.equipment_class,
                instruction=step.instruction,
                needs_second_check=step.needs_second_check,
            )
        )
    return tuple(reversed(below.get(None, [])))


def _read_parameters(
    actor: Actor, recipe: RecipeVersion, codes: Mapping[UUID, str]
) -> tuple[ParameterSpec, ...]:
    parameters = Parameter.objects.visible_to(actor).filter(recipe_version=recipe).order_by("ordinal", "id")
    limits: dict[UUID, list[LimitSpec]] = {}
    rows = Limit.objects.visible_to(actor).filter(parameter__recipe_version=recipe)
    for row in rows.order_by("id"):
        phase = codes[row.phase_id] if row.phase_id is not None else None
        limits.setdefault(row.parameter_id, []).append(limit_spec(row, phase))
    return tuple(
        ParameterSpec(
            code=each.code,
            title=each.title,
            unit=each.unit,
            kind=ParameterKind(each.kind),
            data_kind=DataKind(each.data_kind),
            expected_interval_s=each.expected_interval_s,
            decimals=each.decimals,
            audience=Audience(each.audience),
            limits=tuple(limits.get(each.pk, ())),
            target=each.target,
            rationale=each.rationale,
        )
        for each in parameters
    )


def limit_spec(row: Limit, phase: str | None = None) -> LimitSpec:
    """Return what the row of a limit says; `phase` is the code of its phase."""
    return LimitSpec(
        kind=LimitKind(row.kind),
        low=row.low,
        high=row.high,
        phase=phase,
        delay_s=row.delay_s,
        min_duration_s=row.min_duration_s,
        rationale=row.rationale,
        measure=LimitMeasure(row.measure),
        window_s=row.window_s,
        above=row.above,
        knots=tuple(KnotSpec(at_s, number(low), number(high)) for at_s, low, high in row.knots),
        every_s=row.every_s,
        settle_s=row.settle_s,
    )


def _read_material(row: RecipeMaterial, codes: Mapping[UUID, str]) -> MaterialSpec:
    return MaterialSpec(
        code=row.code,
        title=row.title,
        use=MaterialUse(row.use),
        quantity=row.quantity,
        unit=row.unit,
        step=codes[row.step_id] if row.step_id is not None else None,
        supplied_by=SeatSide(row.supplied_by),
        specification=row.specification,
    )


def _read_hold_time(row: HoldTime, codes: Mapping[UUID, str]) -> HoldTimeSpec:
    return HoldTimeSpec(
        code=row.code,
        title=row.title,
        after=codes[row.after_id],
        before=codes[row.before_id] if row.before_id is not None else None,
        longest_s=row.longest_s,
        condition=row.condition,
        rationale=row.rationale,
    )
