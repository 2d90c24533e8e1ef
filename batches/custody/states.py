"""The words of identity and custody of a patient lot, and the life of a stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import (
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    CDMO_SHIFT_LEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SYSTEM,
    Meaning,
    Transition,
)

# Who hands over and checks; who says which identifiers a lot has; who lets it go on after a mismatch.
CHECKERS: Final = (CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QC, CDMO_QA, SYSTEM)
KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SYSTEM)
CDMO_RELEASERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD)
SPONSOR_RELEASERS: Final = (SPONSOR_QA, SPONSOR_QUALITY_HEAD)


class HandOverKind(models.TextChoices):
    """What a hand-over is in the way of a lot from the patient and back."""

    COLLECTED = "collected", _("collected")
    RECEIVED = "received", _("received")
    MOVED = "moved", _("moved on")
    SHIPPED = "shipped", _("shipped")
    GIVEN = "given", _("given to the clinic")


class ReadBy(models.TextChoices):
    """How an identifier was read from its label."""

    SCAN = "scan", _("scanned")
    TYPED = "typed", _("typed")


class CheckState(models.TextChoices):
    """A hand-over waits for its second person, agrees, or does not."""

    OPEN = "open", _("waits for the second person")
    AGREED = "agreed", _("both identifiers agree")
    MISMATCHED = "mismatched", _("identity does not agree")


class StopState(models.TextChoices):
    """A stop stands, was read again and agrees, or was ended by the quality units of both sides."""

    STANDING = "standing", _("everything stops")
    RECHECKED = "rechecked", _("read again, waits for both signatures")
    RELEASED = "released", _("released by both sides")


CHECK_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "confirm": Transition((CheckState.OPEN,), CheckState.AGREED, CHECKERS, _("Check as the second person")),
    "disagree": Transition((CheckState.OPEN,), CheckState.MISMATCHED, CHECKERS, _("Does not agree")),
}
STOP_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "recheck": Transition((StopState.STANDING,), StopState.RECHECKED, CHECKERS, _("Read both labels again")),
    "release": Transition(
        (StopState.RECHECKED,),
        StopState.RELEASED,
        (*CDMO_RELEASERS, *SPONSOR_RELEASERS),
        _("Let the lot go on"),
        signature=Meaning.APPROVED,
    ),
}
