"""Recipes in words: what a signer reads, and what a list of changes says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from batches.recipes.document import exact
from batches.specs import HoldTimeSpec, KnotSpec, LimitSpec, MaterialSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import DataKind, Level, LimitKind, LimitMeasure, MaterialUse, ParameterKind
from portal.states import SeatSide
from portal.templatetags.times import duration

KNOTS_TOLD: Final = 4
Course = Callable[[Sequence[KnotSpec], str], str]
INDENT: Final[Mapping[str, str]] = {
    Level.PROCEDURE: "",
    Level.UNIT_PROCEDURE: "  ",
    Level.OPERATION: "    ",
    Level.PHASE: "      ",
}


def range_of(limit: LimitSpec, unit: str = "", course: Course | None = None) -> str:
    """Return a range as it is written: 36 to 37 °C, at most 200 mbar, at most 2 °C an hour."""
    if limit.measure == LimitMeasure.SILENCE:
        return _("at most %s without a value") % duration(limit.window_s)
    of = measured_unit(limit.measure, unit)
    if limit.knots:
        words = (course or course_words)(limit.knots, of)
        if not limit.every_s:
            return words
        return _("%(course)s, again every %(time)s") % {"course": words, "time": duration(limit.every_s)}
    return f"{_between(limit.low, limit.high)} {of}".strip()


def _between(low: Decimal | None, high: Decimal | None) -> str:
    lowest, highest = exact(low), exact(high)
    if lowest is not None and highest is not None:
        return _("%(low)s to %(high)s") % {"low": lowest, "high": highest}
    return _("at most %s") % highest if highest is not None else _("at least %s") % lowest


def course_words(knots: Sequence[KnotSpec], unit: str = "") -> str:
    """Return a course knot by knot: 36 to 37 °C at the start, 33.5 to 34.5 °C after 4 h."""
    said = []
    for each in knots:
        when = _("after %s") % duration(each.at_s) if each.at_s else _("at the start")
        said.append(" ".join(filter(None, (_between(each.low, each.high), unit, when))))
    return ", ".join(said)


def course_in_short(knots: Sequence[KnotSpec], unit: str = "") -> str:
    """Return a course for a line of a page: of a long one the first, the middle and the last knot."""
    if len(knots) <= KNOTS_TOLD:
        return course_words(knots, unit)
    words = course_words((knots[0], knots[len(knots) // 2], knots[-1]), unit)
    return _("%(words)s, of %(n)s points") % {"words": words, "n": len(knots)}


def measured_unit(measure: str, unit: str) -> str:
    """Return the unit of what a limit looks at, of a parameter with its own."""
    if measure == LimitMeasure.RATE:
        return _("%s an hour") % unit if unit else _("an hour")
    return "" if measure == LimitMeasure.COUNT else unit


def measure_words(limit: LimitSpec) -> str:
    """Return what a limit looks at: sum over 35 min; nothing for each value."""
    given = {"time": duration(limit.window_s), "above": exact(limit.above)}
    return {
        LimitMeasure.RATE: _("change over %(time)s"),
        LimitMeasure.SUM: _("sum over %(time)s"),
        LimitMeasure.COUNT: _("values above %(above)s within %(time)s"),
        LimitMeasure.SPAN: _("movement within %(time)s"),
    }.get(LimitMeasure(limit.measure), "") % given


def limit_name(limit: LimitSpec) -> str:
    """Return which limit of a parameter it is: PAR in SHIFT, action limit for the sum over 35 min."""
    kind = str(LimitKind(limit.kind).label)
    if of := measure_words(limit):
        kind = _("%(kind)s for the %(measure)s") % {"kind": kind, "measure": of}
    return _("%(kind)s in %(phase)s") % {"kind": kind, "phase": limit.phase} if limit.phase else kind


def limit_words(limit: LimitSpec, unit: str = "", course: Course | None = None) -> str:
    """Return a limit whole, with its reason."""
    parts = [f"{limit_name(limit)} {range_of(limit, unit, course)}"]
    if limit.delay_s:
        parts.append(_("alert after %s") % duration(limit.delay_s))
    if limit.min_duration_s:
        parts.append(_("lasting %s") % duration(limit.min_duration_s))
    if limit.settle_s:
        parts.append(_("not for %s after a phase began") % duration(limit.settle_s))
    if limit.rationale:
        parts.append(_("because: %s") % limit.rationale)
    return ", ".join(parts)


def step_words(step: StepSpec) -> str:
    """Return a step in one line, below its level."""
    parts = [f"{step.code} {step.title}"]
    if step.planned_s:
        parts.append(_("planned %s") % duration(step.planned_s))
    if step.equipment_class:
        parts.append(_("equipment: %s") % step.equipment_class)
    if step.needs_second_check:
        parts.append(_("second check"))
    if step.instruction:
        parts.append(step.instruction)
    return f"{INDENT[step.level]}{Level(step.level).label}: {', '.join(parts)}"


def parameter_words(parameter: ParameterSpec) -> str:
    """Return a parameter with its limits, a line each."""
    kind = str(ParameterKind(parameter.kind).label)
    parts = [f"{parameter.code} {parameter.title}", kind, str(DataKind(parameter.data_kind).label)]
    parts.append(_("every %s") % duration(parameter.expected_interval_s))
    if parameter.target is not None:
        parts.append(_("target %s") % f"{exact(parameter.target)} {parameter.unit}".strip())
    if parameter.rationale:
        parts.append(_("because: %s") % parameter.rationale)
    lines = [", ".join(parts), *(f"  {limit_words(each, parameter.unit)}" for each in parameter.limits)]
    return "\n".join(lines)


def material_words(material: MaterialSpec) -> str:
    """Return a material in one line."""
    parts = [f"{material.code} {material.title}", str(MaterialUse(material.use).label)]
    if material.quantity is not None:
        parts.append(f"{exact(material.quantity)} {material.unit}".strip())
    if material.step is not None:
        parts.append(_("in %s") % material.step)
    if material.supplied_by == SeatSide.SPONSOR:
        parts.append(_("supplied by the sponsor"))
    if material.specification:
        parts.append(_("specification %s") % material.specification)
    return ", ".join(parts)


def hold_time_words(hold: HoldTimeSpec) -> str:
    """Return a hold time in one line."""
    said = {"time": duration(hold.longest_s), "after": hold.after, "before": hold.before}
    words = (
        _("at most %(time)s from the end of %(after)s to the start of %(before)s") % said
        if hold.before is not None
        else _("at most %(time)s from the end of %(after)s") % said
    )
    parts = [f"{hold.code} {hold.title}", words]
    if hold.condition:
        parts.append(hold.condition)
    if hold.rationale:
        parts.append(_("because: %s") % hold.rationale)
    return ", ".join(parts)


def parts_of(spec: RecipeSpec) -> dict[str, str]:
    """Return what a recipe says, part by part, whole: what a signer reads."""
    return {
        "Procedure": "\n".join(step_words(each) for each in spec.walk()),
        "Parameters": "\n".join(parameter_words(each) for each in spec.parameters),
        "Materials": "\n".join(material_words(each) for each in spec.materials),
        "Hold times": "\n".join(hold_time_words(each) for each in spec.hold_times),
        "Of the imported file, not understood": "\n".join(
            f"{each.where}: {each.what}" for each in spec.not_understood
        ),
    }
