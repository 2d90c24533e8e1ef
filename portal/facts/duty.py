"""Facts of rosters, of who can be reached how, and of drills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class RosterSet(Fact):
    """A side said who has duty in a role."""

    name = "roster.set"
    is_news = False
    side: str
    role: str
    people: int


@dataclass(frozen=True, slots=True)
class StandInSet(Fact):
    """Somebody stands in on a roster from a moment to a moment."""

    name = "roster.stand_in_set"
    is_news = False
    role: str
    person_id: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class AbsenceNoted(Fact):
    """Somebody is not there from a moment to a moment."""

    name = "roster.absence_noted"
    is_news = False
    role: str
    person_id: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class StretchWithdrawn(Fact):
    """A stand-in or an absence was taken back."""

    name = "roster.stretch_withdrawn"
    is_news = False
    role: str
    person_id: UUID
    begins_at: datetime


@dataclass(frozen=True, slots=True)
class GapFound(Fact):
    """Nobody will have duty, or has."""

    name = "roster.gap_found"
    role: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DutyCardSet(Fact):
    """A person said how they are reached on duty, and whether the other side may read the telephone."""

    name = "duty_card.set"
    is_news = False
    person_id: UUID
    is_shared: bool


@dataclass(frozen=True, slots=True)
class DrillStarted(Fact):
    """A side tries one of its ladders."""

    name = "drill.started"
    kind: str
    side: str
    steps: int


@dataclass(frozen=True, slots=True)
class DrillEnded(Fact):
    """The ladder that was tried has come to its end."""

    name = "drill.ended"
    steps: int
    told: int
    acknowledged: int
