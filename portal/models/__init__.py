"""The portal's aggregates, one file each."""

from portal.models.alert import Alert, Clock, Delivery, LadderStep, Opening, Receipt
from portal.models.attachment import Attachment
from portal.models.base import RecordKey, RecordQuerySet, SpaceRecord
from portal.models.company import CompanyIdentity, CompanySignIn
from portal.models.identity import Guess, Heartbeat, Idempotency, Look, RefusalCount, RelayShard, SignIn
from portal.models.person import ApiKey, Assignment, Member, Person
from portal.models.signing import Signature, Signer, SigningTry
from portal.models.space import Organisation, Partnership, Program, ProgramSite, Record, Site, Space
from portal.models.trail import TrailReview

__all__ = [
    "Alert",
    "ApiKey",
    "Assignment",
    "Attachment",
    "Clock",
    "CompanyIdentity",
    "CompanySignIn",
    "Delivery",
    "Guess",
    "Heartbeat",
    "Idempotency",
    "LadderStep",
    "Look",
    "Member",
    "Opening",
    "Organisation",
    "Partnership",
    "Person",
    "Program",
    "ProgramSite",
    "Receipt",
    "Record",
    "RecordKey",
    "RecordQuerySet",
    "RefusalCount",
    "RelayShard",
    "SignIn",
    "Signature",
    "Signer",
    "SigningTry",
    "Site",
    "Space",
    "SpaceRecord",
    "TrailReview",
]
