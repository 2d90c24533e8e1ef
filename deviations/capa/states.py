"""The words of a CAPA and its life cycles: of the record, and of each of its measures (domain 2a, 2b)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
    SPONSOR_CMC,
    SPONSOR_MSAT,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_REGULATORY,
    Transition,
    Transitions,
    of_side,
)


class CapaState(models.TextChoices):
    """Where a CAPA stands."""

    PLANNED = "planned", _("Planned")
    APPROVED = "approved", _("Approved, in work")
    MONITORED = "monitored", _("Effectiveness watched")
    EFFECTIVE = "effective", _("Effective")
    NOT_EFFECTIVE = "not_effective", _("Not effective")
    COMPLETED = "completed", _("Completed")
    CANCELLED = "cancelled", _("Cancelled")


class MeasureKind(models.TextChoices):
    """A correction mends the instance, corrective prevents recurrence, preventive occurrence."""

    CORRECTION = "correction", _("correction")
    CORRECTIVE = "corrective", _("corrective action")
    PREVENTIVE = "preventive", _("preventive action")


class MeasureState(models.TextChoices):
    """Where one measure stands."""

    OPEN = "open", _("open")
    DONE = "done", _("done, waits for verification")
    VERIFIED = "verified", _("verified")
    DROPPED = "dropped", _("taken out of the plan")


class EvidenceSource(models.TextChoices):
    """What is counted on the date of the effectiveness check."""

    DEVIATIONS = "deviations", _("deviations with these words in the title")
    EXCURSIONS = "excursions", _("excursions of this parameter")
    STATED = "stated", _("nothing: a person states it from evidence")


class CapaDecisionKind(models.TextChoices):
    """What is decided on a CAPA as a whole; each stands once it is signed."""

    APPROVE = "approve", _("approve the plan")
    EFFECTIVE = "effective", _("effective")
    NOT_EFFECTIVE = "not_effective", _("not effective")
    CANCEL = "cancel", _("cancel the CAPA")


class Formality(models.TextChoices):
    """How formally a risk was assessed; the effort follows uncertainty, importance and complexity."""

    LOW = "low", _("informal")
    MEDIUM = "medium", _("short form")
    HIGH = "high", _("full method with a team")


PLANNERS: Final = (
    *(CDMO_QA, CDMO_MSAT, CDMO_QUALITY_HEAD),
    *(SPONSOR_QA, SPONSOR_CMC, SPONSOR_QUALITY_HEAD),
)
APPROVERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
DOERS: Final = (
    *(CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, CDMO_MSAT, CDMO_QC, CDMO_QUALITY_HEAD),
    *(SPONSOR_QA, SPONSOR_CMC, SPONSOR_MSAT, SPONSOR_QUALITY_HEAD, SPONSOR_REGULATORY),
)

OPEN_CAPA: Final = (CapaState.PLANNED, CapaState.APPROVED, CapaState.MONITORED)
RUNNING_CAPA: Final = (CapaState.PLANNED, CapaState.APPROVED)
# What a correction may still be before it is carried out and looked at by a second person.
UNFINISHED: Final = (MeasureState.OPEN, MeasureState.DONE)

# A measure's deadline, and that of the check, by the activities of the agreement; the window is nobody's.
MEASURE_CLOCK: Final = "capa"
CHECK_CLOCK: Final = "effectiveness"
WINDOW_CLOCK: Final = "effectiveness_window"

CAPA_TRANSITIONS: Final[Transitions] = {
    "plan": Transition((CapaState.PLANNED,), None, PLANNERS, _("Change the plan")),
    "link": Transition(OPEN_CAPA, None, PLANNERS, _("Link a deviation")),
    "share": Transition(
        tuple(each for each in CapaState if each not in (CapaState.PLANNED, CapaState.CANCELLED)),
        None,
        APPROVERS,
        _("Share with the other side"),
    ),
    "carry": Transition(RUNNING_CAPA, None, PLANNERS, _("Carry to another program")),
    "approve": Transition(
        (CapaState.PLANNED,), CapaState.APPROVED, APPROVERS, _("Approve"), signature="approved"
    ),
    "watch": Transition((CapaState.APPROVED,), CapaState.MONITORED, APPROVERS),
    "complete": Transition((CapaState.APPROVED,), CapaState.COMPLETED, APPROVERS),
    "effective": Transition(
        (CapaState.MONITORED,), CapaState.EFFECTIVE, APPROVERS, _("Effective"), signature="approved"
    ),
    "not_effective": Transition(
        (CapaState.MONITORED,), CapaState.NOT_EFFECTIVE, APPROVERS, _("Not effective"), signature="approved"
    ),
    "cancel": Transition(OPEN_CAPA, CapaState.CANCELLED, APPROVERS, _("Cancel"), signature="approved"),
}
MEASURE_TRANSITIONS: Final[Transitions] = {
    "drop": Transition((MeasureState.OPEN,), MeasureState.DROPPED, PLANNERS, _("Take out of the plan")),
    "do": Transition((MeasureState.OPEN,), MeasureState.DONE, DOERS, _("Done")),
    "verify": Transition((MeasureState.DONE,), MeasureState.VERIFIED, APPROVERS, _("Verify")),
    "give_back": Transition((MeasureState.DONE,), MeasureState.OPEN, APPROVERS, _("Give back")),
}
# Steps that follow from others and are nobody's button.
FOLLOWING: Final = ("watch", "complete")
# In which states of the CAPA a step of a measure is taken; a correction is not kept waiting for approval.
STEPS_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "drop": (CapaState.PLANNED,),
    "do": (CapaState.APPROVED,),
    "verify": RUNNING_CAPA,
    "give_back": RUNNING_CAPA,
}


def steps_in(step: str, kind: str) -> tuple[str, ...]:
    """Return the states of the CAPA in which a step of a measure of this kind is taken."""
    return RUNNING_CAPA if step == "do" and kind == MeasureKind.CORRECTION else STEPS_IN[step]


def capa_transitions(side: str) -> Transitions:
    """Return the life cycle of a CAPA that a side owns; the other side works on none of it."""
    return _of(CAPA_TRANSITIONS, side)


def measure_transitions(side: str) -> Transitions:
    """Return the life cycle of a measure of a CAPA that a side owns."""
    return _of(MEASURE_TRANSITIONS, side)


def _of(table: Transitions, side: str) -> Transitions:
    return {name: replace(step, roles=of_side(step.roles, side)) for name, step in table.items()}
