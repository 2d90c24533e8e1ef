"""Where the parts of a picture lie: boxes, lines and words of a tree, a fishbone or a timeline. Pure.

The words are cut to what fits; whole they stand in the text form beside the picture.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from deviations.inquiry.states import SIX_M, Branch, Tool
from deviations.queries.inquiry import InquiryDetail, NodeLine

BOX_WIDTH: Final = 190
LINE: Final = 15
LINES_MOST: Final = 4
LETTERS: Final = 25
GAP_X, GAP_Y = 44, 14
PAD: Final = 8
BONE: Final = 150
WIDTH_LEAST: Final = 640


@dataclass(frozen=True, slots=True)
class Box:
    """A node of the picture: its corner, size, lines of words, and how it stands."""

    x: int
    y: int
    width: int
    height: int
    lines: Sequence[tuple[int, str]]
    standing: str
    number: int
    gate: str = ""


@dataclass(slots=True)
class Picture:
    """A picture by its parts; `lines` are (x1, y1, x2, y2), `words` (x, y, anchor, text)."""

    width: int = WIDTH_LEAST
    height: int = 0
    boxes: list[Box] = field(default_factory=list)
    lines: list[tuple[int, int, int, int]] = field(default_factory=list)
    words: list[tuple[int, int, str, str]] = field(default_factory=list)


def picture_of(found: InquiryDetail, zone: str) -> Picture | None:
    """Return the picture of an investigation, None without a node, and of what is a table by itself."""
    if not found.roots or found.inquiry.tool == Tool.IS_IS_NOT:
        return None
    match found.inquiry.tool:
        case Tool.ISHIKAWA:
            return _fishbone(found)
        case Tool.TIMELINE:
            return _timeline(found.roots, zone)
        case _:
            return _tree(found.roots)


def _wrapped(text: str, letters: int = LETTERS) -> list[str]:
    lines = textwrap.wrap(" ".join(text.split()), letters) or [""]
    if len(lines) <= LINES_MOST:
        return lines
    return [*lines[: LINES_MOST - 1], f"{lines[LINES_MOST - 1][: letters - 1]}\N{HORIZONTAL ELLIPSIS}"]


def _box(line: NodeLine, x: int, y: int) -> Box:
    words = _wrapped(f"{line.node.number}. {line.node.text}")
    return Box(
        x,
        y,
        BOX_WIDTH,
        len(words) * LINE + 2 * PAD,
        [(y + PAD + LINE * (place + 1) - 4, each) for place, each in enumerate(words)],
        str(line.node.standing),
        line.node.number,
        str(Branch(line.node.branch).label) if line.node.branch else "",
    )


def _tree(roots: Sequence[NodeLine]) -> Picture:
    """Return the causes from left to right, what lies under a node to its right."""
    drawn = Picture()

    def place(line: NodeLine, depth: int, top: int) -> tuple[Box, int]:
        x = depth * (BOX_WIDTH + GAP_X) + 1
        below, children = top, []
        for under in line.children:
            box, below = place(under, depth + 1, below)
            children.append(box)
        own = _box(line, x, 0)
        middle = (
            (children[0].y + children[-1].y + children[-1].height) // 2 if children else top + own.height // 2
        )
        own = _box(line, x, max(top, middle - own.height // 2))
        drawn.boxes.append(own)
        drawn.width = max(drawn.width, x + BOX_WIDTH + 2)
        for child in children:
            drawn.lines.append((x + BOX_WIDTH, own.y + own.height // 2, child.x, child.y + child.height // 2))
        foot = own.y + own.height
        if own.gate:
            foot += LINE
            drawn.words.append((x + PAD, foot - 2, "start", own.gate))
        return own, max(below, foot + GAP_Y)

    top = 2
    for root in roots:
        _box_of_root, top = place(root, 0, top)
    drawn.height = top
    return drawn


def _fishbone(found: InquiryDetail) -> Picture:
    """Return six bones on a spine that leads to the question, three above it and three below."""
    by_branch: dict[str, list[NodeLine]] = {each: [] for each in SIX_M}
    for line in found.roots:
        by_branch[line.node.branch].append(line)
    stacks = {each: _stack(lines) for each, lines in by_branch.items()}
    above = max(LINE * 2, *(stacks[each] for each in SIX_M[:3])) + 30
    below = max(LINE * 2, *(stacks[each] for each in SIX_M[3:])) + 30
    step = BOX_WIDTH + 60
    drawn = Picture(width=3 * step + BOX_WIDTH + 10, height=above + below + 8)
    spine = above + 4
    head = _wrapped(str(found.inquiry.title))
    drawn.lines.append((0, spine, 3 * step + 6, spine))
    drawn.boxes.append(
        Box(
            3 * step + 6,
            spine - (len(head) * LINE) // 2 - PAD,
            BOX_WIDTH,
            len(head) * LINE + 2 * PAD,
            [
                (spine - (len(head) * LINE) // 2 + LINE * (place + 1) - 4, each)
                for place, each in enumerate(head)
            ],
            "question",
            0,
        )
    )
    for place, branch in enumerate(SIX_M):
        column, is_above = place % 3, place < 3  # noqa: PLR2004 - three bones above, three below
        x = column * step
        title_y = 14 if is_above else drawn.height - 6
        drawn.words.append((x, title_y, "start", str(branch.label)))
        ends = (18, spine) if is_above else (drawn.height - 20, spine)
        drawn.lines.append((x + BOX_WIDTH + 6, ends[0], x + BOX_WIDTH + 50, ends[1]))
        y = 24 if is_above else spine + 12
        for line in _under(by_branch[branch]):
            box = _box(line, x, y)
            drawn.boxes.append(box)
            y += box.height + 6
    return drawn


def _under(lines: Sequence[NodeLine]) -> list[NodeLine]:
    return [each for line in lines for each in (line, *_under(line.children))]


def _stack(lines: Sequence[NodeLine]) -> int:
    return sum(_box(each, 0, 0).height + 6 for each in _under(lines))


def _timeline(roots: Sequence[NodeLine], zone: str) -> Picture:
    """Return the lines one under the other, each beside its time."""
    here = ZoneInfo(zone)
    drawn, y, left = Picture(width=WIDTH_LEAST), 4, 144
    day = ""
    for line in roots:
        at: datetime = (line.node.at or line.node.given_at).astimezone(here)
        words = _wrapped(f"{line.node.number}. {line.node.text}", 62)
        height = len(words) * LINE + 2 * PAD
        box = Box(
            left + 20,
            y,
            WIDTH_LEAST - left - 24,
            height,
            [(y + PAD + LINE * (place + 1) - 4, each) for place, each in enumerate(words)],
            str(line.node.standing),
            line.node.number,
        )
        drawn.boxes.append(box)
        middle = y + height // 2
        drawn.lines.append((left, middle, left + 20, middle))
        today = f"{at:%Y-%m-%d}"
        drawn.words.append(
            (left - 8, middle + 4, "end", f"{today} {at:%H:%M}" if today != day else f"{at:%H:%M}")
        )
        day, y = today, y + height + 10
    drawn.height = y
    drawn.lines.append((left, 4, left, y - 10))
    return drawn
