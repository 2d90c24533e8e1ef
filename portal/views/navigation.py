"""The counts beside Home and Escalations."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.queries.waiting import count_inbox, count_open_alerts
from portal.shell import NavCount


def portal_counts(actor: Actor) -> Mapping[str, NavCount]:
    """Return what waits for the reader, and how many ladders climb."""
    waits, climbing = count_inbox(actor), count_open_alerts(actor)
    return {"home": NavCount(waits, is_mine=True), "escalations": NavCount(climbing, _("%s open") % climbing)}
