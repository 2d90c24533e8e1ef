"""The way of a lot from hand to hand: legs between the moments at which somebody took it over; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from batches.epcis.telling import Warmth

# On the road from these steps of CBV on, until the next one of another kind.
UNDER_WAY: Final = frozenset(("shipping", "departing", "transporting", "loading", "in_transit"))


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of custody, from a hand-over of ours or an event of others."""

    key: str
    at: datetime
    step: str
    holder: str
    place: str
    is_ours: bool
    condition: str = ""
    warmths: Sequence[Warmth] = ()
    is_wrong: bool = False


@dataclass(slots=True)
class Leg:
    """A stretch in one pair of hands; the last one lasts until `until`, None while it goes on."""

    holder: str
    place: str
    from_at: datetime
    until: datetime | None
    is_under_way: bool
    condition: str = ""
    points: list[Point] = field(default_factory=list)
    low: Decimal | None = None
    high: Decimal | None = None
    excursions: list[Warmth] = field(default_factory=list)


def legs_of(points: Sequence[Point], low: Decimal | None, high: Decimal | None) -> list[Leg]:
    """Return the legs by time, whatever order the points came in; what its sender called wrong is left out.

    A temperature belongs to the leg in which it was measured, not to the event that reports it at its end.
    """
    found: list[Leg] = []
    ordered = sorted((each for each in points if not each.is_wrong), key=lambda each: (each.at, each.key))
    for each in ordered:
        last = found[-1] if found else None
        under_way = each.step in UNDER_WAY
        holder = each.holder or (last.holder if last is not None else "")
        if last is None or holder != last.holder or under_way != last.is_under_way:
            if last is not None:
                last.until = each.at
            last = Leg(holder, each.place, each.at, None, under_way)
            found.append(last)
        last.points.append(each)
        last.place = each.place or last.place
        last.condition = each.condition or last.condition
    for warmth in (one for each in ordered for one in each.warmths):
        leg = _leg_at(found, warmth)
        leg.low = warmth.low if leg.low is None else min(leg.low, warmth.low)
        leg.high = warmth.high if leg.high is None else max(leg.high, warmth.high)
        if is_outside(warmth, low, high):
            leg.excursions.append(warmth)
    return found


def is_outside(warmth: Warmth, low: Decimal | None, high: Decimal | None) -> bool:
    """Say whether it was too cold or too warm, or the sensor itself alarmed; a bound itself is inside."""
    return (
        warmth.alarmed or (low is not None and warmth.low < low) or (high is not None and warmth.high > high)
    )


def _leg_at(legs: Sequence[Leg], warmth: Warmth) -> Leg:
    """Return the leg in which the middle of a measurement lies; the first one for what was before it."""
    middle = warmth.from_at + (warmth.until - warmth.from_at) / 2
    return next((each for each in reversed(legs) if each.from_at <= middle), legs[0])
