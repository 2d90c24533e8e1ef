"""Facts of signatures and of who may give them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class SignatureGiven(Fact):
    """Somebody signed a version of a record; the digest is of the exact bytes that were signed."""

    name = "signature.given"
    signature_id: UUID
    meaning: str
    code: str
    subject_version: int
    digest: str


@dataclass(frozen=True, slots=True)
class SigningFailed(Fact):
    """A person could not prove to be the signer (11.300(d)); `failures` are those of 15 minutes."""

    name = "signing.failed"
    code: str
    failures: int


@dataclass(frozen=True, slots=True)
class SignerEnabled(Fact):
    """An organisation lets a person sign, after somebody checked who it is."""

    name = "signer.enabled"
    is_news = False
    person_id: UUID
    trained_until: datetime


@dataclass(frozen=True, slots=True)
class StatementAccepted(Fact):
    """A signer accepted that an electronic signature binds like one by hand."""

    name = "signer.statement_accepted"
    is_news = False
    person_id: UUID
    statement: int


@dataclass(frozen=True, slots=True)
class SignerWithdrawn(Fact):
    """An organisation no longer lets a person sign."""

    name = "signer.withdrawn"
    is_news = False
    person_id: UUID
