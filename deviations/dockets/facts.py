"""Facts of dockets: kinds, steps, codes and instants; words stand in the record (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class QueryAsked(Fact):
    """One side asked the other; `due_at` is when a clause wants the answer."""

    name = "query.asked"
    side: str
    kind: str
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueryMoved(Fact):
    """A query was answered, asked again, written to, linked, closed or withdrawn."""

    name = "query.moved"
    step: str
    outcome: str
    code: str


@dataclass(frozen=True, slots=True)
class MonthlyListReleased(Fact):
    """The list of all numbers of a month left."""

    name = "monthly_list.released"
    month: str
    lines: int


@dataclass(frozen=True, slots=True)
class SiteEventOpened(Fact):
    """Something happened to the site itself; it stands in the site's own chain."""

    name = "site_event.opened"
    kind: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class SiteEventMoved(Fact):
    """A statement of a program was opened, or the site event was closed."""

    name = "site_event.moved"
    step: str


@dataclass(frozen=True, slots=True)
class StatementOpened(Fact):
    """What a site event means for this program is assessed."""

    name = "impact_statement.opened"
    kind: str
    occurred_at: datetime
    batches: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class StatementMoved(Fact):
    """An impact statement was concluded, opened again, shared, linked or signed."""

    name = "impact_statement.moved"
    step: str
    outcome: str
    code: str


@dataclass(frozen=True, slots=True)
class ChangeDrafted(Fact):
    """A side drafted a change; `clause` says what the other side is owed at least."""

    name = "change.drafted"
    side: str
    kind: str
    weight: str
    clause: str


@dataclass(frozen=True, slots=True)
class ChangeMoved(Fact):
    """A change was proposed, replied to, approved by a side, implemented, ended or linked."""

    name = "change.moved"
    step: str
    outcome: str
    code: str


@dataclass(frozen=True, slots=True)
class ComplaintReceived(Fact):
    """A complaint came in about a batch."""

    name = "complaint.received"
    side: str
    kind: str
    batch_id: UUID | None
    received_at: datetime
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ComplaintMoved(Fact):
    """A complaint was looked into, answered, closed or linked."""

    name = "complaint.moved"
    step: str
    outcome: str
    code: str


@dataclass(frozen=True, slots=True)
class LabInvestigationOpened(Fact):
    """A result outside specification, trend or expectation is investigated in the laboratory."""

    name = "lab_investigation.opened"
    kind: str
    result_id: UUID
    batch_id: UUID
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class LabInvestigationMoved(Fact):
    """A laboratory investigation went on: a plan, a retest, the next phase, its conclusion."""

    name = "lab_investigation.moved"
    step: str
    outcome: str
    code: str
