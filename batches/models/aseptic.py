"""Media fills and the interventions of a fill."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from batches.aseptic.states import InterventionKind, Qualified
from batches.models.batch import Batch
from batches.reach import within_reach
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class MediaFill(SpaceRecord):
    """A media fill of a line, as a program may rely on it: what interventions it simulated.

    Each has a code, title, kind, how often at most, and how many seconds at most. Written once; the next one
    of the line takes its place from its own day on.
    """

    number = models.CharField(max_length=60)
    line = models.CharField(max_length=60)
    filled_on = models.DateField()
    valid_until = models.DateField()
    vials = models.PositiveIntegerField()
    interventions = models.JSONField(default=list)
    # Corrective ones to 10,000 vials.
    alert_rate = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    action_rate = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="mediafill_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="mediafill_is_read_by_both"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=models.F("filled_on")), name="mediafill_is_valid_for_a_time"
            ),
        ]


class Intervention(SpaceRecord):
    """One time that somebody reached into an aseptic process; never changed, by both sides to be read."""

    batch = RecordKey(Batch)
    media_fill = RecordKey(MediaFill, null=True, blank=True)
    at = models.DateTimeField()
    seconds = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=InterventionKind)
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    station = models.CharField(max_length=60)
    glove = models.CharField(max_length=20, blank=True)
    filled = models.PositiveIntegerField(null=True, blank=True)
    note = SealedTextField(blank=True)
    qualified = models.CharField(max_length=8, choices=Qualified)
    done_code = models.CharField(max_length=60)
    entered_code = models.CharField(max_length=60)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "at"], name="intervention_batch")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="shared"), name="intervention_is_read_by_both"),
            models.CheckConstraint(condition=within_reach("at"), name="intervention_time_within_reach"),
        ]
