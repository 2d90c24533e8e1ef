"""The words of the deviations app and the life cycle of a deviation (domain 2b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import (
    CDMO_MSAT,
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    CDMO_SHIFT_LEAD,
    Transition,
)


class DeviationState(models.TextChoices):
    """Where a deviation stands; `reported` reads *Opened* on screen."""

    REPORTED = "reported", _("Opened")
    TRIAGED = "triaged", _("Triaged")
    UNDER_INVESTIGATION = "under_investigation", _("Under investigation")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class JudgementKind(models.TextChoices):
    """Whose word on the class it is: a suggestion has no effect, the provisional class drives clocks."""

    SUGGESTED = "suggested", _("suggested class")
    PROVISIONAL = "provisional", _("provisional class")


REPORTERS: Final = (CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, CDMO_MSAT, CDMO_QC, CDMO_QUALITY_HEAD)
MIRRORERS: Final = (CDMO_QA,)
LEADERS: Final = (CDMO_QA, CDMO_MSAT)

# The deadline until which CDMO QA releases a notice (clauses 5.1, 5.2).
NOTICE_CLOCK: Final = "notice_release"

OPEN_STATES: Final = (DeviationState.REPORTED, DeviationState.TRIAGED, DeviationState.UNDER_INVESTIGATION)

TRANSITIONS: Final[Mapping[str, Transition]] = {
    "triage": Transition((DeviationState.REPORTED,), DeviationState.TRIAGED, (CDMO_QA,), _("Triage")),
    "release_notice": Transition(
        (DeviationState.TRIAGED, DeviationState.UNDER_INVESTIGATION),
        None,
        (CDMO_QA,),
        _("Release the notice"),
    ),
    "investigate": Transition(
        (DeviationState.TRIAGED,),
        DeviationState.UNDER_INVESTIGATION,
        (CDMO_QA, CDMO_MSAT),
        _("Start the investigation"),
    ),
    "close": Transition((DeviationState.UNDER_INVESTIGATION,), DeviationState.CLOSED, (CDMO_QA,), _("Close")),
    "cancel": Transition(
        (DeviationState.REPORTED, DeviationState.TRIAGED, DeviationState.UNDER_INVESTIGATION),
        DeviationState.CANCELLED,
        (CDMO_QA,),
        _("Cancel"),
    ),
}
