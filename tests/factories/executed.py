"""Steps, entries and results for tests: dull, with what matters given by the test."""

from __future__ import annotations

from decimal import Decimal

from batches.actions.entries import make_entry
from batches.actions.executing import finish_step, start_step
from batches.actions.papers import comment_page, enter_scan
from batches.actions.results import record_result
from batches.executed.pages import digests_of
from portal.blobs import keep
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


def scan(batch, data, media_type="image/png", by="cdmo_operator", **given):
    """A scanned part of the record on paper."""
    said = {"title": "Pages 1 to 3", "name": "scan.png"} | given
    return enter_scan(
        actor(by),
        batch.pk,
        media_type=media_type,
        kept=keep(data),
        pages=digests_of(data, media_type),
        **said,
    )


def comment(scan, by="sponsor_qa", page=1, text="The date is not legible."):
    """A comment in the middle of a page."""
    return comment_page(actor(by), scan.pk, page=page, x=Decimal("0.5"), y=Decimal("0.5"), text=text)
