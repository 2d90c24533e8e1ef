"""Seal readings by the minute, as the named actor `sealer`."""

from __future__ import annotations

from uuid import UUID

from batches.models import Batch
from batches.sealing import seal_frames
from portal.access import require_role
from portal.action import action
from portal.actor import Actor
from portal.errors import NotFound
from portal.states import SYSTEM


@action("readings.seal")
def seal_readings(actor: Actor, batch_id: UUID) -> Batch:
    """Seal the frames of a batch that no entry covers yet; harmless when another one did it meanwhile.

    `actor` is `system_actor("sealer", space)`. Raises: NotFound, Refused. Records: readings.sealed v1 per
    audience.
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
    seal_frames(actor, batch)
    return batch
