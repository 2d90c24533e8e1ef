"""What a frame was answered, for whoever sends it again under the same key."""

from __future__ import annotations

from uuid import UUID

from batches.models import FrameAnswer
from portal.actor import Actor
from portal.errors import NotFound


def frame_answer(actor: Actor, answer_id: UUID) -> FrameAnswer:
    """Return what a frame was answered; raises NotFound, also for who has lost the seat since."""
    found = FrameAnswer.objects.visible_to(actor).with_id(answer_id)
    if found is None:
        raise NotFound
    return found
