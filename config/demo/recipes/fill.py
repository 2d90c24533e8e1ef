"""AV-101 drug product: sterile fill of story B, isolator line 4 in Cork."""

from __future__ import annotations

from typing import Final

from batches.states import LimitKind, LimitMeasure, ParameterKind
from config.demo.companies import AV101
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
    over,
    procedure,
)

CPP, CQA = ParameterKind.CPP, ParameterKind.CQA

STERILE_FILL: Final = Recipe(
    AV101,
    "MBR-AV101-DP",
    "AV-101 fill, isolator line 4",
    "AV-101 50 mg/mL, 2R vial",
    procedure(
        "AV-101 drug product",
        alone("THAW", "Thaw and pool", 24 * HOUR),
        alone("VHP", "VHP cycle", 5 * HOUR),
        alone("PUPSIT", "Filter installation and PUPSIT", HOUR),
        alone("FILTRATION", "Sterile filtration", 1.5 * HOUR),
        alone("FILLING", "Filling", 4 * HOUR),
        alone("CAPPING", "Capping", HOUR),
        alone("INSPECTION", "Leak and visual inspection", 4 * DAY),
    ),
    (
        online(
            "FILLWT",
            "Fill weight",
            "g",
            alert("1.116", "1.150"),
            action("1.099", "1.167"),
            kind=CPP,
            decimals=3,
        ),
        online(
            "PC05",
            "Grade A ≥ 0.5 µm",
            "/m³",
            alert(high="700"),
            action(high="3520"),
            over(LimitKind.ALERT, LimitMeasure.SILENCE, 5 * MINUTE, within="FILLING"),
            kind=CPP,
            every_s=MINUTE,
            decimals=0,
        ),
        online(
            "ISODP",
            "Isolator DP",
            "Pa",
            alert("30", lasting_s=5),
            action("20", "65"),
            kind=CPP,
            every_s=5,
            decimals=0,
        ),
        # One count in a minute of 28.3 L reads as 35/m3: an alert alone.
        online(
            "PC50",
            "Grade A ≥ 5.0 µm",
            "/m³",
            alert(high="0"),
            over(
                LimitKind.ACTION,
                LimitMeasure.SUM,
                35 * MINUTE,
                high="1024",
                rationale="29 particles in a rolling cubic metre: 35 minutes of 28.3 L, each count 35.3.",
            ),
            over(
                LimitKind.ACTION,
                LimitMeasure.COUNT,
                3 * MINUTE,
                high="2",
                above="0",
                rationale="Three minutes in a row are no single event.",
            ),
            kind=CPP,
            every_s=MINUTE,
            decimals=0,
        ),
        online("CASCADE", "Room cascade", "Pa", alert("12"), action("10")),
        online("AIRFLOW", "Airflow", "m/s", alert("0.38", "0.52"), action("0.36", "0.54"), decimals=2),
        online("ROOMT", "Room temperature", "°C", alert("18", "22"), action("17", "24")),
        online("ROOMRH", "Room humidity", "% RH", alert("30", "60"), action("25", "65"), decimals=0),
        at_line(
            "GLOVE", "Glove leak test, worst glove", "Pa", alert(high="40"), action(high="60"), decimals=0
        ),
        at_line("BUBBLE", "Filter bubble point", "mbar", action("3450"), decimals=0),
        at_line("REJECTS", "Inspection rejects", "%", alert(high="1.5"), action(high="3.0"), every_s=5 * DAY),
        lab(
            "BIOB",
            "Bioburden before filtration",
            "CFU/100 mL",
            alert(high="5"),
            action(high="10"),
            every_s=7 * DAY,
            decimals=0,
        ),
        lab(
            "SETTLE", "Grade A settle plates", "CFU", action(high="0"), every_s=7 * DAY, decimals=0, kind=CQA
        ),
        lab("AIRCFU", "Grade A air", "CFU/m³", action(high="0"), every_s=7 * DAY, decimals=0, kind=CQA),
    ),
    model="fill_line",
)
