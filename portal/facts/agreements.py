"""Facts of agreements: who put which version forward, signed it, ended it, and where its rules hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class AgreementDrafted(Fact):
    """A side began a draft, perhaps from another version."""

    name = "agreement.drafted"
    is_news = False
    based_on: UUID | None
    program_id: UUID | None
    digest: str


@dataclass(frozen=True, slots=True)
class AgreementEdited(Fact):
    """Words or rules were changed; `digest` is of all of them."""

    name = "agreement.edited"
    is_news = False
    digest: str


@dataclass(frozen=True, slots=True)
class AgreementSubmitted(Fact):
    """A draft was shown to the other side, which has the pen."""

    name = "agreement.submitted"
    number: str
    pen: str
    digest: str


@dataclass(frozen=True, slots=True)
class AgreementPenPassed(Fact):
    """The other side may edit now."""

    name = "agreement.pen_passed"
    pen: str


@dataclass(frozen=True, slots=True)
class AgreementReopened(Fact):
    """A version that one side had signed was taken back to be edited."""

    name = "agreement.reopened"
    code: str


@dataclass(frozen=True, slots=True)
class AgreementWithdrawn(Fact):
    """A draft or a version in review was given up."""

    name = "agreement.withdrawn"
    code: str


@dataclass(frozen=True, slots=True)
class AgreementAgreed(Fact):
    """Both quality units have signed; the version holds from an instant."""

    name = "agreement.agreed"
    number: str
    digest: str
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class AgreementEndAsked(Fact):
    """One side asked that the agreement ends."""

    name = "agreement.end_asked"
    side: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class AgreementEndDropped(Fact):
    """The end that one side asked for was taken back by it, or declined by the other."""

    name = "agreement.end_dropped"
    side: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class AgreementTerminated(Fact):
    """Both sides agreed that the agreement ends; rights to records outlive it."""

    name = "agreement.terminated"
    number: str
    until: datetime


@dataclass(frozen=True, slots=True)
class TermsAgreed(Fact):
    """The rules of a version hold in a program from an instant."""

    name = "terms.agreed"
    number: str
    digest: str
    effective_from: datetime
