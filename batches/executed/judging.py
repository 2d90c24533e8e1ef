"""What the rules say of a value: the limits it lies outside of, OOS by specification, OOT by earlier batches.

OOT: outside of the 99 % prediction interval for one further value, from the results of the same parameter at
the same point in earlier complete batches of the recipe (mean +- t(0.995; n-1) s sqrt(1 + 1/n)), given by at
least six and at most the last thirty of them. A spread below what the decimals can show counts as that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, stdev
from typing import Any, Final, Protocol
from uuid import UUID

from batches.states import LimitKind
from batches.watching.quantiles import student

GRAVITY: Final = (LimitKind.SPEC, LimitKind.PAR, LimitKind.ACTION, LimitKind.NOR, LimitKind.ALERT)
LEAST: Final = 6
MOST: Final = 30
SHARE: Final = 0.995


class Bounded(Protocol):
    """A limit, as far as judging goes."""

    kind: str
    phase_id: UUID | None
    low: Decimal | None
    high: Decimal | None


@dataclass(frozen=True, slots=True)
class Trend:
    """The interval in which a further result is expected, and from how many it comes."""

    low: float
    high: float
    mean: float
    count: int

    def holds(self, value: Decimal) -> bool:
        """Say whether a value is expected."""
        return self.low <= float(value) <= self.high

    def basis(self) -> dict[str, Any]:
        """Return the rule's numbers as the record keeps them."""
        return {
            "rule": "prediction interval 99 %",
            "n": self.count,
            "mean": f"{self.mean:.6g}",
            "low": f"{self.low:.6g}",
            "high": f"{self.high:.6g}",
        }


def applying(limits: Iterable[Bounded], phase_id: UUID | None) -> list[Bounded]:
    """Return the limits that hold in a phase: its own of each kind, else the general one."""
    every = list(limits)
    own = [each for each in every if each.phase_id is not None and each.phase_id == phase_id]
    kinds = {each.kind for each in own}
    return own + [each for each in every if each.phase_id is None and each.kind not in kinds]


def outside(limits: Iterable[Bounded], value: Decimal, qualifier: str = "") -> Bounded | None:
    """Return the gravest limit that a value is not inside of; a value equal to an end is inside.

    "< 5" and "> 5" are inside where any value they may stand for is: what cannot be shown to keep a limit
    does not keep it.
    """
    crossed = {each.kind: each for each in limits if not _holds(each, value, qualifier)}
    return next((crossed[kind] for kind in GRAVITY if kind in crossed), None)


def trend_of(values: Sequence[Decimal], decimals: int) -> Trend | None:
    """Return where a further value is expected, None from fewer than six."""
    count = len(values)
    if count < LEAST:
        return None
    numbers = [float(each) for each in values]
    # Half a digit is what rounding alone can hide.
    spread = max(stdev(numbers), 10.0**-decimals / math.sqrt(12))
    reach = student(SHARE, count - 1) * spread * math.sqrt(1 + 1 / count)
    mean = fmean(numbers)
    return Trend(mean - reach, mean + reach, mean, count)


def _holds(limit: Bounded, value: Decimal, qualifier: str) -> bool:
    low, high = limit.low, limit.high
    if qualifier == "<":
        return (low is None or low <= 0) and (high is None or value <= high)
    if qualifier == ">":
        return high is None and (low is None or value >= low)
    return (low is None or value >= low) and (high is None or value <= high)
