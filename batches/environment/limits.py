"""What a place is held against: limits by grade and by utility, each with its clause; pure.

A table of data, not of branches. The plant's own limits of a place come on top and may only be tighter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from batches.environment.states import Grade, Occupancy, SampleKind, System, Verdict

# EU GMP Annex 1 (2022), Table 6: a settle plate is changed after four hours at most.
SETTLE_MOST: Final = timedelta(hours=4)
VIABLE_CLAUSE: Final = "EU GMP Annex 1 (2022) 9.30, Table 6"
PARTICLES_CLAUSE: Final = "EU GMP Annex 1 (2022) 9.15, Table 5"
UNITS: Final[Mapping[str, str]] = {
    SampleKind.SETTLE: "CFU/plate",
    SampleKind.CONTACT: "CFU/plate",
    SampleKind.AIR: "CFU/m³",
    SampleKind.GLOVE: "CFU/glove",
    SampleKind.PARTICLES_05: "/m³",
    SampleKind.PARTICLES_50: "/m³",
    SampleKind.COUNT: "CFU/100 mL",
    SampleKind.ENDOTOXIN: "EU/mL",
    SampleKind.TOC: "µg/L",
    SampleKind.CONDUCTIVITY: "µS/cm",
    SampleKind.GASES: "%",
    SampleKind.DRYNESS: "",
    SampleKind.SUPERHEAT: "°C",
    SampleKind.OIL: "mg/m³",
    SampleKind.DEW_POINT: "°C",
    SampleKind.PRESSURE: "Pa",
    SampleKind.AIR_SPEED: "m/s",
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """Alert and action limits of one kind at one place; a value equal to a limit is inside.

    `source` is the clause, or why the plant's own limit is tighter.
    """

    alert_high: Decimal | None = None
    action_high: Decimal | None = None
    alert_low: Decimal | None = None
    action_low: Decimal | None = None
    source: str = ""

    def judge(self, value: Decimal) -> Verdict:
        """Return how a value stands against them."""
        if _outside(value, self.action_low, self.action_high):
            return Verdict.ACTION
        return Verdict.ALERT if _outside(value, self.alert_low, self.alert_high) else Verdict.WITHIN

    def within(self, other: Bounds) -> Bounds:
        """Return the tighter of both at each end; the plant's own words on why stand first."""
        return Bounds(
            _least(self.alert_high, other.alert_high),
            _least(self.action_high, other.action_high),
            _most(self.alert_low, other.alert_low),
            _most(self.action_low, other.action_low),
            "; ".join(each for each in (self.source, other.source) if each),
        )


