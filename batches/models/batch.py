"""A batch and the phases it went through."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from batches.models.recipe import ProcedureStep, RecipeVersion
from batches.reach import within_reach
from batches.states import BatchState
from portal.models import ProgramSite, RecordKey, SpaceRecord


class Batch(SpaceRecord):
    """One lot being made by one recipe version; the plant's own system may stay master (`external_*`)."""

    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200, blank=True)
    recipe_version = RecordKey(RecipeVersion)
    site = RecordKey(ProgramSite, null=True, blank=True)
    equipment = models.CharField(max_length=60, blank=True)
    # Made for one patient: what may touch dose, identity or slot is told at any hour.
    is_patient_lot = models.BooleanField(default=False, db_default=False)
    state = models.CharField(max_length=14, choices=BatchState, default=BatchState.PLANNED)
    phase = RecordKey(ProcedureStep, null=True, blank=True)
    planned_start = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    external_status = models.CharField(max_length=120, blank=True)
    external_as_of = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "state", "-planned_start", "id"], name="batch_list")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="batch_number_once"),
            models.UniqueConstraint(
                fields=["space", "external_id"], condition=~Q(external_id=""), name="batch_external_id_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "discontinued"]) | Q(started_at__isnull=False),
                name="batch_started_once_running",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(started_at=None) | Q(ended_at__gte=F("started_at")),
                name="batch_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=within_reach("planned_start", "started_at", "ended_at", "external_as_of"),
                name="batch_times_within_reach",
            ),
        ]

    def start(self, at: datetime, phase: ProcedureStep | None) -> None:
        """Begin the execution in its first phase."""
        self.state, self.started_at, self.phase = BatchState.IN_PROCESS, at, phase
        self.bump()

    def enter(self, phase: ProcedureStep) -> None:
        """Move to a phase."""
        self.phase = phase
        self.bump()

    def mirror(self, status: str | None, as_of: datetime) -> None:
        """Copy what the plant's own system says of it; a status it does not say stays."""
        self.external_status, self.external_as_of = self.external_status if status is None else status, as_of

    def end(self, state: BatchState, at: datetime) -> None:
        """Complete or discontinue the batch."""
        self.state, self.ended_at = state, at
        self.bump()


class PhaseRun(SpaceRecord):
    """The stretch of time a batch spent in a phase; limits follow it."""

    batch = RecordKey(Batch)
    phase = RecordKey(ProcedureStep)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "started_at"], name="phaserun_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch"], condition=Q(ended_at=None), name="phaserun_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="phaserun_has_length"
            ),
            models.CheckConstraint(
                condition=within_reach("started_at", "ended_at"), name="phaserun_times_within_reach"
            ),
        ]
