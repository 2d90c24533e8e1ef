"""Results of samples: in process and in the laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import results
from batches.api.executed_shapes import SecondCheckShown
from batches.api.inputs import REASON_CHARACTERS
from batches.api.shapes import number_text
from batches.models import SampleResult
from batches.queries.record import list_sample_results
from batches.states import RESULT_TRANSITIONS, LimitKind, ResultFlag, ResultState
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, choice_param, etag, seen_version
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, NoInput, offer_actions
from portal.errors import NotFound
from portal.states import Audience


class RecordResultInput(Input):
    """What a sample gave."""

    parameter = Text(most=40)
    sample = Text(most=60, help_text="The number of the sample.")
    value = serializers.DecimalField(max_digits=18, decimal_places=6)
    unit = Text(most=30, required=False)
    qualifier = serializers.ChoiceField(["", "<", ">"], required=False)
    point = Text(most=60, required=False, help_text="The place of the sample in the process: day 9, release.")
    step = Text(most=60, required=False)
    sampled_at = Instant()
    exposed_until = Instant(required=False, help_text="The end of an exposure that began with sampled_at.")
    resulted_at = Instant(required=False)
    method = Text(most=120, required=False)
    instrument = Text(most=60, required=False)
    calibration_due_on = serializers.DateField(required=False, allow_null=True)
    replaces = serializers.UUIDField(required=False)
    reason = Text(least=10, most=REASON_CHARACTERS, required=False)


class InvalidateInput(Input):
    """What made a result invalid."""

    reason = Text(least=10, most=REASON_CHARACTERS)


RESULT_INPUTS: Final[dict[str, type[Input]]] = {"invalidate": InvalidateInput}


class SampleResultShown(Output):
    """A result with its sample, who read it, and what the rules say of it; unreviewed until reviewed."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    parameter = serializers.DictField()
    step = serializers.CharField(allow_null=True)
    sample = serializers.CharField()
    point = serializers.CharField()
    state = serializers.ChoiceField(ResultState.choices)
    audience = serializers.ChoiceField(Audience.choices)
    sampled_at = serializers.DateTimeField()
    exposed_until = serializers.DateTimeField(allow_null=True)
    resulted_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    is_late = serializers.BooleanField(help_text="It came when the phase of its sample was over.")
    qualifier = serializers.CharField()
    value = serializers.CharField()
    unit = serializers.CharField()
    given_value = serializers.CharField()
    given_unit = serializers.CharField()
    flag = serializers.ChoiceField(ResultFlag.choices)
    outside = serializers.ChoiceField([("", "within"), *LimitKind.choices])
    basis = serializers.DictField(help_text="The numbers of the rule by which it was judged.")
    method = serializers.CharField()
    instrument = serializers.CharField()
    calibration_due_on = serializers.DateField(allow_null=True)
    is_calibrated = serializers.BooleanField(allow_null=True)
    reader = serializers.CharField()
    second_reader = SecondCheckShown(allow_null=True)
    reviewed = SecondCheckShown(allow_null=True)
    invalidated = SecondCheckShown(allow_null=True)
    invalid_reason = serializers.CharField()
    replaces = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


