"""The master record: an ISA-88 procedure tree with parameters and the limits of each phase."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from batches.states import DataKind, Level, LimitKind, ParameterKind, RecipeState
from portal.models import RecordKey, SpaceRecord


class RecipeVersion(SpaceRecord):
    """One version of a master batch record; a batch executes exactly one."""

    number = models.CharField(max_length=60)
    revision = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200)
    product = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=12, choices=RecipeState, default=RecipeState.DRAFT)
    # Each batch is for one patient: what may touch dose, identity or slot is told at any hour.
    is_patient_lot = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "number", "revision"], name="recipe_revision_once")
        ]


class ProcedureStep(SpaceRecord):
    """A node of the procedure tree; phases are the leaves a batch moves through, in `ordinal` order."""

    recipe_version = RecordKey(RecipeVersion)
    parent = RecordKey("self", null=True, blank=True)
    level = models.CharField(max_length=16, choices=Level)
    ordinal = models.PositiveIntegerField()
    code = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    planned_s = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "recipe_version", "code"], name="step_code_once"),
            models.UniqueConstraint(fields=["space", "recipe_version", "ordinal"], name="step_ordinal_once"),
        ]


class Parameter(SpaceRecord):
    """What is measured in a batch of this recipe version: unit, criticality, expected interval."""

    recipe_version = RecordKey(RecipeVersion)
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    unit = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=6, choices=ParameterKind, default=ParameterKind.OTHER)
    data_kind = models.CharField(max_length=8, choices=DataKind, default=DataKind.ONLINE)
    expected_interval_s = models.PositiveIntegerField(default=10)
    decimals = models.PositiveSmallIntegerField(default=1)
    ordinal = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "recipe_version", "code"], name="parameter_code_once"),
        ]


class Limit(SpaceRecord):
    """One limit of a parameter, in one phase or in all; a value equal to the limit is inside."""

    parameter = RecordKey(Parameter)
    phase = RecordKey(ProcedureStep, null=True, blank=True)
    kind = models.CharField(max_length=8, choices=LimitKind)
    low = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    high = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    delay_s = models.PositiveIntegerField(default=0)
    min_duration_s = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["space", "parameter"], name="limit_parameter")]
        constraints = [
            models.CheckConstraint(condition=~Q(low=None, high=None), name="limit_has_a_bound"),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=F("high")), name="limit_low_below_high"
            ),
            models.UniqueConstraint(
                fields=["space", "parameter", "kind", "phase"], nulls_distinct=False, name="limit_once"
            ),
        ]