def _outside(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _least(*given: Decimal | None) -> Decimal | None:
    return min((each for each in given if each is not None), default=None)


def _most(*given: Decimal | None) -> Decimal | None:
    return max((each for each in given if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; an empty grade or occupancy stands for any."""

    system: System
    kind: SampleKind
    high: str = ""
    low: str = ""
    grade: Grade = Grade.NONE
    occupancy: str = ""
    clause: str = ""


def _viable(grade: Grade, **highest: str) -> tuple[Row, ...]:
    return tuple(
        Row(System.ROOM, SampleKind(kind), high, grade=grade, clause=VIABLE_CLAUSE)
        for kind, high in highest.items()
    )


def _particles(grade: Grade, occupancy: str, small: str, large: str) -> tuple[Row, ...]:
    kinds = ((SampleKind.PARTICLES_05, small), (SampleKind.PARTICLES_50, large))
    return tuple(
        Row(System.ROOM, kind, high, grade=grade, occupancy=occupancy, clause=PARTICLES_CLAUSE)
        for kind, high in kinds
    )


TABLE: Final[tuple[Row, ...]] = (
    # In Grade A the limit is no growth.
    *_viable(Grade.A, air="0", settle="0", contact="0", glove="0"),
    *_viable(Grade.B, air="10", settle="5", contact="5", glove="5"),
    *_viable(Grade.C, air="100", settle="50", contact="25"),
    *_viable(Grade.D, air="200", settle="100", contact="50"),
    *_particles(Grade.A, "", "3520", "29"),
    *_particles(Grade.B, Occupancy.AT_REST, "3520", "29"),
    *_particles(Grade.B, Occupancy.IN_OPERATION, "352000", "2930"),
    *_particles(Grade.C, Occupancy.AT_REST, "352000", "2930"),
    *_particles(Grade.C, Occupancy.IN_OPERATION, "3520000", "29300"),
    # Of Grade D in operation the plant sets its own, from risk.
    *_particles(Grade.D, Occupancy.AT_REST, "3520000", "29300"),
    Row(
        System.HVAC, SampleKind.PRESSURE, low="10", clause="EU GMP Annex 1 (2022) 4.14 (10 Pa between grades)"
    ),
    Row(System.HVAC, SampleKind.AIR_SPEED, "0.54", "0.36", clause="EU GMP Annex 1 (2022) 4.30"),
    Row(System.WFI, SampleKind.COUNT, "10", clause="Ph. Eur. 0169 (10 CFU in 100 mL)"),
    Row(System.WFI, SampleKind.ENDOTOXIN, "0.25", clause="Ph. Eur. 0169"),
    Row(System.WFI, SampleKind.TOC, "500", clause="Ph. Eur. 0169, 2.2.44"),
    Row(System.WFI, SampleKind.CONDUCTIVITY, "1.3", clause="Ph. Eur. 0169, 2.2.38 (stage 1, 25 °C)"),
    Row(System.STEAM, SampleKind.ENDOTOXIN, "0.25", clause="EU GMP Annex 1 (2022) 6.17 (condensate as WFI)"),
    Row(System.STEAM, SampleKind.CONDUCTIVITY, "1.3", clause="EU GMP Annex 1 (2022) 6.17"),
    Row(System.STEAM, SampleKind.GASES, "3.5", clause="EN 285 (3.5 % by volume)"),
    Row(System.STEAM, SampleKind.DRYNESS, low="0.95", clause="EN 285 (metal loads)"),
    Row(System.STEAM, SampleKind.SUPERHEAT, "25", clause="EN 285"),
    Row(System.GAS, SampleKind.OIL, "0.1", clause="Ph. Eur. 1238 (air, medicinal)"),
    Row(System.GAS, SampleKind.DEW_POINT, "-46", clause="Ph. Eur. 1238 (67 ppm of water)"),
)


def standard(system: str, kind: str, grade: str, occupancy: str) -> Bounds:
    """Return what the guidance asks of a kind of sample; empty where it leaves it to the plant."""
    for row in TABLE:
        fits = row.system == system and row.kind == kind and row.grade in ("", grade)
        if fits and row.occupancy in ("", occupancy):
            return Bounds(
                action_high=Decimal(row.high) if row.high else None,
                action_low=Decimal(row.low) if row.low else None,
                source=row.clause,
            )
    return Bounds()


def bounds_of(system: str, kind: str, grade: str, occupancy: str, own: Mapping[str, Any]) -> Bounds:
    """Return the limits of a kind at a place: its own where tighter, the guidance's otherwise.

    `own` is what stands at the place: kind -> names of `Bounds` with decimals as text.
    """
    stated = own.get(kind, {})
    numbers = {name: Decimal(value) for name, value in stated.items() if name != "source" and value != ""}
    return Bounds(**numbers, source=stated.get("source", "")).within(standard(system, kind, grade, occupancy))


def kinds_of(system: str, grade: str) -> tuple[SampleKind, ...]:
    """Return what is sampled at a place of a system and grade, in the order of the table."""
    found = [row.kind for row in TABLE if row.system == system and row.grade in ("", grade)]
    return tuple(dict.fromkeys(found))


def is_grown_in_a(grade: str, kind: str, value: Decimal) -> bool:
    """Say whether anything grew on a plate of Grade A: one colony is an event (domain 2e)."""
    grows = kind in (SampleKind.SETTLE, SampleKind.CONTACT, SampleKind.AIR, SampleKind.GLOVE)
    return grade == Grade.A and grows and value >= 1
