"""Hold times as they run: from the end of one step to the begin of another, with what is to be expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from batches.executed.order import Latest, is_over
from batches.models import HoldTime, ProcedureStep
from batches.states import ExecutionState

Stand = Literal["ahead", "running", "over", "kept", "broken"]


@dataclass(frozen=True, slots=True)
class HoldClock:
    """One hold time in a batch.

    `ahead`: the first step is not over. `running`: the second has not begun; `over` once it should have.
    `kept` and `broken` when it has. `expected_at` is when the second step is to begin by the planned lengths.
    """

    hold: HoldTime
    state: Stand
    started_at: datetime | None
    due_at: datetime | None
    ended_at: datetime | None
    expected_at: datetime | None

    @property
    def is_threatened(self) -> bool:
        """Say whether by the planned lengths it will not be kept."""
        if self.state == "over":
            return True
        waits = self.state in ("ahead", "running")
        return waits and None not in (self.due_at, self.expected_at) and self.expected_at > self.due_at  # type: ignore[operator]  # both are there


def clocks_of(
    holds: Iterable[HoldTime], steps: Sequence[ProcedureStep], latest: Latest, now: datetime
) -> list[HoldClock]:
    """Return the hold times of a batch; `latest` are the latest attempts at its steps."""
    tree = _Tree(steps)
    expected = forecast(tree.leaves, latest, now)
    return [_clock(each, tree, latest, expected, now) for each in holds]


def forecast(
    leaves: Sequence[ProcedureStep], latest: Latest, now: datetime
) -> Mapping[UUID, tuple[datetime, datetime]]:
    """Return when each step that is not over is to begin and to end: one after the other, planned lengths."""
    found: dict[UUID, tuple[datetime, datetime]] = {}
    free = now
    for leaf in leaves:
        own = latest.get(leaf.pk)
        if is_over(own):
            continue
        begins = free
        if own is not None and own.state in {ExecutionState.STARTED, ExecutionState.PERFORMED}:
            begins = own.started_at
        ends = max(begins + timedelta(seconds=leaf.planned_s), now)
        found[leaf.pk] = begins, ends
        free = max(free, ends)
    return found


class _Tree:
    def __init__(self, steps: Sequence[ProcedureStep]) -> None:
        self._below: dict[UUID | None, list[ProcedureStep]] = {}
        for each in sorted(steps, key=lambda step: step.ordinal):
            self._below.setdefault(each.parent_id, []).append(each)
        self._leaves: dict[UUID, list[ProcedureStep]] = {}
        self.leaves = [leaf for root in self._below.get(None, []) for leaf in self._gather(root)]

    def _gather(self, step: ProcedureStep) -> list[ProcedureStep]:
        below = self._below.get(step.pk, [])
        found = [leaf for each in below for leaf in self._gather(each)] if below else [step]
        self._leaves[step.pk] = found
        return found

    def of(self, step_id: UUID) -> list[ProcedureStep]:
        """Return the leaves of a step."""
        return self._leaves.get(step_id, [])

    def after(self, step_id: UUID) -> list[ProcedureStep]:
        """Return the leaf that follows a step."""
        own = self.of(step_id)
        place = self.leaves.index(own[-1]) + 1 if own else len(self.leaves)
        return self.leaves[place : place + 1]


def _clock(
    hold: HoldTime,
    tree: _Tree,
    latest: Latest,
    expected: Mapping[UUID, tuple[datetime, datetime]],
    now: datetime,
) -> HoldClock:
    first = tree.of(hold.after_id)
    second = tree.of(hold.before_id)[:1] if hold.before_id is not None else tree.after(hold.after_id)
    begun = latest.get(second[0].pk) if second else None
    begins = expected.get(second[0].pk) if second else None
    ended_at = begun.started_at if begun is not None and begun.state != ExecutionState.SKIPPED else None
    expected_at = begins[0] if begins is not None and ended_at is None else None
    longest = timedelta(seconds=hold.longest_s)
    ends = [latest[each.pk].ended_at for each in first if is_over(latest.get(each.pk))]
    if not first or len(ends) < len(first):
        planned = [expected[each.pk][1] for each in first if each.pk in expected]
        due_at = max(planned) + longest if planned else None
        return HoldClock(hold, "ahead", None, due_at, None, expected_at)
    started_at = max(each for each in ends if each is not None)
    due_at = started_at + longest
    if ended_at is not None:
        return HoldClock(hold, "kept" if ended_at <= due_at else "broken", started_at, due_at, ended_at, None)
    return HoldClock(hold, "over" if now > due_at else "running", started_at, due_at, None, expected_at)
