"""The executed record: steps as they were done, and what was entered at them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from batches.models.batch import Batch
from batches.models.recipe import Parameter, ProcedureStep
from batches.reach import within_reach
from batches.states import EntryState, ExecutionState, LimitKind
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class StepExecution(SpaceRecord):
    """One attempt at one step of the recipe; a step left out has one too.

    Three times are kept of what a person states: when it happened (`_at`), when it was entered on the device
    (`_entered_at`), when it came here (`_recorded_at`). `reason`: why it was repeated, left out or given up.
    """

    batch = RecordKey(Batch)
    step = RecordKey(ProcedureStep)
    number = models.CharField(max_length=130)
    title = models.CharField(max_length=200)
    attempt = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=9, choices=ExecutionState, default=ExecutionState.STARTED)
    equipment = models.JSONField(default=list)
    rooms = models.JSONField(default=list)
    started_at = models.DateTimeField()
    started_entered_at = models.DateTimeField()
    started_recorded_at = models.DateTimeField()
    started_by = models.UUIDField(null=True)
    started_code = models.CharField(max_length=60)
    ended_at = models.DateTimeField(null=True)
    ended_entered_at = models.DateTimeField(null=True)
    ended_recorded_at = models.DateTimeField(null=True)
    performed_by = models.UUIDField(null=True)
    performed_code = models.CharField(max_length=60, blank=True)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.UUIDField(null=True)
    verified_code = models.CharField(max_length=60, blank=True)
    is_late = models.BooleanField(default=False)
    late_reason = SealedTextField(blank=True)
    reason = SealedTextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "started_at"], name="execution_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch", "step", "attempt"], name="execution_attempt_once"
            ),
            models.UniqueConstraint(
                fields=["space", "batch"], condition=Q(state="started"), name="execution_one_under_way"
            ),
            models.CheckConstraint(
                condition=(
                    Q(verified_by=None) | ~Q(verified_by=F("performed_by")) & ~Q(verified_by=F("started_by"))
                )
                & (
                    Q(verified_code="")
                    | ~Q(verified_code=F("performed_code")) & ~Q(verified_code=F("started_code"))
                ),
                name="execution_verifier_is_not_performer",
            ),
            models.CheckConstraint(
                condition=Q(state="verified", verified_at__isnull=False) & ~Q(verified_code="")
                | ~Q(state="verified") & Q(verified_at=None, verified_code=""),
                name="execution_verified_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="started", ended_at=None, performed_code="")
                | ~Q(state="started") & Q(ended_at__isnull=False) & ~Q(performed_code=""),
                name="execution_ended_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="execution_has_length"
            ),
            models.CheckConstraint(
                condition=Q(is_late=False) | ~Q(late_reason=""), name="execution_late_with_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["skipped", "aborted"]) & Q(attempt=1) | ~Q(reason=""),
                name="execution_departs_with_reason",
            ),
            models.CheckConstraint(
                condition=within_reach("started_at", "ended_at", "verified_at"),
                name="execution_times_within_reach",
            ),
        ]

    @property
    def is_over(self) -> bool:
        """Say whether the step needs nothing more, as far as this attempt goes."""
        return self.state in {ExecutionState.VERIFIED, ExecutionState.SKIPPED} or (
            self.state == ExecutionState.PERFORMED and not self.step.needs_second_check
        )

    def finish(self, at: datetime, entered_at: datetime, now: datetime, by: UUID | None, code: str) -> None:
        """Note that the step was done, and by whom."""
        self.state, self.ended_at = ExecutionState.PERFORMED, at
        self.ended_entered_at, self.ended_recorded_at = entered_at, now
        self.performed_by, self.performed_code = by, code
        self.bump()

    def verify(self, at: datetime, by: UUID | None, code: str) -> None:
        """Note that a second person checked it."""
        self.state, self.verified_at = ExecutionState.VERIFIED, at
        self.verified_by, self.verified_code = by, code
        self.bump()

    def abort(self, at: datetime, by: UUID | None, code: str, reason: str) -> None:
        """Note that it was given up."""
        self.finish(at, at, at, by, code)
        self.state, self.reason = ExecutionState.ABORTED, reason

    def admit_late(self, reason: str) -> None:
        """Note that it was entered late, and why."""
        self.is_late, self.late_reason = True, reason


class StepEntry(SpaceRecord):
    """One line of the record: a value of a parameter, a value of its own name, or words.

    `given` is what was read and typed, `value` the same in the unit of the parameter. A correction is another
    entry that `replaces` this one, which stays to be read (11.10(e), Annex 11 9).
    """

    batch = RecordKey(Batch)
    execution = RecordKey(StepExecution, null=True)
    parameter = RecordKey(Parameter, null=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=9, choices=EntryState, default=EntryState.STANDING)
    given_value = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    given_unit = models.CharField(max_length=30, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    unit = models.CharField(max_length=30, blank=True)
    text = SealedTextField(blank=True)
    # The gravest kind of limit that the value lies outside of.
    outside = models.CharField(max_length=8, choices=LimitKind, blank=True)
    at = models.DateTimeField()
    entered_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    entered_by = models.UUIDField(null=True)
    code = models.CharField(max_length=60)
    is_late = models.BooleanField(default=False)
    late_reason = SealedTextField(blank=True)
    replaces = RecordKey("self", null=True)
    reason = SealedTextField(blank=True)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.UUIDField(null=True)
    verified_code = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "at"], name="stepentry_batch")]
        constraints = [
            models.UniqueConstraint(fields=["space", "replaces"], name="stepentry_replaced_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=False, given_value__isnull=False, text="")
                | Q(value=None, given_value=None, parameter=None) & ~Q(text=""),
                name="stepentry_value_or_words",
            ),
            models.CheckConstraint(
                condition=Q(replaces=None) | ~Q(reason=""), name="stepentry_corrects_with_reason"
            ),
            models.CheckConstraint(
                condition=Q(is_late=False) | ~Q(late_reason=""), name="stepentry_late_with_reason"
            ),
            models.CheckConstraint(
                condition=(Q(verified_by=None) | ~Q(verified_by=F("entered_by")))
                & (Q(verified_code="") | ~Q(verified_code=F("code"))),
                name="stepentry_verifier_is_another",
            ),
            models.CheckConstraint(
                condition=Q(verified_at=None, verified_code="")
                | Q(verified_at__isnull=False) & ~Q(verified_code=""),
                name="stepentry_verified_by_somebody",
            ),
            models.CheckConstraint(condition=within_reach("at"), name="stepentry_times_within_reach"),
        ]

    def give_way(self) -> None:
        """Let a correction take its place."""
        self.state = EntryState.CORRECTED
        self.bump()

    def verify(self, at: datetime, by: UUID | None, code: str) -> None:
        """Note that a second person checked it."""
        self.verified_at, self.verified_by, self.verified_code = at, by, code
        self.bump()
