"""Batches, limits and excursions in the words of the trade (domain 2g)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from batches.models import Batch, Excursion, Limit, Parameter
from batches.queries import Running
from batches.recipes.rows import limit_spec
from batches.recipes.words import course_in_short, range_of
from batches.saying import number
from batches.slots import BatchFacts
from batches.states import DataKind, ExcursionState, LimitKind
from batches.views.ramps import ends_at
from portal.templatetags.times import duration

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# From here on minutes are noise.
HOURS_TOLD_FROM: Final = timedelta(hours=10)
# A phase of some days is told by its day, a shorter one by its hours.
DAYS_TOLD_FROM_S: Final = 2 * 86_400
# Beyond these limits somebody has to decide; an alert limit or NOR alone is an early word (domain 2e).
GRAVE: Final = frozenset({LimitKind.PAR, LimitKind.ACTION, LimitKind.SPEC})
BINDS: Final[Mapping[str, str]] = {
    "start": "Binds: readings are taken from now on and judged by the limits of the first phase.",
    "phase": (
        "Binds: from the time you state, the limits of the new phase apply; readings since are judged again."
    ),
    "complete": (
        "Binds: no more readings are taken, open excursions end, the readings are sealed."
        " A completed batch does not start again."
    ),
    "discontinue": (
        "Binds: the batch is stopped for good, open excursions end, the readings are sealed."
        " It cannot be taken back."
    ),
}


def state_words(batch: Batch, facts: BatchFacts) -> str:
    """Return the state, what was decided and what blocks it: a running batch is in process, never on hold."""
    said = [facts.disposition] if facts.disposition else []
    return ", ".join([capfirst(str(batch.get_state_display())), *said, *facts.blocks])


def phase_note(batch: Batch, running: Running | None, now: datetime) -> str:
    """Return how far a phase is: hours of those planned; a long one by the day of its unit procedure."""
    if running is None:
        return ""
    planned_s = batch.phase.planned_s if batch.phase is not None else 0
    passed = running.in_phase(now)
    if planned_s >= DAYS_TOLD_FROM_S:
        return _("day %(n)s") % {"n": running.in_procedure(now) // DAY}
    told = duration(passed) if passed < HOURS_TOLD_FROM else _("%(n)s h") % {"n": passed // HOUR}
    return (
        _("%(passed)s of %(planned)s") % {"passed": told, "planned": duration(planned_s)}
        if planned_s
        else told
    )


def range_words(parameter: Parameter, limit: Limit | None) -> str:
    """Return a limit's range: 33.0 to 35.0, at most 200, at least 60; empty without a limit."""
    if limit is None:
        return ""
    if not limit.is_plain:
        return range_of(limit_spec(limit), course=course_in_short)
    return _range_of(parameter, limit.low, limit.high)


def range_now(parameter: Parameter, limit: Limit | None, elapsed: timedelta) -> str:
    """Return a limit's range; of one that follows a course, the range so long after its course began."""
    if limit is None or not limit.knots or elapsed < timedelta(seconds=limit.settle_s):
        return range_words(parameter, limit)
    low, high = ends_at(limit, elapsed // timedelta(microseconds=1))
    return _("%(range)s now") % {"range": _range_of(parameter, low, high)}


def _range_of(parameter: Parameter, lowest: Decimal | float | None, highest: Decimal | float | None) -> str:
    low, high = (None if each is None else number(parameter, float(each)) for each in (lowest, highest))
    if low is not None and high is not None:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    return _("at most %s") % high if high is not None else _("at least %s") % low


def tone_of(excursion: Excursion) -> str:
    """Return the tone of an excursion: early signal, or a limit that asks for a decision; never a class."""
    return "warn" if excursion.limit_kind in GRAVE else "watch"


def length_of(excursion: Excursion, now: datetime) -> timedelta:
    """Return how long an excursion lasted, or lasts so far."""
    return max((excursion.ended_at or now) - excursion.started_at, timedelta(0))


def excursion_state(excursion: Excursion) -> str:
    """Return where an excursion stands."""
    return {
        ExcursionState.OPEN: _("goes on"),
        ExcursionState.CLOSED: _("over"),
        ExcursionState.WITHDRAWN: _("withdrawn"),
    }[ExcursionState(excursion.state)]


def sampled(at: datetime, zone: str, now: datetime) -> str:
    """Return when a sample was taken, in site time: only a value from a sensor has an age in seconds."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    return _("sampled %s") % formats.date_format(local, "H:i" if local.date() == today else "j M, H:i")


def how_often(parameter: Parameter) -> str:
    """Return the data kind and how often a value is expected."""
    kind = str(DataKind(parameter.data_kind).label)
    return _("%(kind)s, every %(time)s") % {"kind": kind, "time": duration(parameter.expected_interval_s)}
