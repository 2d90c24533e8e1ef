"""Which alerts ask for no more than a query that waits in the inbox itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from deviations.dockets.asking.states import QUERY_ALERT, QueryKind, QueryState, answerers
from deviations.models import Query
from portal.actor import Actor, Side


def queries_asking(actor: Actor) -> tuple[Collection[str], QuerySet[Query, Any]]:
    """Return the kind of alert, and the queries that wait for this actor's own answer."""
    mine = Q(pk__in=[])
    for side in (Side.MANUFACTURER, Side.SPONSOR):
        for kind in QueryKind.values:
            spaces = [each for each in actor.seats if actor.holds(each, *answerers(side, kind))]
            if spaces:
                mine |= Q(side=side, kind=kind, space_id__in=spaces)
    rows = Query.objects.visible_to(actor).filter(mine, state=QueryState.OPEN)
    return (QUERY_ALERT,), rows.values("pk")
