"""Facts of the portal: past tense, dotted, versioned; an old version renders for ever (ground 4).

A fact holds ids, codes, classes, numbers and instants, never free text: words stand in the record, sealed
while private.
"""

from __future__ import annotations

from portal.facts.alerts import (
    AlertAcknowledged,
    AlertDelivered,
    AlertOpened,
    AlertRaised,
    LadderClimbed,
    LadderEnded,
)
from portal.facts.base import Fact
from portal.facts.notices import NoticesChosen, PushDeviceAdded, PushDeviceRemoved
from portal.facts.people import (
    AssignmentEnded,
    AssignmentGiven,
    CompanyIdentityLinked,
    CompanySignInSet,
    DelegationEnded,
    DelegationGiven,
    KeyIssued,
    KeyRevoked,
    LinkMade,
    LinkWithdrawn,
    MemberJoined,
    MemberLeft,
    PasswordSet,
    ProposalConfirmed,
    ProposalMade,
    ProposalRefused,
    ProposalWithdrawn,
    SignedOutEverywhere,
    SignInReset,
)
from portal.facts.places import FileAttached, HoldPlaced, HoldReleased, ProgramOpened, SiteAdded, SiteAttached
from portal.facts.reviews import (
    AccessDecided,
    AccessReviewDecided,
    AccessReviewOpened,
    InspectionAsked,
    InspectionClosed,
    InspectionHandedOver,
    InspectionOpened,
    TrailReviewed,
)
from portal.facts.signing import (
    SignatureGiven,
    SignerEnabled,
    SignerWithdrawn,
    SigningFailed,
    StatementAccepted,
)

__all__ = [
    "AccessDecided",
    "AccessReviewDecided",
    "AccessReviewOpened",
    "AlertAcknowledged",
    "AlertDelivered",
    "AlertOpened",
    "AlertRaised",
    "AssignmentEnded",
    "AssignmentGiven",
    "CompanyIdentityLinked",
    "CompanySignInSet",
    "DelegationEnded",
    "DelegationGiven",
    "Fact",
    "FileAttached",
    "HoldPlaced",
    "HoldReleased",
    "InspectionAsked",
    "InspectionClosed",
    "InspectionHandedOver",
    "InspectionOpened",
    "KeyIssued",
    "KeyRevoked",
    "LadderClimbed",
    "LadderEnded",
    "LinkMade",
    "LinkWithdrawn",
    "MemberJoined",
    "MemberLeft",
    "NoticesChosen",
    "PasswordSet",
    "ProgramOpened",
    "ProposalConfirmed",
    "ProposalMade",
    "ProposalRefused",
    "ProposalWithdrawn",
    "PushDeviceAdded",
    "PushDeviceRemoved",
    "SignInReset",
    "SignatureGiven",
    "SignedOutEverywhere",
    "SignerEnabled",
    "SignerWithdrawn",
    "SigningFailed",
    "SiteAdded",
    "SiteAttached",
    "StatementAccepted",
    "TrailReviewed",
]
