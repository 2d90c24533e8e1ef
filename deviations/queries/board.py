"""What a batch tile shows of its deviations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from batches.slots import BatchFacts
from deviations.access import newest_classes
from deviations.models import Deviation
from deviations.states import OPEN_STATES
from portal.actor import Actor
from portal.models import Clock
from portal.queries.clocks import AHEAD
from portal.states import Classification


def facts_of_batches(actor: Actor, batch_ids: Sequence[UUID]) -> Mapping[UUID, BatchFacts]:
    """Return how many deviations of each batch are open by provisional class, and the next deadline.

    Batches without any are left out. Three queries in all. Blocks on disposition come with holds.
    """
    rows = Deviation.objects.visible_to(actor).filter(batch_id__in=batch_ids, state__in=OPEN_STATES)
    found: list[tuple[UUID, UUID]] = list(rows.values_list("batch_id", "pk"))
    if not found:
        return {}
    ids = [deviation_id for _, deviation_id in found]
    classes, clocks = newest_classes(actor, ids), _next_clocks(actor, ids)
    facts: dict[UUID, BatchFacts] = {}
    for batch_id, deviation_id in found:
        fact = _fact(classes.get(deviation_id), clocks.get(deviation_id))
        facts[batch_id] = facts.get(batch_id, BatchFacts()) + fact
    return facts


def _next_clocks(actor: Actor, deviation_ids: Sequence[UUID]) -> dict[UUID, Clock]:
    """Return the deadline of each deviation that is overdue or due first; ladders of alerts are none."""
    rows = Clock.objects.visible_to(actor).filter(AHEAD, subject_id__in=deviation_ids, alert=None)
    return {each.subject_id: each for each in rows.order_by("-due_at", "-id")}


def _fact(classification: Classification | None, clock: Clock | None) -> BatchFacts:
    return BatchFacts(
        open_minor=int(classification == Classification.MINOR),
        open_major=int(classification == Classification.MAJOR),
        open_critical=int(classification == Classification.CRITICAL),
        unclassified=int(classification is None),
        next_due_at=clock.due_at if clock is not None else None,
        next_due_clause=clock.clause if clock is not None else "",
    )
