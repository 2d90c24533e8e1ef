"""The words of a laboratory investigation and its life cycle (FDA OOS guidance 2006, rev. 2022)."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import CDMO_MSAT, CDMO_QA, CDMO_QC, CDMO_QUALITY_HEAD, Transition, Transitions


class LabKind(models.TextChoices):
    """What the result is outside of."""

    OOS = "oos", _("OOS, outside specification")
    OOT = "oot", _("OOT, outside trend")
    OOE = "ooe", _("OOE, outside expectation")


class LabState(models.TextChoices):
    """Where a laboratory investigation stands."""

    PHASE_ONE = "phase_one", _("Phase I, laboratory")
    PHASE_TWO = "phase_two", _("Phase II, full-scale")
    PLANNED = "retest_planned", _("Retest plan to approve")
    RETESTING = "retesting", _("Retesting")
    CONCLUDED = "concluded", _("Concluded")


class RetestKind(models.TextChoices):
    """What is tested again: the same preparation, the same sample, or a new sample."""

    REINJECTION = "reinjection", _("same preparation")
    RETEST = "retest", _("same sample")
    RESAMPLE = "resample", _("new sample")


class Averaging(models.TextChoices):
    """Whether the method reports a mean; a mean hides no single value that is outside."""

    NONE = "none", _("each value is reported")
    BY_METHOD = "by_method", _("mean, as the method defines it")


class LabOutcome(models.TextChoices):
    """What the investigation comes to; only an assignable cause makes a result invalid."""

    INVALIDATED = "invalidated", _("invalid, assignable cause in the laboratory")
    CONFIRMED = "confirmed", _("confirmed")
    INCONCLUSIVE = "inconclusive", _("no cause found; the result stands and is weighed in full")


ANALYSTS: Final = (CDMO_QC, CDMO_QA, CDMO_QUALITY_HEAD)
APPROVERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD)
PHASE_CLOCK: Final = "oos_phase_one"
_PHASES: Final = (LabState.PHASE_ONE, LabState.PHASE_TWO)
_OPEN: Final = (*_PHASES, LabState.PLANNED, LabState.RETESTING)
LAB_TRANSITIONS: Final[Transitions] = {
    "note": Transition(_OPEN, None, (*ANALYSTS, CDMO_MSAT), _("Note what was checked")),
    "widen": Transition(
        (LabState.PHASE_ONE, LabState.RETESTING), LabState.PHASE_TWO, APPROVERS, _("Go to phase II")
    ),
    "plan_retest": Transition(_PHASES, LabState.PLANNED, ANALYSTS, _("Plan retests")),
    "approve_plan": Transition(
        (LabState.PLANNED,), LabState.RETESTING, APPROVERS, _("Approve the plan"), signature="approved"
    ),
    "return_plan": Transition((LabState.PLANNED,), LabState.PHASE_ONE, APPROVERS, _("Hand the plan back")),
    "retest": Transition((LabState.RETESTING,), None, (CDMO_QC, CDMO_QA), _("Enter a retest")),
    "conclude": Transition((*_PHASES, LabState.RETESTING), LabState.CONCLUDED, APPROVERS, _("Conclude")),
    "share": Transition(tuple(LabState), None, APPROVERS, _("Share with the sponsor")),
    "link": Transition(tuple(LabState), None, ANALYSTS, _("Link a record")),
}
