"""The portal's aggregates, one file each."""

from portal.models.agreement import AgreementVersion, ProgramTerms
from portal.models.alert import Alert, Delivery, LadderStep, Opening, Receipt
from portal.models.attachment import Attachment
from portal.models.base import RecordKey, RecordQuerySet, SpaceRecord
from portal.models.calendar import BusinessCalendar
from portal.models.clock import Clock, ClockMove
from portal.models.company import CompanyIdentity, CompanySignIn
from portal.models.decision import DecisionMessage, DecisionRequest
from portal.models.duty import Drill, DutyCard, Refusal, Roster, RosterGap, RosterVersion
from portal.models.hold import LegalHold
from portal.models.identity import (
    CheckpointMail,
    Guess,
    Heartbeat,
    Idempotency,
    KeyUse,
    Look,
    RefusalCount,
    RelayShard,
    SignIn,
)
from portal.models.inspection import Handover, Inspection, InspectionRequest
from portal.models.notices import ClockTry, Courier, NoticeSetting, PushDevice
from portal.models.paper import Paper
from portal.models.person import ApiKey, Assignment, Delegation, Member, Person
from portal.models.proposal import Proposal
from portal.models.review import AccessLine, AccessReview
from portal.models.signing import Signature, Signer, SigningTry
from portal.models.space import Organisation, Partnership, Program, ProgramSite, Record, Site, Space
from portal.models.trail import TrailReview
from portal.models.webhook import Webhook, WebhookAttempt, WebhookCursor

__all__ = [
    "AccessLine",
    "AccessReview",
    "AgreementVersion",
    "Alert",
    "ApiKey",
    "Assignment",
    "Attachment",
    "BusinessCalendar",
    "CheckpointMail",
    "Clock",
    "ClockMove",
    "ClockTry",
    "CompanyIdentity",
    "CompanySignIn",
    "Courier",
    "DecisionMessage",
    "DecisionRequest",
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
    "KeyUse",
    "LadderStep",
    "LegalHold",
    "Look",
    "Member",
    "NoticeSetting",
    "Opening",
    "Organisation",
    "Paper",
    "Partnership",
    "Person",
    "Program",
    "ProgramSite",
    "ProgramTerms",
    "Proposal",
    "PushDevice",
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
    "Webhook",
    "WebhookAttempt",
    "WebhookCursor",
]
