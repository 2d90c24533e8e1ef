"""A deviation proposed from an excursion: the fields filled from what was measured (domain 2e)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from batches.models import Excursion, PhaseRun
from batches.queries.excursions import up_to_date
from batches.recipes.rows import limit_spec
from batches.recipes.words import measure_words, measured_unit
from batches.states import Direction, ExcursionState, LimitMeasure
from deviations.access import zone_of
from deviations.states import REPORTERS
from portal.access import get_program, get_visible, require_role
from portal.action import instant
from portal.actor import Actor
from portal.templatetags.times import duration

DAY: Final = timedelta(days=1)
HOUR_S: Final = 3600
MINUTES_MAX: Final = 120
# A phase of some days is told by its day, a shorter one by its name alone.
DAYS_TOLD_FROM: Final = 2 * 86_400


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the log page is filled with; everything may be changed before it is logged."""

    excursion_id: UUID
    program_id: UUID
    batch_id: UUID
    phase_id: UUID | None
    title: str
    description: str
    occurred_at: datetime
    detected_at: datetime


@dataclass(frozen=True, slots=True)
class _Scene:
    """An excursion with what surrounds it."""

    excursion: Excursion
    nested: Sequence[Excursion]
    run: PhaseRun | None
    zone: ZoneInfo
    now: datetime


def propose_from_excursion(actor: Actor, excursion_id: UUID) -> Proposal:
    """Fill a deviation from an excursion and the limits nested around it: one cause, one deviation.

    Occurred when the outermost limit was left, detected when that was noticed. Raises: NotFound, Refused.
    """
    seen = get_visible(Excursion, actor, excursion_id)
    require_role(actor, seen.space_id, *REPORTERS, to="log a deviation")
    rows = Excursion.objects.visible_to(actor).select_related("batch__site", "parameter", "limit")
    excursion = rows.get(pk=seen.pk)
    nested = _nested(actor, excursion)
    zone = zone_of(get_program(actor, excursion.space_id), excursion.batch)
    run = _run_of(actor, excursion)
    scene = _Scene(excursion, nested, run, ZoneInfo(zone), instant())
    outermost = min(nested, key=lambda each: each.started_at)
    return Proposal(
        excursion_id=excursion.pk,
        program_id=excursion.space_id,
        batch_id=excursion.batch_id,
        phase_id=run.phase_id if run is not None else None,
        title=_title(scene),
        description=_description(scene),
        occurred_at=outermost.started_at,
        detected_at=max(outermost.started_at, min(outermost.recorded_at, scene.now)),
    )


def _nested(actor: Actor, excursion: Excursion) -> list[Excursion]:
    """Return the excursions of the same parameter and direction that overlap this one, itself among them."""
    rows = Excursion.objects.visible_to(actor).filter(
        batch_id=excursion.batch_id,
        parameter_id=excursion.parameter_id,
        direction=excursion.direction,
        limit__measure=excursion.limit.measure,
        started_at__lte=excursion.last_outside_at,
        last_outside_at__gte=excursion.started_at,
    )
    found = rows.exclude(state=ExcursionState.WITHDRAWN).exclude(pk=excursion.pk)
    others = found.select_related("parameter", "limit").order_by("started_at", "id")
    # The row of an open one may be a minute behind its readings.
    return list(up_to_date([excursion, *others]))


def _run_of(actor: Actor, excursion: Excursion) -> PhaseRun | None:
    rows = PhaseRun.objects.visible_to(actor).filter(
        batch_id=excursion.batch_id, started_at__lte=excursion.started_at
    )
    return rows.select_related("phase").order_by("-started_at", "-id").first()


def _title(scene: _Scene) -> str:
    excursion = scene.excursion
    name, kind = _name(excursion), _limit_word(excursion)
    if excursion.limit.measure == LimitMeasure.SILENCE:
        return f"{excursion.batch.number}: no value of {name} for {_length(excursion, scene.now)}"[:200]
    words = f"{excursion.batch.number}: {name} outside {kind} for {_length(excursion, scene.now)}"
    return words[:200]


