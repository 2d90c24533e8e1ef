"""The words of a change and its life cycle (EU GMP 7.11; ICH Q10 3.2.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from deviations.dockets.asking.states import other_side
from portal.states import (
    CDMO_CLIENT_LEAD,
    CDMO_MSAT,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    SPONSOR_CMC,
    SPONSOR_MSAT,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_REGULATORY,
    Transition,
    Transitions,
    of_side,
)


class ChangeKind(models.TextChoices):
    """For how long: what ends by itself has its date before it begins."""

    PERMANENT = "permanent", _("permanent change")
    TEMPORARY = "temporary", _("temporary change")
    DEPARTURE = "departure", _("planned departure")


class ChangeWeight(models.TextChoices):
    """What the other side is owed before the change: to be told, asked, or to approve."""

    NOTIFY = "notify", _("notify")
    CONSULT = "consult", _("consult")
    APPROVE = "approve", _("approve before implementation")


class ChangeReply(models.TextChoices):
    """What the other side says to a change it is asked about."""

    NO_OBJECTION = "no_objection", _("no objection")
    OBJECTION = "objection", _("objection")


class ChangeState(models.TextChoices):
    """Where a change stands."""

    DRAFTED = "drafted", _("Drafted")
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    IMPLEMENTED = "implemented", _("Implemented")
    CLOSED = "closed", _("Closed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


WEIGHTS: Final = (ChangeWeight.NOTIFY, ChangeWeight.CONSULT, ChangeWeight.APPROVE)
DRAFTERS: Final = (
    *(CDMO_QA, CDMO_MSAT, CDMO_CLIENT_LEAD, CDMO_QUALITY_HEAD),
    *(SPONSOR_QA, SPONSOR_CMC, SPONSOR_MSAT, SPONSOR_REGULATORY, SPONSOR_QUALITY_HEAD),
)
KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
REPLIERS: Final = (*KEEPERS, SPONSOR_CMC, CDMO_MSAT)

# The other side's word, and how long before the change it is told; and when a temporary change ends.
REVIEW_OF_CHANGE: Final = "change_review"
NOTICE_OF_CHANGE: Final = "change_notice"
END_OF_CHANGE: Final = "change_end"
CLOCKS: Final = (REVIEW_OF_CHANGE, END_OF_CHANGE)

_ASKED: Final = (ChangeState.PROPOSED, ChangeState.APPROVED)
CHANGE_TRANSITIONS: Final[Transitions] = {
    "propose": Transition((ChangeState.DRAFTED,), ChangeState.PROPOSED, KEEPERS, _("Propose")),
    "say": Transition(_ASKED, None, DRAFTERS, _("Write")),
    "reply": Transition(_ASKED, None, REPLIERS, _("Reply")),
    "approve": Transition(
        (ChangeState.PROPOSED,), ChangeState.APPROVED, KEEPERS, _("Approve"), signature="approved"
    ),
    "refuse": Transition((ChangeState.PROPOSED,), ChangeState.REFUSED, KEEPERS, _("Refuse")),
    "implement": Transition((ChangeState.APPROVED,), ChangeState.IMPLEMENTED, KEEPERS, _("Implement")),
    "close": Transition((ChangeState.IMPLEMENTED,), ChangeState.CLOSED, KEEPERS, _("Close")),
    "withdraw": Transition((ChangeState.DRAFTED, *_ASKED), ChangeState.WITHDRAWN, KEEPERS, _("Withdraw")),
    "link": Transition(
        (ChangeState.DRAFTED, *_ASKED, ChangeState.IMPLEMENTED), None, DRAFTERS, _("Link a record")
    ),
}
ENDED_CHANGES: Final = (ChangeState.CLOSED, ChangeState.REFUSED, ChangeState.WITHDRAWN)
OF_OTHER: Final = ("reply", "refuse")
OF_BOTH: Final = ("say", "link", "approve")


def change_transitions(side: str) -> Transitions:
    """Return the life cycle of a change that a side proposes; the other replies, approves or refuses."""
    return {
        name: step
        if name in OF_BOTH
        else replace(step, roles=of_side(step.roles, other_side(side) if name in OF_OTHER else side))
        for name, step in CHANGE_TRANSITIONS.items()
    }


def is_lighter(given: str, wanted: str) -> bool:
    """Say whether a weight is less than a clause wants; one may always give more."""
    return WEIGHTS.index(ChangeWeight(given)) < WEIGHTS.index(ChangeWeight(wanted))
