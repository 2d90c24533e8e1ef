"""What a limit looks at, when it is more than a value and two fixed ends (domain 2e).

A profile moves the ends with the time in the phase. A measure puts something else in the value's place: how
fast it changes, how much came in a rolling window, how often it was high, how little it moved. Silence is
what does not come. All are functions of the readings alone, so in whatever order and however often frames
came, the episodes are the same; each says how far a reading reaches (`reach_us`), so that after a frame only
that much is judged again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Kind = Literal["value", "rate", "sum", "count", "span", "silence"]

SECOND_US: Final = 1_000_000
HOUR_US: Final = 3600 * SECOND_US
# How often at most a course that begins again is drawn.
ROUNDS: Final = 400
# From which share on readings fill a window.
FILLED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Knot:
    """The ends of a limit at a time in its phase; between two knots they go straight."""

    elapsed_s: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Ends that follow the time in the phase: before the first knot as there, after the last as there.

    With `every_s` the profile begins again so often, as a day does. A side that any knot leaves open is open.
    """

    knots: Sequence[Knot]
    every_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no line: knots in disorder, crossed ends, a period shorter than the profile."""
        times = [knot.elapsed_s for knot in self.knots]
        if not times or any(later <= earlier for earlier, later in pairwise(times)):
            raise ValueError("The knots of a profile follow one another in time.")
        if any(
            knot.low is not None and knot.high is not None and knot.low >= knot.high for knot in self.knots
        ):
            raise ValueError("The low end of a profile lies below its high end.")
        if self.every_s is not None and self.every_s < times[-1]:
            raise ValueError("A profile does not last longer than the time after which it begins again.")

    def ends(self, elapsed_us: Times) -> tuple[Floats, Floats]:
        """Return the low and the high end at each time in the phase, an open one without end."""
        elapsed_s = elapsed_us / SECOND_US
        if self.every_s is not None:
            elapsed_s = np.mod(elapsed_s, self.every_s)
        times = [knot.elapsed_s for knot in self.knots]
        return (
            _line(elapsed_s, times, [knot.low for knot in self.knots], -math.inf),
            _line(elapsed_s, times, [knot.high for knot in self.knots], math.inf),
        )

    def turns(self, first_us: int, last_us: int) -> list[int]:
        """Return the times of the knots between two times in the phase, both not included; few of a day."""
        own = [round(knot.elapsed_s * SECOND_US) for knot in self.knots]
        if self.every_s is None:
            return [each for each in own if first_us < each < last_us]
        every_us = round(self.every_s * SECOND_US)
        rounds = range(first_us // every_us, min(last_us // every_us, first_us // every_us + ROUNDS) + 1)
        # A course that begins again jumps back to its first knot.
        known = {start for place in rounds for start in (place * every_us - 1, place * every_us)}
        known |= {place * every_us + each for place in rounds for each in own}
        return sorted(each for each in known if first_us < each < last_us)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is put in the value's place, over the readings of the last `window_us` up to each one.

    `rate`: change per hour from the oldest to the newest of them. `sum`: all of them together, as particles
    in a rolling cubic metre. `count`: how many lie above `above`. `span`: highest less lowest, known where
    readings fill most of the window; a sensor that is stuck has less than any living one. `silence`: nothing
    came for longer than the window; it is found between readings and not at them, see `silences`.
    """

    kind: Kind = "value"
    window_us: int = 0
    above: float = 0.0

    @property
    def reach_us(self) -> int:
        """How long after a reading it still counts, so how far behind it others are needed."""
        return self.window_us

    def of(self, at_us: Times, values: Floats) -> Floats:
        """Return the measure at each reading, NaN where it is not known; `at_us` is strictly rising."""
        if self.kind == "value":
            return values
        # The window is open on its far side: what is exactly that old is not in it.
        far = at_us - self.window_us
        return _MEASURES[self.kind](self, at_us, values, np.searchsorted(at_us, far, side="right"))


def _line(at_s: Floats, times: Sequence[float], ends: Sequence[float | None], without_end: float) -> Floats:
    stated = [end for end in ends if end is not None]
    if len(stated) < len(ends):
        return np.full(len(at_s), without_end)
    return np.asarray(np.interp(at_s, times, stated))


def _rate(_measure: Measure, at_us: Times, values: Floats, starts: NDArray[np.intp]) -> Floats:
    elapsed = at_us - at_us[starts]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(elapsed > 0, (values - values[starts]) / (elapsed / HOUR_US), np.nan))


def _sum(_measure: Measure, _at_us: Times, values: Floats, starts: NDArray[np.intp]) -> Floats:
    # Each window is added up by itself, exactly: a running total would depend on where it began.
    shown = values.tolist()
    return np.array([math.fsum(shown[start : end + 1]) for end, start in enumerate(starts.tolist())])


def _count(measure: Measure, _at_us: Times, values: Floats, starts: NDArray[np.intp]) -> Floats:
    marks = np.concatenate(([0], np.cumsum(values > measure.above)))
    return (marks[1:] - marks[starts]).astype(np.float64)


def _span(measure: Measure, at_us: Times, values: Floats, starts: NDArray[np.intp]) -> Floats:
    filled = at_us - at_us[starts] >= FILLED * measure.window_us if len(values) else np.zeros(0, bool)
    highest, lowest = _highest(values, starts), -_highest(-values, starts)
    return np.asarray(np.where(filled, highest - lowest, np.nan))


def _highest(values: Floats, starts: NDArray[np.intp]) -> Floats:
    """Return the highest of each window up to its place: of two stretches of a power of two that cover it."""
    places = np.arange(len(values))
    levels = np.log2(places - starts + 1).astype(np.int64) if len(values) else places
    found, course = np.array(values), np.array(values)
    for level in range(1, int(levels.max(initial=0)) + 1):
        half = 1 << (level - 1)
        course = np.maximum(course[:-half], course[half:])
        mine = np.flatnonzero(levels == level)
        found[mine] = np.maximum(course[starts[mine]], course[places[mine] - 2 * half + 1])
    return found


_MEASURES: Final[Mapping[str, Callable[[Measure, Times, Floats, NDArray[np.intp]], Floats]]] = {
    "rate": _rate,
    "sum": _sum,
    "count": _count,
    "span": _span,
}
