"""Units of measurement, their spellings, and the conversion of one recorded value."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final

from portal.errors import Invalid

KELVIN_AT_0_C: Final = 273.15

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
    "ng/mL": ("concentration", 1e-6, 0.0),
    "ug/mL": ("concentration", 1e-3, 0.0),
    "uL": ("volume", 1e-6, 0.0),
    "ng": ("mass", 1e-9, 0.0),
    "ug": ("mass", 1e-6, 0.0),
    "mg": ("mass", 1e-3, 0.0),
    "g": ("mass", 1.0, 0.0),
    "kg": ("mass", 1e3, 0.0),
    "s": ("time", 1.0, 0.0),
    "min": ("time", 60.0, 0.0),
    "h": ("time", 3600.0, 0.0),
    "d": ("time", 86_400.0, 0.0),
    "mmol/L": ("substance", 1.0, 0.0),
    "mol/L": ("substance", 1e3, 0.0),
    "/mL": ("count", 1.0, 0.0),
    "10⁶/mL": ("count", 1e6, 0.0),
    "CFU/mL": ("colonies", 1.0, 0.0),
    "CFU/10 mL": ("colonies", 0.1, 0.0),
    "CFU/100 mL": ("colonies", 0.01, 0.0),
    "CFU/m³": ("colonies in air", 1.0, 0.0),
    "EU/mL": ("endotoxin", 1.0, 0.0),
    "IU/mL": ("activity", 1.0, 0.0),
    "cm": ("length", 10.0, 0.0),
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
    "cells/ml": "/mL",
    "1e6/ml": "10⁶/mL",
    "10^6/ml": "10⁶/mL",
    "mio/ml": "10⁶/mL",
    "day": "d",
    "days": "d",
    "µl": "uL",
    "µg": "ug",
    "µg/ml": "ug/mL",
    "g l^{-1}": "g/L",
    "mg l^{-1}": "mg/L",
}
_BY_LOWER: Final = {name.lower(): name for name in UNITS}
# The columns of recorded values.
_TWELVE: Final = Context(prec=12)
PLACES: Final = Decimal("0.000001")
MOST: Final = Decimal(999_999_999_999)
# A converted value that the column cannot hold to this share of it is refused, never rounded away.
LOST_AT_MOST: Final = Decimal("1e-6")


def canonical(unit: str) -> str:
    """Give the one spelling of a unit that we use; an unknown unit keeps its own."""
    text = " ".join(unit.split())
    if text in UNITS:
        return text
    lower = text.lower().removeprefix("(").removesuffix(")")
    return SPELLINGS.get(lower) or _BY_LOWER.get(lower) or text


def convert(value: Decimal, given: str, wanted: str) -> Decimal:
    """Return a value in another unit, to six decimals; an empty `given` is the wanted one.

    Raises: Invalid, naming the units that would be accepted.
    """
    source, target = canonical(given) or canonical(wanted), canonical(wanted)
    if source == target:
        return _held(value, value, wanted)
    (quantity, factor, offset) = UNITS.get(source, ("", 1.0, 0.0))
    (other, other_factor, other_offset) = UNITS.get(target, ("", 1.0, 0.0))
    if not quantity or quantity != other:
        accepted = ", ".join(list_accepted(wanted)) or "none but the plain number"
        detail = f"{given} is no unit for this value. Accepted: {accepted}."
        raise Invalid(detail, code="unit_does_not_convert", errors={"unit": [detail]})
    base = value * Decimal(repr(factor)) + Decimal(repr(offset))
    found = (base - Decimal(repr(other_offset))) / Decimal(repr(other_factor))
    # What arithmetic with 5/9 adds beyond twelve digits goes.
    return _held(found, found.normalize(_TWELVE), wanted)


def list_accepted(unit: str) -> list[str]:
    """Return the units that a value in this unit may be given in, its own first."""
    own = canonical(unit)
    quantity = UNITS.get(own, ("",))[0]
    others = [name for name, (kind, *_rest) in UNITS.items() if kind == quantity and name != own]
    return [each for each in (unit, *others) if each]


def _held(exact: Decimal, found: Decimal, unit: str) -> Decimal:
    held = found.quantize(PLACES) if abs(found) <= MOST else None
    if held is None or (exact and abs(held - exact) > abs(exact) * LOST_AT_MOST):
        detail = (
            f"In {unit or 'its unit'} this is {found:.6g}, beyond what is kept: six decimals, twelve digits."
        )
        raise Invalid(detail, errors={"value": [detail]})
    return held
