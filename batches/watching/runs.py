"""A batch on the grid of its phases: the same place in every run is the same time since its phase began."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

POSITIONS_AT_MOST: Final = 240
# What stands in fewer of the runs is no rule for the next one.
SHARE_OF_RUNS: Final = 0.8
# A parameter that has values in fewer of its positions is sampled, not followed.
SHARE_FILLED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of a phase, in seconds of any one clock; without an end it still runs."""

    code: str
    start_s: float
    end_s: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A batch as it was executed so far: its stages in order, and instants and values by parameter."""

    name: str
    stages: Sequence[Stage]
    columns: Mapping[str, tuple[Floats, Floats]]
    until_s: float


@dataclass(frozen=True, slots=True)
class Lane:
    """A phase on the grid: its code (`X`, the second time `X#2`), and how many steps of which length."""

    code: str
    step_s: float
    positions: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The lanes of a recipe one after the other."""

    lanes: Sequence[Lane]

    @property
    def positions(self) -> int:
        """The number of places."""
        return sum(lane.positions for lane in self.lanes)

    def slices(self) -> list[slice]:
        """Return the places of each lane."""
        edges = np.cumsum([0, *(lane.positions for lane in self.lanes)]).tolist()
        return [slice(first, last) for first, last in pairwise(edges)]

    def place(self, run: Run, position: int) -> float | None:
        """Return the instant at which a place of the grid ends in a run, None if it has no such phase."""
        stages = named_stages(run)
        for lane, places in zip(self.lanes, self.slices(), strict=True):
            if places.start <= position < places.stop and lane.code in stages:
                return float(stages[lane.code].start_s + (position - places.start + 1) * lane.step_s)
        return None


def named_stages(run: Run) -> dict[str, Stage]:
    """Return the stages by code; a phase run again is another stage, `X#2`."""
    seen: Counter[str] = Counter()
    found = {}
    for stage in sorted(run.stages, key=lambda stage: stage.start_s):
        seen[stage.code] += 1
        found[stage.code if seen[stage.code] == 1 else f"{stage.code}#{seen[stage.code]}"] = stage
    return found


def common_grid(runs: Sequence[Run]) -> Grid:
    """Lay the grid for what most runs have: each phase as long as in the run where it lasted longest.

    A step is the usual distance of readings, or more where a phase would have more than 240 of them.
    """
    staged = [named_stages(run) for run in runs]
    counts = Counter(code for stages in staged for code in stages)
    lanes = []
    for code in in_order(staged):
        if counts[code] < SHARE_OF_RUNS * len(runs):
            continue
        both = [(run, stages[code]) for run, stages in zip(runs, staged, strict=True) if code in stages]
        longest = max(_end(run, stage) - stage.start_s for run, stage in both)
        gaps = [gap for run, stage in both for gap in _gaps(run, stage)]
        if longest <= 0 or not gaps:
            continue
        step_s = max(round(float(np.median(gaps)), 3), math.ceil(longest / POSITIONS_AT_MOST))
        lanes.append(Lane(code, step_s, max(1, int(longest // step_s))))
    return Grid(tuple(lanes))


def on_grid(grid: Grid, run: Run, codes: Sequence[str]) -> Floats:
    """Return the mean value of each place by parameter (one a row), NaN where none is or it is not over."""
    table = np.full((len(codes), grid.positions), np.nan)
    stages = named_stages(run)
    for lane, places in zip(grid.lanes, grid.slices(), strict=True):
        if lane.code not in stages:
            continue
        stage = stages[lane.code]
        # A hair of tolerance: readings taken on the step land on an edge, and 0.2 * 3 is not 0.6.
        over = int((_end(run, stage) - stage.start_s) / lane.step_s + 1e-6)
        for row, code in enumerate(codes):
            if code not in run.columns:
                continue
            at_s, values = (
                each[np.argsort(run.columns[code][0], kind="stable")] for each in run.columns[code]
            )
            where = np.floor((at_s - stage.start_s) / lane.step_s + 1e-6).astype(np.int64)
            kept = (where >= 0) & (where < min(over, lane.positions)) & np.isfinite(values)
            sums = np.bincount(where[kept], weights=values[kept], minlength=lane.positions)
            counts = np.bincount(where[kept], minlength=lane.positions)
            with np.errstate(invalid="ignore", divide="ignore"):
                table[row, places] = sums / counts
    return table


def followed(tables: Sequence[Floats]) -> list[int]:
    """Return the rows that have values nearly everywhere in every run: the parameters worth following."""
    reached = [np.isfinite(table).any(axis=0) for table in tables]
    return [
        row
        for row in range(tables[0].shape[0])
        if all(
            where.any() and np.isfinite(table[row, where]).mean() >= SHARE_FILLED
            for table, where in zip(tables, reached, strict=True)
        )
    ]


def _end(run: Run, stage: Stage) -> float:
    return min(run.until_s, stage.end_s if stage.end_s is not None else run.until_s)


def _gaps(run: Run, stage: Stage) -> list[float]:
    gaps = []
    for at_s, _ in run.columns.values():
        inside = np.sort(at_s[(at_s >= stage.start_s) & (at_s < _end(run, stage))])
        if len(inside) > 1:
            gaps.append(float(np.median(np.diff(inside))))
    return gaps


def in_order(staged: Sequence[Mapping[str, Stage]]) -> list[str]:
    """Return the codes of stages by their usual place in a run."""
    places: dict[str, list[int]] = {}
    for stages in staged:
        for place, code in enumerate(stages):
            places.setdefault(code, []).append(place)
    return sorted(places, key=lambda code: (float(np.median(places[code])), code))
