"""What the page of a batch lists of its deviations."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from batches.slots import BatchDeviation
from deviations.access import newest_classes
from deviations.models import Deviation
from deviations.states import OPEN_STATES
from portal.actor import Actor


def deviations_of_batch(actor: Actor, batch_id: UUID) -> Sequence[BatchDeviation]:
    """Return the deviations of a batch that the actor may see, unordered; two queries."""
    rows = list(Deviation.objects.visible_to(actor).filter(batch_id=batch_id))
    classes = newest_classes(actor, [each.pk for each in rows]) if rows else {}
    return [
        BatchDeviation(
            id=each.pk,
            number=each.number,
            title=each.title,
            state=str(each.get_state_display()),
            is_open=each.state in OPEN_STATES,
            classification=classes.get(each.pk),
            audience=each.audience,
            occurred_at=each.occurred_at,
            excursion_id=each.excursion_id,
            url=f"/deviations/{each.pk}/",
        )
        for each in rows
    ]
