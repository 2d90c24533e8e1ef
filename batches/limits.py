"""The limits of one parameter: when each applies, and on which side of it a reading lies (domain 2e)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

LimitKind = Literal["nor", "alert", "action", "par", "spec"]

OPEN_START_US: Final = -(2**63)
OPEN_END_US: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Limit:
    """A range a parameter should stay in, both ends included; None leaves a side open.

    With `phase_id` it holds only while that phase runs. `delay_s` is how long its alert waits,
    `min_duration_s` how long a stretch outside must last to be an excursion.
    """

    id: UUID
    kind: LimitKind
    low: float | None
    high: float | None
    delay_s: int = 0
    min_duration_s: int = 0
    phase_id: UUID | None = None


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

    A limit of a phase wins over the general one of its kind, whole and not side by side: a phase that
    states only a high NOR has no low one. A limit that never applies has an empty tuple, so that its
    episodes can be withdrawn.
    """
    known = list(limits)
    stretches: dict[UUID, list[tuple[int, int]]] = {}
    for run in runs:
        ended_us = OPEN_END_US if run.ended_us is None else run.ended_us
        stretches.setdefault(run.phase_id, []).append((run.started_us, ended_us))
    applied: dict[UUID, tuple[Segment, ...]] = {}
    for limit in known:
        if limit.phase_id is None:
            special = {other.phase_id for other in known if other.kind == limit.kind and other.phase_id}
            times = _gaps(_joined(stretch for phase in special for stretch in stretches.get(phase, ())))
        else:
            times = _joined(stretches.get(limit.phase_id, ()))
        applied[limit.id] = tuple(Segment(limit, start_us, end_us) for start_us, end_us in times)
    return applied


def sides(limit: Limit, values: NDArray[np.float64]) -> NDArray[np.int8]:
    """Say of each value if it lies below (-1), inside (0) or above (1); one equal to the limit is inside."""
    side = np.zeros(len(values), dtype=np.int8)
    if limit.high is not None:
        side[values > limit.high] = 1
    if limit.low is not None:
        side[values < limit.low] = -1
    return side


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
