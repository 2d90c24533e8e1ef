"""Write down whom a notice goes to by which channel: one row a message, at the time it may leave."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from portal.action import current_action
from portal.models import Alert, Delivery
from portal.notices.choices import plan, sort_of
from portal.notices.reading import ways_to
from portal.states import DeliveryState


def write_messages(
    alert: Alert, step: int, person_ids: Collection[UUID], *, now: datetime, wakes: bool = False
) -> None:
    """Write the messages of an alert's step to the people told by it; runs inside an action only.

    `now` is when they may leave at the earliest; what `wakes` by its ladder keeps no quiet hours. A channel
    that leads to nobody gets no row; the page and the socket tell in any case.
    """
    current_action()
    sort = sort_of(str(alert.kind), alert.classification, str(alert.clause))
    ways = ways_to(person_ids)
    Delivery.objects.bulk_create(
        Delivery(
            space_id=alert.space_id,
            audience=alert.audience,
            alert=alert,
            person_id=person_id,
            step=step,
            channel=each.channel,
            state=DeliveryState.DIGEST if each.is_in_digest else DeliveryState.WAITING,
            next_at=each.at,
        )
        for person_id, way in ways.items()
        for each in plan(way.choices, sort, now=now, zone=way.zone, open_to=way.open_to, wakes=wakes)
    )
