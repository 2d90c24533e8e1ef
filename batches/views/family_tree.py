"""The picture of a genealogy: lots in columns from the oldest to the newest, lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from batches.lineage import Edge, layers
from batches.queries.lots import Genealogy, Node

# Beyond this a picture is no help; the table and REST have all of it.
DRAWN_MOST: Final = 60
BOX: Final = (176, 40)
ROOM: Final = (56, 14)


@dataclass(frozen=True, slots=True)
class Box:
    """A lot at its place, in units of the picture."""

    node: Node
    x: int
    y: int
    is_asked: bool

    @property
    def middle(self) -> int:
        """Return the height at which lines meet it."""
        return self.y + BOX[1] // 2


def picture_of(found: Genealogy) -> dict[str, Any] | None:
    """Return boxes and lines of a genealogy; None where there is nothing to draw or too much of it."""
    if not 1 < len(found.nodes) <= DRAWN_MOST:
        return None
    nodes = {each.id: each for each in found.nodes}
    columns = layers(list(nodes), found.edges)
    tallest = max(len(column) for column in columns)
    step_x, step_y = BOX[0] + ROOM[0], BOX[1] + ROOM[1]
    boxes: dict[UUID, Box] = {}
    for place, column in enumerate(columns):
        top = (tallest - len(column)) * step_y // 2
        for row, lot_id in enumerate(_ordered(column, found.edges, boxes)):
            boxes[lot_id] = Box(nodes[lot_id], place * step_x, top + row * step_y, lot_id == found.lot.pk)
    return {
        "width": len(columns) * step_x - ROOM[0],
        "height": tallest * step_y - ROOM[1],
        "box": {"width": BOX[0], "height": BOX[1]},
        "boxes": list(boxes.values()),
        "lines": [_line(boxes[each.used], boxes[each.made]) for each in found.edges],
    }


def _ordered(column: Sequence[UUID], edges: Sequence[Edge], placed: dict[UUID, Box]) -> list[UUID]:
    """Put each lot at the height of what it was made of, so that few lines cross."""

    def height(lot_id: UUID) -> float:
        sources = [placed[each.used].y for each in edges if each.made == lot_id and each.used in placed]
        return sum(sources) / len(sources) if sources else 0

    return sorted(column, key=height)


def _line(source: Box, target: Box) -> str:
    begin, end = source.x + BOX[0], target.x
    bend = (begin + end) // 2
    return f"M{begin},{source.middle} C{bend},{source.middle} {bend},{target.middle} {end},{target.middle}"
