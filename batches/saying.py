"""Values and crossings in the words of the trade (domain 2g), for lists, pages and notices alike."""

from __future__ import annotations

from django.utils.translation import gettext as _

from batches.models import Excursion, Parameter
from batches.recipes.rows import limit_spec
from batches.recipes.words import measure_words, measured_unit
from batches.states import Direction, LimitKind, LimitMeasure
from portal.templatetags.times import duration


def number(parameter: Parameter, value: float) -> str:
    """Return a value with the decimals of its parameter."""
    return f"{value:.{parameter.decimals}f}"


def quantity(parameter: Parameter, value: float) -> str:
    """Return a value with its unit."""
    return f"{number(parameter, value)} {parameter.unit}".strip()


def crossing(excursion: Excursion) -> str:
    """Return what was crossed, in a few words: Temperature outside PAR, DO above the action limit."""
    name, kind = excursion.parameter.title, str(excursion.get_limit_kind_display())
    if excursion.limit.measure == LimitMeasure.SILENCE:
        return _("%(name)s: data missing") % {"name": name}
    if of := measure_words(limit_spec(excursion.limit)):
        name = f"{name}, {of}"
    if excursion.limit_kind in {LimitKind.NOR, LimitKind.PAR, LimitKind.SPEC}:
        return _("%(name)s outside %(limit)s") % {"name": name, "limit": kind}
    if excursion.direction == Direction.HIGH:
        return _("%(name)s above %(limit)s") % {"name": name, "limit": kind}
    return _("%(name)s below %(limit)s") % {"name": name, "limit": kind}


def extreme_words(excursion: Excursion) -> str:
    """Return how far an excursion went, in what its limit looks at."""
    return _looked_at(excursion, excursion.extreme)


def bound_words(excursion: Excursion) -> str:
    """Return the end that was crossed."""
    return _looked_at(excursion, float(excursion.bound))


def _looked_at(excursion: Excursion, value: float) -> str:
    measure, parameter = excursion.limit.measure, excursion.parameter
    if measure == LimitMeasure.VALUE:
        return quantity(parameter, value)
    if measure == LimitMeasure.SILENCE:
        return str(duration(round(value)))
    return f"{value:g} {measured_unit(measure, parameter.unit)}".strip()
