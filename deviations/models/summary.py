"""What is known of a deviation before its investigation ends."""

from __future__ import annotations

from django.db import models

from deviations.models.deviation import Deviation
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class PreliminarySummary(SpaceRecord):
    """The preliminary summary of an investigation: given once, read by whoever knows of the record."""

    deviation = RecordKey(Deviation)
    text = SealedTextField()
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "deviation"], name="preliminarysummary_once"),
            models.CheckConstraint(
                condition=~models.Q(audience="sponsor"), name="preliminarysummary_of_cdmo"
            ),
        ]
