"""The way in for readings: the raw body goes to the action, past DRF's parsers."""

from __future__ import annotations

from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from batches.actions.readings import FrameOutcome, take_frame
from batches.api.inputs import ReadingsInput
from batches.api.outputs import FrameTaken, SeriesShown
from batches.models import FrameAnswer
from batches.queries import series
from batches.queries.frames import frame_answer
from portal.action import Replayed, reading
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView
from portal.api.query import instant_param, number_param

POINTS = 500


class TakeReadings(CovalentView):
    """Take readings of a batch."""

    scope = "readings"
    rate = "readings"

    @extend_schema(
        operation_id="batches_readings",
        request={
            "application/json": ReadingsInput,
            "application/x-ndjson": OpenApiTypes.STR,
            "text/csv": OpenApiTypes.STR,
        },
        responses=FrameTaken,
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Take one frame: valid rows are stored and judged, each other row is named with its reason.

        JSON, NDJSON (one reading a line) or CSV with the header parameter,at,value and maybe unit; UTF-8; at
        most 100,000 rows and 16 MB. Sending a reading again is harmless.
        """
        # The raw bytes, before DRF's parsers.
        actor, body = request.actor, request._request.body  # noqa: SLF001 - DRF has no public name for it
        try:
            outcome = take_frame(actor, batch_id, body=body, media_type=request.content_type or "")
        except Replayed as replayed:
            # As it was told then: nothing runs again, and the batch may have ended since.
            with reading(actor):
                told = frame_answer(actor, replayed.subject_id)
            return Response(taken(told), headers={"Idempotent-Replayed": "true"})
        return Response(taken(outcome))


def taken(outcome: FrameOutcome | FrameAnswer) -> dict[str, object]:
    """Return what the sender of a frame is told."""
    return {"accepted": outcome.accepted, "duplicates": outcome.duplicates, "refused": outcome.refused}


class ShowSeries(CovalentView):
    """Show the course of a parameter."""

    @extend_schema(
        operation_id="batches_series",
        parameters=[
            OpenApiParameter("parameter", str, required=True, description="The code of a parameter."),
            OpenApiParameter("from", OpenApiTypes.DATETIME, description="Usually an hour before the start."),
            OpenApiParameter(
                "to", OpenApiTypes.DATETIME, description="Usually the end of the batch, or now."
            ),
            OpenApiParameter("points", int, description="10 to 2000, usually 500."),
        ],
        responses=SeriesShown,
    )
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return a window thinned to at most `points`; extremes and gaps stay. Instants are ms since 1970."""
        found = series(
            request.actor,
            batch_id,
            request.query_params.get("parameter", ""),
            instant_param(request, "from"),
            instant_param(request, "to"),
            points=number_param(request, "points", POINTS),
        )
        return Response(
            {
                "parameter": found.parameter.code,
                "unit": found.parameter.unit,
                "data_kind": found.parameter.data_kind,
                "from": found.since_ms,
                "to": found.until_ms,
                "points": found.points,
                "limits": found.limits,
                "phases": found.phases,
                "marks": found.marks,
            }
        )


urlpatterns = [
    path("batches/<uuid:batch_id>/readings/", TakeReadings.as_view(), name="batch-readings"),
    path("batches/<uuid:batch_id>/series/", ShowSeries.as_view(), name="batch-series"),
]
