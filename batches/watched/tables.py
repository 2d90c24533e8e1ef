"""Batches on the grid of a watch, averaged in the database: no reading travels."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Max
from numpy.typing import NDArray

from batches.models import Batch, Latest, Parameter, PhaseRun
from batches.states import DataKind
from batches.watching import runs
from batches.watching.runs import Grid, Lane, Run, Stage
from portal.actor import Actor
from portal.states import Audience

Floats = NDArray[np.float64]

# How a parameter's movement within a place is called beside its mean.
SWING: Final = "~"
# A phase has at most so many places; a place holds so many readings or more where movement is watched.
PLACES_MOST: Final = 1200
READINGS_FOR_SWING: Final = 3
# What has fewer readings in a phase than this is sampled, not followed.
READINGS_LEAST: Final = 20

DISTANCES: Final = """
select extract(epoch from max(at) - min(at))::float / (count(*) - 1) from batches_reading
where batch_id = %s and parameter_id = any (%s) and at >= %s and at < %s
group by parameter_id having count(*) >= %s
"""
PLACES: Final = """
select parameter_id, floor(extract(epoch from at - %(origin)s) / %(step)s + 1e-6)::int as place,
       avg(value), stddev_samp(value), count(*)
from batches_reading
where batch_id = %(batch)s and parameter_id = any (%(ids)s) and at >= %(origin)s and at < %(until)s
  and value > '-infinity' and value < 'infinity'
group by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Executed:
    """A batch as it ran so far: its phases in seconds since 1970, its parameters by code, how far it came."""

    batch: Batch
    stages: Sequence[Stage]
    ids: Mapping[str, UUID]
    until_s: float

    @property
    def run(self) -> Run:
        """Return it as the watch knows it, without its readings."""
        return Run(self.batch.number, self.stages, {}, self.until_s)


def read_executed(actor: Actor, batch: Batch) -> Executed:
    """Read phases, followed parameters and how far the readings came: three queries.

    Only what is measured online and what both sides read is watched.
    """
    rows = Parameter.objects.visible_to(actor).filter(
        recipe_version_id=batch.recipe_version_id, data_kind=DataKind.ONLINE, audience=Audience.SHARED
    )
    ids = dict(rows.order_by("code").values_list("code", "pk"))
    newest = Latest.objects.visible_to(actor).filter(batch=batch, parameter_id__in=ids.values())
    until: datetime | None = newest.aggregate(last=Max("at"))["last"]
    phases = PhaseRun.objects.visible_to(actor).filter(batch=batch).select_related("phase")
    stages = [
        Stage(each.phase.code, each.started_at.timestamp(), _seconds(each.ended_at))
        for each in phases.order_by("started_at", "id")
    ]
    began = batch.started_at or batch.planned_start
    return Executed(batch, stages, ids, (until or began).timestamp())


def read_table(grid: Grid, executed: Executed, codes: Sequence[str]) -> Floats:
    """Return the mean of each place by code (one a row), or movement where a code asks for it."""
    table = np.full((len(codes), grid.positions), np.nan)
    rows = {code: row for row, code in enumerate(codes)}
    by_id = {executed.ids[code]: code for code in {each.rstrip(SWING) for each in codes} & set(executed.ids)}
    stages = runs.named_stages(executed.run)
    for lane, places in zip(grid.lanes, grid.slices(), strict=True):
        if lane.code not in stages or not by_id:
            continue
        stage = stages[lane.code]
        over = min(_over(stage, lane, executed.until_s), lane.positions)
        if over <= 0:
            continue
        found = _places(executed.batch.pk, list(by_id), stage.start_s, lane.step_s, over)
        for parameter_id, place, mean, spread, count in found:
            if not 0 <= place < over:
                continue
            code, at = by_id[parameter_id], places.start + place
            if code in rows:
                table[rows[code], at] = mean
            if code + SWING in rows and count >= READINGS_FOR_SWING:
                table[rows[code + SWING], at] = spread
    return table


