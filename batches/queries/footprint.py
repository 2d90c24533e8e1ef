"""The sustainability sheet of a batch, reckoned by the factors it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from batches.footprint.reckoning import Footprint, factors_from, lines_from, reckon
from batches.models import FactorSet, FootprintSheet
from portal.actor import Actor
from portal.models import RecordQuerySet


@dataclass(frozen=True, slots=True)
class Sheet:
    """The newest sheet of a batch with what it comes to, and how many stood before it."""

    row: FootprintSheet
    footprint: Footprint
    earlier: Sequence[FootprintSheet]


def list_factors(actor: Actor, *, program_id: UUID | None = None) -> RecordQuerySet[FactorSet]:
    """Return versions of factors the reader may see, unordered."""
    rows = FactorSet.objects.visible_to(actor)
    return rows if program_id is None else rows.filter(space_id=program_id)


def find_sheet(actor: Actor, batch_id: UUID) -> Sheet | None:
    """Return what a batch took as it was stated last, None where nobody has."""
    rows = FootprintSheet.objects.visible_to(actor).filter(batch_id=batch_id).select_related("factor_set")
    found = list(rows.order_by("-revision", "id"))
    if not found:
        return None
    newest = found[0]
    factors = factors_from(newest.factor_set.factors)
    return Sheet(newest, reckon(lines_from(newest.lines), factors, newest.product_kg), found[1:])
