"""Change one thing of a master record and keep all the rest, with what names it; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, Literal, TypeVar

from batches.specs import HoldTimeSpec, LimitSpec, MaterialSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import LimitMeasure
from portal.errors import Conflict

Part = Literal["step", "parameter", "material", "hold_time"]
PARTS: Final[tuple[Part, ...]] = ("step", "parameter", "material", "hold_time")
Steps = tuple[StepSpec, ...]
T = TypeVar("T")


def is_plain(limit: LimitSpec) -> bool:
    """Say whether a form shows a limit: two fixed ends, each value compared with them."""
    return limit.measure == LimitMeasure.VALUE and not limit.knots


def put_parameter(spec: RecipeSpec, place: int | None, given: ParameterSpec) -> RecipeSpec:
    """Return the recipe with a parameter in its place, at the end with none."""
    return replace(spec, parameters=_put(spec.parameters, place, given))


def put_material(spec: RecipeSpec, place: int | None, given: MaterialSpec) -> RecipeSpec:
    """Return the recipe with a material in its place, at the end with none."""
    return replace(spec, materials=_put(spec.materials, place, given))


def put_hold_time(spec: RecipeSpec, place: int | None, given: HoldTimeSpec) -> RecipeSpec:
    """Return the recipe with a hold time in its place, at the end with none."""
    return replace(spec, hold_times=_put(spec.hold_times, place, given))


def put_step(spec: RecipeSpec, code: str, given: StepSpec) -> RecipeSpec:
    """Return the recipe with a step changed; what stands below it stays, and whoever names it follows."""
    steps = _mapped(
        spec.steps, lambda each: replace(given, children=each.children) if each.code == code else each
    )
    changed = replace(spec, steps=steps)
    return changed if given.code == code else _renamed(changed, code, given.code)


def add_step(spec: RecipeSpec, after: str, given: StepSpec) -> RecipeSpec:
    """Return the recipe with another step after one, below the same; at the top with none to follow."""
    if not after:
        return replace(spec, steps=(*spec.steps, given))
    return replace(spec, steps=_inserted(tuple(spec.steps), after, given))


def remove_step(spec: RecipeSpec, code: str) -> RecipeSpec:
    """Return the recipe without a step and what stands below it. Raises: Conflict while others name it."""
    gone = {each.code for step in spec.walk() if step.code == code for each in step.walk()}
    namers = [
        *(
            f"{each.code}: {limit.phase}"
            for each in spec.parameters
            for limit in each.limits
            if limit.phase in gone
        ),
        *(each.code for each in spec.materials if each.step in gone),
        *(each.code for each in spec.hold_times if each.after in gone or each.before in gone),
    ]
    if namers:
        detail = f"It is named by {', '.join(dict.fromkeys(namers))}. Change these first."
        raise Conflict(detail, code="step_named")
    return replace(spec, steps=_without(tuple(spec.steps), code))


def remove(spec: RecipeSpec, part: Part, place: int) -> RecipeSpec:
    """Return the recipe without a parameter, a material or a hold time."""
    if part == "parameter":
        return replace(spec, parameters=_cut(spec.parameters, place))
    if part == "material":
        return replace(spec, materials=_cut(spec.materials, place))
    return replace(spec, hold_times=_cut(spec.hold_times, place))


def _cut(rows: Sequence[T], place: int) -> tuple[T, ...]:
    return (*rows[:place], *rows[place + 1 :])


def _put(rows: Sequence[T], place: int | None, given: T) -> tuple[T, ...]:
    if place is None:
        return (*rows, given)
    return (*rows[:place], given, *rows[place + 1 :])


def _mapped(steps: Sequence[StepSpec], change: Callable[[StepSpec], StepSpec]) -> Steps:
    return tuple(change(replace(each, children=_mapped(each.children, change))) for each in steps)


def _inserted(steps: Steps, after: str, given: StepSpec) -> Steps:
    def walk() -> Iterator[StepSpec]:
        for each in steps:
            yield replace(each, children=_inserted(tuple(each.children), after, given))
            if each.code == after:
                yield given

    return tuple(walk())


def _without(steps: Steps, code: str) -> Steps:
    return tuple(
        replace(each, children=_without(tuple(each.children), code)) for each in steps if each.code != code
    )


def _renamed(spec: RecipeSpec, old: str, new: str) -> RecipeSpec:
    def named(code: str | None) -> str | None:
        return new if code == old else code

    return replace(
        spec,
        parameters=tuple(
            replace(each, limits=tuple(replace(limit, phase=named(limit.phase)) for limit in each.limits))
            for each in spec.parameters
        ),
        materials=tuple(replace(each, step=named(each.step)) for each in spec.materials),
        hold_times=tuple(
            replace(each, after=new if each.after == old else each.after, before=named(each.before))
            for each in spec.hold_times
        ),
    )
