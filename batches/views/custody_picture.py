"""The way of a lot as a picture: one bar per leg over time, with what was too warm or too cold on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from batches.custody.legs import Leg

WIDTH: Final = 960
LEFT: Final = 8
BAR: Final = 26
ROW: Final = 48
TOP: Final = 22
LEAST: Final = 4.0
TICKS: Final = 6
STEPS: Final = tuple(timedelta(hours=each) for each in (1, 2, 3, 6, 12, 24, 48, 96, 168, 336, 720))
Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """Where an instant lies in the picture."""

    from_at: datetime
    until: datetime

    def __call__(self, at: datetime) -> float:
        """Return the place of an instant from the left."""
        whole = max((self.until - self.from_at).total_seconds(), 1.0)
        share = (at - self.from_at).total_seconds() / whole
        return round(LEFT + min(max(share, 0.0), 1.0) * (WIDTH - 2 * LEFT), 1)


def picture_of(legs: Sequence[Leg], now: datetime, expires_at: datetime | None, zone: Any) -> Context | None:
    """Return bars, excursions and ticks; None without a leg. The last leg lasts until `now`."""
    if not legs:
        return None
    last = max(now, legs[-1].from_at + timedelta(minutes=30))
    until = (
        max(last, expires_at) if expires_at is not None and expires_at - last < timedelta(days=14) else last
    )
    scale = Scale(legs[0].from_at, until)
    return {
        "width": WIDTH,
        "height": TOP + len(legs) * ROW + 8,
        "bars": [_bar(leg, place, scale, last) for place, leg in enumerate(legs)],
        "ticks": [_tick(scale(at), at) for at in _ticks(scale, zone)],
        "expires": scale(expires_at) if expires_at is not None and expires_at <= until else None,
        "bottom": TOP + len(legs) * ROW,
        "top": TOP,
    }


def _bar(leg: Leg, place: int, scale: Scale, last: datetime) -> Context:
    x, y = scale(leg.from_at), TOP + place * ROW + 18
    marks = [
        {"x": scale(each.from_at), "width": max(scale(each.until) - scale(each.from_at), LEAST)}
        for each in leg.excursions
    ]
    words_left = x < WIDTH * 0.6
    return {
        "leg": leg,
        "x": x,
        "y": y,
        "width": max(scale(leg.until or last) - x, LEAST),
        "height": BAR - 8,
        "marks": marks,
        "text_x": x if words_left else WIDTH - LEFT,
        "text_y": y - 5,
        "anchor": "start" if words_left else "end",
    }


def _tick(x: float, at: datetime) -> Context:
    return {"x": x, "at": at, "anchor": "start" if x < WIDTH * 0.9 else "end"}


def _ticks(scale: Scale, zone: Any) -> list[datetime]:
    """Return round hours of the site, six at most."""
    whole = scale.until - scale.from_at
    step = next((each for each in STEPS if whole / each <= TICKS), STEPS[-1])
    day = scale.from_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[datetime] = []
    at = day
    while at <= scale.until and len(found) < TICKS * 4:
        if at >= scale.from_at:
            found.append(at)
        at += step
    return found[: TICKS + 1]
