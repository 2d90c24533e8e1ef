"""Linear conversions of whole columns between the units of `batches.units`."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from batches.replay.arrays import Floats
from batches.units import UNITS, canonical

SIGNIFICANT_DIGITS: Final = 12


@dataclass(frozen=True, slots=True)
class Conversion:
    """A linear way from the unit of a file to the unit of a parameter."""

    factor: float = 1.0
    offset: float = 0.0

    @property
    def changes(self) -> bool:
        return (self.factor, self.offset) != (1.0, 0.0)

    def after(self, scale: float, offset: float) -> "Conversion":
        """Give the conversion of values that are first scaled and shifted."""
        return Conversion(scale * self.factor, offset * self.factor + self.offset)

    def apply(self, values: Floats) -> Floats:
        """Convert, and cut the digits that arithmetic adds: 297.1 K is 23.95, not 23.950000000000045."""
        return significant(values * self.factor + self.offset) if self.changes else values


def find_conversion(given: str, wanted: str) -> Conversion | None:
    """Find the way from one unit to another; None when they do not measure the same."""
    source, target = canonical(given), canonical(wanted)
    if source == target:
        return Conversion()
    if source not in UNITS or target not in UNITS:
        return None
    (quantity, factor, offset), (other, other_factor, other_offset) = UNITS[source], UNITS[target]
    if quantity != other:
        return None
    return Conversion(factor / other_factor, (offset - other_offset) / other_factor)


def significant(values: Floats) -> Floats:
    """Round to 12 significant digits, so that small numbers stay themselves and never become zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(values)))
    usable = np.isfinite(size) & (np.abs(size) < 290)  # noqa: PLR2004 - a power of ten beyond it overflows
    scale = 10.0 ** np.where(usable, SIGNIFICANT_DIGITS - 1 - size, 0.0)
    rounded: Floats = np.where(usable, np.round(values * scale) / scale, values)
    return rounded
