"""What was taken of a frame, for whoever sends it again under the same key."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Sum

from batches.models import Frame
from portal.actor import Actor


def count_taken(actor: Actor, subject_id: UUID) -> int:
    """Return how many readings came in with a frame; 0 for anything else.

    A frame has a row per audience; they share sender and instant. They are counted as the sender's own, not
    by what the sender may see today.
    """
    first = Frame.objects.visible_to(actor).with_id(subject_id)
    if first is None:
        return 0
    same = Frame.objects.visible_to(actor).filter(
        batch_id=first.batch_id, person_id=first.person_id, received_at=first.received_at
    )
    return int(same.aggregate(taken=Sum("rows"))["taken"] or 0)
