"""Legal holds: what must be kept whatever its retention class says."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from portal.models.base import RecordKey, SpaceRecord
from portal.models.space import Record
from portal.sealing import SealedTextField
from portal.states import HoldState, SeatSide


class LegalHold(SpaceRecord):
    """One side's word that a program, batch or deviation is kept, with all that belongs to it.

    It stands until that side releases it, and only that side knows of it unless it is shared. `number` is
    what the record was called.
    """

    record = RecordKey(Record)
    number = models.CharField(max_length=60)
    side = models.CharField(max_length=12, choices=SeatSide)
    reason = SealedTextField()
    state = models.CharField(max_length=10, choices=HoldState, default=HoldState.PLACED)
    placed_by = models.UUIDField()
    placed_code = models.CharField(max_length=60)
    placed_at = models.DateTimeField()
    released_by = models.UUIDField(null=True)
    released_code = models.CharField(max_length=60, blank=True)
    released_at = models.DateTimeField(null=True)
    release_reason = SealedTextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "-placed_at", "id"], name="legalhold_list")]
        constraints = [
            # Of each side: neither learns by a refusal that the other has one.
            models.UniqueConstraint(
                fields=["space", "record", "side"],
                condition=Q(state="placed"),
                name="legalhold_one_of_each_side",
            ),
            models.CheckConstraint(
                condition=Q(side__in=["manufacturer", "sponsor"])
                & (Q(audience="shared") | Q(audience=F("side"))),
                name="legalhold_of_its_side_or_shared",
            ),
            models.CheckConstraint(
                condition=Q(state="placed", released_at=None, released_by=None)
                | Q(state="released", released_at__gte=F("placed_at"), released_by__isnull=False),
                name="legalhold_released_by_somebody",
            ),
        ]

    def release(self, by: UUID, code: str, at: datetime, reason: str) -> None:
        """End it."""
        self.state, self.released_by, self.released_code = HoldState.RELEASED, by, code
        self.released_at, self.release_reason = at, reason
        self.bump()
