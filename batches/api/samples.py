"""Samples on their way through laboratories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import samples
from batches.api.inputs import REASON_CHARACTERS
from batches.api.shapes import number_text
from batches.laboratory.states import SAMPLE_TRANSITIONS, LaboratoryKind, SampleState
from batches.models import Sample
from batches.queries.samples import Tracked, list_samples, track
from portal.access import get_visible
from portal.action import instant
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, choice_param, etag, seen_version, uuid_param
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, offer_actions
from portal.errors import NotFound
from portal.states import Audience


class PlanSampleInput(Input):
    """A sample to be taken."""

    number = Text(most=60)
    title = Text(most=200)
    tests = serializers.ListField(child=Text(most=40), help_text="Codes of parameters.", max_length=100)
    laboratory = Text(most=120)
    laboratory_kind = serializers.ChoiceField(LaboratoryKind.choices, required=False)
    point = Text(most=60, required=False)
    planned_at = Instant()
    expected_at = Instant(help_text="When its last result is expected.")


class MoveSampleInput(Input):
    """When it went on; now when left out."""

    at = Instant(required=False)


class ExpectSampleInput(Input):
    """Another date, and why."""

    expected_at = Instant()
    reason = Text(least=10, most=REASON_CHARACTERS)


class CancelSampleInput(Input):
    """Why it is given up."""

    reason = Text(least=10, most=REASON_CHARACTERS)


SAMPLE_INPUTS: Final[dict[str, type[Input]]] = {
    **dict.fromkeys(("take", "send", "receive", "test", "report"), MoveSampleInput),
    "expect": ExpectSampleInput,
    "cancel": CancelSampleInput,
}


class SampleTestShown(Output):
    """A test with its result in the record, null until it is there."""

    code = serializers.CharField()
    title = serializers.CharField()
    result = serializers.UUIDField(allow_null=True)
    value = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    flag = serializers.CharField()


class SampleShown(Output):
    """A sample, where it is, and what of its tests is there."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    point = serializers.CharField()
    audience = serializers.ChoiceField(Audience.choices)
    laboratory = serializers.CharField()
    laboratory_kind = serializers.ChoiceField(LaboratoryKind.choices)
    state = serializers.ChoiceField(SampleState.choices)
    tests = SampleTestShown(many=True)
    is_late = serializers.BooleanField()
    planned_at = serializers.DateTimeField()
    expected_at = serializers.DateTimeField()
    taken_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    tested_at = serializers.DateTimeField(allow_null=True)
    reported_at = serializers.DateTimeField(allow_null=True)
    by = serializers.CharField()
    reason = serializers.CharField()
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


def sample_json(actor: Actor, found: Tracked) -> dict[str, Any]:
    """Return a sample with its tests and what the reader may do with it."""
    row = found.sample
    names = ("number", "title", "point", "audience", "laboratory", "laboratory_kind", "state", "version")
    times = ("planned_at", "expected_at", "taken_at", "sent_at", "received_at", "tested_at", "reported_at")
    return {
        "id": row.pk,
        "program": row.space_id,
        "batch": row.batch_id,
        **{name: getattr(row, name) for name in (*names, *times)},
        "tests": [
            {
                "code": each.code,
                "title": each.title,
                "result": each.result and each.result.pk,
                "value": each.result and f"{each.result.qualifier}{number_text(each.result.value)}",
                "unit": each.result.unit if each.result is not None else "",
                "flag": each.result.flag if each.result is not None else "",
            }
            for each in found.tests
        ],
        "is_late": found.is_late,
        "by": row.code,
        "reason": str(row.reason),
        "available_actions": offer_actions(
            actor, row, SAMPLE_TRANSITIONS, href=reverse("sample", args=[row.pk]), inputs=SAMPLE_INPUTS
        ),
    }


class SampleView(ListView):
    """Anything that answers with a sample."""

    ordering = ("expected_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the sample as its own address shows it."""
        get_visible(Sample, actor, record_id)
        found = track(actor, list_samples(actor).filter(pk=record_id), instant())
        return sample_json(actor, found[0])


class Samples(SampleView):
    """The tracker: samples over batches and laboratories."""

    @extend_schema(
        operation_id="samples_list",
        parameters=[
            OpenApiParameter("program", UUID),
            OpenApiParameter("state", str, enum=[*SampleState.values, "under_way"]),
        ],
        responses=SampleShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the samples the caller may see, those first whose results are expected first."""
        state = choice_param(request, "state", [*SampleState.values, "under_way"])
        rows = list_samples(request.actor, under_way=state == "under_way")
        if (program := uuid_param(request, "program")) is not None:
            rows = rows.filter(space_id=program)
        if state not in (None, "under_way"):
            rows = rows.filter(state=state)

        def represent(page: Sequence[Sample]) -> list[dict[str, Any]]:
            return [sample_json(request.actor, each) for each in track(request.actor, page, instant())]

        return self.page(request, rows, represent)


class BatchSamples(SampleView):
    """The samples of a batch."""

    made_status = 201

    @extend_schema(operation_id="batches_samples", responses=SampleShown(many=True))
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the samples of a batch; of a foreign one 404."""
        rows = list_samples(request.actor, batch_id=get_batch(request.actor, batch_id).pk)

        def represent(page: Sequence[Sample]) -> list[dict[str, Any]]:
            return [sample_json(request.actor, each) for each in track(request.actor, page, instant())]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="batches_plan_sample", request=PlanSampleInput, responses={201: SampleShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Plan a sample."""
        return self.answer(samples.plan_sample(request.actor, batch_id, **PlanSampleInput.parse(request)))


class SampleItem(SampleView):
    """Show a sample."""

    @extend_schema(operation_id="samples_show", responses=SampleShown)
    def get(self, request: ActorRequest, sample_id: UUID) -> Response:
        """Return one sample; 404 when it is not the caller's to see."""
        data = self.represent(request.actor, sample_id)
        return Response(data, headers=etag(data))


class SampleStep(SampleView):
    """Move a sample on, expect it at another time, give it up."""

    @extend_schema(operation_id="samples_step", request=MoveSampleInput, responses=SampleShown)
    def post(self, request: ActorRequest, sample_id: UUID, step: str) -> Response:
        """Take a step that `available_actions` offers. If-Match is needed."""
        if step not in SAMPLE_INPUTS:
            raise NotFound
        given = SAMPLE_INPUTS[step].parse(request) | {"version": seen_version(request)}
        if step == "expect":
            return self.answer(samples.expect_sample(request.actor, sample_id, **given))
        if step == "cancel":
            return self.answer(samples.cancel_sample(request.actor, sample_id, **given))
        return self.answer(samples.move_sample(request.actor, sample_id, step=step, **given))


urlpatterns = [
    path("samples/", Samples.as_view(), name="samples"),
    path("samples/<uuid:sample_id>/", SampleItem.as_view(), name="sample"),
    path("samples/<uuid:sample_id>/<slug:step>/", SampleStep.as_view(), name="sample-step"),
    path("batches/<uuid:batch_id>/samples/", BatchSamples.as_view(), name="batch-samples"),
]
