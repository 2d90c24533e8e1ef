"""What callers send about batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rest_framework import serializers

from portal.api.base import Input, Text
from portal.api.fields import Instant

REASON_CHARACTERS: Final = 4000
AT = "When it happened, with offset; now if not given."


class PlanInput(Input):
    """A batch to come, or with `started_at` one that runs already."""

    program = serializers.UUIDField()
    recipe_version = serializers.UUIDField()
    number = Text(most=60)
    planned_start = Instant()
    started_at = Instant(required=False)
    title = Text(most=200, required=False, allow_blank=True)
    equipment = Text(most=60, required=False, allow_blank=True)
    site = serializers.UUIDField(required=False)
    external_id = Text(most=120, required=False, allow_blank=True)
    is_patient_lot = serializers.BooleanField(required=False, help_text="Made for one patient.")


class MirrorBatchInput(Input):
    """The copy of a batch's status in the plant's own system; what is needed to enter a new one."""

    external_status = Text(
        most=120, required=False, allow_blank=True, allow_null=True, help_text="Stays as it is if left out."
    )
    as_of = Instant(required=False, help_text="When the copy was true there.")
    recipe_version = serializers.UUIDField(required=False)
    number = Text(most=60, required=False)
    planned_start = Instant(required=False)
    title = Text(most=200, required=False, allow_blank=True)


class StartInput(Input):
    """The start of a batch."""

    at = Instant(required=False, help_text=AT)


class PhaseInput(Input):
    """A move to a phase."""

    phase = Text(most=60, help_text="The code of a phase of the recipe.")
    at = Instant(required=False, help_text=AT)


class CompleteInput(Input):
    """The end of a batch."""

    at = Instant(required=False, help_text=AT)


class DiscontinueInput(Input):
    """The end of a batch for good."""

    reason = Text(most=REASON_CHARACTERS, required=False, allow_blank=True)
    at = Instant(required=False, help_text=AT)


class ReadingInput(Input):
    """One value of one parameter at one instant."""

    parameter = serializers.CharField(help_text="The code of a parameter of the batch's recipe.")
    at = Instant(help_text="ISO 8601 with offset.")
    value = serializers.FloatField()
    unit = serializers.CharField(required=False, help_text="If given, the parameter's own.")


class ReadingsInput(Input):
    """A frame of at most 100,000 readings and 16 MB."""

    readings = ReadingInput(many=True)


CYCLE_INPUTS: Final[Mapping[str, type[Input]]] = {
    "start": StartInput,
    "phase": PhaseInput,
    "complete": CompleteInput,
    "discontinue": DiscontinueInput,
}
