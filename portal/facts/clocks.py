"""Facts of clocks and of the calendars they are counted by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class CalendarSet(Fact):
    """A side said how it works from a date on."""

    name = "calendar.set"
    side: str
    number: int
    effective_on: date


@dataclass(frozen=True, slots=True)
class ClockPauseAsked(Fact):
    """One side asked the other to let a joint clock rest."""

    name = "clock.pause_asked"
    kind: str
    side: str


@dataclass(frozen=True, slots=True)
class ClockPauseDeclined(Fact):
    """The other side did not consent to a pause; the clock runs on."""

    name = "clock.pause_declined"
    kind: str
    side: str


@dataclass(frozen=True, slots=True)
class ClockPauseTakenBack(Fact):
    """Who asked for a pause asks for it no more."""

    name = "clock.pause_taken_back"
    kind: str
    side: str


@dataclass(frozen=True, slots=True)
class ClockPaused(Fact):
    """A clock rests; a joint one by the word of both sides."""

    name = "clock.paused"
    kind: str
    side: str


@dataclass(frozen=True, slots=True)
class ClockResumed(Fact):
    """A clock goes on."""

    name = "clock.resumed"
    kind: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ClockExtended(Fact):
    """A clock was given more time."""

    name = "clock.extended"
    kind: str
    due_before: datetime
    due_at: datetime
    extensions: int


@dataclass(frozen=True, slots=True)
class ClockMoved(Fact):
    """The ball passed to the other side."""

    name = "clock.moved"
    kind: str
    side: str


@dataclass(frozen=True, slots=True)
class ClockBreached(Fact):
    """The time of a clock is over and what it asks for was not done."""

    name = "clock.breached"
    kind: str
    clause: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ClockSetApart(Fact):
    """A clock broke its worker three times; it is called no more, and its time goes on."""

    name = "clock.set_apart"
    kind: str
    side: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ClockPutBack(Fact):
    """A clock that was set apart is called again."""

    name = "clock.put_back"
    kind: str
