"""Write down whom a notice goes to by which channel: one row a message, at the time it may leave."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.action import current_action
from portal.models import Alert, Delivery
from portal.notices.choices import plan, sort_of
from portal.notices.demands import SIGNED, demand_of
from portal.notices.reading import ways_to
from portal.states import DeliveryState
from portal.terms import terms_of


def write_messages(
    alert: Alert,
    step: int,
    person_ids: Collection[UUID],
    *,
    now: datetime,
    step_of_ladder: Mapping[str, Any],
) -> None:
    """Write the messages of an alert's step to the people told by it; runs inside an action only.

    `now` is when they may leave at the earliest. What the signed ladder and the clauses under which the alert
    began demand, channels and whether it wakes, stands above what they chose. A channel that leads to nobody
    gets no row; the page and the socket tell in any case.
    """
    actor = current_action().actor
    sort = sort_of(str(alert.kind), alert.classification, str(alert.clause))
    ways = ways_to(person_ids)
    clauses = demand_of(terms_of(actor, alert.space_id, alert.terms), str(alert.side), sort.code)
    demanded = {SIGNED[each] for each in step_of_ladder.get("channels", ()) if each in SIGNED}
    wakes = clauses.wakes or bool(step_of_ladder.get("wakes"))
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
        for each in plan(
            way.choices,
            sort,
            now=now,
            zone=way.zone,
            open_to=way.open_to,
            demanded=[*demanded, *clauses.channels],
            must_wake=wakes,
        )
    )
