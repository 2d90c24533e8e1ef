"""Facts of decision requests: which choices, until when, and how it ended; the words stand in the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class DecisionDrafted(Fact):
    """A side began to write a question to the other one; private to it."""

    name = "decision.drafted"
    subject_id: UUID
    side: str


@dataclass(frozen=True, slots=True)
class DecisionRevised(Fact):
    """A draft was changed."""

    name = "decision.revised"
    is_news = False
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DecisionAsked(Fact):
    """The other side was asked to choose."""

    name = "decision.asked"
    subject_id: UUID
    side: str
    clause: str
    options: tuple[str, ...]
    recommended: str
    lost_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionMessaged(Fact):
    """Somebody asked back or explained, before the answer."""

    name = "decision.messaged"
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class DecisionAnswered(Fact):
    """The side that was asked chose one option or none of them, with a signature."""

    name = "decision.answered"
    option: str
    code: str
    clause: str


@dataclass(frozen=True, slots=True)
class DecisionLost(Fact):
    """Nobody answered in time. Silence is no consent: the clause says what follows."""

    name = "decision.lost"
    clause: str
    lost_at: datetime


@dataclass(frozen=True, slots=True)
class DecisionWithdrawn(Fact):
    """The asking side took the question back."""

    name = "decision.withdrawn"
    side: str
    code: str
