"""Facts of identity and custody (ground 4): what happened, never an identifier that was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class IdentitySet(Fact):
    """A patient lot got its two identifiers; they are permanent."""

    name = "identity.set"
    code: str


@dataclass(frozen=True, slots=True)
class IdentityNeeded(Fact):
    """The instant was said at which a patient lot is to be given."""

    name = "identity.needed"
    is_news = False
    needed_at: datetime | None


@dataclass(frozen=True, slots=True)
class IdentityRead(Fact):
    """One person read both identifiers at a hand-over; a second one is waited for, or they disagree."""

    name = "identity.read"
    is_news = False
    batch_id: UUID
    kind: str
    at: datetime
    code: str
    disagrees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityChecked(Fact):
    """A second person read both identifiers: they agree, or these do not."""

    name = "identity.checked"
    batch_id: UUID
    code: str
    disagrees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityMismatched(Fact):
    """Identity does not agree: nothing goes on with the lot."""

    name = "identity.mismatched"
    batch_id: UUID
    check_id: UUID
    disagrees: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdentityReread(Fact):
    """Both labels were read again by two people and agree; both quality units are to sign."""

    name = "identity.reread"
    batch_id: UUID
    check_id: UUID


@dataclass(frozen=True, slots=True)
class IdentityReleased(Fact):
    """Both quality units signed: the lot goes on."""

    name = "identity.released"
    batch_id: UUID
    cdmo_code: str
    sponsor_code: str


@dataclass(frozen=True, slots=True)
class CustodyFileTaken(Fact):
    """A file of EPCIS was taken over; its events stand as rows."""

    name = "custody.taken"
    file_id: UUID
    sha256: str
    accepted: int
    duplicates: int
    declared: int
    refused: int


@dataclass(frozen=True, slots=True)
class CustodyEventDeclared(Fact):
    """The sender of an event says that it is wrong; it stays to be read."""

    name = "custody.declared"
    is_news = False
    batch_id: UUID
    event_id: str
    declared_at: datetime
    corrected_by: tuple[str, ...]
