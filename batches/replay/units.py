"""Units of measurement that process files use, and the linear conversions between them."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from batches.replay.arrays import Floats

KELVIN_AT_0_C: Final = 273.15
SIGNIFICANT_DIGITS: Final = 12

# Unit -> (quantity, factor, offset): base value = value * factor + offset.
UNITS: Final[dict[str, tuple[str, float, float]]] = {
    "K": ("temperature", 1.0, 0.0),
    "degC": ("temperature", 1.0, KELVIN_AT_0_C),
    "degF": ("temperature", 5 / 9, KELVIN_AT_0_C - 32 * 5 / 9),
    "Pa": ("pressure", 1.0, 0.0),
    "hPa": ("pressure", 1e2, 0.0),
    "mbar": ("pressure", 1e2, 0.0),
    "kPa": ("pressure", 1e3, 0.0),
    "bar": ("pressure", 1e5, 0.0),
    "mmHg": ("pressure", 133.322387415, 0.0),
    "mL/min": ("flow", 6e-5, 0.0),
    "L/h": ("flow", 1e-3, 0.0),
    "L/min": ("flow", 6e-2, 0.0),
    "m3/h": ("flow", 1.0, 0.0),
    "mL": ("volume", 1e-3, 0.0),
    "L": ("volume", 1.0, 0.0),
    "m3": ("volume", 1e3, 0.0),
    "mg/L": ("concentration", 1e-3, 0.0),
    "g/L": ("concentration", 1.0, 0.0),
    "mg/mL": ("concentration", 1.0, 0.0),
    "g": ("mass", 1.0, 0.0),
    "kg": ("mass", 1e3, 0.0),
    "s": ("time", 1.0, 0.0),
    "min": ("time", 60.0, 0.0),
    "h": ("time", 3600.0, 0.0),
    "N": ("force", 1.0, 0.0),
    "kN": ("force", 1e3, 0.0),
    "rpm": ("speed", 1.0, 0.0),
    "%": ("share", 1e-2, 0.0),
    "mPa.s": ("viscosity", 1.0, 0.0),
    "kJ": ("energy", 1e3, 0.0),
    "mm": ("length", 1.0, 0.0),
    "um": ("length", 1e-3, 0.0),
}
SPELLINGS: Final = {
    "°c": "degC",
    "c": "degC",
    "cel": "degC",
    "deg c": "degC",
    "celsius": "degC",
    "kelvin": "K",
    "°f": "degF",
    "f": "degF",
    "deg f": "degF",
    "fahrenheit": "degF",
    "l/hr": "L/h",
    "lph": "L/h",
    "lpm": "L/min",
    "m³/h": "m3/h",
    "m^3/h": "m3/h",
    "1/min": "rpm",
    "min-1": "rpm",
    "cp": "mPa.s",
    "centpoise": "mPa.s",
    "percent": "%",
    "hr": "h",
    "hours": "h",
    "µm": "um",
    "m³": "m3",
    "g l^{-1}": "g/L",
    "mg l^{-1}": "mg/L",
}
_BY_LOWER: Final = {name.lower(): name for name in UNITS}


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


def canonical(unit: str) -> str:
    """Give the one spelling of a unit that we use; an unknown unit keeps its own."""
    text = " ".join(unit.split())
    if text in UNITS:
        return text
    lower = text.lower().removeprefix("(").removesuffix(")")
    return SPELLINGS.get(lower) or _BY_LOWER.get(lower) or text


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
