"""What was told to the sponsor, word for word."""

from __future__ import annotations

from django.db import models

from deviations.models.deviation import Deviation
from portal.models import Alert, RecordKey, SpaceRecord
from portal.states import Classification


class Notice(SpaceRecord):
    """The notice of a deviation as it left: words, clause, who released it, when; always shared."""

    deviation = RecordKey(Deviation)
    alert = RecordKey(Alert)
    classification = models.CharField(max_length=8, choices=Classification)
    clause = models.CharField(max_length=20)
    content = models.JSONField()
    released_at = models.DateTimeField()
    released_by = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "deviation"], name="notice_once")]
