"""Whether a gateway's clock is right, and what proves when a frame was recorded; pure rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from batches.states import FrameProof

# A clock that is kept by the network is right to a second. Between the two a clock stays what it was.
OFF_FROM: Final = timedelta(seconds=30)
RIGHT_WITHIN: Final = timedelta(seconds=20)
# A wrong zone or date is found and kept; beyond it nothing is known of when a reading was taken.
AHEAD_MOST: Final = timedelta(hours=26)
# What comes or is announced within this time of its recording is of its time.
AT_ONCE: Final = timedelta(minutes=2)


def skew_of(clock: datetime, now: datetime) -> timedelta:
    """Return by how much a clock is ahead, negative when it is behind."""
    return clock - now


def is_off(skew: timedelta, *, was_off: bool) -> bool:
    """Say whether a clock is off; a little is the way over the network and no fault."""
    return abs(skew) > (RIGHT_WITHIN if was_off else OFF_FROM)


def allowed_ahead(skew: timedelta) -> timedelta:
    """Return how far beyond the usual the readings of a clock that is ahead are taken."""
    return min(max(skew, timedelta(0)), AHEAD_MOST) if skew > OFF_FROM else timedelta(0)


def proof_of(
    *,
    recorded_at: datetime,
    received_at: datetime,
    announced_at: datetime | None,
    is_as_announced: bool,
    is_chained: bool,
) -> FrameProof:
    """Return what shows that a frame is what was recorded, and when.

    `recorded_at` is in the portal's time: the gateway's less its skew. A frame that differs from what was
    announced is altered, however it comes.
    """
    if announced_at is not None and not is_as_announced:
        return FrameProof.ALTERED
    if not is_chained:
        return FrameProof.BROKEN
    if received_at - recorded_at <= AT_ONCE:
        return FrameProof.AT_ONCE
    if announced_at is None:
        return FrameProof.CHAINED
    return FrameProof.WITNESSED if announced_at - recorded_at <= AT_ONCE else FrameProof.FIXED
