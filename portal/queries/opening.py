"""Which alerts a person has not looked at yet."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from portal.actor import Actor
from portal.models import Alert, Opening, Receipt


def unopened_alerts(actor: Actor, record_id: UUID) -> list[UUID]:
    """Return the alerts of which this person was told and that they did not open: one, or all of a record."""
    told = Receipt.objects.visible_to(actor).filter(person_id=actor.person_id)
    seen = Opening.objects.visible_to(actor).filter(receipt__in=told.values("pk"))
    waiting = told.exclude(pk__in=seen.values("receipt_id")).values("alert_id")
    rows = Alert.objects.visible_to(actor).filter(Q(pk=record_id) | Q(subject_id=record_id), pk__in=waiting)
    return list(rows.order_by("raised_at", "pk").values_list("pk", flat=True))
