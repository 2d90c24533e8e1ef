"""Hear from gateways: that they live, how their clocks stand, and which frames wait there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from batches.access import SENDERS, get_batch
from batches.gateways.following import Announced, hear_from
from batches.models import GatewayFeed
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor


@action("feed.heartbeat")
def note_heartbeat(
    actor: Actor,
    batch_id: UUID,
    *,
    device: str,
    chain: str,
    clock: datetime,
    waiting: int,
    lost: int,
    announced: Sequence[Announced] = (),
) -> GatewayFeed:
    """Note that a gateway lives, by its own clock, and the links of frames that wait at it.

    `announced` are frames of its chain that were recorded and not sent yet: what comes later is held against
    them. `lost` counts the readings for which it had no room, since its queue began.
    Raises: NotFound, Refused. Records: feed.clock_off, feed.clock_right, feed.lost v1, and alert.raised where
    a clock is off. Source: 21 CFR 11.10(a), (h).
    """
    batch = get_batch(actor, batch_id)
    require_role(actor, batch.space_id, *SENDERS, to="send readings")
    return hear_from(
        actor,
        batch,
        device=device,
        chain=chain,
        clock=clock,
        waiting=waiting,
        lost=lost,
        announced=announced,
        now=instant(),
    )
