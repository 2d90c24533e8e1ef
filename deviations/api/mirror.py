"""The copy of a CDMO's own quality system: tables, conflicts, and who masters which field."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from deviations.actions.mirroring import settle_conflict
from deviations.api.inputs import words_field
from deviations.mirroring.states import MASTERED, ConflictState, SettledBy
from deviations.mirroring.table import mirror_table
from deviations.models import MirrorConflict
from deviations.queries.mirror import list_conflicts
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, choice_param, seen_version, uuid_param
from portal.errors import Invalid

PROGRAM: Final = OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program.")


class SettleConflictInput(Input):
    """What is right, and why."""

    outcome = serializers.ChoiceField(choices=SettledBy.choices)
    reason = words_field("reason")


class ConflictOut(serializers.Serializer[Any]):
    """A field that is mastered here, of which the CDMO's own system says something else."""

    id = serializers.UUIDField()
    program = serializers.UUIDField(source="space_id")
    deviation = serializers.UUIDField(source="deviation_id")
    number = serializers.CharField(source="deviation.number")
    external_id = serializers.CharField(source="deviation.external_id")
    field = serializers.CharField()
    here = serializers.CharField()
    there = serializers.CharField()
    as_of = serializers.DateTimeField()
    found_at = serializers.DateTimeField()
    state = serializers.CharField()
    outcome = serializers.CharField()
    reason = serializers.CharField()
    settled_by = serializers.CharField(source="settled_code")
    settled_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class TableOut(serializers.Serializer[Any]):
    """What became of a table of copies."""

    accepted = serializers.IntegerField()
    made = serializers.IntegerField()
    refused = serializers.ListField(child=serializers.DictField())


class MasteredOut(serializers.Serializer[Any]):
    """Who masters a field."""

    field = serializers.CharField()
    master = serializers.CharField()
    title = serializers.CharField()


class ConflictList(ListView):
    """List conflicts."""

    ordering = ("-found_at", "-id")

    @extend_schema(
        operation_id="mirror_conflicts",
        parameters=[
            PROGRAM,
            OpenApiParameter("state", OpenApiTypes.STR, enum=ConflictState.values),
            OpenApiParameter("deviation", OpenApiTypes.UUID),
        ],
        responses=ConflictOut(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return where record and copy differ, newest first; CDMO internal."""
        found = list_conflicts(
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", ConflictState.values),
            deviation_id=uuid_param(request, "deviation"),
        )
        return self.page(request, found, lambda rows: [dict(ConflictOut(each).data) for each in rows])


class SettleConflict(CovalentView):
    """Settle a conflict."""

    @extend_schema(operation_id="mirror_settle", request=SettleConflictInput, responses=ConflictOut)
    def post(self, request: ActorRequest, conflict_id: UUID) -> Response:
        """Say what is right where record and copy differ; nothing is overwritten."""
        given = SettleConflictInput.parse(request)
        return self.answer(
            settle_conflict(request.actor, conflict_id, version=seen_version(request), **given)
        )

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the conflict as it is now."""
        return dict(ConflictOut(get_visible(MirrorConflict, actor, record_id)).data)


class MirrorTable(CovalentView):
    """Copy many records."""

    @extend_schema(
        operation_id="mirror_table",
        parameters=[PROGRAM],
        request={"text/csv": OpenApiTypes.STR},
        responses=TableOut,
    )
    def post(self, request: ActorRequest) -> Response:
        """Take a CSV table of copies: each row as a PUT by its external id, each refused one named."""
        program_id = uuid_param(request, "program")
        if program_id is None:
            raise Invalid("Which program?", errors={"program": ["Give its id in the address, a UUID."]})
        data = request._request.body  # noqa: SLF001 - the raw bytes, before DRF's parsers
        return Response(TableOut(mirror_table(request.actor, program_id, data)).data)


class Mastership(CovalentView):
    """Say who masters what."""

    @extend_schema(operation_id="mirror_mastership", responses=MasteredOut(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return each field of a copied record with its master: there (the CDMO's own system) or here."""
        rows = [
            {"field": name, "master": str(master), "title": str(words)}
            for name, (master, words) in MASTERED.items()
        ]
        return Response(MasteredOut(rows, many=True).data)


urlpatterns = [
    path("deviations/mirror/", MirrorTable.as_view(), name="mirror-table-api"),
    path("deviations/mirror/mastership/", Mastership.as_view(), name="mirror-mastership-api"),
    path("deviations/mirror/conflicts/", ConflictList.as_view(), name="mirror-conflicts-api"),
    path(
        "deviations/mirror/conflicts/<uuid:conflict_id>/settle/",
        SettleConflict.as_view(),
        name="mirror-settle-api",
    ),
]
