"""The master record: an ISA-88 procedure tree with parameters, materials and hold times, and its life."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from batches.states import (
    DataKind,
    Level,
    LimitKind,
    LimitMeasure,
    MaterialUse,
    ParameterKind,
    RecipeState,
)
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience, SeatSide


class RecipeVersion(SpaceRecord):
    """One version of a master batch record; a batch executes exactly one.

    A draft has no revision and is the CDMO's alone until it is shown; what it says stands in its papers.
    Submitted it gets its revision and its rows, which never change: another wording is another revision.
    `version` counts what was said: a signature does not raise it, so all sign the same. It is in force from
    `effective_from` until `until`; `approval` says where one was approved that came from paper.
    """

    number = models.CharField(max_length=60)
    revision = models.PositiveIntegerField(null=True)
    title = SealedTextField()
    product = SealedTextField(blank=True)
    state = models.CharField(max_length=12, choices=RecipeState, default=RecipeState.DRAFT)
    based_on = RecordKey("self", null=True)
    drafted_by = models.UUIDField(null=True)
    drafted_code = models.CharField(max_length=60, blank=True)
    drafted_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    effective_from = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    approval = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    not_understood = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["space", "number", "-revision"], name="recipeversion_list")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number", "revision"], name="recipe_revision_once"),
            models.UniqueConstraint(
                fields=["space", "number"],
                condition=Q(state__in=["in_review", "approved"]),
                name="recipe_one_in_review",
            ),
            models.UniqueConstraint(
                fields=["space", "number"], condition=Q(state="effective"), name="recipe_one_newest"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", revision=None)
                | Q(state="withdrawn")
                | Q(revision__isnull=False, audience="shared"),
                name="recipe_revision_once_submitted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["effective", "superseded"]) | Q(effective_from=None, until=None),
                name="recipe_takes_effect_once_approved",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(effective_from=None) | Q(until__gte=F("effective_from")),
                name="recipe_ends_after_it_began",
            ),
        ]

    @property
    def label(self) -> str:
        """Return how it is called: MBR-7 rev 3."""
        return f"{self.number} rev {self.revision}" if self.revision is not None else self.number

    @property
    def is_shared(self) -> bool:
        """Say whether the sponsor reads it."""
        return self.audience == Audience.SHARED

    def is_in_force(self, at: datetime) -> bool:
        """Say whether batches may begin with it at an instant."""
        if self.effective_from is not None and at < self.effective_from:
            return False
        if self.state == RecipeState.EFFECTIVE:
            return True
        return self.state == RecipeState.SUPERSEDED and self.until is not None and at < self.until

    def is_scheduled(self, at: datetime) -> bool:
        """Say whether it is approved and takes effect later."""
        return self.effective_from is not None and at < self.effective_from

    def name(self, number: str, title: str, product: str) -> None:
        """Take other names; whoever saw the draft before sees an older one."""
        self.number, self.title, self.product = number, title, product
        self.bump()

    def share(self) -> None:
        """Let the sponsor read the draft."""
        self.audience = Audience.SHARED
        self.bump()

    def submit(self, revision: int, at: datetime) -> None:
        """Hand it to the sponsor's review."""
        self.audience, self.revision, self.submitted_at = Audience.SHARED, revision, at
        self.state = RecipeState.IN_REVIEW
        self.bump()

    def take_effect(self, at: datetime) -> None:
        """Be in force from an instant."""
        self.state, self.effective_from = RecipeState.EFFECTIVE, at

    def follow(self, at: datetime) -> None:
        """Be followed by a later revision from an instant; batches keep this one."""
        self.state, self.until = RecipeState.SUPERSEDED, at


