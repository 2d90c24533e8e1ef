"""From amounts and stated factors to kg CO2e and process mass intensity; pure, and in decimals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from batches.footprint.states import WEIGHED, InputKind

NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """An amount that a batch took; `kg` is its mass, `factor` names what it is reckoned with."""

    kind: str
    title: str
    amount: Decimal
    unit: str
    kg: Decimal | None = None
    factor: str = ""


@dataclass(frozen=True, slots=True)
class Factor:
    """So many kg CO2e to a unit, and who says so."""

    key: str
    title: str
    unit: str
    kg_co2e: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A line with its kg CO2e; None where no factor of its unit is stated, which `why` says."""

    line: Line
    factor: Factor | None
    kg_co2e: Decimal | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a batch comes to. What could not be reckoned is listed and not part of the total."""

    lines: Sequence[Reckoned]
    product_kg: Decimal | None

    @property
    def kg_co2e(self) -> Decimal:
        """Return the sum of what could be reckoned."""
        return sum((each.kg_co2e for each in self.lines if each.kg_co2e is not None), NOTHING)

    @property
    def by_kind(self) -> dict[str, Decimal]:
        """Return the sum of each kind that has any."""
        found: dict[str, Decimal] = {}
        for each in self.lines:
            if each.kg_co2e is not None:
                found[each.line.kind] = found.get(each.line.kind, NOTHING) + each.kg_co2e
        return found

    @property
    def unreckoned(self) -> list[Reckoned]:
        """Return the lines without a factor."""
        return [each for each in self.lines if each.kg_co2e is None]

    @property
    def input_kg(self) -> Decimal:
        """Return the mass of water, raw materials and consumables."""
        return sum((each.line.kg or NOTHING for each in self.lines if each.line.kind in WEIGHED), NOTHING)

    @property
    def water_kg(self) -> Decimal:
        """Return the water in it."""
        waters = (each.line.kg or NOTHING for each in self.lines if each.line.kind == InputKind.WATER)
        return sum(waters, NOTHING)

    @property
    def unweighed(self) -> list[Line]:
        """Return what should weigh something and does not: the mass intensity is at least what is said."""
        return [each.line for each in self.lines if each.line.kind in WEIGHED and each.line.kg is None]

    @property
    def pmi(self) -> Decimal | None:
        """Return kg that went in to a kg of product (PMI), None without a product."""
        return self.input_kg / self.product_kg if self.product_kg else None

    @property
    def co2e_to_product(self) -> Decimal | None:
        """Return kg CO2e to a kg of product."""
        return self.kg_co2e / self.product_kg if self.product_kg else None


def reckon(lines: Sequence[Line], factors: Mapping[str, Factor], product_kg: Decimal | None) -> Footprint:
    """Return what amounts come to by stated factors; a factor of another unit is not used."""
    return Footprint([_one(each, factors.get(each.factor)) for each in lines], product_kg)


def _one(line: Line, factor: Factor | None) -> Reckoned:
    if factor is None:
        return Reckoned(line, None, None, "factor")
    if factor.unit != line.unit:
        return Reckoned(line, factor, None, "unit")
    return Reckoned(line, factor, line.amount * factor.kg_co2e)


def lines_from(stated: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return lines from how a sheet keeps them."""
    return [
        Line(
            kind=each["kind"],
            title=each["title"],
            amount=Decimal(each["amount"]),
            unit=each["unit"],
            kg=Decimal(each["kg"]) if each.get("kg") else None,
            factor=each.get("factor", ""),
        )
        for each in stated
    ]


def factors_from(stated: Sequence[Mapping[str, Any]]) -> dict[str, Factor]:
    """Return factors by key, from how a set keeps them."""
    return {
        each["key"]: Factor(
            each["key"], each["title"], each["unit"], Decimal(each["kg_co2e"]), each["source"]
        )
        for each in stated
    }
