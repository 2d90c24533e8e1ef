"""Stretches of readings outside a limit."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from batches.models.batch import Batch
from batches.models.recipe import Limit, Parameter
from batches.states import Direction, ExcursionState, LimitKind
from portal.models import RecordKey, SpaceRecord


class Excursion(SpaceRecord):
    """One episode outside one limit: from the first reading outside to the first one back inside (domain 2e).

    Exactly one row per episode and limit, also when frames come late or twice; a row that a correction joined
    to an earlier one is withdrawn and names it. Its audience is the parameter's.
    """

    batch = RecordKey(Batch)
    parameter = RecordKey(Parameter)
    limit = RecordKey(Limit)
    limit_kind = models.CharField(max_length=8, choices=LimitKind)
    bound = models.DecimalField(max_digits=18, decimal_places=6)
    direction = models.CharField(max_length=4, choices=Direction)
    state = models.CharField(max_length=10, choices=ExcursionState, default=ExcursionState.OPEN)
    started_at = models.DateTimeField()
    last_outside_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    extreme = models.FloatField()
    extreme_at = models.DateTimeField()
    readings = models.PositiveIntegerField()
    is_late = models.BooleanField(default=False)
    alerted_at = models.DateTimeField(null=True, blank=True)
    merged_into = RecordKey("self", null=True, blank=True)
    recorded_at = models.DateTimeField()
    number = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=200)

    class Meta:
        indexes = [
            models.Index(
                fields=["space", "batch", "parameter", "limit", "started_at"], name="excursion_episode"
            ),
            models.Index(fields=["space", "-started_at", "id"], name="excursion_list"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch", "limit", "direction", "started_at"],
                condition=~Q(state="withdrawn"),
                name="excursion_once_per_episode",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | ~Q(state="open"), name="excursion_open_has_no_end"
            ),
            models.CheckConstraint(
                condition=Q(last_outside_at__gte=F("started_at")), name="excursion_has_length"
            ),
        ]
