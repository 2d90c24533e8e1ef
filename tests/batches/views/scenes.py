"""What the tests of the batch pages set up and look at."""

from __future__ import annotations

from datetime import timedelta

from batches.actions.readings import take_frame
from batches.models import Batch, Excursion
from portal.action import reading
from portal.actor import system_actor
from tests.factories import batches, cast


def feed(batch, *rows, program=cast.PROGRAM):
    """Let the batch take readings."""
    body = batches.frame(*rows)
    return take_frame(system_actor("setup", program), batch.pk, body=body, media_type="application/json")


def fresh(code="TEMP", values=(36.5, 36.6, 36.5), ago=timedelta(seconds=30)):
    """Readings that end just now."""
    return batches.course(values, code=code, start=batches.now() - ago)


def outside(values=(38.2,) * 12, ago=timedelta(minutes=20), code="TEMP"):
    """Readings that leave PAR and stay outside."""
    return batches.course([36.5, *values], code=code, start=batches.now() - ago)


def excursions_of(batch, program=cast.PROGRAM, **wanted):
    """The excursions of a batch, by the gravity of their limit, whoever may see them."""
    with reading(system_actor("watchdog", program)) as watcher:
        rows = Excursion.objects.visible_to(watcher).select_related("parameter", "limit", "batch")
        return list(rows.filter(batch=batch, **wanted).order_by("limit_kind", "started_at"))


def state_of(batch, program=cast.PROGRAM):
    """State, phase code and version as they stand."""
    with reading(system_actor("watchdog", program)) as watcher:
        row = Batch.objects.visible_to(watcher).select_related("phase").get(pk=batch.pk)
        return str(row.state), row.phase.code if row.phase else "", row.version
