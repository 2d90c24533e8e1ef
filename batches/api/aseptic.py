"""Interventions of a fill, and the media fills that they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import aseptic
from batches.aseptic.states import InterventionKind, Qualified
from batches.models import Intervention, MediaFill
from batches.queries.aseptic import interventions_of, list_media_fills
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, uuid_param
from portal.api.fields import Instant


class QualifiedLine(Input):
    """An intervention that a media fill simulated."""

    code = Text(most=40)
    title = Text(most=200, required=False)
    kind = serializers.ChoiceField(InterventionKind.choices)
    most = serializers.IntegerField(min_value=1, max_value=10_000)
    longest_s = serializers.IntegerField(min_value=1, max_value=86_400)


class StateMediaFillInput(Input):
    """What a media fill of a line qualified."""

    program = serializers.UUIDField()
    number = Text(most=60)
    line = Text(most=60)
    filled_on = serializers.DateField()
    valid_until = serializers.DateField()
    vials = serializers.IntegerField(min_value=1, max_value=10_000_000)
    interventions = serializers.ListField(child=QualifiedLine(), max_length=200)
    alert_rate = serializers.DecimalField(max_digits=6, decimal_places=1, required=False)
    action_rate = serializers.DecimalField(max_digits=6, decimal_places=1, required=False)


class InterventionInput(Input):
    """Somebody reached into the process; `filled` is how many vials were filled by then."""

    code = Text(most=40)
    kind = serializers.ChoiceField(InterventionKind.choices)
    station = Text(most=60)
    seconds = serializers.IntegerField(min_value=1, max_value=86_400)
    at = Instant(required=False)
    title = Text(most=200, required=False)
    glove = Text(most=20, required=False)
    filled = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False)
    note = Text(most=2000, required=False)
    done_by = Text(most=60, required=False, help_text="The code of who did it, if another enters it.")


class MediaFillShown(Output):
    """A media fill."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    line = serializers.CharField()
    filled_on = serializers.DateField()
    valid_until = serializers.DateField()
    vials = serializers.IntegerField()
    interventions = serializers.ListField(child=serializers.DictField())
    alert_rate = serializers.CharField(allow_null=True)
    action_rate = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()


class InterventionShown(Output):
    """An intervention, and how it stands against the media fill in force on its day."""

    id = serializers.UUIDField()
    batch = serializers.UUIDField()
    at = serializers.DateTimeField()
    seconds = serializers.IntegerField()
    kind = serializers.ChoiceField(InterventionKind.choices)
    code = serializers.CharField()
    title = serializers.CharField()
    station = serializers.CharField()
    glove = serializers.CharField()
    filled = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()
    qualified = serializers.ChoiceField(Qualified.choices)
    media_fill = serializers.UUIDField(allow_null=True)
    done_by = serializers.CharField()
    entered_by = serializers.CharField()
    version = serializers.IntegerField()


PLAIN: Final = (
    "at",
    "seconds",
    "kind",
    "code",
    "title",
    "station",
    "glove",
    "filled",
    "qualified",
    "version",
)


def media_fill_json(row: MediaFill) -> dict[str, Any]:
    """Return a media fill."""
    names = ("number", "line", "filled_on", "valid_until", "vials", "interventions", "version")
    rates = {name: getattr(row, name) for name in ("alert_rate", "action_rate")}
    stated = {name: str(value) if value is not None else None for name, value in rates.items()}
    return {"id": row.pk, "program": row.space_id} | {name: getattr(row, name) for name in names} | stated


def intervention_json(row: Intervention) -> dict[str, Any]:
    """Return an intervention."""
    stated = {name: getattr(row, name) for name in PLAIN}
    return stated | {
        "id": row.pk,
        "batch": row.batch_id,
        "note": str(row.note),
        "media_fill": row.media_fill_id,
        "done_by": row.done_code,
        "entered_by": row.entered_code,
    }


class MediaFills(ListView):
    """The media fills that the caller's programs rely on."""

    ordering = ("-filled_on", "id")
    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a media fill."""
        return media_fill_json(get_visible(MediaFill, actor, record_id))

    @extend_schema(
        operation_id="media_fills",
        parameters=[OpenApiParameter("program", str)],
        responses=MediaFillShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return media fills, the newest first."""

        def represent(found: Sequence[MediaFill]) -> list[dict[str, Any]]:
            return [media_fill_json(each) for each in found]

        rows = list_media_fills(request.actor, program_id=uuid_param(request, "program"))
        return self.page(request, rows, represent)

    @extend_schema(
        operation_id="media_fills_state", request=StateMediaFillInput, responses={201: MediaFillShown}
    )
    def post(self, request: ActorRequest) -> Response:
        """State what a media fill qualified; it is never changed, the next one takes its place."""
        given = StateMediaFillInput.parse(request)
        return self.answer(aseptic.state_media_fill(request.actor, given.pop("program"), **given))


class BatchInterventions(ListView):
    """The interventions of a batch."""

    ordering = ("at", "id")
    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return an intervention."""
        return intervention_json(get_visible(Intervention, actor, record_id))

    @extend_schema(operation_id="batches_interventions", responses=InterventionShown(many=True))
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the interventions of a batch by time; of a foreign batch 404."""
        batch = get_batch(request.actor, batch_id)

        def represent(found: Sequence[Intervention]) -> list[dict[str, Any]]:
            return [intervention_json(each) for each in found]

        return self.page(request, interventions_of(request.actor, batch.pk), represent)

    @extend_schema(
        operation_id="batches_intervene", request=InterventionInput, responses={201: InterventionShown}
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Record an intervention; what the media fill did not qualify asks the quality unit for receipt."""
        given = InterventionInput.parse(request)
        return self.answer(aseptic.record_intervention(request.actor, batch_id, **given))


urlpatterns = [
    path("media-fills/", MediaFills.as_view(), name="media-fills"),
    path("batches/<uuid:batch_id>/interventions/", BatchInterventions.as_view(), name="batch-interventions"),
]
