"""Facts of people, their accounts, seats and keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class AssignmentGiven(Fact):
    """A person took a seat."""

    name = "assignment.given"
    target_id: UUID
    side: str
    role: str
    code: str


@dataclass(frozen=True, slots=True)
class AssignmentEnded(Fact):
    """A person gave up a seat."""

    name = "assignment.ended"
    target_id: UUID


@dataclass(frozen=True, slots=True)
class DelegationGiven(Fact):
    """A person lent roles to a colleague for a time; both stand under the codes of their seats."""

    name = "delegation.given"
    target_id: UUID
    roles: tuple[str, ...]
    code: str
    delegate_code: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class DelegationEnded(Fact):
    """A delegation ended before its time."""

    name = "delegation.ended"
    target_id: UUID


@dataclass(frozen=True, slots=True)
class ProposalMade(Fact):
    """An administrator asks another one to confirm a sensitive step."""

    name = "proposal.made"
    step: str
    person_id: UUID
    lapses_at: datetime


@dataclass(frozen=True, slots=True)
class ProposalConfirmed(Fact):
    """A second administrator confirmed a sensitive step, and it was taken."""

    name = "proposal.confirmed"
    step: str
    person_id: UUID
    proposed_by: UUID


@dataclass(frozen=True, slots=True)
class ProposalRefused(Fact):
    """A second administrator refused a sensitive step."""

    name = "proposal.refused"
    step: str
    person_id: UUID
    proposed_by: UUID


@dataclass(frozen=True, slots=True)
class ProposalWithdrawn(Fact):
    """An administrator took a proposal back."""

    name = "proposal.withdrawn"
    is_news = False
    step: str
    person_id: UUID


@dataclass(frozen=True, slots=True)
class SignInReset(Fact):
    """Password and second factor of a person were taken away, and with them the right to sign."""

    name = "person.sign_in_reset"
    person_id: UUID


@dataclass(frozen=True, slots=True)
class SignedOutEverywhere(Fact):
    """A person ended all the own sessions (11.300(c))."""

    name = "person.signed_out_everywhere"
    is_news = False
    person_id: UUID


@dataclass(frozen=True, slots=True)
class MemberJoined(Fact):
    """An account was made for a person of the organisation."""

    name = "member.joined"
    person_id: UUID


@dataclass(frozen=True, slots=True)
class LinkMade(Fact):
    """A person was sent a link to set the own password with; the one before is over."""

    name = "link.made"
    is_news = False
    person_id: UUID
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class LinkWithdrawn(Fact):
    """A link was ended before it was used."""

    name = "link.withdrawn"
    is_news = False
    person_id: UUID


@dataclass(frozen=True, slots=True)
class PasswordSet(Fact):
    """A person took up the link and set the own password; earlier sessions ended."""

    name = "password.set"
    is_news = False
    person_id: UUID


@dataclass(frozen=True, slots=True)
class CompanySignInSet(Fact):
    """An organisation's provider may sign in its people; `trusts_mfa` takes its word for a second factor."""

    name = "company_sign_in.set"
    is_news = False
    provider_id: UUID
    trusts_mfa: bool


@dataclass(frozen=True, slots=True)
class CompanyIdentityLinked(Fact):
    """A person came in by the own organisation for the first time; its provider means them from now on."""

    name = "company_identity.linked"
    is_news = False
    person_id: UUID
    provider_id: UUID


@dataclass(frozen=True, slots=True)
class MemberLeft(Fact):
    """An account was closed; its id is never used again."""

    name = "member.left"
    person_id: UUID


@dataclass(frozen=True, slots=True)
class KeyIssued(Fact):
    """An API key was made; it was shown once."""

    name = "key.issued"
    person_id: UUID
    scopes: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRevoked(Fact):
    """An API key was withdrawn."""

    name = "key.revoked"
    person_id: UUID
