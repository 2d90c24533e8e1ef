"""Facts of the review of a batch record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class ExceptionSeen(Fact):
    """A reviewer looked at exceptions of a batch record; only the own side reads it."""

    name = "review.seen"
    is_news = False
    keys: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class ReviewCommented(Fact):
    """A reviewer said something about a batch record."""

    name = "review.commented"
    key: str
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class ReviewAsked(Fact):
    """A reviewer asked the other side."""

    name = "review.asked"
    key: str
    side: str
    code: str
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewAnswered(Fact):
    """A question of a review was answered."""

    name = "review.answered"
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class ReviewSettled(Fact):
    """Who asked says how a question ended."""

    name = "review.settled"
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class SectionsReviewed(Fact):
    """A side reviewed sections of a batch record as they stood."""

    name = "review.sections_reviewed"
    sections: tuple[str, ...]
    mode: str
    side: str
    code: str
