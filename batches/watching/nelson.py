"""The eight rules of Nelson for a control chart, in one stated dialect.

- Centre and sigma come from reference values, sigma as the sample standard deviation (n - 1) or better; they
  are not taken from the points judged, unless whoever calls does so.
- "Beyond" is strict: a point exactly at 3 sigma is inside; one exactly at the centre is on no side.
- A rule speaks at the point that completes it, and again at each later point that still does; for rules 5
  and 6 that point must itself be among those beyond.
- Rules 3 and 4 count points: 6 in a steady row, 14 in turns; equal neighbours break both.

The rules take points as independent. Feed them block medians that are (`charts.block_width`), not the raw
readings of a sensor, which follow each other and would break rules 2 and 3 all day.

Source: L. S. Nelson, Journal of Quality Technology 16 (1984) 237-239.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]


def judge(values: Floats, centre: float, sigma: float, rules: tuple[int, ...] = ()) -> dict[int, Marks]:
    """Say for each rule (all eight, if none are named) at which points it speaks."""
    # Without any spread whatever differs is beyond everything.
    scores = (values - centre) / max(sigma, float(np.finfo(np.float64).tiny))
    return {rule: RULES[rule](scores) for rule in rules or tuple(RULES)}


def _counts(marks: Marks, window: int) -> NDArray[np.int64]:
    """Return how many of the last `window` points up to each one are marked; 0 before there are as many."""
    sums = np.concatenate(([0], np.cumsum(marks)))
    counts = np.zeros(len(marks), dtype=np.int64)
    if len(marks) >= window:
        counts[window - 1 :] = sums[window:] - sums[:-window]
    return counts


def _all(marks: Marks, window: int) -> Marks:
    return np.asarray(_counts(marks, window) == window)


def _beyond(scores: Floats, reach: float, need: int, window: int) -> Marks:
    """At least `need` of the last `window` points beyond on one side, the last one among them."""
    found = np.zeros(len(scores), dtype=bool)
    for side in (scores, -scores):
        marks = side > reach
        # The first points have fewer neighbours than the window and may speak all the same.
        padded = np.concatenate((np.zeros(window - 1, dtype=bool), marks))
        found |= marks & (_counts(padded, window)[window - 1 :] >= need)
    return found


def _steady(scores: Floats) -> Marks:
    steps = np.diff(scores, prepend=np.nan)
    return _all(steps > 0, 5) | _all(steps < 0, 5)


def _in_turns(scores: Floats) -> Marks:
    steps = np.sign(np.diff(scores, prepend=np.nan))
    return _all(np.diff(steps, prepend=np.nan) * steps > 1, 12)


RULES: Final[Mapping[int, Callable[[Floats], Marks]]] = {
    1: lambda scores: np.abs(scores) > 3,  # noqa: PLR2004  # the rule's own number
    2: lambda scores: _all(scores > 0, 9) | _all(scores < 0, 9),
    3: _steady,
    4: _in_turns,
    5: lambda scores: _beyond(scores, 2, 2, 3),
    6: lambda scores: _beyond(scores, 1, 4, 5),
    7: lambda scores: _all(np.abs(scores) < 1, 15),
    8: lambda scores: _all(np.abs(scores) > 1, 8),
}
