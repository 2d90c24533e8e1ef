"""What good batches looked like, parameter by parameter: an envelope to stay in, and a level to keep to.

Both are learned leaving one out: each reference run is held against what the others say, and what a good run
then shows decides how much is no news. So few runs give wide bands, many give narrow ones, and a parameter
that wanders from run to run has no level at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from batches.watching import charts, nelson, quantiles
from batches.watching.runs import Grid

Floats = NDArray[np.float64]

# A step of a recipe may come this many places early or late.
PLACES_OF_GRACE: Final = 1
# Spread is taken from a neighbourhood of this share of the grid on either side, and is nowhere less than this
# share of the parameter's whole range: behind it a line that always was the same would allow nothing.
NEIGHBOURHOOD: Final = 0.1
LEAST_OF_RANGE: Final = 0.01
# Of the spread over the whole batch at least this share holds everywhere: calm stretches differ in length.
LEAST_OF_ALL: Final = 0.5
# A stretch outside the envelope is news from this many places on.
PLACES_OUTSIDE: Final = 2
EWMA_WEIGHT: Final = 0.2
CUSUM_SLACK: Final = 0.5
CUSUM_BAR: Final = 5.0
# A good batch crosses a bar of one parameter, anywhere in its course, about so often.
ALARMS: Final = 0.005
FEWEST_RUNS: Final = 2
# With fewer runs than these, a line that bursts is not told from one that never does.
RUNS_TO_TELL: Final = 5
MOSTLY: Final = 0.75
RUNS_FOR_RULES: Final = 20
# One block says at most this much, in sigmas: a short dip is for the envelope, not for the level.
LOUDEST: Final = 6.0
# How far one difference counts when it is asked whether neighbours repeat each other.
LOUD: Final = 2.0
# A level is watched in blocks of at most this share of the grid.
WIDEST_BLOCK: Final = 1 / 12


@dataclass(frozen=True, slots=True)
class Envelope:
    """The band good runs kept to at each place, the unit in which a distance to it counts, and the bar."""

    centre: Floats
    low: Floats
    high: Floats
    unit: Floats
    bar: float

    def distance(self, values: Floats) -> Floats:
        """Return how far each place lies outside, in units; below 0 on the low side, NaN where not known."""
        return _distance(values, self.low, self.high) / self.unit

    @property
    def edges(self) -> tuple[Floats, Floats]:
        """Where a value begins to be news."""
        return self.low - self.bar * self.unit, self.high + self.bar * self.unit


@dataclass(frozen=True, slots=True)
class Level:
    """How block medians scatter about the usual course, and the bars of their EWMA and CUSUM.

    `rules` are the rules of Nelson that no reference run broke, left out; none of a few runs, which prove
    little.
    """

    width: int
    sigma: Floats
    ewma_bar: float
    cusum_bar: float
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """A running batch on its level chart: EWMA in sigmas, and the sums up and down."""

    scores: Floats
    ewma: Floats
    up: Floats
    down: Floats

    def speaks(self, level: Level) -> NDArray[np.int8]:
        """Say for each block if it is news, upward (1) or downward (-1)."""
        with np.errstate(invalid="ignore"):
            high = (self.ewma > level.ewma_bar) | (self.up > level.cusum_bar)
            low = (self.ewma < -level.ewma_bar) | (self.down > level.cusum_bar)
            for marks in nelson.judge(self.scores, 0.0, 1.0, level.rules).values() if level.rules else ():
                high, low = high | (marks & (self.scores > 0)), low | (marks & (self.scores < 0))
        said = np.where(low, -1, np.where(high, 1, 0)).astype(np.int8)
        said[~np.isfinite(self.scores)] = 0
        return said


def learn_envelope(rows: Floats, width: int | None) -> Envelope:
    """Learn the band of one parameter from reference runs (one a row), each place with two of them or more.

    `width` is how many places it takes until a difference between runs is news, None if it never is.
    """
    known = np.isfinite(rows).sum(axis=0) >= FEWEST_RUNS
    shown = np.where(known, rows, np.nan)
    left_out = np.stack([_distance(row, *_band(_without(shown, at))) for at, row in enumerate(shown)])
    unit = np.where(known, _spread(left_out, rows), np.nan)
    low, high = _band(shown)
    loudest = [_longest_news(distances / unit) for distances in left_out]
    looks = 1 if width is None else rows.shape[1] // width
    bar = _bar(loudest, _at_least(len(rows), looks, 2 * NEIGHBOURHOOD * looks))
    return Envelope(_middle(shown), low, high, unit, bar)


def news_width(rows: Floats) -> int | None:
    """Return how many places it takes until a difference between runs is news; None for what wanders."""
    return charts.block_width(_differences(rows), max(1, int(rows.shape[1] * WIDEST_BLOCK)), _even)


def learn_level(rows: Floats, width: int | None, grid: Grid) -> Level | None:
    """Learn what level runs keep to, None for a parameter that keeps to none."""
    if width is None:
        return None
    steps = blocks(_differences(rows), grid, width)
    sigma = _spread(steps, blocks(rows, grid, width))
    courses = [_course(step / sigma) for step in steps]
    at_least = _at_least(len(rows), steps.shape[1], 2 * NEIGHBOURHOOD * steps.shape[1])
    means = [float(np.abs(course.ewma).max()) for course in courses]
    sums = [float(max(course.up.max(), course.down.max())) for course in courses]
    bars = _bar(means, at_least), _bar(sums, CUSUM_BAR * at_least / 3)
    return Level(width, sigma, *bars, _rules_kept(courses)) if max(bars) < np.inf else None


def _rules_kept(courses: Sequence[Course]) -> tuple[int, ...]:
    if len(courses) < RUNS_FOR_RULES:
        return ()
    broken = [nelson.judge(course.scores, 0.0, 1.0) for course in courses]
    return tuple(rule for rule in nelson.RULES if not any(marks[rule].any() for marks in broken))


def _differences(rows: Floats) -> Floats:
    """Return each run against the middle of the others, as much smaller as a new one will be to them all."""
    count = len(rows)
    return np.asarray((rows - left_out_middles(rows)) * math.sqrt((1 + 1 / count) / (1 + 1 / (count - 1))))


def left_out_middles(rows: Floats) -> Floats:
    """Return for each run the usual course as the others show it."""
    return np.stack([_middle(_without(rows, at)) for at in range(len(rows))])


def follow(level: Level, envelope: Envelope, values: Floats, grid: Grid) -> Course:
    """Draw the level chart of a batch so far; its places not reached yet are NaN."""
    steps = blocks((values - envelope.centre)[None, :], grid, level.width)[0]
    return _course(steps / level.sigma, level.cusum_bar)


def blocks(rows: Floats, grid: Grid, width: int) -> Floats:
    """Return block medians; no block reaches over the end of its phase, a short phase is one block."""
    parts = []
    for places in grid.slices():
        lane = rows[:, places]
        parts.append(charts.medians(lane, min(width, lane.shape[1])))
    return np.concatenate(parts, axis=1)


def block_ends(grid: Grid, width: int) -> list[int]:
    """Return the last place of each block."""
    ends = []
    for places in grid.slices():
        length = places.stop - places.start
        wide = min(width, length)
        ends += [places.start + (number + 1) * wide - 1 for number in range(length // wide)]
    return ends


def _course(scores: Floats, bar: float = np.inf) -> Course:
    heard = np.clip(scores, -LOUDEST, LOUDEST)
    up, down = charts.cusum(heard, CUSUM_SLACK, bar)
    return Course(scores, charts.ewma(heard, EWMA_WEIGHT), up, down)


def _without(rows: Floats, left: int) -> Floats:
    return np.delete(rows, left, axis=0)


def _middle(rows: Floats) -> Floats:
    known = np.isfinite(rows).any(axis=0)
    return np.where(known, np.nanmedian(np.where(known, rows, 0.0), axis=0), np.nan)


def _band(rows: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and highest of all runs at each place and its neighbours."""
    known = np.isfinite(rows).any(axis=0)
    low = np.where(known, np.where(np.isfinite(rows), rows, np.inf).min(axis=0), np.nan)
    high = np.where(known, np.where(np.isfinite(rows), rows, -np.inf).max(axis=0), np.nan)
    return -_widest(-low), _widest(high)


