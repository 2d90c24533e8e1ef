"""Readings on their way to open charts: best effort, past the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from portal.layer import ReadingsMessage, address_of, encode
from portal.streams import ChainKey
from portal.wake import publish

POINTS_MAX: Final = 240
Point = tuple[int, float]


def publish_readings(
    batch_id: UUID, space_id: UUID, audience: str, series: Mapping[str, Sequence[Point]]
) -> None:
    """Tell the open charts of a batch what came in: parameter -> points of (ms since 1970, value), by time.

    Best effort, after the commit: swallows an outage of Redis. Many points are thinned, keeping the extremes.
    """
    message: ReadingsMessage = {
        "type": "readings",
        "batch": str(batch_id),
        "space": str(space_id),
        "audience": audience,
        "series": {name: thinned(points) for name, points in series.items() if points},
    }
    if message["series"]:
        publish(address_of(ChainKey(space_id, audience)), encode(message))


def thinned(points: Sequence[Point], most: int = POINTS_MAX) -> list[Point]:
    """Return at most `most` points (an even number): lowest and highest of each stretch, in their order."""
    if len(points) <= most:
        return list(points)
    stretches, kept = most // 2, []
    for number in range(stretches):
        stretch = points[number * len(points) // stretches : (number + 1) * len(points) // stretches]
        low, high = min(stretch, key=_value), max(stretch, key=_value)
        kept += [low] if low == high else sorted((low, high))
    return kept


def _value(point: Point) -> float:
    return point[1]
