"""Stretches outside a limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from batches.api.outputs import ExcursionShown
from batches.api.shapes import excursion_json
from batches.models import Excursion
from batches.queries import get_excursion, list_excursions, up_to_date
from batches.states import ExcursionState
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, ListView, choice_param, etag, uuid_param


class ExcursionList(ListView):
    """List excursions."""

    ordering = ("-started_at", "id")

    @extend_schema(
        operation_id="excursions_list",
        parameters=[
            OpenApiParameter("batch", OpenApiTypes.UUID, description="Only of this batch."),
            OpenApiParameter("state", str, enum=ExcursionState.values, description="Only in this state."),
        ],
        responses=ExcursionShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the excursions the caller may see, the latest start first; withdrawn ones are among them."""
        rows = list_excursions(
            request.actor,
            batch_id=uuid_param(request, "batch"),
            state=choice_param(request, "state", ExcursionState.values),
        )

        def represent(excursions: Sequence[Excursion]) -> list[dict[str, Any]]:
            return [excursion_json(row) for row in up_to_date(excursions)]

        return self.page(request, rows, represent)


class ExcursionItem(CovalentView):
    """Show an excursion."""

    @extend_schema(operation_id="excursions_show", responses=ExcursionShown)
    def get(self, request: ActorRequest, excursion_id: UUID) -> Response:
        """Return one excursion; 404 when it is not the caller's to see."""
        data = excursion_json(get_excursion(request.actor, excursion_id))
        return Response(data, headers=etag(data))


urlpatterns = [
    path("excursions/", ExcursionList.as_view(), name="excursions"),
    path("excursions/<uuid:excursion_id>/", ExcursionItem.as_view(), name="excursion"),
]
