"""The steps in the life of a batch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from batches.actions.cycle import complete_batch, discontinue_batch, move_phase, start_batch
from batches.api.inputs import CompleteInput, DiscontinueInput, PhaseInput, StartInput
from batches.api.outputs import BatchDetailShown
from batches.api.shapes import detail_json
from batches.queries import batch_detail
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, seen_version


class CycleView(CovalentView):
    """A step that answers with the batch."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the batch as its own address shows it."""
        return detail_json(actor, batch_detail(actor, record_id))


class StartBatch(CycleView):
    """Start a batch."""

    @extend_schema(operation_id="batches_start", request=StartInput, responses=BatchDetailShown)
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Begin the execution in the first phase. If-Match is needed."""
        given = StartInput.parse(request)
        return self.answer(start_batch(request.actor, batch_id, version=seen_version(request), **given))


class MovePhase(CycleView):
    """Move a batch to a phase."""

    @extend_schema(operation_id="batches_phase", request=PhaseInput, responses=BatchDetailShown)
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Move to another phase of the recipe. If-Match is needed."""
        given = PhaseInput.parse(request)
        return self.answer(move_phase(request.actor, batch_id, version=seen_version(request), **given))


class CompleteBatch(CycleView):
    """Complete a batch."""

    @extend_schema(operation_id="batches_complete", request=CompleteInput, responses=BatchDetailShown)
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """End the execution; no more readings are taken. If-Match is needed."""
        given = CompleteInput.parse(request)
        return self.answer(complete_batch(request.actor, batch_id, version=seen_version(request), **given))


class DiscontinueBatch(CycleView):
    """Discontinue a batch."""

    @extend_schema(operation_id="batches_discontinue", request=DiscontinueInput, responses=BatchDetailShown)
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Stop the batch for good. If-Match is needed."""
        given = DiscontinueInput.parse(request)
        return self.answer(discontinue_batch(request.actor, batch_id, version=seen_version(request), **given))


urlpatterns = [
    path("batches/<uuid:batch_id>/start/", StartBatch.as_view(), name="batch-start"),
    path("batches/<uuid:batch_id>/phase/", MovePhase.as_view(), name="batch-phase"),
    path("batches/<uuid:batch_id>/complete/", CompleteBatch.as_view(), name="batch-complete"),
    path("batches/<uuid:batch_id>/discontinue/", DiscontinueBatch.as_view(), name="batch-discontinue"),
]
