"""The words of the portal: sides, audiences, classes, roles, and the shape every TRANSITIONS table has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

from portal.actor import Role, Side


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


@dataclass(frozen=True, slots=True)
class Transition:
    """One edge of a life cycle: from which states, to which (None: it stays), by which roles.

    `label` is the button's words.
    """

    sources: tuple[str, ...]
    target: str | None
    roles: tuple[Role, ...]
    label: StrOrPromise = ""
    signature: str | None = None


Transitions = Mapping[str, Transition]


def edges(transitions: Transitions) -> list[str]:
    """Return the `from>to` pairs that the database guard holds, sorted."""
    return sorted(
        {
            f"{source}>{each.target}"
            for each in transitions.values()
            for source in each.sources
            if each.target is not None and source != each.target
        }
    )


CDMO_OPERATOR: Final = Role(Side.MANUFACTURER, "operator")
CDMO_SHIFT_LEAD: Final = Role(Side.MANUFACTURER, "shift_lead")
CDMO_QA: Final = Role(Side.MANUFACTURER, "qa")
CDMO_QUALITY_HEAD: Final = Role(Side.MANUFACTURER, "quality_head")
CDMO_QC: Final = Role(Side.MANUFACTURER, "qc")
CDMO_MSAT: Final = Role(Side.MANUFACTURER, "msat")
CDMO_CLIENT_LEAD: Final = Role(Side.MANUFACTURER, "client_lead")
CDMO_QP: Final = Role(Side.MANUFACTURER, "qp")
SPONSOR_VIEWER: Final = Role(Side.SPONSOR, "viewer")
SPONSOR_QA: Final = Role(Side.SPONSOR, "qa")
SPONSOR_CMC: Final = Role(Side.SPONSOR, "cmc")
SPONSOR_MSAT: Final = Role(Side.SPONSOR, "msat")
SPONSOR_QUALITY_HEAD: Final = Role(Side.SPONSOR, "quality_head")
SPONSOR_QP: Final = Role(Side.SPONSOR, "qp")
SPONSOR_REGULATORY: Final = Role(Side.SPONSOR, "regulatory")
GATEWAY: Final = Role(Side.MANUFACTURER, "gateway")
SYSTEM: Final = Role(Side.BOTH, "system")

TRAIL_REVIEWERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
ADMINISTRATOR_CODES: Final = frozenset(("site_admin", "org_admin"))
ADMINISTRATORS: Final = (Role(Side.BOTH, "site_admin"), Role(Side.BOTH, "org_admin"), SYSTEM)

ROLES: Final[Mapping[Side, tuple[str, ...]]] = {
    Side.MANUFACTURER: (
        "operator",
        "shift_lead",
        "qa",
        "quality_head",
        "qc",
        "msat",
        "client_lead",
        "qp",
        "inspector",
        "gateway",
    ),
    Side.SPONSOR: (
        "viewer",
        "qa",
        "cmc",
        "msat",
        "quality_head",
        "qp",
        "regulatory",
        "inspector",
    ),
    Side.BOTH: ("site_admin", "org_admin", "quality_head"),
}

# Roles that are lent to nobody: administration takes two people, an inspection is of one, a gateway is none.
NOT_LENT: Final = frozenset(("site_admin", "org_admin", "inspector", "gateway"))

PEOPLE_WHO_ADMINISTER: Final = tuple(each for each in ADMINISTRATORS if each != SYSTEM)
PROPOSAL_TRANSITIONS: Final[Transitions] = {
    "confirm": Transition(
        (ProposalState.OPEN,), ProposalState.CONFIRMED, PEOPLE_WHO_ADMINISTER, _("Confirm")
    ),
    "refuse": Transition((ProposalState.OPEN,), ProposalState.REFUSED, PEOPLE_WHO_ADMINISTER, _("Refuse")),
    "withdraw": Transition(
        (ProposalState.OPEN,), ProposalState.WITHDRAWN, PEOPLE_WHO_ADMINISTER, _("Take back")
    ),
}

INSPECTOR: Final = "inspector"
INSPECTORS: Final = (Role(Side.MANUFACTURER, INSPECTOR), Role(Side.SPONSOR, INSPECTOR))
# Who of the inviting side answers an inspector.
INSPECTION_HOSTS: Final = (
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_CLIENT_LEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_REGULATORY,
)
# Who reviews an organisation's access: its administrators and its head of quality.
ACCESS_REVIEWERS: Final = (*ADMINISTRATORS, Role(Side.BOTH, "quality_head"))

# Who gives receipt on either side (domain 2f): operators, inspectors and gateways do not.
ACKNOWLEDGERS: Final = (
    CDMO_SHIFT_LEAD,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_CLIENT_LEAD,
    CDMO_QP,
    SPONSOR_VIEWER,
    SPONSOR_QA,
    SPONSOR_CMC,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_QP,
    SPONSOR_REGULATORY,
)
# A late receipt is still one: the ladder that ended without any stays on its own clock and entry.
ALERT_TRANSITIONS: Final[Transitions] = {
    "acknowledge": Transition(
        (AlertState.OPEN, AlertState.UNANSWERED), AlertState.ACKNOWLEDGED, ACKNOWLEDGERS, _("Acknowledge")
    ),
    "refuse": Transition((AlertState.OPEN,), None, ACKNOWLEDGERS, _("Not me")),
    "climb_ladder": Transition((AlertState.OPEN,), None, (SYSTEM,), _("Tell the next roles")),
    "end_ladder": Transition((AlertState.OPEN,), AlertState.UNANSWERED, (SYSTEM,), _("End the ladder")),
}


def alert_transitions(side: str) -> Transitions:
    """Return the life cycle of an alert that asks this side; the other side gives no receipt for it."""
    return _of_side(ALERT_TRANSITIONS, side)


def _of_side(transitions: Transitions, side: str) -> Transitions:
    return {name: replace(step, roles=of_side(step.roles, side)) for name, step in transitions.items()}


# Who keeps a record for a dispute or an authority, and what: a hold reaches all that belongs to it.
HOLDERS: Final = (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD, SPONSOR_REGULATORY)
HELD_TYPES: Final = ("program", "batch", "deviation")
HOLD_TRANSITIONS: Final[Transitions] = {
    "release": Transition((HoldState.PLACED,), HoldState.RELEASED, HOLDERS, _("Release")),
}


def hold_transitions(side: str) -> Transitions:
    """Return the life cycle of a hold of this side; the other side does not release it."""
    return _of_side(HOLD_TRANSITIONS, side)


# Who keeps a side's rosters, and who tries whether its ladders work.
ROSTER_KEEPERS: Final = (
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_CLIENT_LEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SYSTEM,
)
DRILLERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)


def of_side(roles: Iterable[Role], side: str) -> tuple[Role, ...]:
    """Return those of the roles that are held on a side."""
    return tuple(role for role in roles if role.side in (side, Side.BOTH))


# Who of a side keeps its clocks; a joint one rests only when both sides say so. A regulatory one never rests.
CLOCK_KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
CLOCK_TRANSITIONS: Final[Transitions] = {
    "pause": Transition((ClockState.RUNNING,), ClockState.PAUSED, CLOCK_KEEPERS, _("Pause")),
    "consent": Transition((ClockState.RUNNING,), ClockState.PAUSED, CLOCK_KEEPERS, _("Consent to the pause")),
    "resume": Transition((ClockState.PAUSED,), ClockState.RUNNING, CLOCK_KEEPERS, _("Resume")),
    "extend": Transition((ClockState.RUNNING,), None, CLOCK_KEEPERS, _("Extend")),
    "move": Transition((ClockState.RUNNING,), None, CLOCK_KEEPERS, _("Hand over to the other side")),
    "meet": Transition((ClockState.RUNNING, ClockState.PAUSED), ClockState.MET, (SYSTEM,)),
    "breach": Transition((ClockState.RUNNING,), ClockState.BREACHED, (SYSTEM,)),
    "withdraw": Transition((ClockState.RUNNING, ClockState.PAUSED), ClockState.WITHDRAWN, (SYSTEM,)),
}
# Who sets the calendar of a side: its heads of quality, and its administrators who are seated in the program.
CALENDAR_KEEPERS: Final = (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD)


def clock_keepers(clock: Any, to: str) -> tuple[Role, ...]:
    """Return who takes a step with a clock: its own side, or either where both sides have a say in it."""
    of_both = clock.is_joint and to in ("pause", "consent", "resume")
    return tuple(role for role in CLOCK_TRANSITIONS[to].roles if of_both or role.side == clock.side)


# Who asks the other side for a decision, and who may answer for theirs; the head of quality always may.
DECISION_ASKERS: Final = (
    CDMO_CLIENT_LEAD,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_QP,
    SPONSOR_CMC,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_QP,
)
DECISION_ANSWERERS: Final = (*DECISION_ASKERS, CDMO_MSAT, SPONSOR_MSAT, SPONSOR_REGULATORY)
DECISION_TRANSITIONS: Final[Transitions] = {
    "revise": Transition((DecisionState.DRAFTED,), None, DECISION_ASKERS, _("Change the draft")),
    "ask": Transition((DecisionState.DRAFTED,), DecisionState.ASKED, DECISION_ASKERS, _("Ask")),
    "message": Transition((DecisionState.ASKED,), None, DECISION_ANSWERERS, _("Write a message")),
    "answer": Transition(
        (DecisionState.ASKED,),
        DecisionState.ANSWERED,
        DECISION_ANSWERERS,
        _("Answer"),
        signature=Meaning.AUTHORED,
    ),
    "lose": Transition((DecisionState.ASKED,), DecisionState.LOST, (SYSTEM,), _("Note that it is lost")),
    "withdraw": Transition(
        (DecisionState.DRAFTED, DecisionState.ASKED), DecisionState.WITHDRAWN, DECISION_ASKERS, _("Withdraw")
    ),
}


def decision_transitions(side: str, answerers: Collection[Role]) -> Transitions:
    """Return the life cycle of a request of this side that some roles of the other one may answer."""
    own = _of_side(DECISION_TRANSITIONS, side)
    answer = replace(DECISION_TRANSITIONS["answer"], roles=tuple(answerers))
    return {**own, "message": DECISION_TRANSITIONS["message"], "answer": answer}


# Who of a side sets up where its news goes; so do administrators with a seat there, and keys by scope.
WEBHOOK_KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
_STOPPED: Final = (
    WebhookState.DISABLED,
    WebhookState.GONE,
    WebhookState.EXHAUSTED,
    WebhookState.WITHDRAWN,
)
_SENDING: Final = (WebhookState.ACTIVE,)
WEBHOOK_TRANSITIONS: Final[Transitions] = {
    "test": Transition(_SENDING, None, WEBHOOK_KEEPERS, _("Send a test")),
    "replay": Transition((*_SENDING, *_STOPPED), None, WEBHOOK_KEEPERS, _("Send again")),
    "rotate": Transition((*_SENDING, *_STOPPED), None, WEBHOOK_KEEPERS, _("Make a new secret")),
    "disable": Transition(_SENDING, WebhookState.DISABLED, WEBHOOK_KEEPERS, _("Switch off")),
    "enable": Transition(_STOPPED, WebhookState.ACTIVE, WEBHOOK_KEEPERS, _("Switch on")),
    "remove": Transition((*_SENDING, *_STOPPED), WebhookState.REMOVED, WEBHOOK_KEEPERS, _("Remove")),
    "lose_receiver": Transition(_SENDING, WebhookState.GONE, (SYSTEM,)),
    "exhaust": Transition(_SENDING, WebhookState.EXHAUSTED, (SYSTEM,)),
    "lose_right": Transition(_SENDING, WebhookState.WITHDRAWN, (SYSTEM,)),
}


AGREEMENT_DRAFTERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
AGREEMENT_SIGNERS: Final = (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD)
# Who holds the pen edits. A signature is of what stood there: to edit on, the version is taken back first.
AGREEMENT_TRANSITIONS: Final[Transitions] = {
    "edit": Transition((AgreementState.DRAFT, AgreementState.IN_REVIEW), None, AGREEMENT_DRAFTERS, _("Edit")),
    "submit": Transition(
        (AgreementState.DRAFT,), AgreementState.IN_REVIEW, AGREEMENT_DRAFTERS, _("Submit for review")
    ),
    "pass_pen": Transition((AgreementState.IN_REVIEW,), None, AGREEMENT_DRAFTERS, _("Pass the pen")),
    "sign": Transition(
        (AgreementState.IN_REVIEW,),
        AgreementState.SIGNED_BY_ONE,
        AGREEMENT_SIGNERS,
        _("Sign"),
        signature=Meaning.APPROVED,
    ),
    "countersign": Transition(
        (AgreementState.SIGNED_BY_ONE,),
        AgreementState.EFFECTIVE,
        AGREEMENT_SIGNERS,
        _("Sign"),
        signature=Meaning.APPROVED,
    ),
    "reopen": Transition(
        (AgreementState.SIGNED_BY_ONE,), AgreementState.IN_REVIEW, AGREEMENT_DRAFTERS, _("Take back to edit")
    ),
    "withdraw": Transition(
        (AgreementState.DRAFT, AgreementState.IN_REVIEW, AgreementState.SIGNED_BY_ONE),
        AgreementState.WITHDRAWN,
        AGREEMENT_DRAFTERS,
        _("Withdraw"),
    ),
    "supersede": Transition(
        (AgreementState.EFFECTIVE,), AgreementState.SUPERSEDED, AGREEMENT_SIGNERS, _("Follow")
    ),
    "ask_end": Transition((AgreementState.EFFECTIVE,), None, AGREEMENT_SIGNERS, _("Ask for its end")),
    "terminate": Transition(
        (AgreementState.EFFECTIVE,), AgreementState.TERMINATED, AGREEMENT_SIGNERS, _("Agree to its end")
    ),
}
