"""Batches: list, enter, mirror, show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from batches.actions.planning import mirror_batch, plan_batch
from batches.api.inputs import MirrorBatchInput, PlanInput
from batches.api.outputs import BatchDetailShown, BatchShown
from batches.api.shapes import batch_json, detail_json, then_json
from batches.models import Batch
from batches.queries import batch_detail, batch_then, list_batches
from batches.states import BatchState
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, choice_param, etag, seen_version, uuid_param
from portal.api.mirrors import MirrorView
from portal.api.past import AS_OF, moment_param
from portal.errors import Invalid

PROGRAM = OpenApiParameter("program", OpenApiTypes.UUID, description="Only of this program.")
STATE = OpenApiParameter("state", str, enum=BatchState.values, description="Only in this state.")
EXTERNAL_ID = OpenApiParameter("external_id", str, required=True, description="The id in the plant's system.")
EXTERNAL_ID_CHARACTERS = 120


class BatchList(MirrorView):
    """List, enter and mirror batches."""

    ordering = ("-planned_start", "id")

    @extend_schema(operation_id="batches_list", parameters=[PROGRAM, STATE], responses=BatchShown(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the batches the caller may see, the latest planned start first."""
        rows = list_batches(
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", BatchState.values),
        )

        def represent(batches: Sequence[Batch]) -> list[dict[str, Any]]:
            return [batch_json(request.actor, batch) for batch in batches]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="batches_plan", request=PlanInput, responses={201: BatchDetailShown})
    def post(self, request: ActorRequest) -> Response:
        """Enter a batch; with `started_at` one that runs already."""
        given = PlanInput.parse(request)
        batch = plan_batch(
            request.actor,
            given.pop("program"),
            recipe_version_id=given.pop("recipe_version"),
            site_id=given.pop("site", None),
            **given,
        )
        return self.answer(batch)

    @extend_schema(
        operation_id="batches_mirror",
        parameters=[OpenApiParameter("program", OpenApiTypes.UUID, required=True), EXTERNAL_ID],
        request=MirrorBatchInput,
        responses={200: BatchDetailShown, 201: BatchDetailShown},
    )
    def put(self, request: ActorRequest) -> Response:
        """Copy a batch's status from the plant's own system, the master; enter the batch if it is new.

        If-Match is compared where sent: the master system does not know our versions.
        """
        program_id = uuid_param(request, "program")
        if program_id is None:
            raise Invalid("Say which program.", errors={"program": ["Give the id of the program."]})
        given = MirrorBatchInput.parse(request)
        batch = mirror_batch(
            request.actor,
            program_id,
            external_id=_external_id(request),
            version=seen_version(request),
            recipe_version_id=given.pop("recipe_version", None),
            **given,
        )
        return self.answer_copy(batch)

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the batch as its own address shows it."""
        return detail_json(actor, batch_detail(actor, record_id))


class BatchItem(CovalentView):
    """Show a batch."""

    @extend_schema(operation_id="batches_show", parameters=[AS_OF], responses=BatchDetailShown)
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return one batch with its parameters, as it is or could be seen once; 404 when not the caller's."""
        at = moment_param(request)
        if at is not None:
            return Response(then_json(request.actor, batch_then(request.actor, batch_id, at), at))
        data = detail_json(request.actor, batch_detail(request.actor, batch_id))
        return Response(data, headers=etag(data))


def _external_id(request: ActorRequest) -> str:
    given = request.query_params.get("external_id", "").strip()
    if not given or len(given) > EXTERNAL_ID_CHARACTERS or "\x00" in given:
        sentence = f"Give 1 to {EXTERNAL_ID_CHARACTERS} characters, without U+0000."
        raise Invalid("Say which batch of the plant's system.", errors={"external_id": [sentence]})
    return given


urlpatterns = [
    path("batches/", BatchList.as_view(), name="batches"),
    path("batches/<uuid:batch_id>/", BatchItem.as_view(), name="batch"),
]
