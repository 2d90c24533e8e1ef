"""What a limit looks at, when it is more than a value and two fixed ends (domain 2e).

A profile moves the ends with the time in the phase. A measure puts something else in the value's place: how
fast it changes, how much came in a rolling window, how often it was high, how little it moved. Silence is
what does not come. All are functions of the readings alone, so in whatever order and however often frames
came, the episodes are the same; each says how far a reading reaches (`reach_us`), so that after a frame only
that much is judged again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from batches.episodes import Episode
from batches.limits import OPEN_END_US, OPEN_START_US, Limit, Segment

Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Kind = Literal["value", "rate", "sum", "count", "span"]

SECOND_US: Final = 1_000_000
HOUR_US: Final = 3600 * SECOND_US
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


@dataclass(frozen=True, slots=True)
class Measure:
    """What is put in the value's place, over the readings of the last `window_us` up to each one.

    `rate`: change per hour from the oldest to the newest of them. `sum`: all of them together, as particles
    in a rolling cubic metre. `count`: how many lie above `above`. `span`: highest less lowest, known where
    readings fill most of the window; a sensor that is stuck has less than any living one.
    """

    kind: Kind = "value"
    window_us: int = 0
    above: float = 0.0

    def of(self, at_us: Times, values: Floats) -> Floats:
        """Return the measure at each reading, NaN where it is not known; `at_us` is strictly rising."""
        if self.kind == "value":
            return values
        # The window is open on its far side: what is exactly that old is not in it.
        far = at_us - self.window_us
        return _MEASURES[self.kind](self, at_us, values, np.searchsorted(at_us, far, side="right"))


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit with what it looks at, and its ends where they move."""

    limit: Limit
    measure: Measure = Measure()
    profile: Profile | None = None

    @property
    def reach_us(self) -> int:
        """How long after a reading it still counts, so how far behind it others are needed."""
        return self.measure.window_us


def find(rule: Rule, at_us: Times, values: Floats, segments: Iterable[Segment]) -> list[Episode]:
    """List the episodes of a rule, in order; of a measure the extreme is the measure's.

    `at_us` is strictly rising. A measure looks back over the start of a segment: readings know no limits.
    """
    measured = rule.measure.of(at_us, values)
    known = np.isfinite(measured)
    at_us, measured = at_us[known], measured[known]
    episodes: list[Episode] = []
    for segment in segments:
        first, last = np.searchsorted(at_us, (segment.start_us, segment.end_us))
        episodes += _episodes(rule, segment, at_us[first:last], measured[first:last])
    return episodes


def find_again(
    rule: Rule, at_us: Times, values: Floats, segments: Iterable[Segment], fresh: tuple[int, int]
) -> tuple[list[Episode], tuple[int, int]]:
    """List the episodes that readings added between two instants can have changed, and the stretch they fill.

    Whoever holds the episodes found before drops those that touch the stretch and puts these in their place.
    """
    known = at_us[np.isfinite(rule.measure.of(at_us, values))]
    # What is cut in two goes on at the first reading that stayed as it was.
    after = int(np.searchsorted(known, fresh[1] + rule.reach_us, side="right"))
    stretch = fresh[0], int(known[after]) if after < len(known) else OPEN_END_US
    return [each for each in find(rule, at_us, values, segments) if touches(each, stretch)], stretch


def touches(episode: Episode, stretch: tuple[int, int]) -> bool:
    """Say whether an episode lies in a stretch of time, or begins or ends in it."""
    return episode.started_us <= stretch[1] and episode.end_us >= stretch[0]


def find_silences(
    limit: Limit, at_us: Times, allowed_us: int, segments: Iterable[Segment], until_us: int
) -> list[Episode]:
    """List the stretches in which nothing came for longer than `allowed_us`, as is known at `until_us`.

    A silence begins when the allowed time is over and ends with the next reading or with the segment; `count`
    is 0, and the extreme how long nothing came, in seconds. Its alert waits the limit's delay.
    """
    found = []
    for segment in segments:
        begun, over = segment.start_us, min(segment.end_us, until_us)
        if begun == OPEN_START_US or begun >= over:
            continue
        inside = at_us[(at_us >= begun) & (at_us < over)]
        edges = [begun, *inside.tolist(), over]
        for place, (earlier, later) in enumerate(pairwise(edges)):
            if later - earlier <= allowed_us:
                continue
            is_last = place == len(edges) - 2 and over == until_us and segment.end_us > until_us
            found.append(_silence(limit, earlier + allowed_us, later, is_open=is_last))
    return found


