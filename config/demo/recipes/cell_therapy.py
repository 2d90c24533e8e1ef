"""AV-310: one patient's cells, story C. Pseudonymous: a lot number and nothing of the person."""

from __future__ import annotations

from typing import Final

from batches.states import ParameterKind
from config.demo.companies import AV310
from config.demo.recipes.writing import (
    DAY,
    HOUR,
    MINUTE,
    Recipe,
    action,
    alert,
    alone,
    at_line,
    lab,
    online,
    procedure,
    spec,
)

CPP, KPP = ParameterKind.CPP, ParameterKind.KPP

CELL_THERAPY: Final = Recipe(
    AV310,
    "MBR-AV310-PL",
    "AV-310 autologous, patient lot",
    "AV-310 CAR-T, fresh",
    procedure(
        "AV-310 patient lot",
        alone("SELECTION", "Receipt and CD4/CD8 selection", 6 * HOUR),
        alone("ACTIVATION", "Activation", 24 * HOUR),
        alone("TRANSDUCTION", "Transduction", 18 * HOUR),
        alone("EXPANSION", "Expansion", 7 * DAY),
        alone("FORMULATION", "Harvest, wash, formulation", 5 * HOUR),
        alone("RELEASE_TESTS", "Fast release tests", 4 * HOUR),
        alone("SHIPPING", "Shipping at 2-8 °C", 5 * HOUR),
    ),
    (
        online(
            "INCT",
            "Incubator",
            "°C",
            alert("36.5", "37.5"),
            action("36.0", "38.0"),
            kind=CPP,
            every_s=30,
        ),
        online(
            "CO2",
            "CO₂",
            "%",
            alert("4.5", "5.5"),
            action("4.0", "6.0", delay_s=10 * MINUTE),
            kind=CPP,
            every_s=30,
        ),
        at_line("VIAB", "Viability", "%", alert("85"), action("80"), kind=KPP),
        at_line("CULTPH", "Culture pH", "", alert("7.10", "7.40"), kind=KPP, decimals=2),
        at_line("VCD", "Viable cells", "10⁶/mL", alert("0.3", "2.5"), kind=KPP, decimals=2),
        at_line("GLUC", "Glucose", "mmol/L", alert("4")),
        at_line("LAC", "Lactate", "mmol/L", alert(high="20")),
        lab("CARPOS", "Transduction, CAR+", "%", spec("20"), decimals=0),
        lab("VCN", "Vector copies per transduced cell", "", spec(high="5")),
        lab("RELVIAB", "Viability at release", "%", spec("70")),
        lab("DOSE", "Viable CAR+ cells", "10⁸", spec("0.75", "2.0"), decimals=2),
        lab("CD3", "CD3+", "%", spec("90"), decimals=0),
        lab("ENDO", "Endotoxin", "EU/mL", spec(high="1.0"), decimals=2),
    ),
    model="cell_therapy",
    is_patient_lot=True,
)
