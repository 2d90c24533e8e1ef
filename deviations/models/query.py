"""A query: what one side asks the other, and until when it is answered."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from batches.models import Batch
from deviations.dockets.asking.states import QueryKind, QueryState
from deviations.models.deviation import Deviation
from deviations.models.docket import OWN_SIDE, Docket
from deviations.models.monthly import MonthlyLine
from portal.models import RecordKey


class Query(Docket):
    """What one side asks the other: shared at once, answered by the other side, closed by the asker.

    `wanted_at` is by when the asker would like it; a clock runs by clause alone. A reconsideration is about a
    deviation, or about a line of the monthly list where the sponsor knows no more than that.
    """

    kind = models.CharField(max_length=15, choices=QueryKind)
    state = models.CharField(max_length=9, choices=QueryState, default=QueryState.OPEN)
    batch = RecordKey(Batch, null=True, blank=True)
    deviation = RecordKey(Deviation, null=True, blank=True)
    line = RecordKey(MonthlyLine, null=True, blank=True)
    wanted_at = models.DateTimeField(null=True, blank=True)
    clause = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "-recorded_at", "-id"], name="query_list"),
            models.Index(fields=["space", "deviation"], name="query_deviation"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="query_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="query_is_shared"),
            models.CheckConstraint(condition=OWN_SIDE, name="query_asked_by_a_side"),
        ]
