"""How the sides of a program work: the calendars by which business time is counted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.models.base import RecordKey, SpaceRecord
from portal.models.space import ProgramSite
from portal.sealing import SealedTextField
from portal.states import SeatSide


class BusinessCalendar(SpaceRecord):
    """One version of how a side works, in force from a date on; a row never changes.

    Numbers run through all versions of a side. A site may have versions of its own, which win there over
    those for the whole side. `content` is the plain form of `business_time.Calendar`.
    """

    side = models.CharField(max_length=12, choices=SeatSide)
    site = RecordKey(ProgramSite, null=True, blank=True)
    number = models.PositiveIntegerField()
    content = models.JSONField()
    effective_on = models.DateField()
    reason = SealedTextField()
    set_by = models.UUIDField()
    set_code = models.CharField(max_length=60)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "side", "number"], name="businesscalendar_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="businesscalendar_known_to_both"),
            models.CheckConstraint(
                condition=Q(side__in=["manufacturer", "sponsor"]), name="businesscalendar_of_a_side"
            ),
        ]
