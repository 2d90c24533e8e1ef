"""What is in process at the moment of loading."""

from __future__ import annotations

from typing import Final

from config.demo.companies import CORK, MALMO
from config.demo.lots.writing import (
    COARSE_S,
    FINE_S,
    Dots,
    Lot,
    Stretch,
    clock,
    co2_failure,
    course_until,
    samples,
    sensors,
)
from config.demo.recipes import (
    CELL_THERAPY,
    DRUG_SUBSTANCE,
    PENICILLIN_RUN,
    PURIFICATION,
    RIVAL_SUBSTANCE,
    SEED_TRAIN,
    STERILE_FILL,
)
from config.demo.recipes.antibody import GROWTH, HARVEST, PRODUCTION
from config.demo.recipes.writing import DAY, HOUR, MINUTE

# Of the days before the last one the demo has what is looked at first; that keeps its loading short.
_SHOWN: Final = ("TEMP", "PH", "DO")
_BESIDE: Final = tuple(code for code in sensors(DRUG_SUBSTANCE) if code not in _SHOWN)
_SAMPLES: Final = samples(DRUG_SUBSTANCE)
_GAS: Final = ("INCT", "CO2")
# A patient lot begins at 09:00 of day 0.
_PATIENT_DAY_S: Final = -9 * HOUR

# Story A, frozen at its sixth step: day 9 of the culture, 15:30 by the plant's clock.
FROZEN_AT_S: Final = clock(9, "15:30")
FAULT_AT_S: Final = clock(9, "03:20")

FROZEN_LOT: Final = Lot(
    DRUG_SUBSTANCE,
    "B-2417",
    FROZEN_AT_S,
    course_until(DRUG_SUBSTANCE, PRODUCTION),
    MALMO,
    "BR-203",
    stretches=(
        Stretch(_SHOWN, 0, FROZEN_AT_S - 2 * DAY, COARSE_S),
        Stretch(_SHOWN, FROZEN_AT_S - 2 * DAY, None, FINE_S),
        Stretch(_BESIDE, FROZEN_AT_S - DAY, None, FINE_S),
        Stretch(_SAMPLES, 6 * HOUR, None, DAY),
    ),
    dots=(
        Dots("VCD", ((clock(9, "06:45"), 19.8),)),
        Dots("VIAB", ((clock(9, "06:45"), 94.1),)),
        Dots("LAC", ((clock(9, "06:45"), 0.8),)),
        Dots("OSMO", ((clock(9, "06:45"), 366),)),
    ),
    valve_fault_s=FAULT_AT_S,
)

# Nothing of the demo feeds it: its readings are the visitor's own, sent with the gateway's key.
DEMO_LOT: Final = Lot(
    DRUG_SUBSTANCE,
    "B-2420",
    DAY,
    course_until(DRUG_SUBSTANCE, GROWTH),
    MALMO,
    "BR-201",
    stretches=(Stretch((*_SHOWN, *_BESIDE), 0, None, COARSE_S), Stretch(_SAMPLES, 0, None, DAY)),
)

_FILLING_S: Final = 31.5 * HOUR
_EXPANSION_N1_S: Final = 13 * DAY

RUNNING: Final = (
    FROZEN_LOT,
    Lot(
        DRUG_SUBSTANCE,
        "B-2418",
        4 * DAY + 6 * HOUR,
        course_until(DRUG_SUBSTANCE, GROWTH),
        MALMO,
        "BR-204",
        stretches=(
            Stretch(_SHOWN, 0, 4 * DAY, COARSE_S),
            Stretch((*_SHOWN, *_BESIDE), 4 * DAY, None, FINE_S),
            Stretch(_SAMPLES, 0, None, DAY),
        ),
    ),
    Lot(
        PURIFICATION,
        "B-2419",
        70 * MINUTE,
        course_until(PURIFICATION, HARVEST),
        MALMO,
        "HV-02",
        stretches=(Stretch(sensors(PURIFICATION), 0, None, FINE_S),),
    ),
    DEMO_LOT,
    Lot(
        SEED_TRAIN,
        "B-2421",
        _EXPANSION_N1_S + 31 * HOUR,
        course_until(SEED_TRAIN, "N1"),
        MALMO,
        "BR-104",
        stretches=(
            Stretch(sensors(SEED_TRAIN), _EXPANSION_N1_S, None, COARSE_S),
            Stretch(samples(SEED_TRAIN), 10 * DAY, None, DAY),
        ),
    ),
    Lot(
        STERILE_FILL,
        "F-0388",
        _FILLING_S + 105 * MINUTE,
        course_until(STERILE_FILL, "FILLING"),
        CORK,
        "Isolator line 4",
        stretches=(
            Stretch(("FILLWT", "CASCADE", "AIRFLOW", "ROOMT", "ROOMRH"), _FILLING_S, None, FINE_S),
            Stretch(("PC05", "PC50"), _FILLING_S, None, MINUTE),
            Stretch(("ISODP",), _FILLING_S, None, 5),
        ),
        dots=(
            Dots("GLOVE", ((_FILLING_S - 140 * MINUTE, 22),)),
            Dots("BUBBLE", ((_FILLING_S - 110 * MINUTE, 3620),)),
        ),
    ),
    Lot(
        CELL_THERAPY,
        # 08:40 on day 8: it is to be chosen when to harvest.
        "P-0091",
        clock(8, "08:40") + _PATIENT_DAY_S,
        course_until(CELL_THERAPY, "EXPANSION"),
        MALMO,
        "INC-12",
        stretches=(
            Stretch(_GAS, 0, 5 * DAY, 3 * COARSE_S),
            Stretch(_GAS, 5 * DAY, 6 * DAY, COARSE_S),
            Stretch(_GAS, 6 * DAY, None, 2 * COARSE_S),
            Stretch(samples(CELL_THERAPY), 0, None, DAY),
        ),
        dots=(
            Dots("CULTPH", ((clock(6, "04:00") + _PATIENT_DAY_S, 7.74),)),
            Dots("VIAB", ((clock(8, "08:00") + _PATIENT_DAY_S, 75),)),
        ),
        bends=(co2_failure(_PATIENT_DAY_S),),
    ),
    Lot(
        CELL_THERAPY,
        "P-0093",
        3 * DAY + 5 * HOUR,
        course_until(CELL_THERAPY, "EXPANSION"),
        MALMO,
        "INC-15",
        stretches=(
            Stretch(_GAS, 0, 2 * DAY, 3 * COARSE_S),
            Stretch(_GAS, 2 * DAY, None, COARSE_S),
            Stretch(samples(CELL_THERAPY), 0, None, DAY),
        ),
    ),
    # Empty: each takes a recorded run by `manage.py replay`.
    Lot(PENICILLIN_RUN, "PEN-001", 300 * HOUR, (("FERMENTATION", 0),), MALMO, "Pilot fermenter 1"),
    Lot(PENICILLIN_RUN, "PEN-002", 300 * HOUR, (("FERMENTATION", 0),), MALMO, "Pilot fermenter 2"),
    Lot(
        RIVAL_SUBSTANCE,
        "TB-0111",
        6 * DAY,
        course_until(RIVAL_SUBSTANCE, "CULTURE"),
        MALMO,
        "BR-301",
        stretches=(
            Stretch(sensors(RIVAL_SUBSTANCE), 5 * DAY, None, COARSE_S),
            Stretch(samples(RIVAL_SUBSTANCE), 0, None, DAY),
        ),
    ),
)
