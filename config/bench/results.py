"""What a measurement says: the product's figure, the raw limit of the same run, their ratio, and the goal."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the bench; `limit` and `ratio` are None where no raw limit stands beside it.

    `goal` is met by `ratio` where `by_ratio` says so, else by `value`; `more_is_better` turns the comparison.
    """

    name: str
    unit: str
    value: float
    limit: float | None = None
    goal: float | None = None
    more_is_better: bool = False
    by_ratio: bool = False

    @property
    def ratio(self) -> float | None:
        """Return value over limit."""
        return round(self.value / self.limit, 3) if self.limit else None

    @property
    def is_ok(self) -> bool:
        """Say whether the goal is met; without a goal it is."""
        judged = self.ratio if self.by_ratio else self.value
        if self.goal is None or judged is None:
            return True
        return judged >= self.goal if self.more_is_better else judged <= self.goal

    def as_row(self) -> dict[str, Any]:
        """Return the JSON members of the contract."""
        return {
            "name": self.name,
            "unit": self.unit,
            "value": round(self.value, 2),
            "limit": None if self.limit is None else round(self.limit, 2),
            "ratio": self.ratio,
            "goal": self.goal,
            "ok": self.is_ok,
        }


def median_of(runs: Sequence[Sequence[Figure]]) -> list[Figure]:
    """Return one figure per name: the median of value and of limit over the runs."""
    found = []
    for same in zip(*runs, strict=True):
        limits = [each.limit for each in same if each.limit is not None]
        values = asdict(same[0]) | {"value": statistics.median(each.value for each in same)}
        values["limit"] = statistics.median(limits) if limits else None
        found.append(Figure(**values))
    return found


def percentile(values: Sequence[float], share: int) -> float:
    """Return the percentile, 1..99."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]
