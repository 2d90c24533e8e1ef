"""AV-101, the antibody of story A: seed train, drug substance in 2,000 L, purification."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Final

from batches.specs import HoldTimeSpec, LimitSpec, MaterialSpec, ParameterSpec
from batches.states import LimitKind, LimitMeasure, MaterialUse, ParameterKind
from config.demo.companies import AV101
from config.demo.recipes.writing import (
    DAY,
    HOUR,
    MINUTE,
    Recipe,
    action,
    alone,
    at_line,
    course,
    lab,
    nor,
    online,
    over,
    par,
    phase,
    procedure,
    spec,
    unit,
)
from portal.states import SeatSide

CPP, KPP = ParameterKind.CPP, ParameterKind.KPP
GROWTH, SHIFT, PRODUCTION, HARVEST = "GROWTH", "SHIFT", "PRODUCTION", "HARVEST"
TEN_MINUTES: Final = 10 * MINUTE

_DOWNSTREAM: Final = (
    alone(HARVEST, "Harvest by depth filtration", 8 * HOUR),
    alone("PROTEIN_A", "Protein A, 3 cycles", 22 * HOUR),
    alone("LOW_PH", "Low-pH hold", 75 * MINUTE),
    alone("CEX", "Cation exchange", 10 * HOUR),
    alone("AEX", "Anion exchange, flow-through", 6 * HOUR),
    alone("VIRUS_FILTER", "Virus filtration", 6 * HOUR),
    alone("UFDF", "UF/DF", 8 * HOUR),
    alone("FREEZE", "Fill and freeze", 4 * HOUR),
)

# The limits of the temperature follow the shift: down with the ramp of 4 h, their upper end 2 h later.
_RAMP_S, _SETTLED_S = 4 * HOUR, 6 * HOUR
_TEMPERATURE: Final = (
    nor("36.0", "37.0", within=GROWTH, delay_s=TEN_MINUTES),
    action("35.7", "37.3", within=GROWTH),
    par("35.5", "37.5", within=GROWTH),
    course(
        LimitKind.ACTION,
        (0, "35.7", "37.3"),
        (_RAMP_S, "33.2", "35.6"),
        (_SETTLED_S, "33.2", "34.8"),
        within=SHIFT,
    ),
    course(
        LimitKind.PAR,
        (0, "35.5", "37.5"),
        (_RAMP_S, "33.0", "35.8"),
        (_SETTLED_S, "33.0", "35.0"),
        within=SHIFT,
    ),
    nor("33.5", "34.5", within=PRODUCTION, delay_s=TEN_MINUTES),
    action("33.2", "34.8", within=PRODUCTION),
    par("33.0", "35.0", within=PRODUCTION),
)

# Viable cells every 12 h from inoculation, as the first 12 batches had them.
_CELLS: Final = (
    *("0.50", "0.69", "0.96", "1.33", "1.83", "2.51", "3.42", "4.62", "6.19", "8.17", "10.57", "12.86"),
    *("15.14", "17.30", "19.12", "20.35", "20.80", "20.46", "19.93", "19.36", "18.73", "18.05", "17.32"),
    *("16.56", "15.76", "14.93", "14.08", "13.23", "12.37"),
)


def _beside(cells: str, share: str) -> tuple[str, str]:
    """Return the values so far below and above a number of cells."""
    known, apart = Decimal(cells), Decimal(share)
    return f"{known * (1 - apart):.2f}", f"{known * (1 + apart):.2f}"


def _of_cells(kind: LimitKind, share: str) -> LimitSpec:
    knots = [(place * 12 * HOUR, *_beside(cells, share)) for place, cells in enumerate(_CELLS)]
    return course(kind, *knots)


DRUG_SUBSTANCE: Final = Recipe(
    AV101,
    "MBR-AV101-DS",
    "AV-101 drug substance, 2,000 L",
    "AV-101 drug substance",
    procedure(
        "AV-101 drug substance",
        unit(
            "PRODUCTION",
            "Production bioreactor (N)",
            phase(GROWTH, "Production bioreactor (N), growth", 5 * DAY),
            phase(SHIFT, "Production bioreactor (N), temperature shift", 6 * HOUR),
            phase(PRODUCTION, "Production bioreactor (N)", 8 * DAY + 18 * HOUR),
        ),
        *_DOWNSTREAM,
    ),
    (
        online("TEMP", "Temperature", "°C", *_TEMPERATURE, kind=CPP),
        online(
            "PH",
            "pH",
            "",
            nor("6.90", "7.10", delay_s=15 * MINUTE),
            action("6.85", "7.15"),
            par("6.80", "7.20"),
            kind=CPP,
            decimals=2,
        ),
        online(
            "DO",
            "DO",
            "% air sat.",
            nor("30", "50", delay_s=TEN_MINUTES),
            action("25", "60"),
            par("20"),
            # A probe that lives never stands still for half an hour.
            over(LimitKind.ALERT, LimitMeasure.SPAN, 30 * MINUTE, low="0.05"),
            kind=KPP,
            decimals=0,
        ),
        online(
            "AGIT", "Agitation", "rpm", nor("90", "100"), action("85", "105"), par("80", "110"), decimals=0
        ),
        online(
            "PRESS",
            "Vessel pressure",
            "mbar",
            nor("50", "120"),
            action(high="150"),
            par(high="200"),
            decimals=0,
        ),
        online("VALVE", "Jacket valve output", "%"),
        online("JACKET", "Jacket outlet temperature", "°C"),
        at_line("PCO2", "pCO₂", "mmHg", nor("40", "130"), action(high="150"), par(high="160"), decimals=0),
        at_line(
            "GLUC",
            "Glucose before feed",
            "g/L",
            nor("2.0", "6.0"),
            action("1.5", "7.0"),
            par("1.0", "8.0"),
            kind=KPP,
            decimals=2,
        ),
        at_line("LAC", "Lactate", "g/L", nor(high="2.5"), action(high="3.5"), par(high="4.0"), decimals=2),
        at_line(
            "VCD",
            "Viable cells",
            "10⁶/mL",
            _of_cells(LimitKind.NOR, "0.15"),
            _of_cells(LimitKind.ACTION, "0.25"),
            kind=KPP,
        ),
        at_line(
            "VIAB",
            "Viability",
            "%",
            nor("90", within=GROWTH),
            nor("90", within=SHIFT),
            action("70"),
            par("60"),
            kind=KPP,
        ),
        at_line(
            "OSMO",
            "Osmolality",
            "mOsm/kg",
            nor(high="420"),
            action(high="450"),
            par(high="480"),
            decimals=0,
        ),
        at_line("NH4", "Ammonium", "mmol/L", nor(high="9"), action(high="11")),
        at_line("TITER", "Titre", "g/L", kind=ParameterKind.IPC, decimals=2),
        lab("BIOB", "Bioburden of the harvest", "CFU/mL", spec(high="10"), every_s=7 * DAY, decimals=0),
        lab("MONOMER", "SEC monomer", "%", spec("97.0")),
        lab("HMW", "SEC high molecular weight", "%", spec(high="2.5"), decimals=2),
        lab("ACIDIC", "Acidic variants", "%", spec(high="30")),
        lab("AFUC", "Afucosylation", "%", spec("3", "9")),
        lab("HCP", "Host cell protein", "ng/mg", spec(high="100"), decimals=0),
        lab("PROTA", "Residual protein A", "ng/mg", spec(high="10")),
        lab("ENDO", "Endotoxin", "EU/mg", spec(high="0.10"), decimals=2),
        lab("PROTEIN", "Protein", "g/L", spec("45", "55")),
        lab("POTENCY", "Potency", "%", spec("80", "125"), decimals=0),
    ),
    model="bioreactor",
    materials=(
        MaterialSpec("WCB-01", "Working cell bank vial", step="GROWTH", supplied_by=SeatSide.SPONSOR),
        MaterialSpec("MED-12", "Basal medium", quantity=Decimal(1400), unit="L", step="GROWTH"),
        MaterialSpec("FEED-04", "Feed", quantity=Decimal(420), unit="L", step="PRODUCTION"),
        MaterialSpec("HCCF", "Clarified harvest", MaterialUse.INTERMEDIATE, step=HARVEST),
        MaterialSpec("DS", "Drug substance, 50 g/L", MaterialUse.OUTPUT, unit="kg", step="FREEZE"),
    ),
    hold_times=(
        HoldTimeSpec("HT-01", "Clarified harvest", HARVEST, "PROTEIN_A", 72 * HOUR, "2-8 °C"),
        HoldTimeSpec("HT-02", "Neutralised pool", "LOW_PH", "CEX", 48 * HOUR, "15-25 °C"),
    ),
)


def _next(parameter: ParameterSpec) -> ParameterSpec:
    """Return a parameter as the next version has it: what the valve of BR-203 taught (story A)."""
    if parameter.code == "TEMP":
        tighter = tuple(
            replace(each, delay_s=5 * MINUTE, rationale="PC-118: product quality after 24 h at 36.5 °C.")
            if each.kind == LimitKind.NOR
            else each
            for each in parameter.limits
        )
        return replace(parameter, limits=tighter)
    if parameter.code == "VALVE":
        watched = (nor("2", "60", delay_s=30 * MINUTE),)
        return replace(parameter, limits=watched, rationale="A valve that hunts is seen before the vessel.")
    return parameter


# In review with the sponsor when the demo begins.
DRUG_SUBSTANCE_NEXT: Final = replace(
    DRUG_SUBSTANCE, parameters=tuple(_next(each) for each in DRUG_SUBSTANCE.parameters)
)

SEED_TRAIN: Final = Recipe(
    AV101,
    "MBR-AV101-ST",
    "AV-101 seed train, 400 L",
    "AV-101 inoculum",
    procedure(
        "AV-101 seed train",
        alone("THAW", "Thaw and seed flasks", 10 * DAY),
        alone("N2", "Expansion N-2, 50 L", 3 * DAY),
        alone("N1", "Expansion N-1, 400 L", 4 * DAY),
    ),
    (
        online(
            "TEMP",
            "Temperature",
            "°C",
            nor("36.0", "37.0", delay_s=TEN_MINUTES),
            action("35.7", "37.3"),
            par("35.5", "37.5"),
            kind=CPP,
        ),
        online(
            "DO", "DO", "% air sat.", nor("30", "60", delay_s=TEN_MINUTES), par("20"), kind=KPP, decimals=0
        ),
        at_line("VCD", "Viable cells", "10⁶/mL", kind=KPP),
        online("PH", "pH", "", nor("6.85", "7.15", delay_s=15 * MINUTE), par("6.75", "7.25"), decimals=2),
    ),
    model="seed_train",
)

PURIFICATION: Final = Recipe(
    AV101,
    "MBR-AV101-PU",
    "AV-101 purification, engineering run",
    "AV-101 drug substance",
    procedure("AV-101 purification", *_DOWNSTREAM),
    (
        online("TURB", "Turbidity", "NTU", nor("5", "30"), par(high="60"), kind=CPP, decimals=0),
        online("FEEDP", "Feed pressure", "bar", nor("0.5", "1.2"), par(high="2.5"), kind=CPP, decimals=2),
        online("FLOW", "Flow", "L/min", nor("10", "15"), kind=KPP),
        online("UV280", "UV 280 nm", "mAU", nor("0", "1500"), decimals=0),
    ),
)
