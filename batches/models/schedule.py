"""Campaigns and slots of suites, in the program of the batch that they are for."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from batches.models.batch import Batch
from batches.reach import within_reach
from batches.schedule.states import SlotState
from portal.models import RecordKey, SpaceRecord


class Campaign(SpaceRecord):
    """Several batches of one program that are made after one another."""

    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="campaign_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="campaign_is_read_by_both"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="campaign_has_length"),
            models.CheckConstraint(
                condition=within_reach("begins_at", "ends_at"), name="campaign_times_within_reach"
            ),
        ]


class SuiteSlot(SpaceRecord):
    """A suite that is promised to a program for a time; both sides read it, no other program does.

    `first_*` is what was planned at first; `planned_*` what holds now.
    """

    campaign = RecordKey(Campaign, null=True, blank=True)
    batch = RecordKey(Batch, null=True, blank=True)
    suite = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=SlotState, default=SlotState.PLANNED)
    first_start = models.DateTimeField()
    first_end = models.DateTimeField()
    planned_start = models.DateTimeField()
    planned_end = models.DateTimeField()
    actual_start = models.DateTimeField(null=True, blank=True)
    actual_end = models.DateTimeField(null=True, blank=True)
    moved_why = models.CharField(max_length=500, blank=True)
    moved_code = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "planned_start", "id"], name="suiteslot_by_time")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="shared"), name="suiteslot_is_read_by_both"),
            models.CheckConstraint(
                condition=Q(planned_end__gt=F("planned_start")), name="suiteslot_has_length"
            ),
            models.CheckConstraint(
                condition=Q(actual_end=None) | Q(actual_end__gte=F("actual_start")),
                name="suiteslot_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled"]) | Q(actual_start__isnull=False),
                name="suiteslot_under_way_began",
            ),
            models.CheckConstraint(
                condition=within_reach(
                    "first_start",
                    "first_end",
                    "planned_start",
                    "planned_end",
                    "actual_start",
                    "actual_end",
                ),
                name="suiteslot_times_within_reach",
            ),
        ]

    def move(self, start: datetime, end: datetime, why: str, code: str) -> None:
        """Plan it for another time; what was planned at first stays."""
        self.planned_start, self.planned_end = start, end
        self.moved_why, self.moved_code = why, code
        self.bump()

    def go(self, state: SlotState, at: datetime) -> None:
        """Begin it, end it, or give it up."""
        if state == SlotState.UNDER_WAY:
            self.actual_start = at
        elif state == SlotState.DONE:
            self.actual_end = at
        self.state = state
        self.bump()
