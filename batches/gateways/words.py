"""A gateway's clock and chain in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from batches.models import GatewayFeed
from batches.states import FrameProof
from portal.templatetags.times import duration

MILLISECOND: Final = timedelta(milliseconds=1)
MINUTE_S: Final = 60


def skew_words(skew: timedelta) -> str:
    """Return how far a clock is off: "1 h 2 min ahead", "40 s behind"."""
    seconds = abs(skew).total_seconds()
    # To the nearest minute, as `duration` leaves out what is below one.
    words = {"amount": duration(seconds + 30 if seconds >= MINUTE_S else seconds)}
    return _("%(amount)s ahead") % words if skew > timedelta(0) else _("%(amount)s behind") % words


def clock_words(feed: GatewayFeed) -> str:
    """Return how a gateway's clock stands against the portal's."""
    skew = feed.skew_ms * MILLISECOND
    if feed.off_since is not None:
        return skew_words(skew)
    seconds = round(abs(skew).total_seconds())
    return _("right") if seconds < 1 else _("right to %(n)s s") % {"n": seconds}


def chain_words(feed: GatewayFeed) -> str:
    """Return whether the frames of a gateway follow each other."""
    if not feed.sequence:
        return _("no frame yet")
    if not feed.breaks:
        return _("unbroken")
    return ngettext("%(n)s break", "%(n)s breaks", feed.breaks) % {"n": feed.breaks}


def mark_words(device: str, skew_s: int | None, proof: str) -> str:
    """Return why readings are marked."""
    if proof == FrameProof.ALTERED:
        return _("Gateway %(device)s sent something else than it had announced.") % {"device": device}
    if proof == FrameProof.BROKEN:
        return _("Frames of gateway %(device)s are missing before these.") % {"device": device}
    skew = skew_words(timedelta(seconds=skew_s or 0))
    return _("The clock of gateway %(device)s was %(skew)s. The readings keep the time it gave them.") % {
        "device": device,
        "skew": skew,
    }
