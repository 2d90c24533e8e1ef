"""The answers about batches as the OpenAPI document describes them; `batches.api.shapes` makes them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from batches.states import (
    BatchState,
    DataKind,
    Direction,
    ExcursionState,
    LimitKind,
    LimitMeasure,
    ParameterKind,
    RecipeState,
)
from portal.api.past import AsOf
from portal.api.transitions import ActionOffer
from portal.states import Audience


class PhaseShown(serializers.Serializer[Any]):
    """A phase of a recipe."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    title = serializers.CharField()


class PhaseOfRecipe(PhaseShown):
    """A phase with its planned length."""

    planned_s = serializers.IntegerField()


class RecipeShown(serializers.Serializer[Any]):
    """How a batch names its recipe version."""

    number = serializers.CharField()
    revision = serializers.IntegerField()
    title = serializers.CharField()


class SiteShown(serializers.Serializer[Any]):
    """A site with the zone of its times."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    zone = serializers.CharField()


class RecipeDetail(RecipeShown):
    """A recipe version."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    product = serializers.CharField()
    state = serializers.ChoiceField(RecipeState.choices)
    audience = serializers.ChoiceField(Audience.choices)
    revision = serializers.IntegerField(allow_null=True, help_text="Given when it is submitted.")
    based_on = serializers.UUIDField(allow_null=True)
    digest = serializers.CharField(help_text="SHA-256 of the canonical JSON that both sides read.")
    drafted_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    effective_from = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    phases = PhaseOfRecipe(many=True)
    version = serializers.IntegerField()


class RecipeWhole(RecipeDetail):
    """A recipe version with its document (`recipes/schema/1/`) and what the reader may do with it."""

    document = serializers.DictField()
    available_actions = ActionOffer(many=True)


class RecipeChange(serializers.Serializer[Any]):
    """One thing that a version changes, in words."""

    part = serializers.CharField()
    code = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())


class RecipeChanges(serializers.Serializer[Any]):
    """What a version changes since another one; null where none was before."""

    since = serializers.UUIDField(allow_null=True)
    changes = RecipeChange(many=True)


class KnotShown(serializers.Serializer[Any]):
    """The ends of a limit at a time in its phase; null leaves a side open."""

    at_s = serializers.IntegerField()
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)


class LimitShown(serializers.Serializer[Any]):
    """A range to stay in, ends included; null leaves a side open.

    `measure` is what is compared over `window_s`; `knots` are a course in place of the two ends.
    """

    kind = serializers.ChoiceField(LimitKind.choices)
    phase = serializers.CharField(allow_null=True)
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    delay_s = serializers.IntegerField()
    min_duration_s = serializers.IntegerField()
    measure = serializers.ChoiceField(LimitMeasure.choices)
    window_s = serializers.IntegerField()
    above = serializers.CharField(allow_null=True)
    knots = KnotShown(many=True)
    every_s = serializers.IntegerField()
    settle_s = serializers.IntegerField()


class LatestShown(serializers.Serializer[Any]):
    """The newest value of a parameter and how old it is."""

    at = serializers.DateTimeField()
    value = serializers.FloatField()
    received_at = serializers.DateTimeField()
    age_s = serializers.FloatField()
    is_stale = serializers.BooleanField()


class ParameterShown(serializers.Serializer[Any]):
    """A parameter of a batch."""

    code = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    kind = serializers.ChoiceField(ParameterKind.choices)
    data_kind = serializers.ChoiceField(DataKind.choices)
    audience = serializers.ChoiceField(Audience.choices)
    expected_interval_s = serializers.IntegerField()
    decimals = serializers.IntegerField()
    limits = LimitShown(many=True)
    latest = LatestShown(allow_null=True)


class RunShown(serializers.Serializer[Any]):
    """A stretch of time in a phase."""

    phase = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class BatchShown(serializers.Serializer[Any]):
    """A batch as lists show it."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    recipe_version = serializers.UUIDField()
    recipe = RecipeShown()
    state = serializers.ChoiceField(BatchState.choices)
    phase = PhaseShown(allow_null=True)
    site = SiteShown(allow_null=True)
    equipment = serializers.CharField()
    is_patient_lot = serializers.BooleanField()
    planned_start = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    external_id = serializers.CharField()
    external_status = serializers.CharField()
    external_as_of = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


class BatchDetailShown(BatchShown):
    """A batch with its parameters, phases and runs."""

    parameters = ParameterShown(many=True)
    phases = PhaseOfRecipe(many=True)
    phase_runs = RunShown(many=True)
    open_excursions = serializers.IntegerField()
    as_of = AsOf(required=False)


class RefusedReading(serializers.Serializer[Any]):
    """A row that was not taken, and why; rows count from 0 without header and blank lines."""

    row = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


class FrameTaken(serializers.Serializer[Any]):
    """What became of a frame."""

    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    refused = RefusedReading(many=True)


def _points(words: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)), help_text=words
    )


# `from` is no name that a class body could hold.
SeriesLimit = inline_serializer(
    "SeriesLimit",
    {
        "kind": serializers.ChoiceField(LimitKind.choices),
        "measure": serializers.ChoiceField(LimitMeasure.choices),
        "low": serializers.FloatField(allow_null=True),
        "high": serializers.FloatField(allow_null=True),
        "course": _points("[ms, low, high] of a limit that moves with time, else empty"),
        "from": serializers.IntegerField(allow_null=True),
        "to": serializers.IntegerField(allow_null=True),
    },
    many=True,
)
SeriesPhase = inline_serializer(
    "SeriesPhase",
    {
        "code": serializers.CharField(),
        "title": serializers.CharField(),
        "from": serializers.IntegerField(allow_null=True),
        "to": serializers.IntegerField(allow_null=True),
    },
    many=True,
)
SeriesMark = inline_serializer(
    "SeriesMark",
    {
        "from": serializers.IntegerField(),
        "to": serializers.IntegerField(),
        "device": serializers.CharField(),
        "skew_s": serializers.IntegerField(allow_null=True, help_text="By how much its clock was ahead."),
        "words": serializers.CharField(),
    },
    many=True,
)
SeriesShown = inline_serializer(
    "SeriesShown",
    {
        "parameter": serializers.CharField(),
        "unit": serializers.CharField(),
        "data_kind": serializers.ChoiceField(DataKind.choices),
        "from": serializers.IntegerField(),
        "to": serializers.IntegerField(),
        "points": _points("[ms, value]; a null value is a gap"),
        "limits": SeriesLimit,
        "phases": SeriesPhase,
        "marks": SeriesMark,
    },
)


class BatchNamed(serializers.Serializer[Any]):
    """How another record names its batch."""

    id = serializers.UUIDField()
    number = serializers.CharField()


class ParameterNamed(serializers.Serializer[Any]):
    """How another record names a parameter."""

    code = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()


class ExcursionShown(serializers.Serializer[Any]):
    """A stretch outside a limit."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = BatchNamed()
    title = serializers.CharField()
    parameter = ParameterNamed()
    limit = LimitShown()
    bound = serializers.CharField()
    direction = serializers.ChoiceField(Direction.choices)
    state = serializers.ChoiceField(ExcursionState.choices)
    started_at = serializers.DateTimeField()
    last_outside_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    duration_s = serializers.FloatField()
    extreme = serializers.FloatField()
    extreme_at = serializers.DateTimeField()
    readings = serializers.IntegerField()
    is_late = serializers.BooleanField()
    alerted_at = serializers.DateTimeField(allow_null=True)
    merged_into = serializers.UUIDField(allow_null=True)
    recorded_at = serializers.DateTimeField()
    version = serializers.IntegerField()
