"""Principal components of rows that belong together, with Hotelling's T2 and the squared prediction error.

Sources: Jackson and Mudholkar, Technometrics 21 (1979) 341-349 (limit of SPE); MacGregor and Kourti, Control
Engineering Practice 3 (1995) 403-414 (limit of T2, contributions); Horn, Psychometrika 30 (1965) 179-185
(how many components); Russell, Chiang and Braatz, Chemometrics 51 (2000) 81-93 (limits from normal rows that
were not learned from).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batches.watching import quantiles

Floats = NDArray[np.float64]

# Horn's comparison draws rows without any pattern; from a fixed seed, so that a model is the same each time.
HORN_DRAWS: Final = 40
HORN_SEED: Final = 18
HORN_SHARE: Final = 0.95
# A variance of no more than this is rounding.
NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Plane:
    """A model of normal rows: centre and scale of each column, directions, and their variances.

    `t2_bar` and `spe_bar` are crossed by the stated share of normal rows.
    """

    centre: Floats
    scale: Floats
    directions: Floats
    variances: Floats
    t2_bar: float
    spe_bar: float

    def scaled(self, rows: Floats) -> Floats:
        """Return rows in units of their columns; one that never changed counts nothing."""
        return np.where(self.scale > 0, (rows - self.centre) / np.where(self.scale > 0, self.scale, 1.0), 0.0)

    def judge(self, rows: Floats) -> tuple[Floats, Floats]:
        """Return T2 and SPE of each row."""
        scaled = self.scaled(rows)
        scores = scaled @ self.directions
        rest = scaled - scores @ self.directions.T
        return (scores**2 / self.variances).sum(axis=1), (rest**2).sum(axis=1)

    def shares(self, row: Floats) -> tuple[Floats, Floats]:
        """Say how much each column contributes to the T2 and to the SPE of one row; they add up to them."""
        scaled = self.scaled(row[None, :])[0]
        scores = scaled @ self.directions
        to_t2 = scaled * (self.directions @ (scores / self.variances))
        return to_t2, (scaled - self.directions @ scores) ** 2


def learn_plane(rows: Floats, *, components: int | None = None, alarms: float = 0.01) -> Plane:
    """Learn from normal rows; `alarms` is the share of normal rows that may cross each bar.

    Without a number of components as many are kept as tell more than rows without pattern would (Horn).
    """
    count = len(rows)
    centre, scale = rows.mean(axis=0), rows.std(axis=0, ddof=1)
    scale = np.where(scale > 1e-9 * np.abs(centre), scale, 0.0)
    blank = Plane(centre, scale, np.empty((rows.shape[1], 0)), np.empty(0), math.inf, math.inf)
    _, singular, vectors = np.linalg.svd(blank.scaled(rows), full_matrices=False)
    variances = singular**2 / (count - 1)
    kept = components if components is not None else _horn(variances, count, int((scale > 0).sum()))
    kept = max(1, min(kept, count - 2, int((variances > NOTHING).sum())))
    return replace(
        blank,
        directions=signed(vectors[:kept].T),
        variances=variances[:kept],
        t2_bar=t2_bar(count, kept, alarms),
        spe_bar=_spe_bar(variances[kept:], alarms),
    )


def calibrated(plane: Plane, rows: Floats, *, alarms: float = 0.01) -> Plane:
    """Set the bars by normal rows that the plane was not learned from: the given share of them crosses."""
    t2, spe = plane.judge(rows)
    place = max(1, round(alarms * len(rows)))
    return replace(plane, t2_bar=float(np.sort(t2)[-place]), spe_bar=float(np.sort(spe)[-place]))


def t2_bar(count: int, components: int, alarms: float) -> float:
    """Return the limit of T2 for a new row, when `count` rows were learned from."""
    factor = components * (count**2 - 1) / (count * (count - components))
    return factor * quantiles.fisher(1 - alarms, components, count - components)


def _spe_bar(left: Floats, alarms: float) -> float:
    first, second, third = (float((left**power).sum()) for power in (1, 2, 3))
    if second <= 0:
        return 0.0
    power = 1 - 2 * first * third / (3 * second**2)
    reach = quantiles.normal(1 - alarms) * math.sqrt(2 * second * power**2)
    return first * float((reach / first + 1 + second * power * (power - 1) / first**2) ** (1 / power))


def _horn(variances: Floats, count: int, columns: int) -> int:
    draw = np.random.default_rng(HORN_SEED)
    chance = np.quantile(
        [_without_pattern(draw.standard_normal((count, columns))) for _ in range(HORN_DRAWS)],
        HORN_SHARE,
        axis=0,
    )
    telling = variances[: len(chance)] > chance[: len(variances)]
    return int(telling.argmin()) if not telling.all() else len(telling)


def _without_pattern(rows: Floats) -> Floats:
    return np.asarray(np.linalg.eigvalsh(np.corrcoef(rows, rowvar=False))[::-1][: len(rows) - 1])


def signed(directions: Floats) -> Floats:
    """Turn each direction so that its largest part is positive: which way it points is an accident."""
    largest = np.abs(directions).argmax(axis=0)
    return np.asarray(directions * np.sign(directions[largest, np.arange(directions.shape[1])]))
