"""Yields and reconciliation: what the recipe expects of each material against what the lots say.

The limits of a yield are those of the parameter `YIELD_<material code>` in percent, where the recipe has one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from batches.executed.judging import GRAVITY, Bounded, outside
from batches.models import RecipeMaterial
from batches.states import MaterialUse
from batches.units import convert
from portal.errors import Invalid

YIELD: Final = "YIELD_"


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of a material that a lot gave or took, in the unit of the lot."""

    material: str
    use: MaterialUse
    quantity: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class YieldLine:
    """One material: expected, actual; `uncounted` are amounts in units that do not convert."""

    code: str
    title: str
    use: MaterialUse
    unit: str
    expected: Decimal | None
    actual: Decimal
    uncounted: tuple[str, ...]
    low: Decimal | None
    high: Decimal | None
    outside: str

    @property
    def share(self) -> Decimal | None:
        """Return the actual amount in percent of the expected one."""
        return (self.actual / self.expected * 100).quantize(Decimal("0.1")) if self.expected else None

    @property
    def difference(self) -> Decimal | None:
        """Return by how much more or less it is than expected."""
        return None if self.expected is None else self.actual - self.expected


def reconcile(
    materials: Iterable[RecipeMaterial],
    amounts: Sequence[Amount],
    limits: Mapping[str, Sequence[Bounded]],
) -> list[YieldLine]:
    """Return a line per material of the recipe, then one per material that the recipe does not name.

    `limits` are those of the yield parameters, by material.
    """
    lines, named = [], set()
    for each in materials:
        use = MaterialUse(each.use)
        out = use != MaterialUse.INPUT
        mine = [one for one in amounts if one.material == each.code and (one.use != MaterialUse.INPUT) == out]
        named.add((each.code, out))
        lines.append(
            _line(each.code, each.title, use, each.unit, each.quantity, mine, limits.get(each.code, ()))
        )
    rest: dict[tuple[str, MaterialUse], list[Amount]] = {}
    for one in amounts:
        if (one.material, one.use != MaterialUse.INPUT) not in named:
            rest.setdefault((one.material, one.use), []).append(one)
    for (code, use), mine in sorted(rest.items()):
        lines.append(_line(code, "", use, mine[0].unit, None, mine, ()))
    return lines


def _line(  # noqa: PLR0917 - the members of one line
    code: str,
    title: str,
    use: MaterialUse,
    unit: str,
    expected: Decimal | None,
    amounts: Sequence[Amount],
    limits: Sequence[Bounded],
) -> YieldLine:
    unit = unit or (amounts[0].unit if amounts else "")
    total, uncounted = Decimal(0), []
    for each in amounts:
        try:
            total += convert(each.quantity, each.unit, unit)
        except Invalid:
            uncounted.append(f"{each.quantity.normalize():f} {each.unit}")
    line = YieldLine(code, title, use, unit, expected, total, tuple(uncounted), None, None, "")
    narrowest = next((one for kind in reversed(GRAVITY) for one in limits if one.kind == kind), None)
    if line.share is None or narrowest is None:
        return line
    crossed = outside(limits, line.share) if amounts else None
    found = crossed or narrowest
    return YieldLine(
        code,
        title,
        use,
        unit,
        expected,
        total,
        tuple(uncounted),
        found.low,
        found.high,
        crossed.kind if crossed else "",
    )
