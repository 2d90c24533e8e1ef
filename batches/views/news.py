"""What Home says of running batches: which there are, and their excursions since a person last looked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from batches.excursion_rows import worst_first
from batches.models import Excursion
from batches.queries import list_batches
from batches.states import BatchState, ExcursionState
from batches.views.places import place_of
from batches.views.words import crossing
from portal.actor import Actor
from portal.queries.rooms import list_rooms
from portal.slots import News, RunningBatch

MOST: Final = 500


def running_batches(actor: Actor) -> list[RunningBatch]:
    """Return the batches in process, in order of number; two queries."""
    rooms = list_rooms(actor)
    rows = list_batches(actor, state=BatchState.IN_PROCESS).order_by("number", "id")
    return [
        RunningBatch(each.pk, each.number, each.title, f"/batches/{each.pk}/", place_of(each, rooms).zone)
        for each in rows
    ]


def excursion_news(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return the excursions recorded since, the newest five hundred; one query."""
    rows = (
        Excursion.objects.visible_to(actor)
        .filter(batch_id__in=since.keys(), recorded_at__gt=min(since.values()))
        .exclude(state=ExcursionState.WITHDRAWN)
        .select_related("parameter")
        .order_by("-recorded_at", "pk")[:MOST]
    )
    return [
        News(
            batch_id=each.batch_id,
            subject_id=each.pk,
            kind="excursion",
            words=crossing(each),
            url=f"/excursions/{each.pk}/",
            at=each.recorded_at,
        )
        for each in worst_first(list(rows))
        if each.recorded_at > since[each.batch_id]
    ]


def batch_of_excursions(
    actor: Actor, batch_ids: Collection[UUID], subject_ids: Collection[UUID]
) -> Mapping[UUID, UUID]:
    """Return the batch of each excursion among the records, and a batch for itself; one query."""
    rows = Excursion.objects.visible_to(actor).filter(pk__in=subject_ids, batch_id__in=batch_ids)
    return {each: each for each in batch_ids} | dict(rows.values_list("pk", "batch_id"))
