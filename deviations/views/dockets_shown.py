"""Where a person asks about a record that both sides read."""

from __future__ import annotations

from deviations.desks.counters import asking
from deviations.models import Deviation
from portal.actor import Actor
from portal.states import Audience


def ask_address(actor: Actor, deviation: Deviation) -> str:
    """Return where the reader asks about a shared deviation, empty for who asks nothing there."""
    if deviation.audience != Audience.SHARED or not asking.may_ask(actor, deviation.space_id):
        return ""
    about = f"program={deviation.space_id}&deviation={deviation.pk}&title={deviation.number}"
    return f"/queries/new/?{about}"
