"""Seal the readings of a batch: one root per audience over the digests of its frames (ground 4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from django.db import connection

from batches.facts import ReadingsSealed
from batches.models import Batch, Frame
from portal import ledger
from portal.action import current_action
from portal.actor import Actor
from portal.merkle import tree_head

# A tree of this many digests is a few milliseconds' work; what is left over is sealed with the next one.
FRAMES_MAX: Final = 20_000


def seal_frames(actor: Actor, batch: Batch) -> int:
    """Record one readings.sealed per audience over the frames that no entry covers yet; return their number.

    The batch is locked. The last step of its action: the entries are sealed here, so that the frames can name
    them. Frames are no record of their own, so marking them afterwards adds no entry.
    """
    current_action()
    waiting = Frame.objects.visible_to(actor).filter(batch=batch, sealed_seq=None)
    frames = list(waiting.order_by("audience", "received_at", "id")[:FRAMES_MAX])
    parts = [
        (audience, list(part)) for audience, part in groupby(frames, key=lambda frame: str(frame.audience))
    ]
    for audience, part in parts:
        ledger.record(batch, _fact(part), audience=audience)
    if parts:
        with connection.cursor() as cursor:
            cursor.execute("set constraints ledger.seal immediate; set constraints ledger.seal deferred")
            for audience, part in parts:
                cursor.execute(
                    "update batches_frame set sealed_seq = (select head from ledger.chain"
                    " where space_id = %s and audience = %s) where id = any (%s)",
                    [batch.space_id, audience, [frame.pk for frame in part]],
                )
    return len(frames)


def _fact(frames: Sequence[Frame]) -> ReadingsSealed:
    return ReadingsSealed(
        root=tree_head([bytes(frame.digest) for frame in frames]).hex(),
        frames=len(frames),
        readings=sum(frame.rows for frame in frames),
        first_received_at=frames[0].received_at,
        last_received_at=frames[-1].received_at,
    )
