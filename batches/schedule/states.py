"""The words of the schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import CDMO_CLIENT_LEAD, CDMO_QA, CDMO_SHIFT_LEAD, SYSTEM, Transition


class SlotState(models.TextChoices):
    """A slot is planned, taken, over, or was given up."""

    PLANNED = "planned", _("planned")
    UNDER_WAY = "under_way", _("under way")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


# Who plans at the manufacturer; the other side reads the same slots.
SCHEDULERS: Final = (CDMO_SHIFT_LEAD, CDMO_QA, CDMO_CLIENT_LEAD, SYSTEM)
SLOT_TRANSITIONS: Final[Mapping[str, Transition]] = {
    "begin": Transition((SlotState.PLANNED,), SlotState.UNDER_WAY, SCHEDULERS, _("Begin")),
    "end": Transition((SlotState.UNDER_WAY,), SlotState.DONE, SCHEDULERS, _("End")),
    "move": Transition((SlotState.PLANNED, SlotState.UNDER_WAY), None, SCHEDULERS, _("Move")),
    "give_up": Transition((SlotState.PLANNED,), SlotState.CANCELLED, SCHEDULERS, _("Give up")),
}
