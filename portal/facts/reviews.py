"""Facts of reviews and inspections: of access, of the audit trail, by a guest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class AccessReviewOpened(Fact):
    """A review of who may do what began, over the access of that moment."""

    name = "access_review.opened"
    number: str
    lines: int


@dataclass(frozen=True, slots=True)
class AccessDecided(Fact):
    """A reviewer decided on one line of a review of access."""

    name = "access_review.line_decided"
    is_news = False
    number: str
    kind: str
    subject_id: UUID
    decision: str


@dataclass(frozen=True, slots=True)
class AccessReviewDecided(Fact):
    """Every line of a review of access is decided; it waits for its signature."""

    name = "access_review.decided"
    number: str
    kept: int
    ended: int


@dataclass(frozen=True, slots=True)
class InspectionOpened(Fact):
    """A side let an inspector read the program for a time; both sides learn that and no more."""

    name = "inspection.opened"
    side: str
    code: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class InspectionClosed(Fact):
    """An inspector's access to the program ended before its time."""

    name = "inspection.closed"
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class InspectionAsked(Fact):
    """An inspector asked for something."""

    name = "inspection.asked"
    at: int


@dataclass(frozen=True, slots=True)
class InspectionHandedOver(Fact):
    """Something was handed to an inspector."""

    name = "inspection.handed_over"
    kind: str
    digest: str
    subject_id: UUID | None


@dataclass(frozen=True, slots=True)
class TrailReviewed(Fact):
    """A stretch of a chain was looked through; what was found stands in the record."""

    name = "trail.reviewed"
    is_news = False
    chain: str
    first: int
    last: int
    entries: int
