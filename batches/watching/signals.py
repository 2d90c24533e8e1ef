"""What a watch says of a running batch: stretches in which it shows what good ones did not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from batches.watching import golden as whole
from batches.watching import profiles
from batches.watching.profiles import Envelope, Level
from batches.watching.runs import Grid

Floats = NDArray[np.float64]
Sign = Literal["envelope", "level", "t2", "spe"]

# Two stretches so close are one: it did not end, it took breath.
BREATH: Final = 4
# The golden batch speaks when so many places in a row say so.
PLACES_BEYOND: Final = 2
NAMED_AT_MOST: Final = 3


@dataclass(frozen=True, slots=True)
class Signal:
    """One stretch of news.

    It begins at `first`, is known from the end of place `known` on, and lasts to the end of place `last`,
    which moves on while `is_open`. `peak` is how far beyond, in bars: 1 is only just. `causes` are the
    parameters that make the most of it with their shares, for signals of the whole batch.
    """

    sign: Sign
    parameter: str
    direction: str
    first: int
    known: int
    last: int
    is_open: bool
    peak: float
    causes: tuple[tuple[str, float], ...] = ()


def of_envelope(code: str, envelope: Envelope, values: Floats) -> Iterator[Signal]:
    """Give the stretches outside the envelope, from the second place outside on."""
    beyond = envelope.distance(values) / envelope.bar
    reached = _reached(values)
    for side, direction in ((1, "high"), (-1, "low")):
        with np.errstate(invalid="ignore"):
            marks = side * beyond > 1
        for first, last in _stretches(marks, profiles.PLACES_OUTSIDE):
            peak = float(np.nanmax(side * beyond[first : last + 1]))
            known = first + profiles.PLACES_OUTSIDE - 1
            is_open = last + BREATH >= reached
            yield Signal("envelope", code, direction, first, known, last, is_open, peak)


def of_level(code: str, level: Level, envelope: Envelope, values: Floats, grid: Grid) -> Iterator[Signal]:
    """Give the stretches in which the level has left the usual one, as its blocks are complete."""
    course = profiles.follow(level, envelope, values, grid)
    said, ends = course.speaks(level), profiles.block_ends(grid, level.width)
    told = int(np.isfinite(course.scores).sum() and np.flatnonzero(np.isfinite(course.scores))[-1] + 1)
    for side, direction in ((1, "high"), (-1, "low")):
        for first, last in _stretches(said == side, 1):
            strength = np.maximum(
                side * course.ewma / level.ewma_bar,
                (course.up if side > 0 else course.down) / level.cusum_bar,
            )
            peak = max(1.0, float(np.nanmax(strength[first : last + 1])))
            begun = ends[first] - level.width + 1
            is_open = last + BREATH >= told
            yield Signal("level", code, direction, max(0, begun), ends[first], ends[last], is_open, peak)


def of_golden(model: whole.Golden, table: Floats) -> Iterator[Signal]:
    """Give the stretches in which the batch as a whole leaves what good ones do together."""
    verdict = whole.judge(model, table)
    signs: tuple[tuple[Sign, Floats, Floats], ...] = (
        ("t2", verdict.t2, verdict.t2_shares),
        ("spe", verdict.spe, verdict.spe_shares),
    )
    for sign, beyond, shares in signs:
        for first, last in _stretches(beyond > 1, PLACES_BEYOND):
            loudest = first + int(beyond[first : last + 1].argmax())
            known = int(model.places[first + PLACES_BEYOND - 1])
            is_open = last + BREATH >= len(beyond)
            yield Signal(
                sign,
                "",
                "",
                int(model.places[first]),
                known,
                int(model.places[last]),
                is_open,
                float(beyond[loudest]),
                _causes(model.codes, shares[loudest]),
            )


def _causes(codes: tuple[str, ...], shares: Floats) -> tuple[tuple[str, float], ...]:
    parts = np.maximum(shares, 0.0)
    total = float(parts.sum()) or 1.0
    order = np.argsort(-parts, kind="stable")[:NAMED_AT_MOST].tolist()
    return tuple((codes[place], float(parts[place]) / total) for place in order if parts[place] > 0)


def _reached(values: Floats) -> int:
    return int(np.flatnonzero(np.isfinite(values)).max(initial=-1)) + 1


def _stretches(marks: NDArray[np.bool_], at_least: int) -> list[tuple[int, int]]:
    """Return first and last place of each stretch of marks that holds `at_least` in a row, breaths joined."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], marks, [False])).astype(np.int8)))
    runs = [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2) if end - first >= at_least]
    breaks = [place for place, (one, other) in enumerate(pairwise(runs), 1) if other[0] - one[1] > BREATH]
    groups = [runs[first:end] for first, end in pairwise([0, *breaks, len(runs)]) if first < end]
    return [(group[0][0], group[-1][1]) for group in groups]
