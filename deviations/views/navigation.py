"""The count beside Deviations."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from deviations.queries.saved_filters import count_open
from portal.actor import Actor
from portal.shell import NavCount


def deviation_counts(actor: Actor) -> Mapping[str, NavCount]:
    """Return how many deviations are open."""
    found = count_open(actor)
    return {"deviations": NavCount(found, _("%s open") % found)}
