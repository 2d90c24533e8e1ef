"""The programs a caller is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.access import get_program
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, ListView, Output, etag
from portal.models import Program
from portal.queries import list_programs


class ProgramDetail(Output):
    """A program as its members read it."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    title = serializers.CharField()
    sponsor = serializers.CharField(source="sponsor_name")
    manufacturer = serializers.CharField(source="manufacturer_name")
    version = serializers.IntegerField()


def represent_programs(programs: Sequence[Program]) -> list[dict[str, Any]]:
    """Return the JSON members of programs."""
    return [ProgramDetail.of(each) for each in programs]


class ProgramList(ListView):
    """List programs."""

    ordering = ("code", "id")

    @extend_schema(operation_id="programs_list", responses=ProgramDetail(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the programs the caller is in, by code."""
        return self.page(request, list_programs(request.actor), represent_programs)


class ProgramItem(CovalentView):
    """Show a program."""

    @extend_schema(operation_id="programs_show", responses=ProgramDetail)
    def get(self, request: ActorRequest, program_id: UUID) -> Response:
        """Return one program; 404 when it is not one of the caller's."""
        data = represent_programs([get_program(request.actor, program_id)])[0]
        return Response(data, headers=etag(data))


urlpatterns = [
    path("programs/", ProgramList.as_view(), name="programs"),
    path("programs/<uuid:program_id>/", ProgramItem.as_view(), name="program"),
]
