"""Monitoring of rooms and utilities: the site's own record, and what of it a batch has."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from batches.environment.states import (
    Grade,
    Occupancy,
    SampleKind,
    SampleState,
    SessionState,
    System,
    Verdict,
)
from batches.models.batch import Batch
from batches.reach import within_reach
from portal.models import RecordKey, SpaceRecord


class MonitoringPoint(SpaceRecord):
    """A place of the plant where samples are taken, in the manufacturer's own space.

    `limits` are the plant's own by kind, where tighter than the guidance; `serves` names the areas that a
    utility feeds. The contamination control strategy stands by number and version.
    """

    code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    area = models.CharField(max_length=60)
    system = models.CharField(max_length=8, choices=System, default=System.ROOM)
    grade = models.CharField(max_length=1, choices=Grade, default=Grade.NONE, blank=True)
    limits = models.JSONField(default=dict, blank=True)
    serves = models.JSONField(default=list, blank=True)
    strategy = models.CharField(max_length=60, blank=True)
    strategy_version = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "code"], name="monitoringpoint_code_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="monitoringpoint_is_the_sites"),
        ]


class MonitoringSession(SpaceRecord):
    """One round of sampling in an area, in the manufacturer's own space: no client is named in it."""

    number = models.CharField(max_length=60)
    area = models.CharField(max_length=60)
    occupancy = models.CharField(max_length=12, choices=Occupancy)
    state = models.CharField(max_length=8, choices=SessionState, default=SessionState.OPEN)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    strategy = models.CharField(max_length=60, blank=True)
    strategy_version = models.CharField(max_length=20, blank=True)
    opened_by = models.UUIDField()
    opened_role = models.CharField(max_length=20)

    class Meta:
        indexes = [models.Index(fields=["space", "-began_at", "id"], name="monitoring_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="monitoring_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="monitoring_is_the_sites"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("began_at")), name="monitoring_has_length"
            ),
            models.CheckConstraint(
                condition=within_reach("began_at", "ended_at"), name="monitoring_times_within_reach"
            ),
        ]

    def close(self, at: datetime) -> None:
        """Take no more samples."""
        self.state, self.ended_at = SessionState.CLOSED, at
        self.bump()


class Sampled(SpaceRecord):
    """What is known of a sample, by the site and by a batch it belongs to."""

    code = models.CharField(max_length=60)
    kind = models.CharField(max_length=14, choices=SampleKind)
    state = models.CharField(max_length=10, choices=SampleState, default=SampleState.EXPOSED)
    exposed_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    # Degrees and times: [{"low": "20", "high": "25", "from": "...", "until": "..."}]
    incubation = models.JSONField(default=list, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    second_value = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    bounds = models.JSONField(default=dict, blank=True)
    verdict = models.CharField(max_length=6, choices=Verdict, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    read_role = models.CharField(max_length=20, blank=True)
    second_at = models.DateTimeField(null=True, blank=True)
    second_role = models.CharField(max_length=20, blank=True)
    organism = models.CharField(max_length=200, blank=True)

    class Meta:
        abstract = True

    @property
    def counted(self) -> Decimal | None:
        """Return what holds: the higher of both readings, as long as nobody explains the difference."""
        known = [each for each in (self.value, self.second_value) if each is not None]
        return max(known, default=None)


class MonitoringSample(Sampled):
    """One plate, count or reading at a place of the plant, in the manufacturer's own space."""

    session = RecordKey(MonitoringSession)
    point = RecordKey(MonitoringPoint)
    read_by = models.UUIDField(null=True, blank=True)
    second_by = models.UUIDField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "point", "kind", "exposed_at"], name="monitoringsample_trend")
        ]
        constraints = [
            models.UniqueConstraint(fields=["space", "session", "code"], name="monitoringsample_code_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="monitoringsample_is_the_sites"),
            models.CheckConstraint(
                condition=Q(second_by=None) | ~Q(second_by=F("read_by")),
                name="monitoringsample_read_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(taken_at=None) | Q(taken_at__gte=F("exposed_at")),
                name="monitoringsample_has_exposure",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["exposed", "incubating"]) | Q(value__isnull=False),
                name="monitoringsample_read_has_value",
            ),
            models.CheckConstraint(
                condition=within_reach("exposed_at", "taken_at", "read_at", "second_at"),
                name="monitoringsample_times_within_reach",
            ),
        ]


class Coverage(SpaceRecord):
    """That a session covers a batch of a client; the site's own knowledge, and whom to tell what is new.

    It names program and batch by id alone: who does not work for that client reads nothing of it here.
    """

    session = RecordKey(MonitoringSession)
    program = models.UUIDField()
    batch = models.UUIDField()
    part = models.UUIDField()
    # What was opened because something grew in Grade A.
    event = models.UUIDField(null=True, blank=True)
    carry_due = models.BooleanField(default=True, db_default=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(carry_due=True), name="coverage_to_carry")]
        constraints = [
            models.UniqueConstraint(fields=["space", "session", "batch"], name="coverage_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="coverage_is_the_sites"),
        ]


class BatchMonitoring(SpaceRecord):
    """A session as a batch that it covers has it, in the program: nothing of any other batch."""

    batch = RecordKey(Batch)
    session = models.UUIDField()
    number = models.CharField(max_length=60)
    area = models.CharField(max_length=60)
    occupancy = models.CharField(max_length=12, choices=Occupancy)
    state = models.CharField(max_length=8, choices=SessionState, default=SessionState.OPEN)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    strategy = models.CharField(max_length=60, blank=True)
    strategy_version = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=500, blank=True)
    as_of = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "began_at"], name="batchmonitoring_batch")]
        constraints = [
            models.UniqueConstraint(fields=["space", "batch", "session"], name="batchmonitoring_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="batchmonitoring_is_read_by_both"),
            models.CheckConstraint(
                condition=within_reach("began_at", "ended_at", "as_of"),
                name="batchmonitoring_times_within_reach",
            ),
        ]


class BatchSample(Sampled):
    """A sample as a batch has it; what grew on a plate stands here once a second person has read it."""

    monitoring = RecordKey(BatchMonitoring)
    sample = models.UUIDField()
    point_code = models.CharField(max_length=40)
    point_title = models.CharField(max_length=200)
    system = models.CharField(max_length=8, choices=System)
    grade = models.CharField(max_length=1, choices=Grade, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "monitoring", "sample"], name="batchsample_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="batchsample_is_read_by_both"),
            models.CheckConstraint(
                condition=within_reach("exposed_at", "taken_at", "read_at", "second_at"),
                name="batchsample_times_within_reach",
            ),
        ]
