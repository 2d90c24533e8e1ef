"""How long a patient lot still lives at each planned step, and whether its way ends in time; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

# Of a step: when it began and ended, as far as it did.
Done = Mapping[UUID, tuple[datetime, datetime | None]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A step of the recipe as the forecast needs it."""

    id: UUID
    title: str
    planned_s: int


@dataclass(frozen=True, slots=True)
class StepLife:
    """One step: when it began or is to begin, when it ended or is to end, and the life that is left then."""

    title: str
    begins_at: datetime
    ends_at: datetime
    stands: Literal["done", "now", "ahead"]
    left: timedelta | None

    @property
    def is_too_late(self) -> bool:
        """Say whether the lot has expired by the end of the step."""
        return self.left is not None and self.left < timedelta(0)


@dataclass(frozen=True, slots=True)
class ShelfLife:
    """The life of a lot: when it expires, certainly once its step is over, by forecast before.

    `left_when_needed` is what is left at the instant it is to be given; `makes_it` is None where nothing is
    to be kept.
    """

    expires_at: datetime | None
    is_certain: bool
    steps: Sequence[StepLife]
    ready_at: datetime | None
    needed_at: datetime | None
    left_when_needed: timedelta | None
    makes_it: bool | None


def shelf_life(
    steps: Sequence[Planned],
    done: Done,
    now: datetime,
    *,
    life: timedelta | None,
    counts_from: UUID | None,
    needed_at: datetime | None,
) -> ShelfLife:
    """Return the life of a lot: its steps one after the other, what is ahead in the planned lengths."""
    times = list(_times(steps, done, now))
    ends = {step.id: at for step, (_, at, _) in zip(steps, times, strict=True)}
    began = ends.get(counts_from) if counts_from is not None else None
    expires_at = began + life if began is not None and life is not None else None
    is_certain = counts_from is not None and done.get(counts_from, (None, None))[1] is not None
    places = [each.id for each in steps]
    first = places.index(counts_from) if expires_at is not None and counts_from in places else len(places)
    found = [
        StepLife(step.title, begins, end, stands, expires_at - end if expires_at and place > first else None)
        for place, (step, (begins, end, stands)) in enumerate(zip(steps, times, strict=True))
    ]
    ready_at = times[-1][1] if times else None
    left = expires_at - needed_at if expires_at is not None and needed_at is not None else None
    late = [each for each in found if each.is_too_late]
    makes_it = None
    if expires_at is not None:
        is_ready = needed_at is None or ready_at is None or ready_at <= needed_at
        makes_it = not late and is_ready and (left is None or left >= timedelta(0))
    return ShelfLife(expires_at, is_certain, found, ready_at, needed_at, left, makes_it)


def _times(
    steps: Sequence[Planned], done: Done, now: datetime
) -> Iterator[tuple[datetime, datetime, Literal["done", "now", "ahead"]]]:
    free: datetime | None = None
    for each in steps:
        begun, ended = done.get(each.id, (None, None))
        if begun is not None and ended is not None:
            free = ended if free is None else max(free, ended)
            yield begun, ended, "done"
            continue
        begins = begun or max(free or now, now)
        end = max(begins + timedelta(seconds=each.planned_s), now)
        free = end
        yield begins, end, "now" if begun is not None else "ahead"
