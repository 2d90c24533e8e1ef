"""Steps, entries and results for tests: dull, with what matters given by the test."""

from __future__ import annotations

from decimal import Decimal

from batches.actions.entries import make_entry
from batches.actions.executing import finish_step, start_step
from batches.actions.results import record_result
from tests.conftest import actor
from tests.factories import batches


def started(batch, step="growth", by="cdmo_operator", **given):
    """A step that is under way."""
    return start_step(actor(by), batch.pk, step=step, **given)


def done(batch, step="growth", by="cdmo_operator", **given):
    """A step that somebody did."""
    return finish_step(actor(by), started(batch, step, by, **given).pk, version=1)


def entry(batch, by="cdmo_operator", **given):
    """One line of the record."""
    if "value" in given:
        given["value"] = Decimal(given["value"])
    return make_entry(actor(by), batch.pk, **given)


def result(batch, by="cdmo_operator", **given):
    """What a sample gave."""
    value = Decimal(given.pop("value", "20.1"))
    given = {"parameter": "VCD", "sample": "S-1", "sampled_at": batches.now()} | given
    return record_result(actor(by), batch.pk, value=value, **given)
