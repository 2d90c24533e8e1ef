"""Who watches which batch in this process: readings, about once a second, to whoever may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from portal.chains import text_frame
from portal.errors import NotFound
from portal.follower import Follower
from portal.layer import ReadingsMessage
from portal.live import POINTS_MAX, Point, thinned
from portal.streams import audiences_of


class Watches:
    """Who watches which batch in this process, and the readings since the last second."""

    def __init__(self) -> None:
        self._watchers: dict[UUID, set[Follower]] = defaultdict(set)
        self._waiting: dict[UUID, dict[str, dict[str, list[Point]]]] = {}

    def add(self, follower: Follower, batch_id: UUID, space_id: UUID) -> None:
        """Let a follower who may see the batch watch it."""
        follower.watched[batch_id] = space_id
        self._watchers[batch_id].add(follower)

    def discard(self, follower: Follower, batch_id: UUID) -> None:
        """Stop watching."""
        follower.watched.pop(batch_id, None)
        self._watchers[batch_id].discard(follower)
        if not self._watchers[batch_id]:
            del self._watchers[batch_id]
            self._waiting.pop(batch_id, None)

    def take(self, message: ReadingsMessage) -> None:
        """Keep what came in for a watched batch until the next flush."""
        batch_id = UUID(message["batch"])
        if batch_id not in self._watchers:
            return
        waiting = self._waiting.setdefault(batch_id, {}).setdefault(message["audience"], {})
        for name, points in message["series"].items():
            merged = [*waiting.get(name, ()), *((at, value) for at, value in points)]
            waiting[name] = thinned(sorted(merged)) if len(merged) > POINTS_MAX else merged

    def flush(self) -> None:
        """Send one frame a watched batch; each side gets the parameters it may see."""
        waiting, self._waiting = self._waiting, {}
        for batch_id, by_audience in waiting.items():
            prepared: dict[tuple[str, ...], dict[str, str] | None] = {}
            for follower in self._watchers.get(batch_id, ()):
                audiences = _audiences(follower, batch_id)
                if audiences not in prepared:
                    prepared[audiences] = _frame(batch_id, by_audience, audiences)
                frame = prepared[audiences]
                if frame is not None:
                    follower.offer(frame)


def _audiences(follower: Follower, batch_id: UUID) -> tuple[str, ...]:
    try:
        return audiences_of(follower.actor, follower.watched[batch_id])
    except NotFound:
        return ()


def _frame(batch_id: UUID, by_audience: Mapping[str, Any], audiences: Sequence[str]) -> dict[str, str] | None:
    series: dict[str, list[Point]] = {}
    for audience in audiences:
        for name, points in by_audience.get(audience, {}).items():
            series.setdefault(name, []).extend(points)
    if not series:
        return None
    ordered = {name: sorted(points) for name, points in series.items()}
    return text_frame({"type": "readings", "batch": str(batch_id), "series": ordered})
