"""Facts of alerts and their ladders."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class AlertRaised(Fact):
    """A side was asked for receipt."""

    name = "alert.raised"
    kind: str
    side: str
    clause: str
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class AlertDelivered(Fact):
    """A client of a person has the alert."""

    name = "alert.delivered"
    is_news = False
    code: str


@dataclass(frozen=True, slots=True)
class AlertOpened(Fact):
    """A person has opened the alert."""

    name = "alert.opened"
    is_news = False
    code: str


@dataclass(frozen=True, slots=True)
class AlertAcknowledged(Fact):
    """A person gave receipt for their side."""

    name = "alert.acknowledged"
    code: str


@dataclass(frozen=True, slots=True)
class AlertRefused(Fact):
    """A told person said that they cannot take it; the ladder goes on at once."""

    name = "alert.refused"
    code: str
    step: int


@dataclass(frozen=True, slots=True)
class LadderClimbed(Fact):
    """Nobody answered in time; the next roles were told."""

    name = "ladder.climbed"
    step: int
    roles: tuple[str, ...]
    told: int


@dataclass(frozen=True, slots=True)
class LadderEnded(Fact):
    """The last step's time passed without a receipt. Silence is no consent."""

    name = "ladder.ended"
    step: int
