"""What a draft would have made of what happened: notices late, ladders climbed, decisions blocked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from portal.agreements.durations import Duration
from portal.agreements.terms import Terms, plan_of

DueAt = Callable[[Duration, datetime], datetime]
Outcome = Literal[
    "notice_in_time",
    "notice_late",
    "notice_open",
    "in_list",
    "no_clause",
    "ladder_climbed",
    "ladder_ended",
    "closing_late",
    "disposition_blocked",
]


@dataclass(frozen=True, slots=True)
class Case:
    """One past deviation as a draft looks at it: instants that stand in the record, None where they do not.

    `completed_at` is when its batch ended: from then on disposition could have been asked for.
    """

    id: UUID
    number: str
    classification: str | None
    aware_at: datetime
    told_at: datetime | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    completed_at: datetime | None = None
    batch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What a version says of one case: by which clause, due when, and what came of it at which instant."""

    case: Case
    outcome: Outcome
    clause: str
    due_at: datetime | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """All lines, and how many there are of each outcome."""

    lines: list[Line]
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def notices(self) -> int:
        """Return how many notices there would have been, in time or not."""
        return sum(self.counts[each] for each in ("notice_in_time", "notice_late", "notice_open"))


def backtest(terms: Terms, cases: Iterable[Case], due_at: DueAt, now: datetime) -> Report:
    """Run a version over past cases. `due_at` counts with the calendars of the program."""
    lines = [line for case in cases for line in _lines(terms, case, due_at, now)]
    return Report(lines, Counter(line.outcome for line in lines))


def _lines(terms: Terms, case: Case, due_at: DueAt, now: datetime) -> Iterator[Line]:
    if case.classification is None:
        return
    yield _notice(terms, case, due_at, now)
    yield from _ladder(terms, case)
    yield from _closing(terms, case, due_at, now)
    yield from _block(terms, case, now)


def _notice(terms: Terms, case: Case, due_at: DueAt, now: datetime) -> Line:
    found = terms.notice(case.classification)
    if found is None:
        return Line(case, "no_clause", "", None, case.told_at)
    if found.rule.within is None:
        return Line(case, "in_list", found.clause.code, None, case.told_at)
    due = due_at(found.rule.within, case.aware_at)
    told = case.told_at
    outcome: Outcome = "notice_open" if told is None and due > now else "notice_in_time"
    if (told or now) > due:
        outcome = "notice_late"
    return Line(case, outcome, found.clause.code, due, told)


def _ladder(terms: Terms, case: Case) -> Iterator[Line]:
    """Yield a line when the receipt came after the first step's time, or after the last one's."""
    if case.told_at is None or case.acknowledged_at is None:
        return
    found = terms.ladder("deviation.notice", "sponsor", case.classification)
    waits = [step["wait_s"] for step in plan_of(found)]
    waited_s = (case.acknowledged_at - case.told_at).total_seconds()
    if waited_s > waits[0]:
        outcome: Outcome = "ladder_ended" if waited_s > sum(waits) else "ladder_climbed"
        code = found.clause.code if found is not None else ""
        yield Line(case, outcome, code, None, case.acknowledged_at)


def _closing(terms: Terms, case: Case, due_at: DueAt, now: datetime) -> Iterator[Line]:
    found = terms.timeline("closing", case.classification)
    if found is None:
        return
    due = due_at(found.rule.within, case.aware_at)
    if (case.closed_at or now) > due:
        yield Line(case, "closing_late", found.clause.code, due, case.closed_at)


def _block(terms: Terms, case: Case, now: datetime) -> Iterator[Line]:
    """Yield a line when the batch had ended while the case was open: its disposition would have waited."""
    found = terms.hold(classification=case.classification)
    if found is None or found.rule.blocks != "disposition" or case.completed_at is None:
        return
    if (case.closed_at or now) > case.completed_at:
        yield Line(case, "disposition_blocked", found.clause.code, None, case.closed_at)
