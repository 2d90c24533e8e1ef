"""Shelved alarms, as pages and REST show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Count
from django.utils.translation import ngettext

from batches.models import AlarmShelf
from batches.slots import BatchFacts
from batches.states import ShelfState
from portal.action import instant
from portal.actor import Actor
from portal.models import RecordQuerySet


def list_shelves(
    actor: Actor, *, batch_id: UUID | None = None, state: str | None = None
) -> RecordQuerySet[AlarmShelf]:
    """Return the shelved alarms the actor may see, unordered, with parameter and limit."""
    rows = AlarmShelf.objects.visible_to(actor).select_related("parameter", "limit__phase")
    if batch_id is not None:
        rows = rows.filter(batch_id=batch_id)
    return rows if state is None else rows.filter(state=state)


def shelves_of(actor: Actor, batch_ids: Sequence[UUID]) -> Mapping[UUID, BatchFacts]:
    """Return how many alarms of each batch are shelved; batches without any are left out. One query."""
    rows = list_shelves(actor, state=ShelfState.SHELVED).filter(batch_id__in=batch_ids, until__gt=instant())
    counts = rows.order_by().values_list("batch_id").annotate(Count("pk"))
    return {batch_id: BatchFacts(shelved=count) for batch_id, count in counts}


def what_happened(shelf: AlarmShelf) -> str:
    """Return what was outside while a shelf held, once it is over."""
    said = ngettext("%(n)s excursion meanwhile", "%(n)s excursions meanwhile", shelf.excursions)
    words = said % {"n": shelf.excursions}
    if not shelf.lasting:
        return words
    still = ngettext("%(n)s of them went on and alerted", "%(n)s of them went on and alerted", shelf.lasting)
    return f"{words}, {still % {'n': shelf.lasting}}"
