"""The monthly list: all numbers of a month with title, date and class, as the CDMO's QA released it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.models import RecordKey, SpaceRecord
from portal.states import Classification


class MonthlyList(SpaceRecord):
    """All deviations of a program that were recorded in a month of its site, told by number alone.

    It lets out what its lines say, and nothing of the records behind them.
    """

    month = models.DateField()
    number = models.CharField(max_length=20)
    title = models.CharField(max_length=60)
    lines = models.PositiveIntegerField()
    released_at = models.DateTimeField()
    released_by = models.UUIDField()
    released_code = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "month"], name="monthlylist_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="monthlylist_is_shared"),
        ]


class MonthlyLine(SpaceRecord):
    """One number of a monthly list: title, day and class as they stood when the list left."""

    of_list = RecordKey(MonthlyList)
    ordinal = models.PositiveIntegerField()
    number = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    recorded_on = models.DateField()
    classification = models.CharField(max_length=8, choices=Classification, blank=True)
    is_no_deviation = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "of_list", "ordinal"], name="monthlyline_ordinal_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="monthlyline_is_shared"),
        ]
