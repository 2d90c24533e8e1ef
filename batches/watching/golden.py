"""The golden batch: all parameters of good batches over all phases at once, as one plane.

Each reference batch is one row, unfolded: every parameter at every place of the grid. A running batch is
judged by what it has shown so far: the scores it most likely will have are those that fit the known part best
with the variances of good batches as their prior, T2 says how unusual they are, and SPE how far the last few
places lie off what the scores explain, each parameter in units of what it usually lies off. The bars come
from reference batches left out, so that a good batch crosses any of them anywhere at most as often as
`ALARMS` says.

Sources: Nomikos and MacGregor, Technometrics 37 (1995) 41-59; Nelson, Taylor and MacGregor, Chemometrics 35
(1996) 45-65 (missing part, projection).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batches.watching import plane

Floats = NDArray[np.float64]

FEWEST_BATCHES: Final = 20
FEWEST_PLACES: Final = 2
# A good batch crosses a bar anywhere in its course at most this often, as far as so many batches can say.
ALARMS: Final = 0.05
# A component is worth its place when it tells more than this share of what the batches differ in.
TELLING: Final = 0.05
COMPONENTS_AT_MOST: Final = 8
# SPE is taken over this share of the grid up to a place, so that one value makes no alarm.
RECENT: Final = 1 / 40
# Below this many of the batches at a place there is nothing to compare with.
SHARE_PRESENT: Final = 0.9
# What is usual at a place is taken from this share of the grid on either side.
NEIGHBOURHOOD: Final = 0.05
# A bar lies at least so many spreads above the usual, and a spread of logarithms is at least this.
LEAST_REACH: Final = 2.0
LEAST_SPREAD: Final = 0.1
# No column counts more than its parameter's usual spread allows: where all batches agreed by chance, a hair's
# breadth is no news.
LEAST_OF_SPREAD: Final = 0.25


@dataclass(frozen=True, slots=True)
class Golden:
    """The plane of unfolded batches, parameters by places, and the bars at each place.

    `places` are those of the grid that enough batches reached; all arrays run over them.
    """

    codes: tuple[str, ...]
    places: NDArray[np.int64]
    centre: Floats
    scale: Floats
    directions: Floats
    variances: Floats
    rest: float
    t2_bar: Floats
    spe_bar: Floats
    noise: Floats


@dataclass(frozen=True, slots=True)
class Verdict:
    """T2 and SPE of a batch at each of the golden places it has reached, over their bars: above 1 is news.

    The shares say, place by place, how much of either each parameter makes.
    """

    t2: Floats
    spe: Floats
    t2_shares: Floats
    spe_shares: Floats


def learn_golden(codes: tuple[str, ...], tables: Floats) -> Golden | None:
    """Learn from reference batches, an array of batches by parameters by places; None if they are too few."""
    if len(tables) < FEWEST_BATCHES:
        return None
    present = np.isfinite(tables).all(axis=1).mean(axis=0) >= SHARE_PRESENT
    places = np.flatnonzero(present)
    if len(places) < FEWEST_PLACES:
        return None
    known = _filled(tables[:, :, places])
    model = _plane(codes, known)
    left_out = [_left_out(codes, known, each) for each in range(len(known))]
    parts = np.stack([each.spe_shares for each in left_out])
    noise = np.maximum(parts.mean(axis=(0, 1)), 1e-9)
    t2, spe = np.stack([each.t2 for each in left_out]), (parts / noise).sum(axis=2)
    return replace(model, places=places, t2_bar=_bars(t2), spe_bar=_bars(spe), noise=noise)


def judge(golden: Golden, table: Floats) -> Verdict:
    """Judge a batch so far, parameters by places; a value missing in between counts as the usual one."""
    shown = table[:, golden.places]
    gone = int(np.flatnonzero(np.isfinite(shown).any(axis=0)).max(initial=-1)) + 1
    scaled = np.nan_to_num((shown[:, :gone] - golden.centre[:, :gone]) / golden.scale[:, :gone], nan=0.0)
    window = max(2, int(len(golden.places) * RECENT))
    count, kept = len(golden.codes), golden.directions.shape[2]
    prior = golden.rest * np.diag(1 / golden.variances)
    gram, seen = np.zeros((kept, kept)), np.zeros(kept)
    t2 = np.empty(gone)
    t2_shares, spe_shares = np.empty((gone, count)), np.empty((gone, count))
    for place in range(gone):
        part = golden.directions[:, place]
        gram += part.T @ part
        seen += part.T @ scaled[:, place]
        solver = np.linalg.inv(gram + prior)
        scores = solver @ seen
        weight = solver @ (scores / golden.variances)
        first = max(0, place - window + 1)
        rest = scaled[:, first : place + 1] - golden.directions[:, first : place + 1] @ scores
        t2[place] = scores @ (scores / golden.variances)
        t2_shares[place] = ((golden.directions[:, : place + 1] @ weight) * scaled[:, : place + 1]).sum(axis=1)
        spe_shares[place] = (rest**2).mean(axis=1) / golden.noise
    spe = spe_shares.sum(axis=1)
    return Verdict(t2 / golden.t2_bar[:gone], spe / golden.spe_bar[:gone], t2_shares, spe_shares)


def _left_out(codes: tuple[str, ...], known: Floats, each: int) -> Verdict:
    return judge(_plane(codes, np.delete(known, each, axis=0)), known[each])


def _plane(codes: tuple[str, ...], known: Floats) -> Golden:
    count, parameters, reached = known.shape
    centre = known.mean(axis=0)
    spread = known.std(axis=0, ddof=1)
    usual = np.sqrt((spread**2).mean(axis=1, keepdims=True))
    scale = np.maximum(spread, LEAST_OF_SPREAD * usual)
    size = np.abs(centre).max(axis=1, keepdims=True)
    scale = np.maximum(scale, np.maximum(1e-6 * size, 1e-12))
    unfolded = ((known - centre) / scale).reshape(count, -1)
    _, singular, vectors = np.linalg.svd(unfolded, full_matrices=False)
    variances = singular**2 / (count - 1)
    total = float(variances.sum()) or 1.0
    kept = max(1, min(COMPONENTS_AT_MOST, count // 4, int((variances > TELLING * total).sum())))
    rest = max(float(variances[kept:].sum()) / unfolded.shape[1], 1e-9)
    directions = plane.signed(vectors[:kept].T).reshape(parameters, reached, kept)
    bars = np.ones(reached)
    told = np.maximum(variances[:kept], 1e-12)
    return Golden(
        codes, np.arange(reached), centre, scale, directions, told, rest, bars, bars, np.ones(parameters)
    )


def _bars(shown: Floats) -> Floats:
    """Return the bar at each place from what batches left out show (one a row).

    It stands so many spreads of the logarithm above its mean that a batch held against the others crosses it
    anywhere as seldom as it may; held against bars it has helped to set it would seem calmer than the next
    one will be.
    """
    logs = np.log(np.maximum(shown, 1e-12))
    beyond = []
    for at, row in enumerate(logs):
        mean, spread = _usual(np.delete(logs, at, axis=0))
        beyond.append(float(((row - mean) / spread).max()))
    loudest = sorted(beyond)
    place = math.ceil((1 - ALARMS) * (len(loudest) + 1)) - 1
    # So few batches do not know so small a share: the loudest, and room for one yet louder.
    reach = loudest[place] if place < len(loudest) else loudest[-1] * (1 + 1 / len(loudest))
    mean, spread = _usual(logs)
    return np.asarray(np.exp(mean + max(reach, LEAST_REACH) * spread))


def _usual(logs: Floats) -> tuple[Floats, Floats]:
    """Return mean and spread near each place."""
    reach = max(1, int(logs.shape[1] * NEIGHBOURHOOD))
    near = np.ones(2 * reach + 1)
    count = np.convolve(np.ones(logs.shape[1]), near, "same")
    mean = np.convolve(logs.mean(axis=0), near, "same") / count
    variance = np.convolve(((logs - mean) ** 2).mean(axis=0), near, "same") / count
    return mean, np.maximum(variance**0.5, LEAST_SPREAD)


def _filled(tables: Floats) -> Floats:
    """Put the usual value where a batch has none."""
    usual = np.nanmedian(tables, axis=0)
    return np.where(np.isfinite(tables), tables, usual)
