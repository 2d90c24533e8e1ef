"""How long the printed record of a batch takes: PDF/A of forty pages, rebuilt from its sealed entries."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.urls import resolve
from django.utils import timezone
from pypdf import PdfReader

from batches.actions.adopting import adopt_record
from batches.executed.adopting import StatedEntry, StatedResult, StatedStep
from config.bench.results import Figure
from config.bench.stand import Plant, make_batch, make_plant
from portal.action import reading
from portal.actions.publishing import publish_checkpoint
from portal.actor import system_actor
from portal.exports import make_papers
from portal.states import Audience
from portal.streams import ChainKey

# About forty pages of a record with corrections, second checks and results.
ENTRIES, RESULTS, PAGES = 800, 60, 40


def printed() -> list[Figure]:
    """Return the time of one printed record, from the sealed entries to the PDF with its data attached."""
    plant = make_plant()
    batch_id = make_batch(plant, f"B-{uuid.uuid4().hex[:8]}")
    _keep_record(plant, batch_id, timezone.now() - timedelta(minutes=50))
    chain = ChainKey(plant.program, Audience.SHARED)
    publisher = system_actor("sealer", plant.program)
    published = publish_checkpoint(publisher, plant.program, audience=Audience.SHARED)
    if published is None:
        raise RuntimeError("nothing was there to publish")
    took, pdf = [], b""
    # A process that serves has its routes loaded.
    resolve("/")
    for _ in range(3):
        began = time.perf_counter()
        with reading(plant.setup):
            pdf = make_papers(plant.setup, chain, published, batch_id).members["record.pdf"]
        took.append(time.perf_counter() - began)
    pages = len(PdfReader(io.BytesIO(pdf)).pages)
    return [
        Figure(f"record of {pages} pages as PDF/A, the first", "s", took[0], goal=3),
        Figure("the same again", "s", min(took[1:])),
        Figure("pages", "", pages, goal=PAGES, more_is_better=True),
    ]


def _keep_record(plant: Plant, batch_id: uuid.UUID, began: datetime) -> None:
    adopt_record(
        plant.setup,
        batch_id,
        steps=[StatedStep("grow", began, None, "Bench 01", "", ["BR-1"], ["M-1"])],
        entries=list(_entries(began)),
        results=[
            StatedResult(
                "TEMP",
                f"S-{n}",
                Decimal("35.5"),
                began + timedelta(seconds=n),
                began + timedelta(minutes=30),
                "Bench QC",
                method="SEC-HPLC",
                reviewed_code="Bench QA",
            )
            for n in range(RESULTS)
        ],
    )


def _entries(began: datetime) -> Iterator[StatedEntry]:
    for n in range(ENTRIES):
        yield StatedEntry(
            "grow",
            title=f"Feed {n}, volume",
            at=began + timedelta(seconds=2 * n),
            code="Bench 01",
            value=Decimal("31.5"),
            unit="L",
            corrects=Decimal("35.1") if n % 10 == 0 else None,
            reason="Digits exchanged; the print of the balance reads 31.5." if n % 10 == 0 else "",
            verified_code="Bench 02",
        )
