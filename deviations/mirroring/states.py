"""Which side masters which field of a copied deviation, and the life of a conflict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.states import CDMO_QA, CDMO_QUALITY_HEAD, Transition, Transitions


class Master(models.TextChoices):
    """Where a field is mastered."""

    THERE = "there", _("the CDMO's own system")
    HERE = "here", _("this record")


class ConflictState(models.TextChoices):
    """Where a conflict stands; nothing is overwritten in any of them."""

    OPEN = "open", _("Open")
    AGREED = "agreed", _("The next copy agrees")
    SETTLED = "settled", _("Settled")


class SettledBy(models.TextChoices):
    """What was decided about a difference."""

    STANDS_HERE = "stands_here", _("what stands here is right; it is corrected there")
    NOTED = "noted", _("both stand, with the reason")


MASTERED: Final[Mapping[str, tuple[Master, str | Promise]]] = {
    "external_id": (Master.THERE, _("Number there")),
    "external_status": (Master.THERE, _("State there")),
    "external_class": (Master.THERE, _("Class there, as a copy")),
    "external_opened_at": (Master.THERE, _("Opened there")),
    "external_told_at": (Master.THERE, _("Sponsor told from there")),
    "external_closed_at": (Master.THERE, _("Closed there")),
    "title": (Master.HERE, _("Title")),
    "description": (Master.HERE, _("Description")),
    "batch": (Master.HERE, _("Batch")),
    "occurred_at": (Master.HERE, _("Date of occurrence")),
    "detected_at": (Master.HERE, _("Date of discovery")),
    "aware_at": (Master.HERE, _("Date of awareness")),
    "classification": (Master.HERE, _("Provisional class")),
    "state": (Master.HERE, _("State")),
}
SETTLERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD)
CONFLICT_TRANSITIONS: Final[Transitions] = {
    "settle": Transition((ConflictState.OPEN,), ConflictState.SETTLED, SETTLERS, _("Settle")),
    "agree": Transition((ConflictState.OPEN,), ConflictState.AGREED, (CDMO_QA,)),
}
