"""What ties deviations to one another: read by both sides once both records are. Shared steps."""

from __future__ import annotations

from django.db.models import Q

from deviations.models import Deviation, DeviationTie
from portal.action import current_action
from portal.actor import Actor
from portal.models import RecordQuerySet
from portal.states import Audience


def ties_of(actor: Actor, deviation: Deviation) -> RecordQuerySet[DeviationTie]:
    """Return what ties a deviation to others, as far as the actor may see it, the oldest first."""
    rows = DeviationTie.objects.visible_to(actor).filter(Q(deviation=deviation) | Q(other=deviation))
    return rows.select_related("deviation", "other").order_by("tied_at", "id")


def disclose_ties(actor: Actor, deviation: Deviation) -> None:
    """Let the sponsor read the ties of a record to what it knows already, when it learns of the record."""
    current_action()
    for each in ties_of(actor, deviation).exclude(audience=Audience.SHARED):
        partner = each.other if each.deviation_id == deviation.pk else each.deviation
        if partner.audience != Audience.SHARED:
            continue
        each.audience = Audience.SHARED
        each.bump()
        each.save(update_fields=["audience", "version", "because"])
