"""Facts of the portal: past tense, dotted, versioned; an old version renders for ever (ground 4).

A fact holds ids, codes, classes, numbers and instants, never free text: words stand in the record, sealed
while private.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """What an action records; `is_news` says whether the stream shows it to people or as a skip."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    is_news: ClassVar[bool] = True

    def payload(self) -> dict[str, Any]:
        """Return the exact members, instants and ids as text."""
        return {each.name: _text(getattr(self, each.name)) for each in fields(self)}


def _text(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case bool() | None:
            return value
        case tuple() | list():
            return [_text(each) for each in value]
        case _:
            return str(value)


@dataclass(frozen=True, slots=True)
class ProgramOpened(Fact):
    """A program began: the two parties share a space."""

    name = "program.opened"
    code: str


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


@dataclass(frozen=True, slots=True)
class EnvelopeKeyTakenUp(Fact):
    """From here on the organisation's private words are sealed by this key; the id tells nothing of it."""

    name = "envelope_key.taken_up"
    is_news = False
    key_id: str
    service: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class SignedOutEverywhere(Fact):
    """A person ended all the own sessions (11.300(c))."""

    name = "person.signed_out_everywhere"
    is_news = False
    person_id: UUID


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
class AccessReviewOpened(Fact):
    """A review of who may do what began, over the access of that moment."""

    name = "access_review.opened"
    number: str
    lines: int


@dataclass(frozen=True, slots=True)
class AccessDecided(Fact):
    """A reviewer decided on one line of a review of access."""

    name = "access_review.line_decided"
    is_news = False
    number: str
    kind: str
    subject_id: UUID
    decision: str


@dataclass(frozen=True, slots=True)
class AccessReviewDecided(Fact):
    """Every line of a review of access is decided; it waits for its signature."""

    name = "access_review.decided"
    number: str
    kept: int
    ended: int


@dataclass(frozen=True, slots=True)
class InspectionOpened(Fact):
    """A side let an inspector read the program for a time; both sides learn that and no more."""

    name = "inspection.opened"
    side: str
    code: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class InspectionClosed(Fact):
    """An inspector's access to the program ended before its time."""

    name = "inspection.closed"
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class InspectionAsked(Fact):
    """An inspector asked for something."""

    name = "inspection.asked"
    at: int


@dataclass(frozen=True, slots=True)
class InspectionHandedOver(Fact):
    """Something was handed to an inspector."""

    name = "inspection.handed_over"
    kind: str
    digest: str
    subject_id: UUID | None


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


@dataclass(frozen=True, slots=True)
class FileAttached(Fact):
    """A file was added to a record."""

    name = "file.attached"
    subject_id: UUID
    sha256: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True)
class TrailReviewed(Fact):
    """A stretch of a chain was looked through; what was found stands in the record."""

    name = "trail.reviewed"
    is_news = False
    chain: str
    first: int
    last: int
    entries: int


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
