"""What was decided of a batch, step by step, each under a signature."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from batches.disposition.states import Decision, DecisionState, ReleaseStepCode
from batches.models.batch import Batch
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class Disposition(SpaceRecord):
    """One signed step of the disposition of a batch; `market` is empty where it holds for all.

    It is never changed; one that was not final may be followed by a later one of the same step. `condition`
    is what a conditional decision hangs on, `answer` the reasoned answer of a qualified person to what
    happened before (EU GMP Annex 16, section 3).
    """

    batch = RecordKey(Batch)
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    step = models.CharField(max_length=20, choices=ReleaseStepCode)
    market = models.CharField(max_length=20, blank=True)
    ordinal = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=8, choices=DecisionState, default=DecisionState.STANDING)
    decision = models.CharField(max_length=11, choices=Decision)
    markets = models.JSONField(default=list)
    reason = SealedTextField()
    condition = SealedTextField(blank=True)
    answer = SealedTextField(blank=True)
    clause = models.CharField(max_length=20, blank=True)
    terms = models.PositiveIntegerField(null=True)
    decided_by = models.UUIDField()
    decided_code = models.CharField(max_length=60)
    decided_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "step"], name="disposition_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch", "step", "market"],
                condition=Q(state="standing"),
                name="disposition_one_stands",
            ),
            models.CheckConstraint(
                condition=Q(decision="restricted") & ~Q(markets=[])
                | ~Q(decision="restricted") & Q(markets=[]),
                name="disposition_restricted_to_markets",
            ),
            models.CheckConstraint(
                condition=~Q(decision="conditional") | ~Q(condition=""), name="disposition_condition_said"
            ),
            models.CheckConstraint(condition=Q(audience="shared"), name="disposition_is_read_by_both"),
        ]

    def follow(self) -> None:
        """Give way to a later decision."""
        self.state = DecisionState.FOLLOWED
        self.bump()
