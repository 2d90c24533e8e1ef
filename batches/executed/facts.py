"""Facts of the executed record (ground 4): ids, codes, numbers and instants; words stand in the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class StepStarted(Fact):
    """A step of the recipe was begun; `attempt` counts from 1."""

    name = "step.started"
    is_news = False
    batch_id: UUID
    step: str
    attempt: int
    started_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class StepPerformed(Fact):
    """A step was done; it may wait for its second check."""

    name = "step.performed"
    is_news = False
    batch_id: UUID
    step: str
    code: str
    ended_at: datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class StepVerified(Fact):
    """A second person checked a step."""

    name = "step.verified"
    is_news = False
    batch_id: UUID
    step: str
    code: str


@dataclass(frozen=True, slots=True)
class StepSkipped(Fact):
    """QA let a step be left out; why stands in the reason."""

    name = "step.skipped"
    batch_id: UUID
    step: str
    code: str


@dataclass(frozen=True, slots=True)
class StepAborted(Fact):
    """A step that was begun was given up; why stands in the reason."""

    name = "step.aborted"
    batch_id: UUID
    step: str
    code: str


@dataclass(frozen=True, slots=True)
class EntryMade(Fact):
    """Something was entered in the record: a value in the unit of its parameter, or words."""

    name = "step_entry.made"
    is_news = False
    batch_id: UUID
    execution_id: UUID | None
    parameter: str
    value: str | None
    unit: str
    at: datetime
    is_late: bool
    outside: str


@dataclass(frozen=True, slots=True)
class EntryCorrected(Fact):
    """An entry took the place of another one, which stays to be read."""

    name = "step_entry.corrected"
    batch_id: UUID
    replaced_id: UUID
    value: str | None
    unit: str
    outside: str


@dataclass(frozen=True, slots=True)
class EntryVerified(Fact):
    """A second person checked an entry."""

    name = "step_entry.verified"
    is_news = False
    batch_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class ResultRecorded(Fact):
    """What a sample gave, judged against the specification of the recipe version and earlier batches."""

    name = "result.recorded"
    batch_id: UUID
    parameter: str
    value: str
    unit: str
    sampled_at: datetime
    resulted_at: datetime
    flag: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class ResultSecondRead(Fact):
    """A second person read the same result."""

    name = "result.second_read"
    is_news = False
    batch_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class ResultReviewed(Fact):
    """Somebody who did not read it reviewed a result."""

    name = "result.reviewed"
    is_news = False
    batch_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class ResultInvalidated(Fact):
    """QA declared a result invalid; why stands in the reason, and it stays to be read."""

    name = "result.invalidated"
    batch_id: UUID
    flag: str
    code: str


@dataclass(frozen=True, slots=True)
class RecordAdopted(Fact):
    """What a batch's record on paper or in another system says was entered by the set-up."""

    name = "batch.record_adopted"
    is_news = False
    steps: int
    entries: int
    results: int


@dataclass(frozen=True, slots=True)
class PaperScanned(Fact):
    """A part of the record on paper was scanned; `replaces_id` is the scan it takes the place of."""

    name = "paper.scanned"
    batch_id: UUID
    pages: int
    sha256: str
    replaces_id: UUID | None


@dataclass(frozen=True, slots=True)
class PageCommented(Fact):
    """Somebody commented on a place of a page."""

    name = "page_comment.made"
    scan_id: UUID
    page: int
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class PageCommentMoved(Fact):
    """A comment was answered with a correction, accepted, put back or taken back."""

    name = "page_comment.moved"
    scan_id: UUID
    page: int
    state: str
    code: str
