"""Finished batches of the same master record, to lay under the chart of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef

from batches.models import Batch, Latest, PhaseRun
from portal.actor import Actor

MOST: Final = 12


@dataclass(frozen=True, slots=True)
class Reference:
    """A finished batch with readings, and when its phases ran."""

    batch: Batch
    runs: Sequence[PhaseRun]


def references_for(actor: Actor, batch: Batch) -> list[Reference]:
    """Return the newest finished batches by the same master record, whatever revision; two queries."""
    known = Latest.objects.visible_to(actor).filter(space_id=batch.space_id, batch_id=OuterRef("pk"))
    rows = Batch.objects.visible_to(actor).filter(
        Exists(known),
        space_id=batch.space_id,
        recipe_version__number=batch.recipe_version.number,
        started_at__isnull=False,
        ended_at__isnull=False,
    )
    found = list(rows.exclude(pk=batch.pk).order_by("-ended_at", "id")[:MOST])
    runs: dict[object, list[PhaseRun]] = {}
    of_these = PhaseRun.objects.visible_to(actor).filter(
        space_id=batch.space_id, batch_id__in=[each.pk for each in found]
    )
    for run in of_these.select_related("phase").order_by("started_at", "id"):
        runs.setdefault(run.batch_id, []).append(run)
    return [Reference(each, runs.get(each.pk, ())) for each in found]
