"""What the live chart of a batch is drawn from: parameters, phases with their limits, excursions as marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.columns import microseconds
from batches.limits import OPEN_END_US
from batches.models import Batch, Excursion, Limit, PhaseRun
from batches.queries import BatchDetail, ParameterState
from batches.queries.references import Reference
from batches.saying import crossing
from batches.states import DataKind, ExcursionState, LimitKind
from batches.views.ramps import Ramp, ramp
from batches.views.words import GRAVE, tone_of

# A running batch opens with its last day; samples, of which a day has one, with all of it.
OPENS_WITH: Final = timedelta(hours=24)
# Episodes of one limit that follow each other so soon share a mark: each has its line in the list.
SHARED_MARK: Final = timedelta(hours=1)
MARKS_MAX: Final = 60
DRAWN: Final = ("nor", "alert", "action", "par")
Chart = dict[str, Any]


def chart_of(detail: BatchDetail, zone: str, now: datetime) -> Chart:
    """Return the names of `chart.html` for a whole batch; while it runs the chart follows."""
    batch = detail.batch
    first = batch.started_at or batch.planned_start
    chart = _chart(detail, detail.parameters, zone) | {
        "first": _ms(first),
        "since": _ms(first if batch.ended_at is not None else max(first, now - OPENS_WITH)),
        "markers": [_marker(each) for each in _gathered(detail.excursions)[-MARKS_MAX:]],
    }
    return chart if batch.ended_at is None else chart | {"until": _ms(batch.ended_at)}


def reference_lines(references: Iterable[Reference]) -> list[dict[str, Any]]:
    """Return the finished batches that may lie under the chart, with what lines them up phase by phase."""
    return [
        {
            "number": each.batch.number,
            "series_url": f"/api/v1/batches/{each.batch.pk}/series/",
            "until": _ms(each.batch.ended_at or each.batch.planned_start),
            "phases": _starts(each.batch, each.runs),
        }
        for each in references
    ]


def _starts(batch: Batch, runs: Sequence[PhaseRun]) -> list[tuple[str, int]]:
    """Return when each phase began, by its code; the whole where there are none."""
    whole = [("", _ms(batch.started_at or batch.planned_start))]
    return [(run.phase.code, _ms(run.started_at)) for run in runs] or whole


def excursion_chart(
    detail: BatchDetail,
    state: ParameterState,
    excursion: Excursion,
    zone: str,
    window: tuple[datetime, datetime | None],
) -> Chart:
    """Return the chart of one excursion and what surrounds it; without an end it follows."""
    since, until = window
    chart = _chart(detail, [state], zone) | {
        "since": _ms(since),
        "markers": [_marker(_Marked(excursion, excursion.started_at, _end(excursion), 1))],
    }
    return chart if until is None else chart | {"until": _ms(until)}


def _chart(detail: BatchDetail, states: Sequence[ParameterState], zone: str) -> Chart:
    return {
        "batch": str(detail.batch.pk),
        "series_url": f"/api/v1/batches/{detail.batch.pk}/series/",
        "zone": zone,
        "parameters": [_parameter(state) for state in states],
        "phases": _phases(detail, states),
        "starts": _starts(detail.batch, detail.runs),
    }


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _parameter(state: ParameterState) -> dict[str, Any]:
    parameter = state.parameter
    return {
        "code": parameter.code,
        "label": parameter.title,
        "unit": parameter.unit,
        "decimals": parameter.decimals,
        "dots": parameter.data_kind != DataKind.ONLINE,
    }


def _phases(detail: BatchDetail, states: Sequence[ParameterState]) -> list[dict[str, Any]]:
    if not detail.runs:
        started_at = detail.batch.started_at or detail.batch.planned_start
        return [
            {"name": "", "from": _ms(started_at), "to": None, "limits": _limits(states, None), "ramps": {}}
        ]
    return [
        {
            "name": run.phase.title,
            "from": _ms(run.started_at),
            "to": _ms(run.ended_at) if run.ended_at is not None else None,
            "limits": _limits(states, run),
            "ramps": _ramps(detail, states, run),
        }
        for run in detail.runs
    ]


def _ramps(
    detail: BatchDetail, states: Sequence[ParameterState], run: PhaseRun
) -> dict[str, dict[str, Ramp]]:
    """Return the limits of a phase that do not hold all through it as they are, by parameter and kind."""
    began_us = microseconds(run.started_at)
    until_us = OPEN_END_US if run.ended_at is None else microseconds(run.ended_at)
    batch_us = microseconds(detail.batch.started_at or detail.batch.planned_start)
    found: dict[str, dict[str, Ramp]] = {}
    for state in states:
        for kind, limit in state.ranges(run.phase_id).items():
            if kind in DRAWN and _moves(limit):
                origin_us = batch_us if limit.phase_id is None else began_us
                drawn = ramp(limit, origin_us, began_us, until_us)
                found.setdefault(state.parameter.code, {})[kind] = drawn
    return found


def _moves(limit: Limit) -> bool:
    return bool(limit.knots or limit.settle_s)


def _limits(
    states: Sequence[ParameterState], run: PhaseRun | None
) -> dict[str, dict[str, list[float | None]]]:
    """Return the ranges that hold in a phase by parameter and kind; None where a side is open."""
    phase_id = run.phase_id if run is not None else None
    return {
        state.parameter.code: {
            kind: [None if bound is None else float(bound) for bound in (limit.low, limit.high)]
            for kind, limit in state.ranges(phase_id).items()
            if kind in DRAWN and not _moves(limit)
        }
        for state in states
    }


@dataclass(frozen=True, slots=True)
class _Marked:
    """One mark: the longest of the episodes it stands for, the stretch of all, and how many they are."""

    excursion: Excursion
    started_at: datetime
    ended_at: datetime
    count: int

    def with_next(self, other: Excursion) -> _Marked:
        longest = max(self.excursion, other, key=lambda each: _end(each) - each.started_at)
        return _Marked(longest, self.started_at, max(self.ended_at, _end(other)), self.count + 1)


def _gathered(excursions: Iterable[Excursion]) -> list[_Marked]:
    """Return the marks of a batch, oldest first: where they meet the latest lies on top."""
    marks: list[_Marked] = []
    last: dict[tuple[UUID, str], int] = {}
    standing = [each for each in excursions if each.state != ExcursionState.WITHDRAWN]
    for each in sorted(standing, key=lambda each: (each.started_at, each.pk)):
        key = (each.limit_id, each.direction)
        place = last.get(key)
        if place is not None and each.started_at - marks[place].ended_at <= SHARED_MARK:
            marks[place] = marks[place].with_next(each)
            continue
        last[key] = len(marks)
        marks.append(_Marked(each, each.started_at, _end(each), 1))
    return marks


def _end(excursion: Excursion) -> datetime:
    return excursion.ended_at or excursion.last_outside_at


def _marker(mark: _Marked) -> dict[str, Any]:
    excursion, words = mark.excursion, crossing(mark.excursion)
    if mark.count > 1:
        words = _("%(what)s, %(n)s times") % {"what": words, "n": mark.count}
    marker = {
        "code": excursion.parameter.code,
        "at": _ms(mark.started_at),
        "label": words,
        "url": f"/excursions/{excursion.pk}/",
        "tone": tone_of(excursion),
    }
    # Limits are nested: were each stretch tinted, the gravest could not be told from the others.
    is_tinted = excursion.limit_kind in GRAVE - {LimitKind.ACTION}
    return marker | {"to": _ms(mark.ended_at)} if is_tinted else marker
