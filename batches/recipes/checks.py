"""What cannot stand in a recipe although each part of it is well formed: doubled codes, loose ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from batches.specs import LimitSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import Level, LimitMeasure
from portal.errors import Invalid

FAULTS_MAX: Final = 50
STEPS_MAX: Final = 20_000
DEPTH: Final[Mapping[str, int]] = {
    Level.PROCEDURE: 0,
    Level.UNIT_PROCEDURE: 1,
    Level.OPERATION: 2,
    Level.PHASE: 3,
}


NUMBER_LESS_THAN: Final = Decimal(10) ** 12
DECIMALS_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot stand: in which part, and what would be accepted."""

    part: str
    words: str


def faults_of(spec: RecipeSpec) -> list[Fault]:
    """Return what cannot stand, at most fifty of it; empty when the recipe can be entered."""
    found: list[Fault] = []
    for fault in _faults(spec):
        found.append(fault)
        if len(found) == FAULTS_MAX:
            break
    return found


def require_sound(spec: RecipeSpec) -> None:
    """Raise Invalid with every fault of a recipe, by part."""
    found = faults_of(spec)
    if not found:
        return
    errors: dict[str, list[str]] = {}
    for fault in found:
        errors.setdefault(fault.part, []).append(fault.words)
    raise Invalid(found[0].words, code="recipe_invalid", errors=errors)


def _faults(spec: RecipeSpec) -> Iterator[Fault]:
    steps = list(spec.walk())
    yield from _doubled("steps", (each.code for each in steps))
    yield from _doubled("parameters", (each.code for each in spec.parameters))
    yield from _doubled("hold_times", (each.code for each in spec.hold_times))
    if len(steps) > STEPS_MAX:
        yield Fault("steps", f"A recipe has at most {STEPS_MAX:,} steps; this one has {len(steps):,}.")
    yield from _tree(spec)
    phases = set(spec.phases)
    for parameter in spec.parameters:
        yield from _parameter(parameter, phases)
    yield from _loose_ends(spec, {each.code for each in steps})


def _numbers(part: str, code: str, *values: Decimal | None) -> Iterator[Fault]:
    for value in values:
        if value is None:
            continue
        exponent = value.normalize().as_tuple().exponent if value.is_finite() else None
        if not isinstance(exponent, int) or abs(value) >= NUMBER_LESS_THAN or exponent < -DECIMALS_MAX:
            yield Fault(part, f"{code}: {value} has more than 12 digits before or 6 behind the point.")


def _doubled(part: str, codes: Iterable[str]) -> Iterator[Fault]:
    for code, times in Counter(codes).items():
        if times > 1:
            yield Fault(part, f"The code {code} appears twice.")


def _tree(spec: RecipeSpec) -> Iterator[Fault]:
    for step in spec.walk():
        if step.level == Level.PHASE and step.children:
            yield Fault("steps", f"The phase {step.code} has steps below it; phases are the leaves.")
            continue
        for child in step.children:
            if DEPTH[child.level] <= DEPTH[step.level]:
                yield Fault(
                    "steps",
                    f"The {_words(child)} {child.code} stands below the {_words(step)} {step.code}.",
                )


def _words(step: StepSpec) -> str:
    return str(Level(step.level).label)


def _parameter(parameter: ParameterSpec, phases: set[str]) -> Iterator[Fault]:
    if parameter.expected_interval_s < 1:
        yield Fault("parameters", f"{parameter.code} has no expected interval of a second or more.")
    yield from _numbers("parameters", parameter.code, parameter.target)
    seen: set[tuple[str, str, str | None]] = set()
    for limit in parameter.limits:
        yield from _limit(parameter.code, limit, phases)
        if limit.key in seen:
            where = f"the phase {limit.phase}" if limit.phase else "all phases"
            yield Fault("parameters", f"{parameter.code} has two {limit.kind} limits for {where}.")
        seen.add(limit.key)


def _limit(code: str, limit: LimitSpec, phases: set[str]) -> Iterator[Fault]:
    yield from _numbers("parameters", code, limit.low, limit.high, limit.above)
    yield from _measure(code, limit)
    yield from _course(code, limit)
    is_open = limit.low is None and limit.high is None and not limit.knots
    if is_open and limit.measure != LimitMeasure.SILENCE:
        yield Fault("parameters", f"The {limit.kind} limit of {code} has neither a low nor a high end.")
    if limit.low is not None and limit.high is not None and limit.low >= limit.high:
        yield Fault("parameters", f"The {limit.kind} limit of {code} has a low end not below its high end.")
    if limit.phase is not None and limit.phase not in phases:
        known = ", ".join(sorted(phases)[:20]) or "none"
        yield Fault(
            "parameters", f"A limit of {code} names the phase {limit.phase}; the phases are: {known}."
        )


def _measure(code: str, limit: LimitSpec) -> Iterator[Fault]:
    said = f"The {limit.kind} limit of {code}"
    is_value, is_silence = limit.measure == LimitMeasure.VALUE, limit.measure == LimitMeasure.SILENCE
    if is_value == bool(limit.window_s):
        wanted = "looks at each value and has no window" if is_value else "has no window to look at"
        yield Fault("parameters", f"{said} {wanted}.")
    if (limit.measure == LimitMeasure.COUNT) != (limit.above is not None):
        yield Fault("parameters", f"{said} counts values above a value: both or neither.")
    if is_silence and (limit.low is not None or limit.high is not None):
        yield Fault("parameters", f"{said} is of missing data and has no ends, only a window.")


def _course(code: str, limit: LimitSpec) -> Iterator[Fault]:
    said = f"The {limit.kind} limit of {code}"
    if not limit.knots:
        if limit.every_s:
            yield Fault("parameters", f"{said} has no course that could begin again.")
        return
    if limit.measure != LimitMeasure.VALUE or limit.low is not None or limit.high is not None:
        yield Fault("parameters", f"{said} has a course, which stands in place of ends and measures.")
    times = [each.at_s for each in limit.knots]
    if any(later <= earlier for earlier, later in pairwise(times)):
        yield Fault("parameters", f"{said}: the knots of its course do not follow one another in time.")
    if limit.every_s and limit.every_s < times[-1]:
        yield Fault(
            "parameters", f"{said}: its course lasts longer than the time after which it begins again."
        )
    for each in limit.knots:
        yield from _numbers("parameters", code, each.low, each.high)
        if each.low is not None and each.high is not None and each.low >= each.high:
            yield Fault("parameters", f"{said} has a low end not below its high end at {each.at_s} s.")
    sides = [[each.low for each in limit.knots], [each.high for each in limit.knots]]
    if any(None in ends and set(ends) != {None} for ends in sides) or all(None in ends for ends in sides):
        yield Fault(
            "parameters", f"{said}: a side of its course is open at every knot or at none, and not both."
        )


def _loose_ends(spec: RecipeSpec, steps: set[str]) -> Iterator[Fault]:
    for material in spec.materials:
        if material.step is not None and material.step not in steps:
            yield Fault(
                "materials", f"The material {material.code} names the step {material.step}: no such step."
            )
        yield from _numbers("materials", material.code, material.quantity)
        if material.quantity is not None and material.quantity < 0:
            yield Fault("materials", f"The material {material.code} has a quantity below zero.")
    for hold in spec.hold_times:
        for code in (hold.after, hold.before):
            if code is not None and code not in steps:
                yield Fault("hold_times", f"The hold time {hold.code} names the step {code}: no such step.")
        if hold.after == hold.before:
            yield Fault("hold_times", f"The hold time {hold.code} ends where it begins.")
