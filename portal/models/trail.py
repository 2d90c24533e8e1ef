"""Reviews of the audit trail, each a record of its own that is signed (Annex 11 s.9)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from portal.models.base import SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience


class TrailReview(SpaceRecord):
    """What somebody looked through: a stretch of one chain, of all kinds or some, and what they found.

    It belongs to the reviewer's own side. `last_leaf` binds it to what stood there: no other chain has an
    entry with that leaf hash at that place. It is made once and never changed.
    """

    state: ClassVar[str] = "reviewed"

    chain = models.CharField(max_length=12, choices=Audience)
    first_seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    kinds = models.JSONField(default=list, blank=True)
    entries = models.PositiveIntegerField()
    outside = models.PositiveIntegerField()
    last_leaf = models.CharField(max_length=64)
    finding = SealedTextField()
    reviewer_id = models.UUIDField()
    reviewer_code = models.CharField(max_length=60)
    reviewed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_seq__gte=1, last_seq__gte=F("first_seq")), name="trailreview_is_a_stretch"
            ),
        ]
        indexes = [models.Index(fields=["space", "-reviewed_at", "id"], name="trailreview_list")]

    @property
    def number(self) -> str:
        """Return the stretch, as the review is called."""
        return f"{self.first_seq}-{self.last_seq}"
