"""How much waits for a person: counted, not read, because every page shows it."""

from __future__ import annotations

from portal.actor import Actor
from portal.models import Alert, Receipt
from portal.queries.clocks import kept_clocks
from portal.slots import waiting
from portal.states import AlertState


def count_inbox(actor: Actor) -> int:
    """Return how many things wait for the actor over all apps; about one query an app."""
    return sum(waiting(actor))


@waiting.register
def count_to_acknowledge(actor: Actor) -> int:
    """Return the alerts of which the actor was told and which their side has not acknowledged."""
    told = Receipt.objects.visible_to(actor).filter(person_id=actor.person_id, acknowledged_at=None)
    rows = Alert.objects.visible_to(actor).filter(pk__in=told.values("alert_id"))
    return rows.exclude(state=AlertState.ACKNOWLEDGED).count()


@waiting.register
def count_own_clocks(actor: Actor) -> int:
    """Return how many clocks of the actor's own side are the actor's to keep."""
    return kept_clocks(actor).count()


def count_open_alerts(actor: Actor) -> int:
    """Return how many ladders are climbing, of both sides, as far as the actor may see them."""
    return Alert.objects.visible_to(actor).filter(state=AlertState.OPEN).count()
