"""How interventions stand against what a media fill qualified; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from batches.aseptic.states import InterventionKind, Qualified

PER_VIALS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One intervention that a media fill simulated: how often at most, and how long at most in seconds."""

    code: str
    title: str
    kind: str
    most: int
    longest_s: int


@dataclass(frozen=True, slots=True)
class Done:
    """One intervention as it was done."""

    code: str
    seconds: int


def lines_of(stated: Sequence[Mapping[str, Any]]) -> dict[str, Line]:
    """Return the list of a media fill by code, from how it is kept."""
    return {each["code"]: Line(**each) for each in stated}


def judge(done: Sequence[Done], lines: Mapping[str, Line] | None) -> list[Qualified]:
    """Return how each of them stands, in their order; the one beyond the number qualified is too often."""
    counts: dict[str, int] = {}
    found = []
    for each in done:
        counts[each.code] = counts.get(each.code, 0) + 1
        found.append(_one(each, counts[each.code], lines))
    return found


def _one(each: Done, count: int, lines: Mapping[str, Line] | None) -> Qualified:
    if lines is None:
        return Qualified.NO_LIST
    line = lines.get(each.code)
    if line is None:
        return Qualified.UNKNOWN
    if each.seconds > line.longest_s:
        return Qualified.LONGER
    return Qualified.OFTENER if count > line.most else Qualified.YES


def rate(kinds: Iterable[str], vials: int | None) -> Decimal | None:
    """Return corrective interventions to 10,000 vials, None before anything was filled."""
    corrective = sum(1 for each in kinds if each == InterventionKind.CORRECTIVE)
    if not vials:
        return None
    return (Decimal(corrective * PER_VIALS) / vials).quantize(Decimal("0.1"))
