"""Lots of material and of product, and what batches use of them."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from batches.models.batch import Batch
from batches.models.recipe import ProcedureStep
from batches.reach import within_reach
from batches.states import LotState
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import SeatSide


class Lot(SpaceRecord):
    """One lot: received from a supplier or the sponsor, or made by a batch (`produced_by`)."""

    number = models.CharField(max_length=60)
    material = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    unit = models.CharField(max_length=30)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    state = models.CharField(max_length=12, choices=LotState, default=LotState.QUARANTINE)
    supplied_by = models.CharField(max_length=12, choices=SeatSide, default=SeatSide.MANUFACTURER)
    produced_by = RecordKey(Batch, null=True, blank=True)
    # In which step of the batch it was made, where that is known.
    phase = RecordKey(ProcedureStep, null=True, blank=True)
    received_at = models.DateTimeField()
    expires_on = models.DateField(null=True, blank=True)
    # Of what lives for hours: the instant; the day stands beside it.
    expires_at = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "produced_by"], name="lot_made_by"),
            models.Index(fields=["space", "-received_at", "id"], name="lot_list"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="lot_number_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="lot_has_a_quantity"),
            models.CheckConstraint(condition=~Q(supplied_by=SeatSide.BOTH), name="lot_is_supplied_by_one"),
            models.CheckConstraint(
                condition=within_reach("received_at", "expires_at"), name="lot_times_within_reach"
            ),
        ]

    def move(self, state: LotState) -> None:
        """Go to another state."""
        self.state = state
        self.bump()


class LotUse(SpaceRecord):
    """So much of a lot went into a batch; a use entered by mistake is withdrawn and stays to be read."""

    lot = RecordKey(Lot)
    batch = RecordKey(Batch)
    phase = RecordKey(ProcedureStep, null=True, blank=True)
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    used_at = models.DateTimeField()
    code = models.CharField(max_length=60)
    under_quarantine = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_code = models.CharField(max_length=60, blank=True, default="", db_default="")
    withdrawn_why = SealedTextField(blank=True, default="", db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["space", "lot"], name="lotuse_lot"),
            models.Index(fields=["space", "batch"], name="lotuse_batch"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gt=0), name="lotuse_has_a_quantity"),
            models.CheckConstraint(
                condition=within_reach("used_at", "withdrawn_at"), name="lotuse_times_within_reach"
            ),
        ]

    def withdraw(self, at: datetime, code: str, why: str) -> None:
        """Take it back."""
        self.withdrawn_at, self.withdrawn_code, self.withdrawn_why = at, code, why
        self.bump()
