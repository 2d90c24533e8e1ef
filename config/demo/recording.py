"""The executed records of the demo's batches: who did which step, what was entered, what the samples gave.

Steps follow the phases of a lot; results are the laboratory's dots. The stories add what they tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from batches.actions.adopting import adopt_record
from batches.actions.lots import judge_lot, receive_lot, use_lot
from batches.executed.adopting import StatedEntry, StatedResult, StatedStep
from batches.models import Batch, StepExecution
from batches.models import Lot as Material
from batches.states import DataKind
from config.demo.companies import AV101, MALMO, TB22
from config.demo.crew import setup_actor
from config.demo.lots import Lot
from config.demo.recipes.writing import DAY, HOUR, MINUTE
from portal.action import reading


@dataclass(frozen=True, slots=True)
class Hands:
    """Who works on a program, by code."""

    operators: tuple[str, str]
    checker: str
    laboratory: str
    reviewer: str


HANDS: Final = Hands(("Operator 31", "Operator 44"), "Shift lead 04", "QC micro 03", "QA floor 07")
RIVAL_HANDS: Final = Hands(("Operator T2", "Operator T5"), "Shift lead T1", "QC T3", "QA floor T4")
METHODS: Final[Mapping[str, str]] = {
    "MONOMER": "SEC-HPLC",
    "HMW": "SEC-HPLC",
    "ACIDIC": "icIEF",
    "AFUC": "HILIC",
    "HCP": "ELISA",
    "PROTA": "ELISA",
    "ENDO": "LAL, kinetic",
    "POTENCY": "cell assay",
    "BIOB": "membrane filtration",
    "SETTLE": "settle plate",
}
# What the stories tell beside the course of a batch: step, seconds after its start, entry.
Told = tuple[str, float, dict[str, str]]
STORIES: Final[Mapping[str, tuple[Told, ...]]] = {
    "B-2417": (
        ("GROWTH", HOUR, {"title": "Inoculum volume", "value": "402", "unit": "L"}),
        ("GROWTH", 90 * MINUTE, {"title": "pH offline", "parameter": "PH", "value": "7.02"}),
        ("SHIFT", HOUR, {"title": "Set point lowered to", "value": "34.0", "unit": "°C"}),
        (
            "PRODUCTION",
            2 * DAY,
            {
                "title": "Feed 6, volume",
                "value": "31.5",
                "unit": "L",
                "corrects": "35.1",
                "reason": "Digits exchanged; the print of the balance reads 31.5.",
            },
        ),
        (
            "PRODUCTION",
            3 * DAY,
            {"title": "TV-203 does not follow", "text": "Line isolated by hand, backup unit connected."},
        ),
        (
            "PRODUCTION",
            3 * DAY + HOUR,
            {"title": "Feed 7 postponed", "text": "Waited for a steady temperature."},
        ),
    ),
    "F-0388": (
        ("VHP", 4 * HOUR, {"title": "Residual peroxide", "value": "0.3", "unit": "ppm"}),
        (
            "PUPSIT",
            30 * MINUTE,
            {"title": "Bubble point before use", "parameter": "BUBBLE", "value": "3.62", "unit": "bar"},
        ),
        (
            "FILLING",
            30 * MINUTE,
            {"title": "Corrective intervention 1, glove G4", "text": "Stopper jam at the bowl, cleared."},
        ),
        ("FILLING", 70 * MINUTE, {"title": "Vials filled", "value": "9100", "unit": "vials"}),
    ),
    "P-0091": (
        (
            "SELECTION",
            14 * MINUTE,
            {"title": "Second identifier at hand-over", "text": "Agrees after a second scan."},
        ),
        ("TRANSDUCTION", HOUR, {"title": "Multiplicity of infection", "value": "2.0"}),
        ("EXPANSION", 4 * DAY, {"title": "Culture pH", "parameter": "CULTPH", "value": "7.74"}),
    ),
}
# Number, material, name, unit, quantity, who supplied it, what a batch took.
MATERIALS: Final = (
    ("WCB-2203", "WCB-01", "Working cell bank vial", "vial", "40", "sponsor", "1"),
    ("M-26-0412", "MED-12", "Basal medium", "L", "6000", "manufacturer", "1396"),
    ("M-26-0418", "FEED-04", "Feed", "L", "1500", "manufacturer", "268"),
)
SUPPLIED: Final = ("B-2417", "B-2418")
COPIES: Final[Mapping[str, str]] = {"B-2391": "B-2417", "F-0371": "F-0388", "P-0084": "P-0091"}


def record(lot: Lot, batch: Batch, moment: datetime) -> None:
    """Enter the record of a batch, once; one that was aborted or is replayed into has none."""
    setup = setup_actor()
    if batch.started_at is None or lot.discontinued or not (lot.stretches or lot.dots):
        return
    with reading(setup):
        if StepExecution.objects.visible_to(setup).filter(batch=batch).exists():
            return
    hands = RIVAL_HANDS if lot.recipe.project is TB22 else HANDS
    until = min(moment, batch.started_at + timedelta(seconds=lot.ended_s or lot.age_s))
    steps = list(_steps(lot, batch.started_at, until, hands))
    adopt_record(
        setup,
        batch.pk,
        steps=steps,
        entries=list(_entries(lot, steps, until, hands)),
        results=list(_results(lot, batch.started_at, moment, hands)),
    )


def supply(batches: Mapping[str, Batch]) -> None:
    """Receive the materials of story A, note what went into its batches and what came out; once."""
    setup, program = setup_actor(), AV101.id
    used = [batches[number] for number in SUPPLIED if number in batches]
    with reading(setup):
        if (
            not used
            or Material.objects.visible_to(setup).filter(space_id=program, number=MATERIALS[0][0]).exists()
        ):
            return
    for number, material, title, unit, quantity, side, amount in MATERIALS:
        lot = receive_lot(
            setup,
            program,
            number=number,
            material=material,
            title=title,
            unit=unit,
            quantity=Decimal(quantity),
            supplied_by=side,
            received_at=min(each.started_at for each in used if each.started_at) - timedelta(days=20),
        )
        judge_lot(setup, lot.pk, to="release", version=lot.version)
        for batch in used:
            use_lot(setup, batch.pk, lot_id=lot.pk, quantity=Decimal(amount), used_at=batch.started_at)


def _steps(lot: Lot, started_at: datetime, until: datetime, hands: Hands) -> Iterator[StatedStep]:
    starts = [(code, started_at + timedelta(seconds=at_s)) for code, at_s in lot.phases]
    ends = [*(at for _, at in starts[1:]), until if lot.ended_s is not None else None]
    for place, ((code, begun), ended) in enumerate(zip(starts, ends, strict=True)):
        yield StatedStep(
            code,
            begun,
            ended,
            hands.operators[place % 2],
            hands.checker if ended is not None else "",
            [lot.equipment] if lot.equipment else [],
            ["M-214"] if lot.site is MALMO else ["C-104"],
        )


def _entries(lot: Lot, steps: list[StatedStep], until: datetime, hands: Hands) -> Iterator[StatedEntry]:
    begun = {each.step: each.started_at for each in steps}
    for step, after_s, said in STORIES.get(COPIES.get(lot.number, lot.number), ()):
        at = begun[step] + timedelta(seconds=after_s) if step in begun else until
        if at >= until:
            continue
        given = dict(said)
        value, first = given.pop("value", None), given.pop("corrects", None)
        yield StatedEntry(
            step,
            at=at,
            code=hands.operators[0],
            value=Decimal(value) if value is not None else None,
            corrects=Decimal(first) if first is not None else None,
            verified_code=hands.checker if value is not None else "",
            **given,
        )


def _results(lot: Lot, started_at: datetime, moment: datetime, hands: Hands) -> Iterator[StatedResult]:
    kinds = {each.code: each for each in lot.recipe.parameters}
    for dots in lot.dots:
        if kinds[dots.code].data_kind == DataKind.ONLINE:
            continue
        is_lab = kinds[dots.code].data_kind == DataKind.LAB
        for place, (at_s, value) in enumerate(dots.points, 1):
            sampled_at = started_at + timedelta(seconds=at_s)
            resulted_at = min(sampled_at + (timedelta(days=5) if is_lab else timedelta(minutes=40)), moment)
            if sampled_at >= moment:
                continue
            yield StatedResult(
                dots.code,
                f"{lot.number}-{dots.code}-{place:02d}",
                Decimal(str(value)),
                sampled_at,
                resulted_at,
                hands.laboratory if is_lab else hands.operators[1],
                point="release" if is_lab else f"day {int(at_s // DAY)}",
                method=METHODS.get(dots.code, ""),
                reviewed_code=hands.reviewer if lot.ended_s is not None else "",
            )