def result_json(actor: Actor, row: SampleResult) -> dict[str, Any]:
    """Return a result and what the reader may do with it."""
    steps = {
        name: step
        for name, step in RESULT_TRANSITIONS.items()
        if name != "second_read" or row.second_read_at is None
    }
    return {
        "id": row.pk,
        "program": row.space_id,
        "batch": row.batch_id,
        "parameter": {"code": row.parameter.code, "title": row.parameter.title},
        "step": row.execution and row.execution.step.code,
        "sample": row.number,
        "point": row.point,
        "state": row.state,
        "audience": row.audience,
        "sampled_at": row.sampled_at,
        "exposed_until": row.exposed_until,
        "resulted_at": row.resulted_at,
        "recorded_at": row.recorded_at,
        "is_late": row.is_late,
        "qualifier": row.qualifier,
        "value": number_text(row.value),
        "unit": row.unit,
        "given_value": number_text(row.given_value),
        "given_unit": row.given_unit,
        "flag": row.flag,
        "outside": row.outside,
        "basis": row.basis,
        "method": row.method,
        "instrument": row.instrument,
        "calibration_due_on": row.calibration_due_on,
        "is_calibrated": row.is_calibrated(row.resulted_at.date()),
        "reader": row.reader_code,
        "second_reader": row.second_read_at and {"at": row.second_read_at, "by": row.second_reader_code},
        "reviewed": row.reviewed_at and {"at": row.reviewed_at, "by": row.reviewed_code},
        "invalidated": row.invalidated_at and {"at": row.invalidated_at, "by": row.invalidated_code},
        "invalid_reason": str(row.invalid_reason),
        "replaces": row.replaces_id,
        "reason": str(row.reason),
        "version": row.version,
        "available_actions": offer_actions(
            actor, row, steps, href=reverse("sample-result", args=[row.pk]), inputs=RESULT_INPUTS
        ),
    }


class ResultView(ListView):
    """Anything that answers with a result."""

    ordering = ("-sampled_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the result as its own address shows it."""
        found = get_visible(SampleResult, actor, record_id)
        return result_json(actor, list_sample_results(actor, found.batch_id).get(pk=record_id))


class BatchResults(ResultView):
    """List results of a batch, and record one."""

    made_status = 201

    @extend_schema(
        operation_id="batches_results",
        parameters=[
            OpenApiParameter("state", str, enum=ResultState.values),
            OpenApiParameter("flag", str, enum=[each for each in ResultFlag.values if each]),
        ],
        responses=SampleResultShown(many=True),
    )
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the results of a batch, the latest sample first; of a foreign batch 404."""
        rows = list_sample_results(request.actor, get_batch(request.actor, batch_id).pk)
        state = choice_param(request, "state", ResultState.values)
        flag = choice_param(request, "flag", [each for each in ResultFlag.values if each])
        if state is not None:
            rows = rows.filter(state=state)
        if flag is not None:
            rows = rows.filter(flag=flag)

        def represent(found: Sequence[SampleResult]) -> list[dict[str, Any]]:
            return [result_json(request.actor, each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(
        operation_id="batches_record_result", request=RecordResultInput, responses={201: SampleResultShown}
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Record what a sample gave; the rules flag it, and who must know is asked."""
        given = RecordResultInput.parse(request)
        replaces_id = given.pop("replaces", None)
        return self.answer(results.record_result(request.actor, batch_id, replaces_id=replaces_id, **given))


class ResultItem(ResultView):
    """Show a result."""

    @extend_schema(operation_id="results_show", responses=SampleResultShown)
    def get(self, request: ActorRequest, result_id: UUID) -> Response:
        """Return one result; 404 when it is not the caller's to see."""
        data = self.represent(request.actor, result_id)
        return Response(data, headers=etag(data))


class ResultStep(ResultView):
    """Read a second time, review, declare invalid."""

    @extend_schema(operation_id="results_step", request=InvalidateInput, responses=SampleResultShown)
    def post(self, request: ActorRequest, result_id: UUID, step: str) -> Response:
        """Take a step that `available_actions` offers. If-Match is needed."""
        known = {
            "second_read": results.read_again,
            "review": results.review_result,
            "invalidate": results.invalidate_result,
        }
        if step not in known:
            raise NotFound
        given = RESULT_INPUTS.get(step, NoInput).parse(request)
        take: Any = known[step]
        return self.answer(take(request.actor, result_id, version=seen_version(request), **given))


urlpatterns = [
    path("batches/<uuid:batch_id>/results/", BatchResults.as_view(), name="batch-results"),
    path("results/<uuid:result_id>/", ResultItem.as_view(), name="sample-result"),
    path("results/<uuid:result_id>/<slug:step>/", ResultStep.as_view(), name="sample-result-step"),
]
