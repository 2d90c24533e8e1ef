"""Facts of gateways' feeds (ground 4): a clock that is off, frames that are missing, readings lost."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class FeedBegan(Fact):
    """A device began to send into a batch, or began anew: its chain starts at this frame."""

    name = "feed.began"
    is_news = False
    batch_id: UUID
    device: str
    chain: str
    is_anew: bool


@dataclass(frozen=True, slots=True)
class FeedClockOff(Fact):
    """The clock of a gateway is off by so many seconds, ahead or (negative) behind; from this frame on."""

    name = "feed.clock_off"
    batch_id: UUID
    device: str
    skew_s: int
    sequence: int


@dataclass(frozen=True, slots=True)
class FeedClockRight(Fact):
    """The clock of a gateway is right again."""

    name = "feed.clock_right"
    batch_id: UUID
    device: str
    sequence: int


@dataclass(frozen=True, slots=True)
class FeedBroken(Fact):
    """A frame of a gateway does not follow the last one that came, or differs from what was announced."""

    name = "feed.broken"
    batch_id: UUID
    device: str
    last: int
    sequence: int
    proof: str


@dataclass(frozen=True, slots=True)
class FeedLost(Fact):
    """A gateway had no room for so many readings more; they are nowhere."""

    name = "feed.lost"
    batch_id: UUID
    device: str
    readings: int