class RecipePaper(SpaceRecord):
    """What a draft says, as JSON of format 1: one row for the CDMO, another one for the sponsor once shown.

    Stands outside the ledger and is gone once the version is submitted or withdrawn: what was never handed
    over leaves no trace but that there was a draft.
    """

    recipe_version = RecordKey(RecipeVersion)
    text = SealedTextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["space", "recipe_version", "audience"], name="recipepaper_once_a_side"
            )
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
    equipment_class = models.CharField(max_length=120, blank=True, default="")
    instruction = models.TextField(blank=True, default="")
    needs_second_check = models.BooleanField(default=False)

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
    target = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    rationale = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "recipe_version", "code"], name="parameter_code_once"),
        ]


class Limit(SpaceRecord):
    """One limit of a parameter, in one phase or in all; a value equal to the limit is inside.

    `measure` says what is compared, over the readings of the last `window_s`; `above` is what a count counts.
    `knots` are `[at_s, low, high]` of a course that stands in place of the two ends and begins again after
    `every_s`. For `settle_s` after a phase began the limit says nothing.
    """

    parameter = RecordKey(Parameter)
    phase = RecordKey(ProcedureStep, null=True, blank=True)
    kind = models.CharField(max_length=8, choices=LimitKind)
    low = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    high = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    delay_s = models.PositiveIntegerField(default=0)
    min_duration_s = models.PositiveIntegerField(default=0)
    measure = models.CharField(max_length=8, choices=LimitMeasure, default=LimitMeasure.VALUE)
    window_s = models.PositiveIntegerField(default=0)
    above = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    knots = models.JSONField(default=list, blank=True)
    every_s = models.PositiveIntegerField(default=0)
    settle_s = models.PositiveIntegerField(default=0)
    rationale = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["space", "parameter"], name="limit_parameter")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(low=None, high=None, knots=[]) | Q(measure="silence"), name="limit_has_a_bound"
            ),
            models.CheckConstraint(
                condition=Q(low=None, high=None) | Q(knots=[]), name="limit_has_ends_or_a_course"
            ),
            models.CheckConstraint(
                condition=Q(measure="value", window_s=0)
                | (~Q(measure="value") & Q(window_s__gt=0, knots=[])),
                name="limit_window_with_its_measure",
            ),
            models.CheckConstraint(
                condition=Q(measure="count", above__isnull=False) | (~Q(measure="count") & Q(above=None)),
                name="limit_counts_above_something",
            ),
            models.CheckConstraint(
                condition=Q(low=None) | Q(high=None) | Q(low__lt=F("high")), name="limit_low_below_high"
            ),
            models.UniqueConstraint(
                fields=["space", "parameter", "kind", "phase", "measure"],
                nulls_distinct=False,
                name="limit_once",
            ),
        ]

    @property
    def is_plain(self) -> bool:
        """Say whether it compares each value with two fixed ends."""
        return self.measure == LimitMeasure.VALUE and not self.knots


class RecipeMaterial(SpaceRecord):
    """What a recipe takes or makes: how much of it, in which step, to which specification, from whom."""

    recipe_version = RecordKey(RecipeVersion)
    step = RecordKey(ProcedureStep, null=True)
    code = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    use = models.CharField(max_length=12, choices=MaterialUse)
    quantity = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    unit = models.CharField(max_length=30, blank=True)
    supplied_by = models.CharField(max_length=12, choices=SeatSide)
    specification = models.CharField(max_length=300, blank=True)
    ordinal = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["space", "recipe_version", "ordinal"], name="material_place_once"
            ),
            models.CheckConstraint(
                condition=Q(quantity=None) | Q(quantity__gte=0), name="material_quantity_not_below_zero"
            ),
        ]


class HoldTime(SpaceRecord):
    """How long may lie between the end of one step and the start of another (21 CFR 211.111)."""

    recipe_version = RecordKey(RecipeVersion)
    after = RecordKey(ProcedureStep)
    before = RecordKey(ProcedureStep, null=True)
    code = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    longest_s = models.PositiveIntegerField()
    condition = models.CharField(max_length=200, blank=True)
    rationale = models.TextField(blank=True)
    ordinal = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "recipe_version", "code"], name="holdtime_code_once"),
        ]
