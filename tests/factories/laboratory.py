"""Samples and certificates for tests: dull, with what matters given by the test."""

from __future__ import annotations

from datetime import date, timedelta

from batches.actions.coas import enter_batch_coa
from batches.actions.samples import plan_sample
from batches.laboratory.reading import lines_of
from tests.conftest import actor
from tests.factories.batches import now


def sample(batch, *, number="S-2", by="cdmo_qa", tests=("VCD",), expected=timedelta(days=2), **given):
    """A sample that is planned for now."""
    at = now()
    said = {"title": "Release sample", "laboratory": "CDMO QC", "planned_at": at} | given
    return plan_sample(
        actor(by), batch.pk, number=number, tests=list(tests), expected_at=at + expected, **said
    )


def coa(batch, *lines, number="COA-1", by="cdmo_qa", **given):
    """A certificate with lines as a program sends them; with none it has one of a test nobody asked for."""
    said = {"issuer": "Kemilab", "issuer_kind": "contract", "issued_on": date(2026, 1, 2)} | given
    stated = lines_of(list(lines) or [{"test": "Colour", "result": "clear"}])
    return enter_batch_coa(actor(by), batch.pk, number=number, lines=stated, **said)
