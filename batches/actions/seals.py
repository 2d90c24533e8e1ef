"""Seal readings by the minute, as the named actor `sealer`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from batches.models import Batch, FrameAnswer
from batches.sealing import seal_frames
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import NotFound
from portal.states import SYSTEM

# A day longer than the idempotency keys, by which alone an answer is found (`portal.tasks.tidy`).
ANSWERS_KEPT: Final = timedelta(hours=96)


@action("readings.seal")
def seal_readings(actor: Actor, batch_id: UUID) -> Batch:
    """Seal the frames of a batch that no entry covers yet; harmless when another one did it meanwhile.

    What frames of the space were answered is swept with it once no repeat can ask for it any more. `actor`
    is `system_actor("sealer", space)`. Raises: NotFound, Refused. Records: readings.sealed v1 per audience.
    """
    batch = (
        Batch.objects.visible_to(actor)
        .select_for_update(of=("self",), no_key=True)
        .filter(pk=batch_id)
        .first()
    )
    if batch is None:
        raise NotFound
    require_role(actor, batch.space_id, SYSTEM, to="seal readings")
    _sweep_answers(actor, batch.space_id)
    # Last of all: sealing ends the entry.
    seal_frames(actor, batch)
    return batch


def _sweep_answers(actor: Actor, space_id: UUID) -> None:
    old = FrameAnswer.objects.visible_to(actor).filter(space_id=space_id)
    old.filter(received_at__lt=instant() - ANSWERS_KEPT).delete()
