"""Facts of programs, sites, files and holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class ProgramOpened(Fact):
    """A program began: the two parties share a space."""

    name = "program.opened"
    code: str


@dataclass(frozen=True, slots=True)
class SiteAdded(Fact):
    """An organisation entered a plant."""

    name = "site.added"
    is_news = False
    zone: str


@dataclass(frozen=True, slots=True)
class SiteAttached(Fact):
    """The manufacturer made a plant known to a program: batches may be made there."""

    name = "site.attached"
    is_news = False
    zone: str


@dataclass(frozen=True, slots=True)
class FileAttached(Fact):
    """A file was added to a record."""

    name = "file.attached"
    subject_id: UUID
    sha256: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class HoldPlaced(Fact):
    """A side keeps a record whatever its retention class says; the reason stands in the hold."""

    name = "hold.placed"
    is_news = False
    record_id: UUID
    record_type: str
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class HoldReleased(Fact):
    """A side released its hold."""

    name = "hold.released"
    is_news = False
    record_id: UUID
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class EnvelopeKeyTakenUp(Fact):
    """From here on the organisation's private words are sealed by this key; the id tells nothing of it."""

    name = "envelope_key.taken_up"
    is_news = False
    key_id: str
    service: str
    made_at: datetime