def _description(scene: _Scene) -> str:
    excursion = scene.excursion
    crossed = "exceeded" if excursion.direction == Direction.HIGH else "fell below"
    extreme = "maximum" if excursion.direction == Direction.HIGH else "minimum"
    still = "" if excursion.ended_at is not None else " so far"
    if excursion.limit.measure == LimitMeasure.SILENCE:
        return (
            f"During {_when(scene)} no value of the {_name(excursion)} came for longer than the"
            f" {duration(excursion.limit.window_s)} that its {_limit_word(excursion)} allows,"
            f" by {_length(excursion, scene.now)}{still} ({_span(scene, excursion)})."
        )
    first = (
        f"During {_when(scene)} the {_name(excursion)} {crossed}"
        f" the {_limit_word(excursion)} of {_range(excursion)}"
        f" for {_length(excursion, scene.now)}{still} ({_span(scene, excursion)},"
        f" {extreme} {_number(excursion, excursion.extreme)}{_unit(excursion)})."
    )
    further = [
        f"The {_limit_word(each)} of {_range(each)} was left for {_length(each, scene.now)}"
        f"{'' if each.ended_at is not None else ' so far'} ({_span(scene, each)})."
        for each in scene.nested[1:]
    ]
    return " ".join([first, *further])


def _when(scene: _Scene) -> str:
    number = str(scene.excursion.batch.number)
    if scene.run is None:
        return number
    phase = scene.run.phase
    days = (scene.excursion.started_at - scene.run.started_at) // DAY
    day = f", day {days}," if phase.planned_s >= DAYS_TOLD_FROM else ""
    return f"{phase.title}{day} of {number}"


def _name(excursion: Excursion) -> str:
    """Return what was outside: the temperature, or what its last readings came to."""
    of = measure_words(limit_spec(excursion.limit))
    name = _in_a_sentence(excursion.parameter.title)
    return f"{name} ({of})" if of else name


def _in_a_sentence(title: str) -> str:
    """Return a parameter's title as it stands inside a sentence: temperature, but DO and pH."""
    return title[0].lower() + title[1:] if title[1:2].islower() else title


def _limit_word(excursion: Excursion) -> str:
    return str(excursion.get_limit_kind_display())


def _number(excursion: Excursion, value: float) -> str:
    if excursion.limit.measure != LimitMeasure.VALUE:
        return f"{value:g}"
    return f"{value:.{excursion.parameter.decimals}f}"


def _unit(excursion: Excursion) -> str:
    unit = measured_unit(excursion.limit.measure, excursion.parameter.unit)
    return f" {unit}" if unit else ""


def _range(excursion: Excursion) -> str:
    """Return the limit's range as the trade writes it; a one-sided one shows the bound crossed."""
    low, high = excursion.limit.low, excursion.limit.high
    unit = _unit(excursion)
    if low is not None and high is not None:
        return f"{_number(excursion, float(low))}-{_number(excursion, float(high))}{unit}"
    word = "at most" if excursion.direction == Direction.HIGH else "at least"
    return f"{word} {_number(excursion, float(excursion.bound))}{unit}"


def _length(excursion: Excursion, now: datetime) -> str:
    seconds = int(((excursion.ended_at or now) - excursion.started_at).total_seconds())
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{max(seconds, 0)} s"
    minutes = seconds // 60
    if minutes <= MINUTES_MAX:
        return f"{minutes} min"
    return f"{seconds // HOUR_S} h {minutes % 60} min"


def _span(scene: _Scene, excursion: Excursion) -> str:
    """Return from when to when in site time, each day named once."""
    start = excursion.started_at.astimezone(scene.zone)
    if excursion.ended_at is None:
        return f"since {start:%-d %b %Y %H:%M %Z}"
    end = excursion.ended_at.astimezone(scene.zone)
    until = f"{end:%H:%M %Z}" if end.date() == start.date() else f"{end:%-d %b %Y %H:%M %Z}"
    return f"{start:%-d %b %Y %H:%M} to {until}"