def settling(segments: Iterable[Segment], triggers: Sequence[int], settle_us: int) -> tuple[Segment, ...]:
    """Cut out the time after each trigger (a feed, a sampling, a calibration) in which a limit says nothing.

    What is left keeps the origin of its segment, so that a profile goes on where time has brought it.
    """
    left = []
    for segment in segments:
        begun = segment.start_us
        for trigger in sorted(triggers):
            settled = trigger + settle_us
            if settled <= begun or trigger >= segment.end_us:
                continue
            if trigger > begun:
                left.append(replace(segment, start_us=begun, end_us=trigger, origin_us=segment.origin))
            begun = settled
        if begun < segment.end_us:
            left.append(replace(segment, start_us=begun, origin_us=segment.origin))
    return tuple(left)


def _episodes(rule: Rule, segment: Segment, at_us: Times, measured: Floats) -> list[Episode]:
    low, high = _ends(rule, segment, at_us)
    side = np.where(measured > high, 1, np.where(measured < low, -1, 0))
    beyond = np.where(side > 0, measured - high, low - measured)
    closing_us = None if segment.end_us == OPEN_END_US else segment.end_us
    edges = [0, *(np.flatnonzero(np.diff(side)) + 1).tolist(), len(side)]
    ends = [*at_us[edges[1:-1]].tolist(), closing_us]
    episodes = []
    for (start, stop), ended_us in zip(pairwise(edges), ends, strict=True):
        if start < stop and side[start] != 0:
            place = start + int(beyond[start:stop].argmax())
            started_us, last_us = int(at_us[start]), int(at_us[stop - 1])
            known_end_us = last_us if ended_us is None else ended_us
            episode = Episode(
                limit_id=rule.limit.id,
                direction="high" if side[start] > 0 else "low",
                started_us=started_us,
                last_outside_us=last_us,
                ended_us=ended_us,
                extreme=float(measured[place]),
                extreme_us=int(at_us[place]),
                count=stop - start,
                is_excursion=known_end_us - started_us >= rule.limit.min_duration_s * SECOND_US,
                alert_due_us=started_us + rule.limit.delay_s * SECOND_US,
            )
            episodes.append(episode)
    return episodes


def _silence(limit: Limit, begun_us: int, over_us: int, *, is_open: bool) -> Episode:
    return Episode(
        limit_id=limit.id,
        direction="low",
        started_us=begun_us,
        last_outside_us=over_us,
        ended_us=None if is_open else over_us,
        extreme=(over_us - begun_us) / SECOND_US,
        extreme_us=over_us,
        count=0,
        is_excursion=over_us - begun_us >= limit.min_duration_s * SECOND_US,
        alert_due_us=begun_us + limit.delay_s * SECOND_US,
    )


def _ends(rule: Rule, segment: Segment, at_us: Times) -> tuple[Floats, Floats]:
    if rule.profile is not None:
        return rule.profile.ends(at_us - segment.origin)
    low = -math.inf if rule.limit.low is None else rule.limit.low
    high = math.inf if rule.limit.high is None else rule.limit.high
    return np.full(len(at_us), low), np.full(len(at_us), high)


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
    spans = np.full(len(values), np.nan)
    for end, start in enumerate(starts.tolist()):
        if at_us[end] - at_us[start] >= FILLED * measure.window_us:
            window = values[start : end + 1]
            spans[end] = window.max() - window.min()
    return spans


_MEASURES: Final[Mapping[str, Callable[[Measure, Times, Floats, NDArray[np.intp]], Floats]]] = {
    "rate": _rate,
    "sum": _sum,
    "count": _count,
    "span": _span,
}
