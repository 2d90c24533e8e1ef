"""Recipes in words: what a signer reads, and what a list of changes says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from batches.recipes.document import exact
from batches.specs import HoldTimeSpec, LimitSpec, MaterialSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import DataKind, Level, LimitKind, MaterialUse, ParameterKind
from portal.states import SeatSide
from portal.templatetags.times import duration

INDENT: Final[Mapping[str, str]] = {
    Level.PROCEDURE: "",
    Level.UNIT_PROCEDURE: "  ",
    Level.OPERATION: "    ",
    Level.PHASE: "      ",
}


def range_of(limit: LimitSpec, unit: str = "") -> str:
    """Return a range as it is written: 36 to 37 °C, at most 200 mbar."""
    low, high = exact(limit.low), exact(limit.high)
    if low is not None and high is not None:
        words = _("%(low)s to %(high)s") % {"low": low, "high": high}
    else:
        words = _("at most %s") % high if high is not None else _("at least %s") % low
    return f"{words} {unit}".strip()


def limit_name(limit: LimitSpec) -> str:
    """Return which limit of a parameter it is: PAR in SHIFT."""
    kind = str(LimitKind(limit.kind).label)
    return _("%(kind)s in %(phase)s") % {"kind": kind, "phase": limit.phase} if limit.phase else kind


def limit_words(limit: LimitSpec, unit: str = "") -> str:
    """Return a limit whole, with its reason."""
    parts = [f"{limit_name(limit)} {range_of(limit, unit)}"]
    if limit.delay_s:
        parts.append(_("alert after %s") % duration(limit.delay_s))
    if limit.min_duration_s:
        parts.append(_("lasting %s") % duration(limit.min_duration_s))
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
