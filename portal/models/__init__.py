"""The portal's aggregates, one file each."""

from portal.models.agreement import ProgramTerms
from portal.models.alert import Alert, Delivery, LadderStep, Opening, Receipt
from portal.models.attachment import Attachment
from portal.models.base import RecordKey, RecordQuerySet, SpaceRecord
from portal.models.calendar import BusinessCalendar
from portal.models.clock import Clock, ClockMove
from portal.models.company import CompanyIdentity, CompanySignIn
from portal.models.duty import Drill, DutyCard, Refusal, Roster, RosterGap, RosterVersion
from portal.models.hold import LegalHold
from portal.models.identity import (
    CheckpointMail,
    Guess,
    Heartbeat,
    Idempotency,
    Look,
    RefusalCount,
    RelayShard,
    SignIn,
)
from portal.models.inspection import Handover, Inspection, InspectionRequest
from portal.models.person import ApiKey, Assignment, Delegation, Member, Person
from portal.models.proposal import Proposal
from portal.models.review import AccessLine, AccessReview
from portal.models.signing import Signature, Signer, SigningTry
from portal.models.space import Organisation, Partnership, Program, ProgramSite, Record, Site, Space
from portal.models.trail import TrailReview

__all__ = [
    "AccessLine",
    "AccessReview",
    "Alert",
    "ApiKey",
    "Assignment",
    "Attachment",
    "BusinessCalendar",
    "CheckpointMail",
    "Clock",
    "ClockMove",
    "CompanyIdentity",
    "CompanySignIn",
    "Delegation",
    "Delivery",
    "Drill",
    "DutyCard",
    "Guess",
    "Handover",
    "Heartbeat",
    "Idempotency",
    "Inspection",
    "InspectionRequest",
    "LadderStep",
    "LegalHold",
    "Look",
    "Member",
    "Opening",
    "Organisation",
    "Partnership",
    "Person",
    "Program",
    "ProgramSite",
    "ProgramTerms",
    "Proposal",
    "Receipt",
    "Record",
    "RecordKey",
    "RecordQuerySet",
    "Refusal",
    "RefusalCount",
    "RelayShard",
    "Roster",
    "RosterGap",
    "RosterVersion",
    "SignIn",
    "Signature",
    "Signer",
    "SigningTry",
    "Site",
    "Space",
    "SpaceRecord",
    "TrailReview",
]
