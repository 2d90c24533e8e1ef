"""The course of one parameter in a window, thinned for a chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np

from batches.access import get_batch
from batches.columns import microseconds
from batches.limits import OPEN_END_US, OPEN_START_US, Segment
from batches.models import Batch, Parameter, PhaseRun
from batches.plan import Plan, plan_of
from batches.queries.gateways import marked_stretches
from batches.series import PACKED_SQL, downsample, unpack
from batches.staging import fetch_packed
from portal.action import instant
from portal.actor import Actor
from portal.errors import Invalid

POINTS_LEAST, POINTS_MOST, POINTS_USUAL = 10, 2000, 500
# Two neighbours further apart than this many expected intervals are not joined by a line.
GAP_INTERVALS: Final = 3
BEFORE_START: Final = timedelta(hours=1)
WINDOW: Final = f"""
select 1, {PACKED_SQL} from (
    select at, value from batches_reading
    where batch_id = %s and parameter_id = %s and at >= %s and at < %s order by at) r
"""  # noqa: S608 - a fixed expression


@dataclass(frozen=True, slots=True)
class Series:
    """Points of (ms since 1970, value), None is a gap; limits and phases of the window, in ms.

    `marks` are the stretches whose readings are marked, because of a gateway's clock or chain.
    """

    parameter: Parameter
    since_ms: int
    until_ms: int
    points: Sequence[tuple[int, float | None]]
    limits: Sequence[dict[str, Any]]
    phases: Sequence[dict[str, Any]]
    marks: Sequence[dict[str, Any]]


def series(
    actor: Actor,
    batch_id: UUID,
    parameter: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    points: int = POINTS_USUAL,
) -> Series:
    """Return at most `points` readings of a parameter that draw the line of all: extremes and gaps stay.

    The window is from `start` (an hour before the batch's start) to `end` (its end, or five minutes from
    now), end not included. Gaps come on top of `points`. Raises: NotFound, Invalid.
    """
    batch = get_batch(actor, batch_id)
    if not POINTS_LEAST <= points <= POINTS_MOST:
        raise Invalid("Too few or too many points.", errors={"points": [f"{POINTS_LEAST} to {POINTS_MOST}."]})
    known = Parameter.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    parameters = {each.code: each for each in known.order_by("ordinal", "id")}
    # Looked up here and not there: the database takes no U+0000, not even to say that it finds nothing.
    found = parameters.get(parameter)
    if found is None:
        codes = ", ".join(parameters) or "none"
        raise Invalid("The batch has no such parameter.", errors={"parameter": [f"Choose one of: {codes}."]})
    since = start or (batch.started_at or batch.planned_start) - BEFORE_START
    until = end or batch.ended_at or instant() + timedelta(minutes=5)
    if since >= until:
        raise Invalid("The window is empty.", errors={"from": ["Lies before the end of the window."]})
    return _read(actor, batch, found, (since, until), points)


def _read(
    actor: Actor, batch: Batch, parameter: Parameter, window: tuple[datetime, datetime], points: int
) -> Series:
    since, until = window
    ((_, packed),) = fetch_packed(WINDOW, [batch.pk, parameter.pk, since, until])
    at_us, values = unpack(packed)
    interval_ms = parameter.expected_interval_s * 1000
    thin: list[tuple[int, float | None]] = []
    for point in downsample(at_us, values, points, GAP_INTERVALS * interval_ms * 1000):
        # A chart wants rising instants, so a gap stands where the next value was missed.
        thin.append((thin[-1][0] + interval_ms, None) if point is None else (point[0] // 1000, point[1]))
    edges = (microseconds(since) // 1000, microseconds(until) // 1000)
    return Series(
        parameter,
        *edges,
        points=thin,
        limits=limits_within(plan_of(actor, batch), parameter, edges),
        phases=_phases(actor, batch, edges),
        marks=[
            {
                "from": microseconds(each.since) // 1000,
                "to": microseconds(each.until) // 1000,
                "device": each.device,
                "skew_s": each.skew_s,
                "words": each.words,
            }
            for each in marked_stretches(actor, batch.pk, since, until)
        ],
    )


def limits_within(plan: Plan, parameter: Parameter, edges: tuple[int, int]) -> list[dict[str, Any]]:
    """Return what of a parameter's limits applies in a window, its edges in ms, by kind and start."""
    channel = plan.channels[parameter.code]
    found = [
        {
            "kind": str(segment.limit.kind),
            "measure": segment.limit.measure.kind,
            "low": segment.limit.low,
            "high": segment.limit.high,
            "course": _course(segment, edges),
            "from": None if segment.start_us == OPEN_START_US else segment.start_us // 1000,
            "to": None if segment.end_us == OPEN_END_US else segment.end_us // 1000,
        }
        for segments in channel.segments.values()
        for segment in segments
        if segment.start_us // 1000 < edges[1] and edges[0] < segment.end_us // 1000
    ]
    return sorted(found, key=lambda each: (each["kind"], each["from"] or 0))


def _course(segment: Segment, edges: tuple[int, int]) -> list[list[float | None]]:
    """Return the ends of a limit that moves, where it turns and at the edges of the window, in ms."""
    if segment.limit.profile is None:
        return []
    first, last = max(segment.start_us, edges[0] * 1000), min(segment.end_us, edges[1] * 1000)
    turns = segment.limit.profile.turns(first - segment.origin, last - segment.origin)
    at_us = np.array([first, *(segment.origin + each for each in turns), last], dtype=np.int64)
    low, high = segment.limit.ends(at_us, segment.origin)
    return [
        [at // 1000, *(end if math.isfinite(end) else None for end in ends)]
        for at, *ends in zip(at_us.tolist(), low.tolist(), high.tolist(), strict=True)
    ]


def _phases(actor: Actor, batch: Batch, edges: tuple[int, int]) -> list[dict[str, Any]]:
    runs = PhaseRun.objects.visible_to(actor).filter(batch=batch).select_related("phase")
    spans = [
        {
            "code": run.phase.code,
            "title": run.phase.title,
            "from": microseconds(run.started_at) // 1000,
            "to": None if run.ended_at is None else microseconds(run.ended_at) // 1000,
        }
        for run in runs.order_by("started_at", "id")
    ]
    return [
        span for span in spans if span["from"] < edges[1] and (span["to"] is None or edges[0] < span["to"])
    ]
