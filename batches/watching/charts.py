"""Control charts: Shewhart, EWMA and CUSUM, and what keeps neighbours that repeat each other from flooding.

Sources: Montgomery, Introduction to Statistical Quality Control, 7th ed., 6.2, 9.1, 9.2; Runger, Willemain,
Quality Engineering 8 (1996), on means of batches of autocorrelated readings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A normal law's spread in terms of its median absolute deviation.
MAD_TO_SIGMA: Final = 1.4826
# The mean range of 2, 3, ... 10 standard normal values (d2), as the textbooks print it.
RANGE_TO_SIGMA: Final = (1.128, 1.693, 2.059, 2.326, 2.534, 2.704, 2.847, 2.970, 3.078)
# From here on neighbours repeat each other too much for limits that take them as independent.
CORRELATION_TOLERATED: Final = 0.2
FEWEST_BLOCKS: Final = 12


@dataclass(frozen=True, slots=True)
class Shewhart:
    """The centre, spread and three-sigma limits of the means of equal groups."""

    centre: float
    sigma: float
    low: float
    high: float


def of_values(values: Floats) -> Shewhart:
    """Return the limits for single values that follow no order: their mean and sample standard deviation."""
    centre, sigma = float(values.mean()), float(values.std(ddof=1))
    return Shewhart(centre, sigma, centre - 3 * sigma, centre + 3 * sigma)


def of_means(groups: Floats) -> Shewhart:
    """Return the limits for the means of groups (one a row).

    The spread within comes from the mean range up to ten values a group, from the mean of unbiased standard
    deviations beyond (Montgomery 6.2 and 6.3, equal sizes).
    """
    size = groups.shape[1]
    if size - 2 < len(RANGE_TO_SIGMA):
        sigma = float(np.ptp(groups, axis=1).mean()) / RANGE_TO_SIGMA[size - 2]
    else:
        unbiased = math.sqrt(2 / (size - 1)) * math.exp(math.lgamma(size / 2) - math.lgamma((size - 1) / 2))
        sigma = float(groups.std(axis=1, ddof=1).mean()) / unbiased
    centre, reach = float(groups.mean()), 3 * sigma / math.sqrt(size)
    return Shewhart(centre, sigma, centre - reach, centre + reach)


def robust_sigma(values: Floats) -> float:
    """Return the spread that the middle of the values has; a few wild ones do not widen it."""
    return float(MAD_TO_SIGMA * np.median(np.abs(values - np.median(values)))) if len(values) else 0.0


def ewma(scores: Floats, weight: float) -> Floats:
    """Return the exponentially weighted mean of standardised values, begun at 0, over its own growing spread.

    Beyond 3 is news at any point: the limits of the first points are as much narrower as they should be. A
    missing value (NaN) leaves the mean where it is.
    """
    means, mean, left = np.empty(len(scores)), 0.0, 1.0
    asymptotic = weight / (2 - weight)
    for place, score in enumerate(scores.tolist()):
        if score == score:  # noqa: PLR0124  # only a missing value differs from itself
            mean += weight * (score - mean)
            left *= (1 - weight) ** 2
        spread = math.sqrt(asymptotic * (1 - left))
        means[place] = mean / spread if spread else 0.0
    return means


def cusum(scores: Floats, slack: float, bar: float = math.inf) -> tuple[Floats, Floats]:
    """Return the sums upward and downward of standardised values, each beyond `slack`, never below 0.

    A sum beyond `bar` is shown once and begins again at 0 (Montgomery 9.1.2), so that what is over does not
    go on sounding.
    """
    ups, downs = np.empty(len(scores)), np.empty(len(scores))
    up = down = 0.0
    for place, score in enumerate(scores.tolist()):
        up, down = (0.0 if up > bar else up), (0.0 if down > bar else down)
        if score == score:  # noqa: PLR0124  # only a missing value differs from itself
            up, down = max(0.0, up + score - slack), max(0.0, down - score - slack)
        ups[place], downs[place] = up, down
    return ups, downs


def correlation(rows: Floats) -> float:
    """Return how far each value tells the next one in its row: -1 to 1, 0 for values that never change.

    Rows are runs; one run's end tells nothing of another's start. Missing values (NaN) are passed over.
    """
    centred = rows - np.nanmean(rows)
    products = centred[:, 1:] * centred[:, :-1]
    squares = np.nansum(centred**2)
    pairs, count = np.isfinite(products).sum(), np.isfinite(centred).sum()
    if squares <= 0 or not pairs:
        return 0.0
    return float(np.clip(np.nansum(products) / pairs * count / squares, -1, 1))


def medians(rows: Floats, width: int) -> Floats:
    """Return the median of each full block of `width` values along the rows, NaN for one mostly missing."""
    blocks = rows.shape[1] // width
    cut = rows[:, : blocks * width].reshape(rows.shape[0], blocks, width)
    present = np.isfinite(cut).sum(axis=2)
    filled = np.where(np.isfinite(cut).any(axis=2, keepdims=True), cut, 0.0)
    found = np.nanmedian(filled, axis=2) if blocks else np.empty((rows.shape[0], 0))
    return np.where(2 * present >= width, found, np.nan)


def block_width(rows: Floats, widest: int, even: Callable[[Floats], Floats]) -> int | None:
    """Return the narrowest block (1, 2, 4, ...) whose neighbours no longer repeat each other.

    `even` brings the medians of blocks to one scale first. None if neighbours repeat each other at every
    width up to `widest`: such a line wanders, and has no level to keep to.
    """
    width = 1
    while width <= widest and rows.shape[1] // width >= FEWEST_BLOCKS:
        if abs(correlation(even(medians(rows, width)))) <= CORRELATION_TOLERATED:
            return width
        width *= 2
    return None
