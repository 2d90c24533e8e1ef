"""Turning the cells of a column into numbers; what is no number is missing or refused, never zero."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from batches.replay.arrays import Floats
from batches.replay.maps import MISSING, ColumnRule

NOT_A_NUMBER, NOT_FINITE, IMPLAUSIBLE = "not_a_number", "not_finite", "implausible"


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a column in one block: NaN where there is none; which of those are refused, and why."""

    values: Floats
    missing: int
    refused: dict[int, tuple[str, str]]  # row -> code, detail


def read_numbers(cells: Sequence[str], rule: ColumnRule, *, decimal: str = ".") -> Numbers:
    """Read the cells of one column, as the file writes them."""
    refused: dict[int, tuple[str, str]] = {}
    # A marker of the map's own may look like a number, so each cell is asked.
    values = _all_at_once(cells, decimal) if rule.missing <= MISSING else None
    missing = 0
    if values is None:
        values = np.full(len(cells), np.nan)
        for row, cell in enumerate(cells):
            text = cell.strip()
            if text.lower() in rule.missing:
                missing += 1
            else:
                values[row] = _one(text, decimal, row, refused)
    _refuse_implausible(values, rule, refused)
    return Numbers(values, missing, refused)


def _all_at_once(cells: Sequence[str], decimal: str) -> Floats | None:
    """Read a block without faults in one go; None when any cell needs to be looked at alone."""
    if decimal != ".":
        return None
    try:
        values = np.array(cells, dtype=np.float64)
    except ValueError:
        return None
    return values if np.isfinite(values).all() and not any("_" in cell for cell in cells) else None


def _one(text: str, decimal: str, row: int, refused: dict[int, tuple[str, str]]) -> float:
    plain = text if decimal == "." else text.replace(".", "?").replace(decimal, ".")
    try:
        value = math.nan if "_" in plain else float(plain)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    if math.isinf(value):
        refused[row] = (NOT_FINITE, f"{text[:40]!r} is not finite")
    else:
        refused[row] = (NOT_A_NUMBER, f"{text[:40]!r} is no number")
    return math.nan


def _refuse_implausible(values: Floats, rule: ColumnRule, refused: dict[int, tuple[str, str]]) -> None:
    if rule.plausible is None:
        return
    low, high = rule.plausible
    for row in np.flatnonzero((values < low) | (values > high)).tolist():
        refused[row] = (
            IMPLAUSIBLE,
            f"{values[row]:g} is outside {low:g} to {high:g}, which the map calls plausible",
        )
        values[row] = np.nan
