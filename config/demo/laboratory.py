"""Samples on their way and certificates of analysis of the demo, by the people who would enter them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from batches.actions.coas import accept_coa, answer_differences, enter_batch_coa
from batches.actions.samples import move_sample, plan_sample
from batches.laboratory.reading import read_lines
from batches.models import Batch, Coa, CoaDifference, Sample
from config.demo.crew import Crew, setup_actor
from portal.action import reading

DAY: Final = timedelta(days=1)
# Batch, number, what it is, tests, laboratory, whose, taken in days from now, expected in days, moves.
SAMPLES: Final = (
    (
        *("B-2417", "B-2417-HCCF", "Harvest, before clarification", ("BIOB",), "QC micro, Malmö", "cdmo"),
        *(5, 12, ()),
    ),
    (
        *("B-2417", "B-2417-DS", "Release, drug substance", ("MONOMER", "HMW", "HCP", "PROTA", "POTENCY")),
        *("Kemilab, Lund", "contract", 8, 19, ()),
    ),
    (
        *("B-2418", "B-2418-MYC", "Seed train, bioburden", ("BIOB",), "Kemilab, Lund", "contract"),
        *(-6, -1, ("take", "send", "receive")),
    ),
)
CERTIFICATE: Final = """test,result,unit,low,high,method
SEC monomer,98.2,%,97,,SEC-HPLC
SEC high molecular weight,1.4,%,,2.0,SEC-HPLC
Host cell protein,13.9,ng/mg,,100,ELISA
Residual protein A,1.6,ng/mg,,10,ELISA
Endotoxin,0.03,EU/mg,,0.1,Kinetic LAL
Potency,99,%,80,125,cell assay
Appearance,clear,,,,visual
"""
WHY: Final = "Asked of the laboratory: the certificate keeps its older wording; the record stands."


def has_laboratory() -> bool:
    """Say whether the samples and certificates are there."""
    setup = setup_actor()
    with reading(setup):
        return Coa.objects.visible_to(setup).exists() and Sample.objects.visible_to(setup).exists()


def keep_laboratory(crew: Crew, batches: Mapping[str, Batch], moment: datetime) -> None:
    """Plan and move the samples, compare a certificate and answer what differs; what is there stays."""
    qa = crew["cdmo_qa"]
    with reading(qa):
        known = set(Sample.objects.visible_to(qa).values_list("number", flat=True))
    for number, sample, title, tests, laboratory, kind, taken, expected, moves in SAMPLES:
        if number not in batches or sample in known:
            continue
        found = plan_sample(
            qa,
            batches[number].pk,
            number=sample,
            title=title,
            tests=list(tests),
            laboratory=laboratory,
            laboratory_kind=kind,
            point="release",
            planned_at=moment + taken * DAY,
            expected_at=moment + expected * DAY,
        )
        for place, step in enumerate(moves):
            at = moment + taken * DAY + place * DAY / 2
            found = move_sample(qa, found.pk, step=step, version=found.version, at=at)
    if "B-2391" in batches:
        _compare(crew, batches["B-2391"], moment)


def _compare(crew: Crew, batch: Batch, moment: datetime) -> None:
    qa, sponsor = crew["cdmo_qa"], crew["sponsor_qa"]
    with reading(qa):
        if Coa.objects.visible_to(qa).filter(batch=batch).exists():
            return
    coa = enter_batch_coa(
        qa,
        batch.pk,
        number="KL-26-3318",
        issuer="Kemilab, Lund",
        issuer_kind="contract",
        issued_on=(moment - 40 * DAY).date(),
        lines=read_lines(CERTIFICATE),
    )
    with reading(qa):
        rows = CoaDifference.objects.visible_to(qa).filter(coa=coa).order_by("ordinal")
        places = list(rows.values_list("ordinal", flat=True))
    if places:
        coa = answer_differences(qa, coa.pk, version=coa.version, answers=dict.fromkeys(places, WHY))
    accept_coa(sponsor, coa.pk, version=coa.version)
