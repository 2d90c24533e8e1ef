"""The words and life cycles of samples and certificates of analysis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import (
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QC,
    CDMO_SHIFT_LEAD,
    SPONSOR_CMC,
    SPONSOR_QA,
    SYSTEM,
    Transition,
)


class LaboratoryKind(models.TextChoices):
    """Whose laboratory tests a sample."""

    CDMO = "cdmo", _("laboratory of the CDMO")
    CONTRACT = "contract", _("contract laboratory")


class SampleState(models.TextChoices):
    """Where a sample is on its way from the plan to the report."""

    PLANNED = "planned", _("planned")
    TAKEN = "taken", _("taken")
    SENT = "sent", _("sent")
    RECEIVED = "received", _("received")
    TESTED = "tested", _("tested")
    REPORTED = "reported", _("reported")
    CANCELLED = "cancelled", _("cancelled")


class IssuerKind(models.TextChoices):
    """Who issued a certificate of analysis."""

    CDMO = "cdmo", _("CDMO")
    CONTRACT = "contract", _("contract laboratory")
    SUPPLIER = "supplier", _("supplier of a material")


class CoaState(models.TextChoices):
    """A certificate has unanswered differences, has none, is accepted, or was entered by mistake."""

    OPEN = "open", _("differs from the record")
    ANSWERED = "answered", _("compared, waits for acceptance")
    ACCEPTED = "accepted", _("accepted")
    WITHDRAWN = "withdrawn", _("withdrawn")


class DifferenceKind(models.TextChoices):
    """In what a certificate differs from the specification and from the results of the record."""

    MISSING_TEST = "missing_test", _("test is missing on the certificate")
    NOT_SPECIFIED = "not_specified", _("test is not in the specification")
    UNIT = "unit", _("different unit")
    LIMIT = "limit", _("different limit")
    METHOD = "method", _("different method")
    VALUE = "value", _("different value")
    OUTSIDE = "outside", _("outside the specification")
    NO_RESULT = "no_result", _("no result in the record")
    NOT_A_NUMBER = "not_a_number", _("words where the record has a number")


# Who moves samples; a new date and the end of a plan are the laboratory's and QA's.
SAMPLERS: Final = (CDMO_QC, CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
LABORATORY: Final = (CDMO_QC, CDMO_QA, SYSTEM)
# Certificates come to either side.
COMPARERS: Final = (CDMO_QC, CDMO_QA, SPONSOR_QA, SPONSOR_CMC, SYSTEM)
ACCEPTERS: Final = (CDMO_QA, SPONSOR_QA, SYSTEM)
S = SampleState
SAMPLE_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "take": Transition((S.PLANNED,), S.TAKEN, SAMPLERS, _("Taken")),
    "send": Transition((S.TAKEN,), S.SENT, SAMPLERS, _("Sent")),
    "receive": Transition((S.TAKEN, S.SENT), S.RECEIVED, SAMPLERS, _("Received")),
    "test": Transition((S.RECEIVED,), S.TESTED, LABORATORY, _("Tested")),
    "report": Transition((S.RECEIVED, S.TESTED), S.REPORTED, LABORATORY, _("Reported")),
    "expect": Transition(
        (S.PLANNED, S.TAKEN, S.SENT, S.RECEIVED, S.TESTED), None, LABORATORY, _("Another date")
    ),
    "cancel": Transition(
        (S.PLANNED, S.TAKEN, S.SENT, S.RECEIVED, S.TESTED), S.CANCELLED, (CDMO_QA, SYSTEM), _("Cancel")
    ),
}
# The time at which a sample came into a state.
TIMES: Final[Mapping[str, str]] = {
    S.TAKEN: "taken_at",
    S.SENT: "sent_at",
    S.RECEIVED: "received_at",
    S.TESTED: "tested_at",
    S.REPORTED: "reported_at",
}
UNDER_WAY: Final = (S.PLANNED, S.TAKEN, S.SENT, S.RECEIVED, S.TESTED)
COA_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "explain": Transition((CoaState.OPEN,), CoaState.ANSWERED, COMPARERS, _("Answer the differences")),
    "agree": Transition((CoaState.ANSWERED,), CoaState.ACCEPTED, ACCEPTERS, _("Accept")),
    "retract": Transition((CoaState.OPEN, CoaState.ANSWERED), CoaState.WITHDRAWN, COMPARERS, _("Withdraw")),
}
