"""The counts beside Home and Escalations."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.queries.proposals import count_waiting
from portal.queries.waiting import count_inbox, count_open_alerts
from portal.shell import NavCount
from portal.states import PEOPLE_WHO_ADMINISTER


def portal_counts(actor: Actor) -> Mapping[str, NavCount]:
    """Return what waits for the reader, and how many ladders climb."""
    waits, climbing = count_inbox(actor), count_open_alerts(actor)
    counts = {
        "home": NavCount(waits, is_mine=True),
        "escalations": NavCount(climbing, _("%s open") % climbing),
    }
    if actor.organisation_id and actor.holds(actor.organisation_id, *PEOPLE_WHO_ADMINISTER):
        counts["administration"] = NavCount(count_waiting(actor), is_mine=True)
    return counts
