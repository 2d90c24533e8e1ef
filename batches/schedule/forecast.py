"""When slots will really be: from what happened, what is held, and what stands before them; pure.

Lengths are kept: a slot that begins late ends late. A processing hold, and a thing that is out of use, stop
the work of their batch; a status hold does not, the process goes on. Only what the reader may see is reckoned
with, so that no client learns of another's delay by its own forecast; the manufacturer moves the plan then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from batches.states import HoldKind

STOPPING: Final = frozenset((HoldKind.PROCESSING, HoldKind.USE))
Why = Literal["", "held", "late", "after"]
NOTHING: Final = timedelta(0)
A_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot as the forecast needs it."""

    id: UUID
    suite: str
    batch: UUID | None
    start: datetime
    end: datetime
    actual_start: datetime | None = None
    actual_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """What stops a batch: since when, and until when unless it stands; `cause` is what it is for."""

    batch: UUID
    since: datetime
    until: datetime | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """When a slot will be, why that is not as planned, and because of what.

    `held` is what holds took from it so far; while `is_held` it grows.
    """

    start: datetime
    end: datetime
    why: Why = ""
    cause: str = ""
    held: timedelta = NOTHING
    is_held: bool = False

    def later_than(self, slot: Slot) -> timedelta:
        """Return how much later than planned it ends, from a minute on; nothing where it is on time."""
        later = self.end - slot.end
        return later if later >= A_MINUTE else NOTHING


def forecast(slots: Sequence[Slot], holds: Iterable[Hold], now: datetime) -> dict[UUID, Expected]:
    """Return when each slot will be; none begins before what stands before it in its suite or its batch."""
    by_batch: dict[UUID, list[Hold]] = {}
    for hold in holds:
        by_batch.setdefault(hold.batch, []).append(hold)
    free: dict[tuple[str, object], datetime] = {}
    found: dict[UUID, Expected] = {}
    for slot in sorted(slots, key=_turn):
        own = by_batch.get(slot.batch, []) if slot.batch is not None else []
        expected = _expected(slot, own, free, now)
        found[slot.id] = expected
        for place in _places(slot):
            free[place] = max(expected.end, free.get(place, expected.end))
    return found


def _turn(slot: Slot) -> tuple[bool, datetime, str]:
    """Sort what began first, by when; then the rest as planned."""
    return slot.actual_start is None, slot.actual_start or slot.start, str(slot.id)


def _places(slot: Slot) -> list[tuple[str, object]]:
    batch = [("batch", slot.batch)] if slot.batch is not None else []
    return [("suite", slot.suite), *batch]


def _expected(
    slot: Slot, holds: Sequence[Hold], free: Mapping[tuple[str, object], datetime], now: datetime
) -> Expected:
    length = slot.end - slot.start
    if slot.actual_start is not None and slot.actual_end is not None:
        return _over(slot, slot.actual_start, slot.actual_end, holds)
    standing = [each for each in holds if each.until is None]
    if slot.actual_start is not None:
        held = _taken(holds, slot.actual_start, now)
        end = max(slot.actual_start + length + held, now)
        cause = next((each.cause for each in holds if each.cause), "")
        why: Why = "held" if held else "late" if end > slot.end else ""
        return Expected(slot.actual_start, end, why, cause if held else "", held, bool(standing))
    start, why = slot.start, ""
    for place in _places(slot):
        if free.get(place, start) > start:
            start, why = free[place], "after"
    if standing and now >= start:
        start, why = now, "held"
    elif now > start:
        start, why = now, "late"
    cause = next((each.cause for each in standing if each.cause), "") if why == "held" else ""
    return Expected(start, start + length, why, cause, is_held=bool(standing))


def _over(slot: Slot, start: datetime, end: datetime, holds: Sequence[Hold]) -> Expected:
    held = _taken(holds, start, end)
    cause = next((each.cause for each in holds if each.cause), "") if held else ""
    late: Why = "held" if held else "late"
    return Expected(start, end, late if end > slot.end else "", cause, held)


def _taken(holds: Iterable[Hold], since: datetime, until: datetime) -> timedelta:
    """Return how long any of the holds stood between two instants; holds at once count once."""
    stretches = sorted((max(each.since, since), min(each.until or until, until)) for each in holds)
    total, reached = NOTHING, since
    for begins, ends in stretches:
        begun = max(begins, reached)
        if ends > begun:
            total, reached = total + (ends - begun), ends
    return total


def overlap(one: tuple[datetime, datetime], other: tuple[datetime, datetime]) -> bool:
    """Say whether two stretches of time share any; one may begin when the other ends."""
    return one[0] < other[1] and other[0] < one[1]
