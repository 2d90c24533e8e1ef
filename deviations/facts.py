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
class DeviationDismissed(Fact):
    """CDMO QA thinks it is no deviation; a second signature decides."""

    name = "deviation.dismissed"


@dataclass(frozen=True, slots=True)
class NoDeviation(Fact):
    """It was found, by signature, to be no deviation."""

    name = "deviation.no_deviation"
    code: str


@dataclass(frozen=True, slots=True)
class DraftShared(Fact):
    """A draft of the report was shared for comments."""

    name = "report.draft_shared"
    round: int
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportCommented(Fact):
    """The sponsor commented on a draft or a report."""

    name = "report.commented"
    round: int
    comment: int


@dataclass(frozen=True, slots=True)
class CommentsFinished(Fact):
    """The sponsor has no more comments on a draft."""

    name = "report.comments_finished"
    round: int


@dataclass(frozen=True, slots=True)
class CommentAnswered(Fact):
    """The CDMO said what it made of a comment."""

    name = "report.comment_answered"
    round: int
    comment: int
    outcome: str


@dataclass(frozen=True, slots=True)
class ReportSubmitted(Fact):
    """The report was handed to CDMO QA for review."""

    name = "report.submitted"
    round: int


@dataclass(frozen=True, slots=True)
class ReportApproved(Fact):
    """CDMO QA approved the report by signature; `due_at` is when the sponsor's review is due."""

    name = "report.approved"
    round: int
    code: str
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportReturned(Fact):
    """The report was handed back to the investigation."""

    name = "report.returned"
    round: int


@dataclass(frozen=True, slots=True)
class ReportReviewed(Fact):
    """What the sponsor's review of the report came to; silence names the clause by which the work went on."""

    name = "report.reviewed"
    round: int
    outcome: str
    clause: str


@dataclass(frozen=True, slots=True)
class DisagreementSettled(Fact):
    """One side's head of quality said what becomes of an objection; `is_decided` when both say the same."""

    name = "report.settled"
    round: int
    side: str
    outcome: str
    is_decided: bool


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
