"""The life cycles of the portal's records, one table each, and the shape every table has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

from portal.actor import Role, Side
from portal.states.roles import (
    ACKNOWLEDGERS,
    AGREEMENT_DRAFTERS,
    AGREEMENT_SIGNERS,
    CLOCK_KEEPERS,
    DECISION_ANSWERERS,
    DECISION_ASKERS,
    HOLDERS,
    PEOPLE_WHO_ADMINISTER,
    SYSTEM,
    WEBHOOK_KEEPERS,
)
from portal.states.words import (
    AgreementState,
    AlertState,
    ClockState,
    DecisionState,
    HoldState,
    Meaning,
    ProposalState,
    WebhookState,
)


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


PROPOSAL_TRANSITIONS: Final[Transitions] = {
    "confirm": Transition(
        (ProposalState.OPEN,), ProposalState.CONFIRMED, PEOPLE_WHO_ADMINISTER, _("Confirm")
    ),
    "refuse": Transition((ProposalState.OPEN,), ProposalState.REFUSED, PEOPLE_WHO_ADMINISTER, _("Refuse")),
    "withdraw": Transition(
        (ProposalState.OPEN,), ProposalState.WITHDRAWN, PEOPLE_WHO_ADMINISTER, _("Take back")
    ),
}


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


HOLD_TRANSITIONS: Final[Transitions] = {
    "release": Transition((HoldState.PLACED,), HoldState.RELEASED, HOLDERS, _("Release")),
}


def hold_transitions(side: str) -> Transitions:
    """Return the life cycle of a hold of this side; the other side does not release it."""
    return _of_side(HOLD_TRANSITIONS, side)


def of_side(roles: Iterable[Role], side: str) -> tuple[Role, ...]:
    """Return those of the roles that are held on a side."""
    return tuple(role for role in roles if role.side in (side, Side.BOTH))


CLOCK_TRANSITIONS: Final[Transitions] = {
    "pause": Transition((ClockState.RUNNING,), ClockState.PAUSED, CLOCK_KEEPERS, _("Pause")),
    "consent": Transition((ClockState.RUNNING,), ClockState.PAUSED, CLOCK_KEEPERS, _("Consent to the pause")),
    "decline": Transition((ClockState.RUNNING,), None, CLOCK_KEEPERS, _("Decline the pause")),
    "take_back": Transition((ClockState.RUNNING,), None, CLOCK_KEEPERS, _("Take the request back")),
    "resume": Transition((ClockState.PAUSED,), ClockState.RUNNING, CLOCK_KEEPERS, _("Resume")),
    "extend": Transition((ClockState.RUNNING,), None, CLOCK_KEEPERS, _("Extend")),
    "move": Transition((ClockState.RUNNING,), None, CLOCK_KEEPERS, _("Hand over to the other side")),
    "meet": Transition((ClockState.RUNNING, ClockState.PAUSED), ClockState.MET, (SYSTEM,)),
    "breach": Transition((ClockState.RUNNING,), ClockState.BREACHED, (SYSTEM,)),
    "withdraw": Transition((ClockState.RUNNING, ClockState.PAUSED), ClockState.WITHDRAWN, (SYSTEM,)),
}


def clock_keepers(clock: Any, to: str) -> tuple[Role, ...]:
    """Return who takes a step with a clock: its own side, or either where both sides have a say in it."""
    of_both = clock.is_joint and to in ("pause", "consent", "decline", "take_back", "resume")
    return tuple(role for role in CLOCK_TRANSITIONS[to].roles if of_both or role.side == clock.side)


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


# Who holds the pen edits. A signature is of what stood there: to edit on, the version is taken back first.
AGREEMENT_TRANSITIONS: Final[Transitions] = {
    "edit": Transition((AgreementState.DRAFT, AgreementState.IN_REVIEW), None, AGREEMENT_DRAFTERS, _("Edit")),
    "submit": Transition(
        (AgreementState.DRAFT,), AgreementState.IN_REVIEW, AGREEMENT_DRAFTERS, _("Submit for review")
    ),
    "put_in": Transition(
        (AgreementState.DRAFT,), AgreementState.WITHDRAWN, AGREEMENT_DRAFTERS, _("Put into the review")
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
    "drop_end": Transition((AgreementState.EFFECTIVE,), None, AGREEMENT_SIGNERS, _("Drop its end")),
    "terminate": Transition(
        (AgreementState.EFFECTIVE,), AgreementState.TERMINATED, AGREEMENT_SIGNERS, _("Agree to its end")
    ),
}
