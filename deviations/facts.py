"""Facts of the deviations app: ids, codes, classes and instants; words stand in the record (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class DeviationReported(Fact):
    """The plant stated what happened; a suggested class stands in its own row."""

    name = "deviation.reported"
    batch_id: UUID | None
    phase_id: UUID | None
    excursion_id: UUID | None
    occurred_at: datetime
    detected_at: datetime
    aware_at: datetime
    recorded_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class DeviationTriaged(Fact):
    """CDMO QA gave the provisional class; `due_at` is when its clause wants the notice released."""

    name = "deviation.triaged"
    classification: str
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoticeSent(Fact):
    """The notice left: detected and released stand side by side.

    `trigger` is empty where CDMO QA let it go; else the clause did, which names that trigger.
    """

    name = "notice.released"
    version = 2
    notice_id: UUID
    classification: str | None
    clause: str
    detected_at: datetime
    released_at: datetime
    terms: int | None
    trigger: str


@dataclass(frozen=True, slots=True)
class NoticeOverdue(Fact):
    """The clause's time passed and the notice had not been released."""

    name = "notice.overdue"
    clause: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class InvestigationStarted(Fact):
    """A named seat leads the investigation."""

    name = "deviation.investigation_started"
    lead_code: str


@dataclass(frozen=True, slots=True)
class DeviationSummarised(Fact):
    """The preliminary summary was given."""

    name = "deviation.summarised"


@dataclass(frozen=True, slots=True)
class ImpactAssessed(Fact):
    """The sponsor said how far its product is touched."""

    name = "deviation.impact_assessed"
    impact: str
    clause: str


@dataclass(frozen=True, slots=True)
class DeviationClosed(Fact):
    """The investigation ended with a summary."""

    name = "deviation.closed"


@dataclass(frozen=True, slots=True)
class DeviationCancelled(Fact):
    """The record was cancelled with a reason."""

    name = "deviation.cancelled"


@dataclass(frozen=True, slots=True)
class DeviationMirrored(Fact):
    """The CDMO's own quality system told its state; it stays master there."""

    name = "deviation.mirrored"
    is_news = False
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ReportingAssessed(Fact):
    """The sponsor's regulatory affairs gave the facts by which duties to report run."""

    name = "reporting.assessed"
    reach: str
    rules: tuple[str, ...]
    aware_at: datetime


@dataclass(frozen=True, slots=True)
class ReportingDecided(Fact):
    """It was decided of one duty whether the deviation is reportable; the signature follows."""

    name = "reporting.decided"
    rule: str
    decision: str


@dataclass(frozen=True, slots=True)
class SignalRaised(Fact):
    """One side said that something looks odd; `due_at` is when its clause wants the answer."""

    name = "signal.raised"
    side: str
    batch_id: UUID | None
    asked_side: str
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignalAnswered(Fact):
    """The side that was asked answered an early signal."""

    name = "signal.answered"
    side: str
    code: str
