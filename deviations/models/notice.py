"""What was told to the sponsor, word for word."""

from __future__ import annotations

from django.db import models

from deviations.models.deviation import Deviation
from portal.models import Alert, RecordKey, SpaceRecord
from portal.states import Classification


class Notice(SpaceRecord):
    """The notice of a deviation as it left: words, clause, who released it, when; always shared.

    `trigger` says what let the clause release it at once; then `released_by` is that clause, and nobody.
    It has no class where it left before one was given.
    """

    deviation = RecordKey(Deviation)
    alert = RecordKey(Alert)
    classification = models.CharField(max_length=8, choices=Classification, null=True)  # noqa: DJ001 - no class is no empty class
    clause = models.CharField(max_length=20)
    content = models.JSONField()
    released_at = models.DateTimeField()
    released_by = models.CharField(max_length=60)
    trigger = models.CharField(max_length=24, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "deviation"], name="notice_once")]
