"""Interventions of a fill, and the media fill that they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from batches.aseptic.judging import rate
from batches.aseptic.states import InterventionKind, Qualified
from batches.models import Batch, Intervention, MediaFill
from portal.actor import Actor
from portal.models import RecordQuerySet


@dataclass(frozen=True, slots=True)
class Interventions:
    """The interventions of a batch by time; `rate` is of corrective ones to 10,000 vials."""

    rows: Sequence[Intervention]
    media_fill: MediaFill | None
    rate: Decimal | None

    @property
    def corrective(self) -> int:
        """Return how many put something right."""
        return sum(1 for each in self.rows if each.kind == InterventionKind.CORRECTIVE)

    @property
    def unqualified(self) -> int:
        """Return how many the media fill did not qualify."""
        return sum(1 for each in self.rows if each.qualified != Qualified.YES)

    @property
    def verdict(self) -> str:
        """Return how the rate stands: within, alert or action; empty where it cannot be said."""
        fill = self.media_fill
        if fill is None or self.rate is None:
            return ""
        if fill.action_rate is not None and self.rate > fill.action_rate:
            return "action"
        return "alert" if fill.alert_rate is not None and self.rate > fill.alert_rate else "within"


def interventions_of(actor: Actor, batch_id: UUID) -> RecordQuerySet[Intervention]:
    """Return the interventions of a batch, unordered."""
    return Intervention.objects.visible_to(actor).filter(batch_id=batch_id)


def media_fill_for(actor: Actor, batch: Batch, at: datetime) -> MediaFill | None:
    """Return the newest media fill of the batch's line that was in force on a day, None without one."""
    rows = MediaFill.objects.visible_to(actor).filter(space_id=batch.space_id, line=batch.equipment)
    day = at.date()
    return rows.filter(filled_on__lte=day, valid_until__gte=day).order_by("-filled_on", "id").first()


def list_media_fills(actor: Actor, *, program_id: UUID | None = None) -> RecordQuerySet[MediaFill]:
    """Return media fills the reader may see, unordered."""
    rows = MediaFill.objects.visible_to(actor)
    return rows if program_id is None else rows.filter(space_id=program_id)


def aseptic_of(actor: Actor, batch: Batch) -> Interventions:
    """Return the interventions of a batch with what they are held against."""
    rows = list(interventions_of(actor, batch.pk).order_by("at", "id"))
    vials = max((each.filled or 0 for each in rows), default=0)
    began = batch.started_at or batch.planned_start
    fill = media_fill_for(actor, batch, rows[-1].at if rows else began)
    return Interventions(rows, fill, rate((each.kind for each in rows), vials))
