"""The course of the parameter around the excursion from which a deviation was opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from batches.columns import microseconds
from batches.models import Excursion
from batches.queries import series
from batches.states import LimitKind, LimitMeasure
from deviations.models import Deviation
from portal.actor import Actor

POINTS: Final = 160
BEFORE, AFTER = timedelta(hours=2), timedelta(minutes=90)
Bounds = tuple[float, float]


def curve_of(actor: Actor, deviation: Deviation, now: datetime) -> dict[str, Any] | None:
    """Return what the sparkline draws, None without an excursion or where nothing was measured."""
    excursion: Excursion | None = deviation.excursion
    if excursion is None:
        return None
    since = excursion.started_at - BEFORE
    until = min(now, (excursion.ended_at or excursion.last_outside_at) + AFTER)
    if until <= since:
        return None
    found = series(actor, excursion.batch_id, excursion.parameter.code, since, until, points=POINTS)
    if not found.points:
        return None
    started_ms = microseconds(excursion.started_at) // 1000
    return {
        "parameter": found.parameter,
        "points": found.points,
        "since": found.since_ms,
        "until": found.until_ms,
        "since_at": since,
        "until_at": until,
        "nor": _range(found.limits, LimitKind.NOR, started_ms),
        "limits": _bounds(found.limits, str(excursion.limit_kind), started_ms),
        "marked_at": float(started_ms),
        "crossed_at": excursion.started_at,
        "limit": str(excursion.get_limit_kind_display()),
        "extreme": f"{excursion.extreme:.{found.parameter.decimals}f}",
        "is_high": excursion.direction == "high",
        "dots": found.parameter.data_kind != "online",
    }


def _in_force(limits: Sequence[dict[str, Any]], kind: str, at_ms: int) -> list[dict[str, Any]]:
    return [
        each
        for each in limits
        if each["kind"] == kind
        and each["measure"] == LimitMeasure.VALUE
        and (each["from"] is None or each["from"] <= at_ms)
        and (each["to"] is None or at_ms < each["to"])
    ]


def _range(limits: Sequence[dict[str, Any]], kind: str, at_ms: int) -> Bounds | None:
    for each in _in_force(limits, kind, at_ms):
        if each["low"] is not None and each["high"] is not None:
            return float(each["low"]), float(each["high"])
    return None


def _bounds(limits: Sequence[dict[str, Any]], kind: str, at_ms: int) -> list[float]:
    found = _in_force(limits, kind, at_ms)
    return [float(each[side]) for each in found for side in ("low", "high") if each[side] is not None]
