"""Quantiles of the laws that control limits come from, to about ten digits."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Final

_TINY: Final = 1e-300
_STEPS: Final = 500
_CLOSE: Final = 1e-15


def normal(share: float) -> float:
    """Return the value that a standard normal one stays below with this probability."""
    return NormalDist().inv_cdf(share)


def chi_square(share: float, freedom: float) -> float:
    """Return the quantile of chi-square; `freedom` need not be whole."""
    return _solve(lambda value: _gamma_share(freedom / 2, value / 2), share, freedom)


def fisher(share: float, above: float, below: float) -> float:
    """Return the quantile of F with `above` and `below` degrees of freedom."""
    return _solve(
        lambda value: _beta_share(above / 2, below / 2, above * value / (above * value + below)), share, 1.0
    )


def student(share: float, freedom: float) -> float:
    """Return the upper quantile of Student's t, for a share of at least one half."""
    return math.sqrt(fisher(2 * share - 1, 1, freedom))


def _solve(law: Callable[[float], float], share: float, guess: float) -> float:
    if not 0 < share < 1:
        raise ValueError("A share lies between 0 and 1.")
    low, high = 0.0, guess
    while law(high) < share:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if law(middle) < share else (low, middle)
    return (low + high) / 2


def _gamma_share(shape: float, value: float) -> float:
    """Return the regularised lower incomplete gamma function: by series, or by fraction far out."""
    if value <= 0:
        return 0.0
    scale = math.exp(shape * math.log(value) - value - math.lgamma(shape))
    if value < shape + 1:
        term = total = 1 / shape
        for step in range(1, _STEPS * 20):
            term *= value / (shape + step)
            total += term
            if term < total * 1e-16:
                break
        return total * scale
    return 1 - scale * _fraction(
        value + 1 - shape, lambda step: (-step * (step - shape), value + 1 - shape + 2 * step)
    )


def _beta_share(one: float, other: float, value: float) -> float:
    """Return the regularised incomplete beta function."""
    if value <= 0 or value >= 1:
        return float(value >= 1)
    if value > (one + 1) / (one + other + 2):
        return 1 - _beta_share(other, one, 1 - value)
    scale = math.exp(
        math.lgamma(one + other)
        - math.lgamma(one)
        - math.lgamma(other)
        + one * math.log(value)
        + other * math.log1p(-value)
    )

    def part(step: int) -> tuple[float, float]:
        half = step // 2
        place = one + 2 * half
        if step % 2:
            return -(one + half) * (one + other + half) * value / (place * (place + 1)), 1.0
        return half * (other - half) * value / ((place - 1) * place), 1.0

    return scale / one * _fraction(1.0, part)


def _fraction(first: float, part: Callable[[int], tuple[float, float]]) -> float:
    """Return 1 over a continued fraction (Lentz); `part(n)` gives the n-th numerator and denominator."""
    up, down = 1 / _TINY, 1 / (first or _TINY)
    result = down
    for step in range(1, _STEPS):
        top, bottom = part(step)
        down = 1 / ((bottom + top * down) or _TINY)
        up = (bottom + top / up) or _TINY
        result *= up * down
        if abs(up * down - 1) < _CLOSE:
            break
    return result
