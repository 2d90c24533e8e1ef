"""Monthly lists over REST: read what left, preview and release what may leave."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from deviations.actions.dockets.monthly import release_monthly_list
from deviations.queries.monthly import get_monthly, lines_in, list_monthly, preview_month
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, uuid_param
from portal.errors import Invalid


class MonthlyInput(Input):
    """The list of a month as it was previewed."""

    program = serializers.UUIDField()
    month = serializers.DateField(help_text="Any day of a month that is over.")
    digest = serializers.CharField(max_length=64, help_text="The sign of the preview.")


class MonthlyLineOut(Output):
    """One number."""

    id = serializers.UUIDField(source="pk", allow_null=True, default=None)
    number = serializers.CharField()
    title = serializers.CharField()
    recorded_on = serializers.DateField()
    classification = serializers.CharField(help_text="Empty: none given yet.")
    is_no_deviation = serializers.BooleanField()


class MonthlyListOut(Output):
    """All numbers of a month with title, day and class."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    month = serializers.DateField()
    released_at = serializers.DateTimeField()
    released_by = serializers.CharField()
    lines = MonthlyLineOut(many=True)
    version = serializers.IntegerField()


class MonthlyPreviewOut(Output):
    """What will leave of a month."""

    program = serializers.UUIDField()
    month = serializers.DateField()
    digest = serializers.CharField()
    lines = MonthlyLineOut(many=True)


def _represent(actor: Actor, lists: Any) -> list[dict[str, Any]]:
    lines = lines_in(actor, lists)
    return [
        MonthlyListOut.of(
            {
                "id": each.pk,
                "program": each.space_id,
                "number": each.number,
                "month": each.month,
                "released_at": each.released_at,
                "released_by": each.released_code,
                "lines": lines[each.pk],
                "version": each.version,
            }
        )
        for each in lists
    ]


class MonthlyLists(ListView):
    """List monthly lists, release one."""

    ordering = ("-month", "-id")
    made_status = 201

    @extend_schema(
        operation_id="monthly_lists_list",
        parameters=[OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program.")],
        responses=MonthlyListOut(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the released lists the caller may see, newest first."""
        found = list_monthly(request.actor, program_id=uuid_param(request, "program"))
        return self.page(request, found, lambda rows: _represent(request.actor, list(rows)))

    @extend_schema(
        operation_id="monthly_lists_release", request=MonthlyInput, responses={201: MonthlyListOut}
    )
    def post(self, request: ActorRequest) -> Response:
        """Let the list of a month leave as it was previewed."""
        given = MonthlyInput.parse(request)
        return self.answer(release_monthly_list(request.actor, given.pop("program"), **given))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the list that left."""
        return _represent(actor, [get_monthly(actor, record_id)])[0]


class MonthlyPreview(CovalentView):
    """Preview the list of a month."""

    @extend_schema(
        operation_id="monthly_lists_preview",
        parameters=[OpenApiParameter("month", OpenApiTypes.DATE, description="Any day of the month.")],
        responses=MonthlyPreviewOut,
    )
    def get(self, request: ActorRequest, program_id: UUID) -> Response:
        """Return what will leave, for who releases it; 404 for anybody else."""
        try:
            month = date.fromisoformat(request.query_params.get("month", ""))
        except ValueError as error:
            raise Invalid("Which month?", errors={"month": ["A day, like 2026-10-01."]}) from error
        found = preview_month(request.actor, program_id, month)
        said = {"program": found.program.pk, "month": found.month, "digest": found.digest}
        return Response(MonthlyPreviewOut.of({**said, "lines": found.lines}))


urlpatterns = [
    path("monthly-lists/", MonthlyLists.as_view(), name="monthly-lists-api"),
    path("programs/<uuid:program_id>/monthly-list/", MonthlyPreview.as_view(), name="monthly-preview-api"),
]
