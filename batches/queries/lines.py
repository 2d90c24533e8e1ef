"""Rows of the list of batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Min

from batches.models import Batch, Latest
from batches.queries.batches import STALE_AFTER, list_batches
from batches.slots import BatchFacts, facts_of
from batches.states import BatchState
from portal.actor import Actor


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One row of the list; the newest datum, measured `last_at`, is stale by its fastest parameter."""

    batch: Batch
    facts: BatchFacts
    last_at: datetime | None
    stale_after_s: int | None


def lines_of(actor: Actor, batches: Sequence[Batch]) -> list[BatchLine]:
    """Return the rows of a page in the order given: two queries, however many rows, and those of the slot.

    Only of a batch in process a datum can be stale.
    """
    ids = [batch.pk for batch in batches]
    facts = facts_of(actor, ids)
    newest = Latest.objects.visible_to(actor).filter(batch_id__in=ids).values_list("batch_id")
    found = newest.annotate(at=Max("at"), interval=Min("parameter__expected_interval_s"))
    data: Mapping[UUID, tuple[datetime, int]] = {row[0]: (row[1], row[2]) for row in found}
    lines = []
    for batch in batches:
        last_at, interval_s = data.get(batch.pk, (None, None))
        runs = batch.state == BatchState.IN_PROCESS and interval_s is not None
        stale_after_s = STALE_AFTER * interval_s if runs and interval_s is not None else None
        lines.append(BatchLine(batch, facts[batch.pk], last_at, stale_after_s))
    return lines


def count_running(actor: Actor) -> int:
    """Return how many batches in process the actor may see."""
    return list_batches(actor, state=BatchState.IN_PROCESS).count()
