"""The three holds of the trade (domain 2b), each with scope, reason, placer and releaser."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from batches.models.batch import Batch
from batches.states import HoldKind, StandState
from portal.models import Record, RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience


class BatchHold(SpaceRecord):
    """One hold on a batch, placed by a person or by a clause because of another record (`cause`).

    One by clause ends with its cause (`until`) and is not lifted before by anybody.
    """

    batch = RecordKey(Batch)
    kind = models.CharField(max_length=11, choices=HoldKind)
    state = models.CharField(max_length=8, choices=StandState, default=StandState.STANDING)
    scope = models.CharField(max_length=200, blank=True)
    reason = SealedTextField(blank=True)
    cause = RecordKey(Record, null=True, blank=True)
    cause_number = models.CharField(max_length=60, blank=True)
    clause = models.CharField(max_length=20, blank=True)
    terms = models.PositiveIntegerField(null=True, blank=True)
    until = models.CharField(max_length=20, blank=True)
    placed_code = models.CharField(max_length=60)
    placed_at = models.DateTimeField()
    lifted_code = models.CharField(max_length=60, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = SealedTextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "state"], name="batchhold_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch", "cause", "kind"],
                condition=Q(state="standing") & ~Q(cause=None),
                name="batchhold_once_a_cause",
            ),
            models.CheckConstraint(
                condition=Q(state="lifted", lifted_at__isnull=False) | Q(state="standing", lifted_at=None),
                name="batchhold_lifted_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="batchhold_is_placed_by_cdmo"),
        ]

    def lift(self, code: str, at: datetime, reason: str) -> None:
        """Note that it holds no longer."""
        self.state, self.lifted_code, self.lifted_at, self.lift_reason = StandState.LIFTED, code, at, reason
        self.bump()

    def disclose(self) -> None:
        """Widen the audience to both sides; there is no way back."""
        self.audience = Audience.SHARED
        self.bump()
