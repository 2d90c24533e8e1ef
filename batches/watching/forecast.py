"""When a line will cross a limit, and between which times in how many of a hundred cases.

The line is carried on from its usual course, its present distance from it, and the slope of that distance.
How wrong such a forecast is, is not computed from a law but counted: on the reference batches, left out, at
every place and as far ahead as is asked. So the interval is right as often as it says, for lines that behave
like those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHARE: Final = 0.8
# The slope is taken over so many places, and believed less the further it is carried.
PLACES_BEHIND: Final = 12
FADES_BY: Final = 0.9
# It looks so far ahead, in shares of the grid.
AHEAD: Final = 0.2
FEWEST_CASES: Final = 20


@dataclass(frozen=True, slots=True)
class Reach:
    """How far forecasts went wrong, by places ahead: the share `SHARE` of them lay within."""

    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Crossing:
    """In how many places a limit is crossed: expected, soonest, latest; None is not in sight."""

    expected: int | None
    earliest: int | None
    latest: int | None


def learn_reach(rows: Floats, centres: Floats) -> Reach:
    """Count how wrong forecasts were on reference runs (one a row), each with the course the others had."""
    ahead = max(1, int(rows.shape[1] * AHEAD))
    steps = _steps(ahead)
    errors: list[Floats] = []
    for row, centre in zip(rows, centres, strict=True):
        distances = row - centre
        level, slope = _trend(sliding_window_view(_behind(distances[:-1]), PLACES_BEHIND))
        # Where the forecast made at each place lay off what came, one column for each place ahead.
        coming = sliding_window_view(np.pad(distances[1:], (0, ahead - 1), constant_values=np.nan), ahead)
        errors.append(coming - (level[:, None] + slope[:, None] * steps))
    wrong = np.concatenate(errors)
    kept = wrong[:, np.isfinite(wrong).sum(axis=0) >= FEWEST_CASES]
    if not kept.shape[1]:
        return Reach(np.empty(0), np.empty(0))
    low, high = np.nanquantile(kept, [(1 - SHARE) / 2, (1 + SHARE) / 2], axis=0)
    # Further ahead is never surer: a quantile of fewer cases may say so by chance.
    return Reach(np.minimum(np.minimum.accumulate(low), 0.0), np.maximum(np.maximum.accumulate(high), 0.0))


def carry_on(values: Floats, centre: Floats) -> Floats:
    """Return the places to come as they look from the last one known; empty where too little is known."""
    place = len(values)
    ahead = min(max(1, int(len(centre) * AHEAD)), len(centre) - place)
    if ahead <= 0 or not place:
        return np.empty(0)
    level, slope = _trend(_behind(values - centre[:place])[None, -PLACES_BEHIND:])
    if not np.isfinite(level[0]):
        return np.empty(0)
    return np.asarray(centre[place : place + ahead] + level[0] + slope[0] * _steps(ahead))


def _steps(ahead: int) -> Floats:
    return np.asarray(np.cumsum(FADES_BY ** np.arange(ahead)))


def _behind(distances: Floats) -> Floats:
    return np.pad(distances, (PLACES_BEHIND - 1, 0), constant_values=np.nan)


def _trend(windows: Floats) -> tuple[Floats, Floats]:
    """Return level and slope at the end of each window, NaN where it is half empty or more.

    The slope is the median of those between all pairs (Theil and Sen): one wild value does not tilt it.
    """
    at = np.arange(1 - PLACES_BEHIND, 1)
    level, slope = np.full(len(windows), np.nan), np.full(len(windows), np.nan)
    full = 2 * np.isfinite(windows).sum(axis=1) >= PLACES_BEHIND
    shown = windows[full]
    if len(shown):
        first, second = np.triu_indices(PLACES_BEHIND, 1)
        slope[full] = np.nanmedian((shown[:, second] - shown[:, first]) / (second - first), axis=1)
        level[full] = np.nanmedian(shown - slope[full, None] * at, axis=1)
    return level, slope


def crossing(values: Floats, centre: Floats, reach: Reach, limit: float, *, upward: bool) -> Crossing:
    """Say when the limit will be crossed, in places from the last one known, beginning with 1."""
    line = carry_on(values, centre)[: len(reach.low)]
    low, high = line + reach.low[: len(line)], line + reach.high[: len(line)]
    side = 1 if upward else -1
    soonest, last = (high, low) if upward else (low, high)
    return Crossing(*(_first(side * each > side * limit) for each in (line, soonest, last)))


def _first(marks: NDArray[np.bool_]) -> int | None:
    found = np.flatnonzero(marks)
    return int(found[0]) + 1 if len(found) else None
