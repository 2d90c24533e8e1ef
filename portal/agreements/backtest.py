"""What a draft would have made of what happened: notices late, ladders climbed, decisions blocked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from portal.agreements.durations import Duration
from portal.agreements.rules import Notification, Timeline
from portal.agreements.terms import Applied, Terms, plan_of

DueAt = Callable[[Duration, datetime], datetime]
Outcome = Literal[
    "notice_at_once",
    "notice_in_time",
    "notice_late",
    "notice_open",
    "in_list",
    "no_clause",
    "ladder_climbed",
    "ladder_ended",
    "opening_late",
    "summary_late",
    "closing_late",
    "disposition_blocked",
]


NOTICES: Final = ("notice_at_once", "notice_in_time", "notice_late", "notice_open")


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
    recorded_at: datetime | None = None
    summarised_at: datetime | None = None
    closed_at: datetime | None = None
    completed_at: datetime | None = None
    batch_id: UUID | None = None
    triggers: tuple[str, ...] = ()
    # Whether another system states some of it; it is proven by nothing here.
    is_stated: bool = False


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
        return sum(self.counts[each] for each in NOTICES)


def backtest(terms: Terms, cases: Iterable[Case], due_at: DueAt, now: datetime) -> Report:
    """Run a version over past cases. `due_at` counts with the calendars of the program."""
    lines = [line for case in cases for line in _lines(terms, case, due_at, now)]
    return Report(lines, Counter(line.outcome for line in lines))


def _lines(terms: Terms, case: Case, due_at: DueAt, now: datetime) -> Iterator[Line]:
    if case.classification is None:
        return
    yield _notice(terms, case, due_at, now)
    yield from _ladder(terms, case)
    yield from _timelines(terms, case, due_at, now)
    yield from _block(terms, case, now)


def _notice(terms: Terms, case: Case, due_at: DueAt, now: datetime) -> Line:
    rules = _notices(terms, case)
    if not rules:
        return Line(case, "no_clause", "", None, case.told_at)
    at_once = [each for each in rules if set(each.rule.at_once) & set(case.triggers)]
    if at_once:
        return Line(case, "notice_at_once", at_once[0].clause.code, None, case.recorded_at)
    timed = [(due_at(each.rule.within, case.aware_at), each) for each in rules if each.rule.within]
    if not timed:
        return Line(case, "in_list", rules[0].clause.code, None, case.told_at)
    due, found = min(timed, key=lambda each: each[0])
    told = case.told_at
    outcome: Outcome = "notice_open" if told is None and due > now else "notice_in_time"
    if (told or now) > due:
        outcome = "notice_late"
    return Line(case, outcome, found.clause.code, due, told)


def _notices(terms: Terms, case: Case) -> list[Applied[Notification]]:
    """Return the rule for the class, and that of patient lots on one: the stricter one holds."""
    of = ("deviation", "patient_lot") if "patient_lot" in case.triggers else ("deviation",)
    found = (terms.notice(case.classification, of=each) for each in of)
    return [each for each in found if each is not None]


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


def _timelines(terms: Terms, case: Case, due_at: DueAt, now: datetime) -> Iterator[Line]:
    """Yield a line for each act that came after its time, or has not come yet and is late.

    A record closed without a summary owes none: the conclusion says it all.
    """
    is_open = case.closed_at is None
    acts: tuple[tuple[str, Outcome, datetime | None, bool], ...] = (
        ("opening", "opening_late", case.recorded_at, False),
        ("preliminary_summary", "summary_late", case.summarised_at, is_open),
        ("closing", "closing_late", case.closed_at, is_open),
    )
    for activity, outcome, at, is_awaited in acts:
        found = terms.timeline(activity, case.classification)
        since = _since(found.rule, case) if found is not None else None
        if found is None or since is None or (at is None and not is_awaited):
            continue
        due = due_at(found.rule.within, since)
        if (at or now) > due:
            yield Line(case, outcome, found.clause.code, due, at)


def _since(rule: Timeline, case: Case) -> datetime | None:
    """Return what a rule's time counts from; awareness for what a past record does not tell."""
    return {"recorded": case.recorded_at, "notice": case.told_at}.get(rule.since, case.aware_at)


def _block(terms: Terms, case: Case, now: datetime) -> Iterator[Line]:
    """Yield a line when the batch had ended while the case was open: its disposition would have waited."""
    found = terms.hold(classification=case.classification)
    if found is None or found.rule.blocks != "disposition" or case.completed_at is None:
        return
    if (case.closed_at or now) > case.completed_at:
        yield Line(case, "disposition_blocked", found.clause.code, None, case.closed_at)
