"""The words of a complaint and its life cycle (21 CFR 211.198; EU GMP chapter 8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import (
    CDMO_CLIENT_LEAD,
    CDMO_MSAT,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    SPONSOR_CMC,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_REGULATORY,
    Transition,
    Transitions,
    of_side,
)


class ComplaintKind(models.TextChoices):
    """What is complained of."""

    APPEARANCE = "appearance", _("appearance or particles")
    CONTAINER = "container", _("container, closure or leak")
    LABEL = "label", _("label or packaging")
    COUNT = "count", _("quantity or missing unit")
    TRANSPORT = "transport", _("transport or temperature")
    EFFECT = "effect", _("effect or adverse event, without any person")
    OTHER = "other", _("other")


class ComplaintState(models.TextChoices):
    """Where a complaint stands."""

    RECEIVED = "received", _("Received")
    INVESTIGATED = "investigated", _("Looked into")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


class ComplaintOutcome(models.TextChoices):
    """What looking into it came to."""

    CONFIRMED = "confirmed", _("confirmed")
    NOT_CONFIRMED = "not_confirmed", _("not confirmed")
    NO_INVESTIGATION = "no_investigation", _("no investigation, with reason")


RECEIVERS: Final = (
    *(CDMO_QA, CDMO_CLIENT_LEAD, CDMO_QUALITY_HEAD),
    *(SPONSOR_QA, SPONSOR_CMC, SPONSOR_REGULATORY, SPONSOR_QUALITY_HEAD),
)
CLOSERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
COMPLAINT_CLOCK: Final = "complaint"
_OPEN: Final = (ComplaintState.RECEIVED, ComplaintState.INVESTIGATED, ComplaintState.ANSWERED)
COMPLAINT_TRANSITIONS: Final[Transitions] = {
    "investigate": Transition(
        (ComplaintState.RECEIVED,),
        ComplaintState.INVESTIGATED,
        (CDMO_QA, CDMO_QUALITY_HEAD),
        _("Look into it"),
    ),
    "decline": Transition(
        (ComplaintState.RECEIVED,),
        ComplaintState.ANSWERED,
        (CDMO_QUALITY_HEAD,),
        _("No investigation, with reason"),
    ),
    "conclude": Transition(
        (ComplaintState.INVESTIGATED,),
        ComplaintState.ANSWERED,
        (CDMO_QA, CDMO_QUALITY_HEAD),
        _("Answer it"),
    ),
    "say": Transition(_OPEN, None, (*RECEIVERS, CDMO_MSAT, CDMO_QC), _("Write")),
    "ask_again": Transition((ComplaintState.ANSWERED,), ComplaintState.RECEIVED, CLOSERS, _("Ask again")),
    "close": Transition((ComplaintState.ANSWERED,), ComplaintState.CLOSED, CLOSERS, _("Close")),
    "link": Transition(tuple(ComplaintState), None, RECEIVERS, _("Link a record")),
}


def complaint_transitions(side: str) -> Transitions:
    """Return the life cycle of a complaint that a side received: it closes it, or is not content."""
    found = dict(COMPLAINT_TRANSITIONS)
    for name in ("ask_again", "close"):
        found[name] = replace(found[name], roles=of_side(CLOSERS, side))
    return found
