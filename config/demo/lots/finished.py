"""What was finished within the last year: a copy of each story, and the batches it is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from config.demo.companies import CORK, MALMO
from config.demo.lots.running import FAULT_AT_S, FROZEN_AT_S
from config.demo.lots.writing import (
    COARSE_S,
    FINE_S,
    Bend,
    Dots,
    Lot,
    Stretch,
    clock,
    co2_failure,
    course_until,
    samples,
    whole_course,
)
from config.demo.recipes import (
    CELL_THERAPY,
    DRUG_SUBSTANCE,
    RIVAL_SUBSTANCE,
    SEED_TRAIN,
    STERILE_FILL,
)
from config.demo.recipes.writing import DAY, HOUR, MINUTE

BACK_S: Final = 90 * DAY
REACTORS: Final = ("BR-201", "BR-202", "BR-204", "BR-203")
INCUBATORS: Final = ("INC-11", "INC-12", "INC-14", "INC-15", "INC-16")

# Numbers of the year, oldest first; what lies between is the site's other work. Days are ago.
_SUBSTANCE_BEFORE: Final = (2335, 2338, 2342, 2345, 2349, 2352, 2356, 2359, 2363, 2366, 2370, 2373, 2377)
_SUBSTANCE_NEAR: Final = (2380, 2384, 2387)
_SUBSTANCE_AFTER: Final = (2395, 2399, 2402, 2406, 2410, 2413)
_FILLS_BEFORE: Final = (346, 349, 351, 354, 357, 360, 362, 365, 368)
_FILLS_AFTER: Final = (374, 377, 380, 384, 387)
_PATIENTS_BEFORE: Final = tuple(range(53, 84))
_PATIENTS_AFTER: Final = tuple(range(85, 91))
_RIVALS: Final = tuple(range(103, 111))
_NOT_MADE: Final = 72


def _spread(numbers: tuple[int, ...], first_day: float, last_day: float) -> Iterator[tuple[int, float]]:
    """Give each number its start in seconds ago, at even distances."""
    step = (first_day - last_day) / max(len(numbers) - 1, 1)
    for place, number in enumerate(numbers):
        yield number, (first_day - place * step) * DAY


def _lab(
    number: str, until_s: float, typical: dict[str, tuple[float, float]], decimals: int = 2
) -> tuple[Dots, ...]:
    """Return laboratory values scattered around what is typical, the same for a number every time."""
    chance = Random(number)  # noqa: S311 - a made-up laboratory
    return tuple(
        Dots(code, ((until_s, round(chance.gauss(middle, spread), decimals)),))
        for code, (middle, spread) in typical.items()
    )


_SUBSTANCE_LAB: Final = {
    "MONOMER": (98.4, 0.15),
    "HMW": (1.25, 0.15),
    "ACIDIC": (24.8, 1.1),
    "AFUC": (5.6, 0.5),
    "HCP": (22.0, 6.0),
    "PROTA": (1.8, 0.5),
    "ENDO": (0.02, 0.004),
    "PROTEIN": (50.1, 0.8),
    "POTENCY": (101.0, 5.0),
}
_PATIENT_LAB: Final = {
    "CARPOS": (37.0, 4.0),
    "VCN": (2.2, 0.4),
    "RELVIAB": (83.0, 3.0),
    "DOSE": (1.5, 0.15),
    "CD3": (97.0, 0.9),
    "ENDO": (0.22, 0.02),
}


# What a watch learns from: the temperature and its valve, when running batches are looked at.
WATCHED: Final = ("TEMP", "VALVE")
AROUND: Final = ((4, "04:00", 4, "18:00"), (8, "12:00", 9, "18:00"))


def _substance(number: int, age_s: float) -> Lot:
    phases, ended_s = whole_course(DRUG_SUBSTANCE)
    name = f"B-{number}"
    return Lot(
        DRUG_SUBSTANCE,
        name,
        age_s,
        phases,
        MALMO,
        REACTORS[number % len(REACTORS)],
        stretches=(
            *(
                Stretch(WATCHED, clock(day, since), clock(until, end), COARSE_S)
                for day, since, until, end in AROUND
            ),
            Stretch(samples(DRUG_SUBSTANCE), 6 * HOUR, clock(14, "07:00"), DAY),
        ),
        dots=(Dots("BIOB", ((clock(14, "08:00"), 0),)), *_lab(name, ended_s - HOUR, _SUBSTANCE_LAB)),
        ended_s=ended_s,
    )


def _aborted(number: int, age_s: float, reason: str) -> Lot:
    return Lot(
        SEED_TRAIN,
        f"B-{number}",
        age_s,
        (("THAW", 0),),
        MALMO,
        "Flasks",
        ended_s=8 * DAY,
        discontinued=reason,
    )


def _fill(number: int, age_s: float) -> Lot:
    phases, ended_s = whole_course(STERILE_FILL)
    name = f"F-0{number}"
    chance = Random(name)  # noqa: S311 - a made-up laboratory
    begun = dict(phases)
    return Lot(
        STERILE_FILL,
        name,
        age_s,
        phases,
        CORK,
        "Isolator line 4",
        dots=(
            Dots(
                "GLOVE",
                ((begun["PUPSIT"], chance.randint(15, 30)), (begun["CAPPING"], chance.randint(16, 34))),
            ),
            Dots("BUBBLE", ((begun["FILTRATION"], 3620), (begun["FILLING"], 3590))),
            Dots("REJECTS", ((ended_s - HOUR, round(chance.uniform(0.4, 0.9), 2)),)),
            *(Dots(code, ((begun["FILLING"], 0),)) for code in ("BIOB", "SETTLE", "AIRCFU")),
        ),
        ended_s=ended_s,
    )


def _patient(number: int, age_s: float) -> Lot:
    phases, ended_s = whole_course(CELL_THERAPY)
    name = f"P-00{number}"
    incubator = INCUBATORS[number % len(INCUBATORS)]
    if number == _NOT_MADE:
        reason = (
            "Apheresis with 0.7 billion CD3+ cells, limit 1 billion; not made, the treating site was told."
        )
        return Lot(
            CELL_THERAPY,
            name,
            age_s,
            phases[:1],
            MALMO,
            incubator,
            ended_s=4 * HOUR,
            discontinued=reason,
        )
    # Most lots live better than the one of the story; the release test tells, the course is left out.
    return Lot(
        CELL_THERAPY,
        name,
        age_s,
        phases,
        MALMO,
        incubator,
        dots=_lab(name, ended_s - HOUR, _PATIENT_LAB),
        ended_s=ended_s,
    )


def _rival(number: int, age_s: float) -> Lot:
    phases, ended_s = whole_course(RIVAL_SUBSTANCE)
    daily = Stretch(samples(RIVAL_SUBSTANCE), 0, 12 * DAY, DAY)
    return Lot(
        RIVAL_SUBSTANCE,
        f"TB-0{number}",
        age_s,
        phases,
        MALMO,
        "BR-301",
        stretches=(daily,),
        ended_s=ended_s,
    )


def _finished_a() -> Lot:
    phases, ended_s = whole_course(DRUG_SUBSTANCE)
    until_s = clock(14, "00:00")
    fault, around = (clock(9, "00:00"), clock(9, "12:00")), (clock(8, "12:00"), clock(9, "18:00"))
    return Lot(
        DRUG_SUBSTANCE,
        "B-2391",
        FROZEN_AT_S + BACK_S,
        phases,
        MALMO,
        "BR-203",
        stretches=(
            Stretch(("TEMP",), 0, fault[0], COARSE_S),
            Stretch(("TEMP",), *fault, FINE_S),
            Stretch(("TEMP",), fault[1], until_s, COARSE_S),
            Stretch(("PH", "DO", "VALVE", "JACKET"), *around, COARSE_S),
            Stretch(samples(DRUG_SUBSTANCE), 6 * HOUR, clock(14, "07:00"), DAY),
        ),
        dots=(
            Dots("BIOB", ((clock(14, "08:00"), 0),)),
            Dots("HMW", ((ended_s - HOUR, 1.4),)),
            Dots("ACIDIC", ((ended_s - HOUR, 26.1),)),
            *(
                each
                for each in _lab("B-2391", ended_s - HOUR, _SUBSTANCE_LAB)
                if each.code not in {"HMW", "ACIDIC"}
            ),
        ),
        valve_fault_s=FAULT_AT_S,
        ended_s=ended_s,
    )


def _finished_b() -> Lot:
    """Return the fill of story B; its clock begins at 01:30 the day before, so it fills at 09:00."""
    phases, ended_s = whole_course(STERILE_FILL)
    day_s = -90 * MINUTE
    jam_s, filling = clock(1, "11:07") + day_s, (clock(1, "09:00") + day_s, clock(1, "13:05") + day_s)
    return Lot(
        STERILE_FILL,
        "F-0371",
        BACK_S + 8 * DAY,
        phases,
        CORK,
        "Isolator line 4",
        stretches=(
            Stretch(("FILLWT", "CASCADE", "AIRFLOW"), *filling, COARSE_S),
            Stretch(("PC05", "PC50"), *filling, MINUTE),
            Stretch(("ISODP",), *filling, 5),
        ),
        dots=(
            Dots("GLOVE", ((clock(1, "06:40") + day_s, 22), (clock(1, "15:40") + day_s, 148))),
            Dots("BUBBLE", ((clock(1, "07:10") + day_s, 3620), (clock(1, "13:30") + day_s, 3590))),
            Dots("SETTLE", ((clock(1, "08:52") + day_s, 1),)),
            Dots("AIRCFU", ((clock(1, "09:00") + day_s, 0),)),
            Dots("BIOB", ((clock(1, "07:30") + day_s, 0),)),
            Dots("REJECTS", ((ended_s - HOUR, 0.7),)),
        ),
        bends=(
            Bend("PC50", ((jam_s, 71), (jam_s + MINUTE, 35))),
            Bend("PC05", ((jam_s, 2155), (jam_s + MINUTE, 640))),
            Bend("ISODP", ((jam_s, 27), (jam_s + 6, 27))),
        ),
        ended_s=ended_s,
    )


def _finished_c() -> Lot:
    """Return the patient lot of story C; its clock begins at 09:00 of day 0."""
    day_s = -9 * HOUR
    phases = (
        *course_until(CELL_THERAPY, "EXPANSION"),
        ("FORMULATION", clock(8, "10:20") + day_s),
        ("RELEASE_TESTS", clock(8, "15:20") + day_s),
        ("SHIPPING", clock(9, "06:00") + day_s),
    )
    ended_s = clock(9, "10:25") + day_s
    gas = ("INCT", "CO2")
    return Lot(
        CELL_THERAPY,
        "P-0084",
        BACK_S + 8 * DAY + 7 * HOUR,
        phases,
        MALMO,
        "INC-12",
        stretches=(
            Stretch(gas, 0, 5 * DAY, 3 * COARSE_S),
            Stretch(gas, 5 * DAY, 6 * DAY, COARSE_S),
            Stretch(gas, 6 * DAY, 8 * DAY, 3 * COARSE_S),
            Stretch(samples(CELL_THERAPY), 0, clock(8, "08:00") + day_s, DAY),
        ),
        dots=(
            Dots("CULTPH", ((clock(6, "04:00") + day_s, 7.74),)),
            Dots("VIAB", ((clock(8, "08:00") + day_s, 75),)),
            *(
                Dots(code, ((clock(8, "16:35") + day_s, value),))
                for code, value in (
                    ("CARPOS", 38),
                    ("VCN", 2.1),
                    ("RELVIAB", 68.2),
                    ("DOSE", 1.5),
                    ("CD3", 98),
                    ("ENDO", 0.24),
                )
            ),
        ),
        bends=(co2_failure(day_s),),
        ended_s=ended_s,
    )


FINISHED_COPIES: Final = (_finished_a(), _finished_b(), _finished_c())

FINISHED: Final = (
    *(_substance(*each) for each in _spread(_SUBSTANCE_BEFORE, 350, 152)),
    *(_substance(*each) for each in _spread(_SUBSTANCE_NEAR, 138, 112)),
    *(_substance(*each) for each in _spread(_SUBSTANCE_AFTER, 88, 27)),
    _aborted(2368, 232 * DAY, "Viability after thaw 71 %, limit 85 %; the inoculum was discarded."),
    _aborted(2404, 61 * DAY, "Growth in flask 4 below 0.4 per day for two days; the inoculum was discarded."),
    *(_fill(*each) for each in _spread(_FILLS_BEFORE, 340, 120)),
    *(_fill(*each) for each in _spread(_FILLS_AFTER, 82, 24)),
    *(_patient(*each) for each in _spread(_PATIENTS_BEFORE, 348, 108)),
    *(_patient(*each) for each in _spread(_PATIENTS_AFTER, 88, 22)),
    *(_rival(*each) for each in _spread(_RIVALS, 320, 24)),
)
