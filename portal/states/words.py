"""The words of the portal as rows hold them: sides, audiences, classes, states."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Audience(models.TextChoices):
    """Who may see a row (ground 1)."""

    SHARED = "shared", _("shared")
    MANUFACTURER = "manufacturer", _("CDMO internal")
    SPONSOR = "sponsor", _("sponsor internal")


class SeatSide(models.TextChoices):
    """The side of a seat; both in an organisation's own space."""

    MANUFACTURER = "manufacturer", _("CDMO")
    SPONSOR = "sponsor", _("sponsor")
    BOTH = "both", _("own organisation")


class SpaceKind(models.TextChoices):
    """What a space is (ground 1)."""

    ORGANISATION = "organisation", _("organisation")
    PARTNERSHIP = "partnership", _("partnership")
    PROGRAM = "program", _("program")


class PersonKind(models.TextChoices):
    """A human signs in; a service holds keys; a system actor is a named process of ours."""

    HUMAN = "human", _("person")
    SERVICE = "service", _("service account")
    SYSTEM = "system", _("system")


class WayIn(models.TextChoices):
    """What somebody showed to come in."""

    CODE = "totp", _("password and one-time code")
    RECOVERY = "recovery_codes", _("password and recovery code")
    KEY = "webauthn", _("password and security key")
    PASSKEY = "passkey", _("passkey")
    PASSWORD = "password", _("password alone, before a second factor was set up")
    COMPANY = "company", _("the organisation's sign-in")


class LinkState(models.TextChoices):
    """How it stands with the link by which a person sets the own password."""

    NONE = "", ""
    WAITING = "waiting", _("link not sent yet")
    SENT = "sent", _("invited, link sent")
    OVER = "over", _("link is over")


class Classification(models.TextChoices):
    """The GMP class of a deviation (domain 2a)."""

    MINOR = "minor", _("minor")
    MAJOR = "major", _("major")
    CRITICAL = "critical", _("critical")


class AlertState(models.TextChoices):
    """An alert waits for a receipt, has one, or ran to the end of its ladder without any."""

    OPEN = "open", _("waiting for receipt")
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    UNANSWERED = "unanswered", _("no reply, ladder ended")


class Meaning(models.TextChoices):
    """What a signature says (domain 1b): a sponsor's never reads like the CDMO's approval."""

    AUTHORED = "authored", _("authored")
    REVIEWED = "reviewed", _("reviewed, no objection")
    CONCURRED = "concurred", _("concurred")
    IMPACT_APPROVED = "impact_approved", _("product impact approved")
    APPROVED = "approved", _("approved")
    CERTIFIED = "certified", _("certified")
    REJECTED = "rejected", _("rejected")


class ProposalState(models.TextChoices):
    """A sensitive step waits for a second administrator, was taken or refused by one, or taken back."""

    OPEN = "open", _("waits for a second administrator")
    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("taken back")


class HandedOver(models.TextChoices):
    """What an inspector was given: a record as sealed, a file, or words."""

    RECORD = "record", _("record")
    FILE = "file", _("file")
    EXPLANATION = "explanation", _("explanation")


class ReviewState(models.TextChoices):
    """A review of access takes decisions line by line, then waits for its signature or has it."""

    OPEN = "open", _("decisions are taken")
    DECIDED = "decided", _("every line is decided")


class Decision(models.TextChoices):
    """What a reviewer decides on one line of a review of access."""

    KEEP = "keep", _("keep")
    END = "end", _("end")


class HoldState(models.TextChoices):
    """A legal hold stands until its side releases it."""

    PLACED = "placed", _("stands")
    RELEASED = "released", _("released")


class DecisionState(models.TextChoices):
    """A question of one side to the other: its draft is private, and silence never answers it (domain 2b)."""

    DRAFTED = "drafted", _("draft")
    ASKED = "asked", _("waits for an answer")
    ANSWERED = "answered", _("answered")
    LOST = "lost", _("no reply, the choice is lost")
    WITHDRAWN = "withdrawn", _("withdrawn")


class AgreementState(models.TextChoices):
    """A version of an agreement is drafted by one side, then both read it, then both sign it."""

    DRAFT = "draft", _("draft")
    IN_REVIEW = "in_review", _("in review")
    SIGNED_BY_ONE = "signed_by_one", _("signed by one side")
    EFFECTIVE = "effective", _("signed by both")
    SUPERSEDED = "superseded", _("followed by the next")
    TERMINATED = "terminated", _("ended by both")
    WITHDRAWN = "withdrawn", _("withdrawn")


class ClockState(models.TextChoices):
    """A deadline runs or rests, was met, or passed (design 4); a withdrawn one lost its reason."""

    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    MET = "met", _("met")
    BREACHED = "breached", _("breached")
    WITHDRAWN = "withdrawn", _("withdrawn")


class DrillState(models.TextChoices):
    """A drill climbs its ladder to the end."""

    RUNNING = "running", _("running")
    ENDED = "ended", _("ended")


class ClockStep(models.TextChoices):
    """What happened to a clock; each is one line of its history."""

    STARTED = "started", _("started")
    MOVED = "moved", _("moved to the other side")
    PAUSE_ASKED = "pause_asked", _("pause asked for")
    DECLINED = "declined", _("pause declined")
    TAKEN_BACK = "taken_back", _("request for a pause taken back")
    PAUSED = "paused", _("paused")
    RESUMED = "resumed", _("resumed")
    EXTENDED = "extended", _("extended")
    MET = "met", _("met")
    BREACHED = "breached", _("time is over")
    DONE_LATE = "done_late", _("done late")
    WITHDRAWN = "withdrawn", _("withdrawn")


class DeliveryState(models.TextChoices):
    """One message to one person over one channel."""

    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    DIGEST = "digest", _("left to the morning mail")


class Channel(models.TextChoices):
    """By what a person is told beside the page itself."""

    EMAIL = "email", _("e-mail")
    PUSH = "push", _("web push")
    CHAT = "chat", _("Teams, Slack or SMS")


class WebhookState(models.TextChoices):
    """A webhook sends until somebody switches it off or it stops by itself; what waits is never dropped."""

    ACTIVE = "active", _("sending")
    DISABLED = "disabled", _("switched off")
    GONE = "gone", _("the receiver said that it is gone")
    EXHAUSTED = "exhausted", _("75 hours of tries failed")
    WITHDRAWN = "withdrawn", _("who set it up may no longer read here")
    REMOVED = "removed", _("removed")


class WebhookStream(models.TextChoices):
    """What a webhook sends in order: entries of a chain, its checkpoints, tests that somebody asked for."""

    ENTRIES = "entries", _("events")
    CHECKPOINTS = "checkpoints", _("checkpoints")
    TESTS = "tests", _("tests")
