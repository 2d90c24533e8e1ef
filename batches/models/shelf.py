"""Alarms that a person put aside for a while (ISA-18.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q

from batches.models.batch import Batch
from batches.models.recipe import Limit, Parameter
from batches.states import ShelfState
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class AlarmShelf(SpaceRecord):
    """One limit of one batch whose alerts wait until an instant, at most twelve hours ahead.

    It hides no reading and no excursion. Whether it holds follows from the time; `ended_at` is noted by the
    sweep or by whoever takes it off early, with what happened meanwhile. Its audience is the limit's.
    """

    batch = RecordKey(Batch)
    parameter = RecordKey(Parameter)
    limit = RecordKey(Limit)
    state = models.CharField(max_length=8, choices=ShelfState, default=ShelfState.SHELVED)
    reason = SealedTextField()
    shelved_code = models.CharField(max_length=60)
    shelved_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_code = models.CharField(max_length=60, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    excursions = models.PositiveIntegerField(default=0)
    lasting = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "state"], name="alarmshelf_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch", "limit"],
                condition=Q(state="shelved"),
                name="alarmshelf_once_a_limit",
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("shelved_at"), until__lte=F("shelved_at") + timedelta(hours=12)),
                name="alarmshelf_for_a_shift_at_most",
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) | Q(state="shelved", ended_at=None),
                name="alarmshelf_ended_at_a_time",
            ),
        ]

    def holds(self, at: datetime) -> bool:
        """Say whether alerts wait at an instant."""
        return self.state == ShelfState.SHELVED and at < self.until

    def end(self, code: str, at: datetime, excursions: int, lasting: int) -> None:
        """Note that it holds no longer: what was outside meanwhile, and how much of it still is."""
        self.state, self.ended_code, self.ended_at = ShelfState.ENDED, code, at
        self.excursions, self.lasting = excursions, lasting
        self.bump()
