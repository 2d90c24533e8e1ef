"""What samples gave: in process and in the laboratory, against the specification of the recipe version."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from batches.models.batch import Batch
from batches.models.execution import StepExecution
from batches.models.recipe import Parameter
from batches.reach import within_reach
from batches.states import LimitKind, ResultFlag, ResultState
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class SampleResult(SpaceRecord):
    """One result of one sample; `point` names the place of the sample in the process: "day 9", "release".

    A sample that was exposed has a window, from `sampled_at` until `exposed_until`; the result belongs there,
    whenever it comes (domain 2e). `qualifier` is `<` or `>` for what lies beyond what the method can measure.
    `basis` says by what the flag was given. One that `replaces` another has a reason; that one is invalid.
    """

    batch = RecordKey(Batch)
    parameter = RecordKey(Parameter)
    execution = RecordKey(StepExecution, null=True)
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    point = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=11, choices=ResultState, default=ResultState.UNREVIEWED)
    sampled_at = models.DateTimeField()
    exposed_until = models.DateTimeField(null=True)
    resulted_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    qualifier = models.CharField(max_length=1, blank=True)
    given_value = models.DecimalField(max_digits=18, decimal_places=6)
    given_unit = models.CharField(max_length=30, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=6)
    unit = models.CharField(max_length=30, blank=True)
    method = models.CharField(max_length=120, blank=True)
    instrument = models.CharField(max_length=60, blank=True)
    calibration_due_on = models.DateField(null=True)
    read_by = models.UUIDField(null=True)
    reader_code = models.CharField(max_length=60)
    second_read_by = models.UUIDField(null=True)
    second_reader_code = models.CharField(max_length=60, blank=True)
    second_read_at = models.DateTimeField(null=True)
    reviewed_by = models.UUIDField(null=True)
    reviewed_code = models.CharField(max_length=60, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    flag = models.CharField(max_length=3, choices=ResultFlag, blank=True)
    outside = models.CharField(max_length=8, choices=LimitKind, blank=True)
    basis = models.JSONField(default=dict)
    is_late = models.BooleanField(default=False)
    replaces = RecordKey("self", null=True)
    reason = SealedTextField(blank=True)
    invalidated_at = models.DateTimeField(null=True)
    invalidated_code = models.CharField(max_length=60, blank=True)
    invalid_reason = SealedTextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "batch", "sampled_at"], name="result_batch"),
            models.Index(fields=["space", "parameter", "point"], name="result_parameter"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch", "parameter", "number"],
                condition=~Q(state="invalidated"),
                name="result_one_counts",
            ),
            models.UniqueConstraint(fields=["space", "replaces"], name="result_replaced_once"),
            models.CheckConstraint(condition=Q(qualifier__in=["", "<", ">"]), name="result_qualifier_known"),
            models.CheckConstraint(
                condition=Q(resulted_at__gte=F("sampled_at"))
                & (
                    Q(exposed_until=None)
                    | Q(exposed_until__gte=F("sampled_at"), resulted_at__gte=F("exposed_until"))
                ),
                name="result_after_its_sample",
            ),
            models.CheckConstraint(
                condition=(Q(second_read_by=None) | ~Q(second_read_by=F("read_by")))
                & (Q(second_reader_code="") | ~Q(second_reader_code=F("reader_code"))),
                name="result_second_reader_is_another",
            ),
            models.CheckConstraint(
                condition=(Q(reviewed_by=None) | ~Q(reviewed_by=F("read_by")))
                & (Q(reviewed_code="") | ~Q(reviewed_code=F("reader_code"))),
                name="result_reviewer_is_another",
            ),
            models.CheckConstraint(
                condition=Q(state="reviewed", reviewed_at__isnull=False) & ~Q(reviewed_code="")
                | Q(state="unreviewed", reviewed_at=None, reviewed_code="")
                | Q(state="invalidated"),
                name="result_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="invalidated", invalidated_at__isnull=False)
                & ~Q(invalidated_code="")
                & ~Q(invalid_reason="")
                | ~Q(state="invalidated") & Q(invalidated_at=None, invalidated_code="", invalid_reason=""),
                name="result_invalid_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None) | ~Q(reason=""), name="result_replaces_with_reason"
            ),
            models.CheckConstraint(
                condition=within_reach("sampled_at", "exposed_until", "resulted_at"),
                name="result_times_within_reach",
            ),
        ]

    @property
    def window_end(self) -> datetime:
        """Return the end of what the result says something of."""
        return self.exposed_until or self.sampled_at

    def is_calibrated(self, on: date) -> bool | None:
        """Say whether the instrument was within its calibration on a day; None when nobody said."""
        return None if self.calibration_due_on is None else on <= self.calibration_due_on

    def read_again(self, at: datetime, by: UUID | None, code: str) -> None:
        """Note that a second person read the same."""
        self.second_read_at, self.second_read_by, self.second_reader_code = at, by, code
        self.bump()

    def review(self, at: datetime, by: UUID | None, code: str) -> None:
        """Note who reviewed it."""
        self.state = ResultState.REVIEWED
        self.reviewed_at, self.reviewed_by, self.reviewed_code = at, by, code
        self.bump()

    def invalidate(self, at: datetime, code: str, reason: str) -> None:
        """Declare it invalid."""
        self.state = ResultState.INVALIDATED
        self.invalidated_at, self.invalidated_code, self.invalid_reason = at, code, reason
        self.bump()
