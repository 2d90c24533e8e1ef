"""TB-22 of the other sponsor: its own limits. Nothing of it may be seen by anybody else."""

from __future__ import annotations

from typing import Final

from batches.states import ParameterKind
from config.demo.companies import TB22
from config.demo.recipes.writing import (
    DAY,
    HOUR,
    MINUTE,
    Recipe,
    action,
    alone,
    at_line,
    nor,
    online,
    par,
    procedure,
)

CPP, KPP = ParameterKind.CPP, ParameterKind.KPP

RIVAL_SUBSTANCE: Final = Recipe(
    TB22,
    "MBR-TB22-DS",
    "TB-22 drug substance, 1,000 L",
    "TB-22 drug substance",
    procedure(
        "TB-22 drug substance",
        alone("CULTURE", "Production bioreactor (N)", 12 * DAY),
        alone("HARVEST", "Harvest by centrifuge", 10 * HOUR),
        alone("CAPTURE", "Capture", 30 * HOUR),
    ),
    (
        online(
            "TEMP",
            "Temperature",
            "°C",
            nor("36.2", "36.9", delay_s=20 * MINUTE),
            action("35.9", "37.2"),
            par("35.6", "37.4"),
            kind=CPP,
        ),
        online(
            "PH",
            "pH",
            "",
            nor("6.95", "7.15", delay_s=20 * MINUTE),
            par("6.85", "7.25"),
            kind=CPP,
            decimals=2,
        ),
        online("DO", "DO", "% air sat.", nor("35", "55"), par("25"), kind=KPP, decimals=0),
        at_line("VCD", "Viable cells", "10⁶/mL", kind=KPP),
        at_line("VIAB", "Viability", "%", action("75"), kind=KPP),
    ),
    # The model without a temperature shift.
    model="seed_train",
)
