"""The words of aseptic interventions (EU GMP Annex 1, 8.17, 9.33 to 9.40)."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import CDMO_MSAT, CDMO_OPERATOR, CDMO_QA, CDMO_SHIFT_LEAD, SYSTEM


class InterventionKind(models.TextChoices):
    """Inherent ones belong to the process; corrective ones put something right."""

    INHERENT = "inherent", _("inherent")
    CORRECTIVE = "corrective", _("corrective")


class Qualified(models.TextChoices):
    """How an intervention stands against the list of the media fill."""

    YES = "yes", _("qualified")
    UNKNOWN = "unknown", _("not in the list of the media fill")
    LONGER = "longer", _("longer than qualified")
    OFTENER = "oftener", _("more often than qualified")
    NO_LIST = "no_list", _("no media fill in force")


RECORDERS: Final = (CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
# Who states what a media fill qualified.
QUALIFIERS: Final = (CDMO_QA, CDMO_MSAT, SYSTEM)
