"""The limits of one parameter: when each applies, and on which side of it a reading lies (domain 2e)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from batches.measures import Floats, Measure, Profile, Times

LimitKind = Literal["nor", "alert", "action", "par", "spec"]

OPEN_START_US: Final = -(2**63)
OPEN_END_US: Final = 2**63 - 1
VALUE: Final = Measure()


@dataclass(frozen=True, slots=True)
class Limit:
    """A range a parameter should stay in, both ends included; None leaves a side open.

    With `phase_id` it holds only while that phase runs. `delay_s` is how long its alert waits,
    `min_duration_s` how long a stretch outside must last to be an excursion. A profile stands in place of the
    two ends. For `settle_us` after a phase began (its own, or of a general limit any) it says nothing.
    """

    id: UUID
    kind: LimitKind
    low: float | None
    high: float | None
    delay_s: int = 0
    min_duration_s: int = 0
    phase_id: UUID | None = None
    measure: Measure = VALUE
    profile: Profile | None = None
    settle_us: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether a reading alone says on which side it lies."""
        return self.measure.kind == "value" and self.profile is None

    def ends(self, at_us: Times, origin_us: int) -> tuple[Floats, Floats]:
        """Return the low and the high end at instants, an open one without end.

        A course began at `origin_us`.
        """
        if self.profile is not None:
            return self.profile.ends(at_us - origin_us)
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return np.full(len(at_us), low), np.full(len(at_us), high)

    def end_at(self, at_us: int, origin_us: int, direction: str) -> float:
        """Return the end on one side at an instant."""
        low, high = self.ends(np.array([at_us], dtype=np.int64), origin_us)
        return float(high[0] if direction == "high" else low[0])


@dataclass(frozen=True, slots=True)
class PhaseRun:
    """One run of a phase in a batch, its end not included; `ended_us` is None while it runs."""

    phase_id: UUID
    started_us: int
    ended_us: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which a limit applies, its end not included.

    `origin_us` is from when the time in the phase counts, where a cut moved the start.
    """

    limit: Limit
    start_us: int = OPEN_START_US
    end_us: int = OPEN_END_US
    origin_us: int | None = None

    @property
    def origin(self) -> int:
        """From when the time in the phase counts."""
        return self.start_us if self.origin_us is None else self.origin_us

    def covers(self, instant_us: int) -> bool:
        return self.start_us <= instant_us < self.end_us


def segments(limits: Iterable[Limit], runs: Iterable[PhaseRun]) -> dict[UUID, tuple[Segment, ...]]:
    """Say for each limit of one parameter, by id, when it applies: in order, without touching or overlapping.

    A limit of a phase wins over the general one of its kind and measure, whole and not side by side: a phase
    that states only a high NOR has no low one. A limit that never applies has an empty tuple, so that its
    episodes can be withdrawn.
    """
    known, executed = list(limits), list(runs)
    stretches: dict[UUID, list[tuple[int, int]]] = {}
    for run in executed:
        ended_us = OPEN_END_US if run.ended_us is None else run.ended_us
        stretches.setdefault(run.phase_id, []).append((run.started_us, ended_us))
    applied: dict[UUID, tuple[Segment, ...]] = {}
    for limit in known:
        if limit.phase_id is None:
            special = {each.phase_id for each in known if each.phase_id and _stands_in(each, limit)}
            times = _gaps(_joined(stretch for phase in special for stretch in stretches.get(phase, ())))
        else:
            times = _joined(stretches.get(limit.phase_id, ()))
        whole = tuple(Segment(limit, start_us, end_us) for start_us, end_us in times)
        if limit.settle_us:
            begun = [run.started_us for run in executed if limit.phase_id in (None, run.phase_id)]
            whole = settling(whole, begun, limit.settle_us)
        applied[limit.id] = whole
    return applied


def _stands_in(special: Limit, general: Limit) -> bool:
    return special.kind == general.kind and special.measure.kind == general.measure.kind


def settling(segments: Iterable[Segment], triggers: Sequence[int], settle_us: int) -> tuple[Segment, ...]:
    """Cut out the time after each trigger in which a limit says nothing.

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


def sides(segment: Segment, at_us: Times, values: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Say of each value if it lies below (-1), inside (0) or above (1), and how far beyond the end it lies.

    One equal to the limit is inside.
    """
    low, high = segment.limit.ends(at_us, segment.origin)
    above, below = values - high, low - values
    side = (above > 0).astype(np.int8) - (below > 0).astype(np.int8)
    return side, np.maximum(above, below)


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    # A phase that starts again the moment it ended goes on: an episode across that moment is one.
    joined: list[tuple[int, int]] = []
    for start_us, end_us in sorted(stretches):
        if start_us >= end_us:
            continue
        if joined and start_us <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_us))
        else:
            joined.append((start_us, end_us))
    return joined


def _gaps(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    edges = [OPEN_START_US, *(edge for stretch in stretches for edge in stretch), OPEN_END_US]
    return [
        (start_us, end_us)
        for start_us, end_us in zip(edges[::2], edges[1::2], strict=True)
        if start_us < end_us
    ]
