"""The course of a limit as one cell of text: `0 36.0 37.0; 14400 33.5 34.5`, a side that is open as `-`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Json = dict[str, Any]
OPEN: Final = "-"
PARTS: Final = 3


def course_text(knots: Sequence[Mapping[str, Any]]) -> str:
    """Return the knots of format 1 as text."""
    return "; ".join(f"{each['at_s']} {each.get('low', OPEN)} {each.get('high', OPEN)}" for each in knots)


def read_course(text: str) -> list[Json] | str:
    """Return the knots that a text holds; what is none stays as it is, for the schema to refuse."""
    knots: list[Json] = []
    for part in text.split(";"):
        words = part.split()
        if len(words) != PARTS or not words[0].isdecimal():
            return text
        ends = zip(("low", "high"), words[1:], strict=True)
        knots.append({"at_s": int(words[0]), **{name: end for name, end in ends if end != OPEN}})
    return knots
