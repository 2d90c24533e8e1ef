"""Early signals: something looks odd and nothing is wrong yet."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from batches.models import Batch
from deviations.states import SignalState
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import SeatSide


class EarlySignal(SpaceRecord):
    """What one side noticed before any limit was crossed: shared at once, answered within hours.

    No deviation by itself, and counted on no scorecard. `side` raised it, `asked_side` answers by one of
    `roles`, as the clause in force then has them; no clause, no clock, and the usual roles answer.
    """

    number = models.CharField(max_length=20)
    title = SealedTextField()
    description = SealedTextField()
    state = models.CharField(max_length=8, choices=SignalState, default=SignalState.OPEN)
    batch = RecordKey(Batch, null=True, blank=True)
    side = models.CharField(max_length=12, choices=SeatSide)
    noticed_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    raised_code = models.CharField(max_length=60)
    asked_side = models.CharField(max_length=12, choices=SeatSide)
    roles = models.JSONField(default=list)
    answer = SealedTextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_code = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "-raised_at", "-id"], name="earlysignal_list"),
            models.Index(fields=["space", "batch"], name="earlysignal_batch"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="earlysignal_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="earlysignal_is_shared"),
            models.CheckConstraint(
                condition=Q(noticed_at__lte=F("raised_at")), name="earlysignal_noticed_before_raised"
            ),
            models.CheckConstraint(
                condition=Q(state="answered", answered_at__isnull=False) | Q(state="open", answered_at=None),
                name="earlysignal_answered_at_a_time",
            ),
        ]

    def take_answer(self, answer: str, at: datetime, code: str) -> None:
        """Take the one answer; it is never rewritten."""
        self.state, self.answer = SignalState.ANSWERED, answer
        self.answered_at, self.answered_code = at, code
        self.bump()
