"""Values and crossings in the words of the trade (domain 2g), for lists, pages and notices alike."""

from __future__ import annotations

from django.utils.translation import gettext as _

from batches.models import Excursion, Parameter
from batches.states import Direction, LimitKind


def number(parameter: Parameter, value: float) -> str:
    """Return a value with the decimals of its parameter."""
    return f"{value:.{parameter.decimals}f}"


def quantity(parameter: Parameter, value: float) -> str:
    """Return a value with its unit."""
    return f"{number(parameter, value)} {parameter.unit}".strip()


def crossing(excursion: Excursion) -> str:
    """Return what was crossed, in a few words: Temperature outside PAR, DO above the action limit."""
    name, kind = excursion.parameter.title, str(excursion.get_limit_kind_display())
    if excursion.limit_kind in {LimitKind.NOR, LimitKind.PAR, LimitKind.SPEC}:
        return _("%(name)s outside %(limit)s") % {"name": name, "limit": kind}
    if excursion.direction == Direction.HIGH:
        return _("%(name)s above %(limit)s") % {"name": name, "limit": kind}
    return _("%(name)s below %(limit)s") % {"name": name, "limit": kind}
