"""A complaint about a batch; it names no patient and no person."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from batches.models import Batch
from deviations.dockets.complaining.states import ComplaintKind, ComplaintState
from deviations.models.docket import OWN_SIDE, Docket
from portal.models import RecordKey


class Complaint(Docket):
    """What came in about a batch, at the sponsor or at the CDMO: both sides read it at once."""

    kind = models.CharField(max_length=10, choices=ComplaintKind)
    state = models.CharField(max_length=12, choices=ComplaintState, default=ComplaintState.RECEIVED)
    batch = RecordKey(Batch)
    received_at = models.DateTimeField()
    units = models.PositiveIntegerField(null=True, blank=True)
    clause = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "-recorded_at", "-id"], name="complaint_list"),
            models.Index(fields=["space", "batch"], name="complaint_batch"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="complaint_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="complaint_is_shared"),
            models.CheckConstraint(condition=OWN_SIDE, name="complaint_received_by_a_side"),
            models.CheckConstraint(
                condition=Q(received_at__lte=F("recorded_at")), name="complaint_received_before_recorded"
            ),
        ]
