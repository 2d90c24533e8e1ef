"""Noise without memory: each value follows from seed, name and time alone.

A stream of random numbers would give other values whenever a window starts elsewhere. Hashing the
time instead lets loaded history and the live feed join without a seam, and a restart repeat itself.
"""

import hashlib
import math
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

# The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads neighbouring indices.
GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
MIX_A: Final = np.uint64(0xBF58476D1CE4E5B9)
MIX_B: Final = np.uint64(0x94D049BB133111EB)

QUARTERS: Final = 4
BITS_PER_QUARTER: Final = 16


def stream(seed: int, name: str) -> np.uint64:
    """Give the noise of one signal its own key."""
    digest = hashlib.blake2b(f"{seed}:{name}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "big"))


def spread(key: np.uint64, index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Hash each index to 64 even bits."""
    mixed = np.atleast_1d(index).astype(np.uint64) * GOLDEN + key
    mixed = (mixed ^ (mixed >> np.uint64(30))) * MIX_A
    mixed = (mixed ^ (mixed >> np.uint64(27))) * MIX_B
    return mixed ^ (mixed >> np.uint64(31))


def uniform(key: np.uint64, index: NDArray[np.int64]) -> Floats:
    """Draw one number in [0, 1) for each index."""
    return (spread(key, index) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def bell(key: np.uint64, index: NDArray[np.int64]) -> Floats:
    """Draw one number of mean 0 and deviation 1 for each index, never beyond +/- 3.47.

    The sum of four even numbers is close to a normal one and has ends, so that calm stays inside its limits.
    """
    mixed = spread(key, index)
    total = np.zeros(mixed.shape)
    for quarter in range(QUARTERS):
        part = (mixed >> np.uint64(BITS_PER_QUARTER * quarter)) & np.uint64(0xFFFF)
        total += part.astype(np.float64) / (1 << BITS_PER_QUARTER)
    return (total - QUARTERS / 2) * math.sqrt(12 / QUARTERS)


def hiss(key: np.uint64, at_s: Floats) -> Floats:
    """Give white noise of deviation 1, one value a second."""
    return bell(key, np.rint(at_s).astype(np.int64))


def wander(key: np.uint64, at_s: Floats, period_s: float) -> Floats:
    """Give slow noise of deviation below 1 that turns about once in `period_s`."""
    place = at_s / period_s
    before = np.floor(place).astype(np.int64)
    part = place - before
    eased = part * part * (3 - 2 * part)
    value: Floats = bell(key, before) * (1 - eased) + bell(key, before + 1) * eased
    return value
