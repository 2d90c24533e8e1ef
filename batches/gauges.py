"""What operators measure of readings."""

from __future__ import annotations

from django.db import connection
from django.db.models import Min

from batches.models import Frame
from portal.action import instant, reading
from portal.actor import system_actor
from portal.metrics import Reading


def oldest_unsealed() -> list[Reading]:
    """Return how long the oldest readings wait to be sealed, 0 when none do."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id from door.unsealed(1)")
        row = cursor.fetchone()
    waited = 0.0
    if row is not None:
        actor = system_actor("sealer", row[0])
        with reading(actor):
            waiting = Frame.objects.visible_to(actor).filter(space_id=row[0], sealed_seq=None)
            oldest = waiting.aggregate(at=Min("received_at"))["at"]
            waited = (instant() - oldest).total_seconds() if oldest else 0.0
    return [Reading("covalent_frames_unsealed_seconds", "", waited)]
