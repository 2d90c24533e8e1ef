"""The words of the sustainability sheet."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import CDMO_CLIENT_LEAD, CDMO_MSAT, CDMO_QA, SYSTEM


class InputKind(models.TextChoices):
    """What went into a batch, or away from it."""

    ENERGY = "energy", _("energy")
    WATER = "water", _("water")
    SOLVENT = "solvent", _("solvents")
    MATERIAL = "material", _("raw materials")
    SINGLE_USE = "single_use", _("single use")
    WASTE = "waste", _("waste")


# Kinds whose mass counts in the process mass intensity: water, raw materials and consumables.
WEIGHED: Final = (InputKind.WATER, InputKind.SOLVENT, InputKind.MATERIAL, InputKind.SINGLE_USE)
WRITERS: Final = (CDMO_MSAT, CDMO_CLIENT_LEAD, CDMO_QA, SYSTEM)
