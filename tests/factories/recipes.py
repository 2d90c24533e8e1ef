"""Master records for tests: one with everything in it, any other by hypothesis."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st

from batches.specs import (
    HoldTimeSpec,
    KnotSpec,
    LimitSpec,
    MaterialSpec,
    ParameterSpec,
    RecipeSpec,
    StepSpec,
    Unread,
)
from batches.states import DataKind, Level, LimitKind, LimitMeasure, MaterialUse, ParameterKind
from portal.states import Audience, SeatSide


def whole(**changed):
    """A recipe that says something in every member."""
    given = {
        "number": "MBR-7",
        "title": "AV-101 drug substance",
        "product": "AV-101",
        "steps": (
            StepSpec(
                "DS",
                "Drug substance",
                Level.PROCEDURE,
                children=(
                    StepSpec(
                        "N",
                        "Production bioreactor (N)",
                        Level.UNIT_PROCEDURE,
                        equipment_class="Single-use bioreactor, 2,000 L",
                        children=(
                            StepSpec("GROWTH", "Growth", planned_s=432_000),
                            StepSpec(
                                "SHIFT",
                                "Temperature shift",
                                planned_s=21_600,
                                instruction="Lower the set point.\nNote the time.",
                                needs_second_check=True,
                            ),
                        ),
                    ),
                    StepSpec("HARVEST", "Harvest", planned_s=28_800),
                ),
            ),
        ),
        "parameters": (
            ParameterSpec(
                "TEMP",
                "Temperature",
                "°C",
                ParameterKind.CPP,
                limits=(
                    LimitSpec(LimitKind.NOR, Decimal("36.0"), Decimal("37.0"), delay_s=600),
                    LimitSpec(
                        LimitKind.PAR, Decimal("35.5"), Decimal("37.5"), rationale="Range of study PC-118."
                    ),
                    LimitSpec(LimitKind.PAR, Decimal(33), Decimal("37.5"), phase="SHIFT"),
                ),
                target=Decimal("36.5"),
                rationale="Growth and product quality.",
            ),
            ParameterSpec("HCP", "Host cell protein", "ng/mg", ParameterKind.CQA, DataKind.LAB, 1_209_600, 0),
            ParameterSpec(
                "LOAD",
                "Line load",
                "%",
                audience=Audience.MANUFACTURER,
                limits=(
                    LimitSpec(
                        LimitKind.PAR,
                        phase="SHIFT",
                        knots=(
                            KnotSpec(0, Decimal("35.5"), Decimal("37.5")),
                            KnotSpec(14_400, Decimal(33), Decimal(35)),
                        ),
                        every_s=86_400,
                        settle_s=7_200,
                    ),
                    LimitSpec(
                        LimitKind.ALERT, low=Decimal("0.01"), measure=LimitMeasure.SPAN, window_s=1_800
                    ),
                    LimitSpec(
                        LimitKind.ALERT,
                        high=Decimal(3),
                        measure=LimitMeasure.COUNT,
                        window_s=600,
                        above=Decimal("37.2"),
                    ),
                    LimitSpec(LimitKind.ALERT, measure=LimitMeasure.SILENCE, window_s=300),
                ),
            ),
        ),
        "materials": (
            MaterialSpec("MED-1", "Basal medium", quantity=Decimal("1800.5"), unit="L", step="GROWTH"),
            MaterialSpec(
                "CELL", "Working cell bank", supplied_by=SeatSide.SPONSOR, specification="SPEC-WCB-2"
            ),
            MaterialSpec("HCCF", "Clarified harvest", MaterialUse.INTERMEDIATE, step="HARVEST"),
            MaterialSpec("BULK", "Drug substance", MaterialUse.OUTPUT, Decimal(8), "kg"),
        ),
        "hold_times": (
            HoldTimeSpec("HT-1", "Clarified harvest", "SHIFT", "HARVEST", 259_200, "2-8 °C", "Study HS-4."),
            HoldTimeSpec("HT-2", "Drug substance", "HARVEST", None, 86_400),
        ),
        "not_understood": (Unread("Header", "<ProductName>AV</ProductName>"),),
    }
    return RecipeSpec(**(given | changed)).in_order()


def long(steps=5_000):
    """A recipe of many phases, each with a second check and an instruction."""
    phases = tuple(
        StepSpec(f"P{place}", f"Step {place}", planned_s=60, instruction="Do it.", needs_second_check=True)
        for place in range(steps - 51)
    )
    operations = tuple(
        StepSpec(f"O{place}", f"Operation {place}", Level.OPERATION, children=phases[place::50])
        for place in range(50)
    )
    parameters = tuple(
        ParameterSpec(
            f"T{place}",
            f"Temperature {place}",
            "°C",
            ParameterKind.CPP,
            limits=(LimitSpec(LimitKind.PAR, Decimal(30), Decimal(40), phase=f"P{place}"),),
        )
        for place in range(200)
    )
    top = StepSpec("ALL", "All", Level.PROCEDURE, children=operations)
    return RecipeSpec("MBR-LONG", "A long one", steps=(top,), parameters=parameters)


# Any text that XML can hold too; line ends have one form.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t'=+-@;,\"<>&"),
    max_size=20,
)
NAMES = TEXTS.filter(lambda text: text.strip() == text and text and text.split() == text.split(" "))
CODES = st.from_regex(r"\A[A-Za-z0-9'=+@:._-]{1,12}\Z")
NUMBERS = st.decimals(-999_999, 999_999, places=4)


@st.composite
def recipes(draw):
    """A sound recipe of any shape, with odd words in it."""
    codes = draw(st.lists(CODES, min_size=4, max_size=12, unique=True))
    phases = tuple(
        StepSpec(
            code,
            draw(NAMES),
            planned_s=draw(st.integers(0, 10**6)),
            instruction=draw(TEXTS),
            needs_second_check=draw(st.booleans()),
        )
        for code in codes[2:]
    )
    unit = StepSpec(codes[1], draw(NAMES), Level.UNIT_PROCEDURE, children=phases)
    steps = (StepSpec(codes[0], draw(NAMES), Level.PROCEDURE, children=(unit,)),)
    measured = draw(st.lists(CODES, max_size=3, unique=True))
    return RecipeSpec(
        draw(CODES),
        draw(NAMES),
        draw(NAMES),
        steps,
        tuple(_parameter(draw, code, [each.code for each in phases]) for code in measured),
        tuple(
            MaterialSpec(code, draw(NAMES), draw(st.sampled_from(MaterialUse)), abs(draw(NUMBERS)), "kg")
            for code in draw(st.lists(CODES, max_size=2))
        ),
        tuple(
            HoldTimeSpec(code, draw(NAMES), codes[2], codes[3], draw(st.integers(1, 10**6)), draw(NAMES))
            for code in draw(st.lists(CODES, max_size=2, unique=True))
        ),
        tuple(Unread(draw(NAMES), draw(TEXTS)) for _ in range(draw(st.integers(0, 2)))),
    ).in_order()


def _parameter(draw, code, phases):
    within = draw(st.sampled_from([None, *phases]))
    low = draw(NUMBERS)
    kind, settle_s = draw(st.sampled_from(LimitKind)), draw(st.integers(0, 10**6))
    limit = LimitSpec(kind, low, low + 1, within, rationale=draw(TEXTS), settle_s=settle_s)
    measure = draw(st.sampled_from(LimitMeasure))
    if measure == LimitMeasure.SILENCE:
        limit = replace(limit, low=None, high=None)
    elif measure == LimitMeasure.VALUE and draw(st.booleans()):
        knots = tuple(KnotSpec(at_s, None, draw(NUMBERS)) for at_s in (0, draw(st.integers(1, 10**6))))
        limit = replace(limit, low=None, high=None, knots=knots, every_s=draw(st.just(0) | st.just(10**7)))
    if measure != LimitMeasure.VALUE:
        above = draw(NUMBERS) if measure == LimitMeasure.COUNT else None
        limit = replace(limit, measure=measure, window_s=draw(st.integers(1, 10**6)), above=above)
    return ParameterSpec(
        code,
        draw(NAMES),
        draw(NAMES),
        draw(st.sampled_from(ParameterKind)),
        draw(st.sampled_from(DataKind)),
        draw(st.integers(1, 10**6)),
        draw(st.integers(0, 6)),
        draw(st.sampled_from([Audience.SHARED, Audience.MANUFACTURER])),
        (limit,),
        draw(st.none() | NUMBERS),
        draw(TEXTS),
    )