def lay_grid(
    executed: Sequence[Executed], codes: Collection[str], *, places_most: int = PLACES_MOST, fine: bool
) -> Grid:
    """Lay the grid over those phases that most batches went through with readings in them.

    A step is the usual distance of readings, thrice that where movement is watched too, and long enough that
    no phase has too many places.
    """
    staged = [runs.named_stages(each.run) for each in executed]
    counts = Counter(code for stages in staged for code in stages)
    lanes = []
    for code in runs.in_order(staged):
        if counts[code] < runs.SHARE_OF_RUNS * len(executed):
            continue
        both = [(each, stages[code]) for each, stages in zip(executed, staged, strict=True) if code in stages]
        longest = max(_end(stage, each.until_s) - stage.start_s for each, stage in both)
        gaps = [gap for each, stage in both for gap in _gaps(each, stage, codes)]
        if longest <= 0 or not gaps:
            continue
        usual = float(np.median(gaps)) * (READINGS_FOR_SWING if fine else 1)
        step_s = float(max(math.ceil(usual), math.ceil(longest / places_most)))
        lanes.append(Lane(code, step_s, max(1, int(longest // step_s))))
    return Grid(tuple(lanes))


def due_at(grid: Grid, executed: Executed, *, usually: timedelta) -> datetime:
    """Return when the place that is under way will be over; or a while after the last reading."""
    for code, stage in runs.named_stages(executed.run).items():
        lane = next((each for each in grid.lanes if each.code == code), None)
        if lane is None or stage.end_s is not None:
            continue
        over = _over(stage, lane, executed.until_s)
        if over < lane.positions:
            return instant_of_s(stage.start_s + (over + 1) * lane.step_s)
    return instant_of_s(executed.until_s) + usually


def instant_of_s(at_s: float) -> datetime:
    """Return the instant of seconds since 1970."""
    return datetime.fromtimestamp(at_s, tz=UTC)


def ended(executed: Executed, at: datetime) -> Executed:
    """Return a batch that is over as far as it will ever come."""
    return replace(executed, until_s=max(executed.until_s, at.timestamp()))


def watched(actor: Actor, batches: Iterable[Batch]) -> list[Executed]:
    """Read several batches; three queries each."""
    return [read_executed(actor, each) for each in batches]


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at is not None else None


def _places(
    batch_id: UUID, ids: list[UUID], origin_s: float, step_s: float, over: int
) -> list[tuple[UUID, int, float, float | None, int]]:
    origin = instant_of_s(origin_s)
    values: dict[str, Any] = {
        "batch": batch_id,
        "ids": ids,
        "origin": origin,
        "until": origin + timedelta(seconds=step_s * over),
        "step": step_s,
    }
    with connection.cursor() as cursor:
        cursor.execute(PLACES, values)
        found: list[tuple[UUID, int, float, float | None, int]] = cursor.fetchall()
    return found


def _gaps(executed: Executed, stage: Stage, codes: Collection[str]) -> list[float]:
    """Return the mean distance of readings of each followed parameter in one phase."""
    ids = [executed.ids[code] for code in codes if code in executed.ids]
    since, until = stage.start_s, _end(stage, executed.until_s)
    with connection.cursor() as cursor:
        window = (instant_of_s(since), instant_of_s(until))
        cursor.execute(DISTANCES, [executed.batch.pk, ids, *window, READINGS_LEAST])
        return [float(distance) for (distance,) in cursor.fetchall()]


def _over(stage: Stage, lane: Lane, until_s: float) -> int:
    # A hair of tolerance, as in `runs.on_grid`.
    return int((_end(stage, until_s) - stage.start_s) / lane.step_s + 1e-6)


def _end(stage: Stage, until_s: float) -> float:
    return min(until_s, stage.end_s if stage.end_s is not None else until_s)