def _widest(values: Floats) -> Floats:
    filled = np.where(np.isfinite(values), values, -np.inf)
    padded = np.pad(filled, PLACES_OF_GRACE, constant_values=-np.inf)
    widest = sliding_window_view(padded, 2 * PLACES_OF_GRACE + 1).max(axis=1)
    return np.where(np.isfinite(values), widest, np.nan)


def _distance(values: Floats, low: Floats, high: Floats) -> Floats:
    return np.where(values > high, values - high, np.where(values < low, values - low, values * 0.0))


def _nearby(differences: Floats) -> Floats:
    """Return the root mean square of differences near each place."""
    squares, counts = np.nansum(differences**2, axis=0), np.isfinite(differences).sum(axis=0)
    width = len(squares)
    reach = max(1, int(width * NEIGHBOURHOOD))
    near = np.ones(2 * reach + 1)
    sums = np.convolve(squares, near)[reach : reach + width]
    heard = np.convolve(counts, near)[reach : reach + width]
    return np.asarray((sums / np.maximum(heard, 1)) ** 0.5)


def _spread(differences: Floats, rows: Floats) -> Floats:
    """Return how far differences reach near each place, with a floor under it."""
    overall = (np.nansum(differences**2) / max(int(np.isfinite(differences).sum()), 1)) ** 0.5
    span = float(np.nanmax(rows) - np.nanmin(rows))
    floor = max(LEAST_OF_ALL * overall, LEAST_OF_RANGE * span, 1e-6 * float(np.nanmax(np.abs(rows))), 1e-12)
    return np.maximum(_nearby(differences), floor)


def _even(differences: Floats) -> Floats:
    """Return differences so that calm stretches count as much as wild ones, and none too much."""
    near = _nearby(differences)
    return np.clip(differences / np.where(near > 0, near, 1.0), -LOUD, LOUD)


def _at_least(count: int, looks: int, near: float) -> float:
    """Return how many sigmas chance alone does not reach in all looks at one batch.

    `near` of them lie so near that they say together what a sigma is: few want more.
    """
    share = 1 - ALARMS / (2 * max(looks, 1))
    return quantiles.student(share, (count - 1) * max(near, 1.0)) * math.sqrt(1 + 1 / count)


def _longest_news(distances: Floats) -> float:
    """Return the most that `PLACES_OUTSIDE` places in a row were all outside by, on one side."""
    loudest = 0.0
    for side in (distances, -distances):
        if len(side) >= PLACES_OUTSIDE:
            held = sliding_window_view(np.nan_to_num(side, nan=0.0), PLACES_OUTSIDE).min(axis=1)
            loudest = max(loudest, float(held.max()))
    return loudest


def _bar(loudest: list[float], at_least: float) -> float:
    """Return what is news: more than chance alone, and well more than any reference run showed, left out.

    The next of n + 1 alike runs is the loudest one time in n + 1, so few runs want more room; and where few
    runs show nearly what chance would never do, it is not chance, and nothing is known to be news.
    """
    most = max(loudest)
    if len(loudest) < RUNS_TO_TELL and most > MOSTLY * at_least:
        return np.inf
    return max(at_least, (1 + 1 / math.sqrt(len(loudest))) * most)
