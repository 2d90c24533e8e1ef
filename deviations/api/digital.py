"""Digital deviations: the published form, one out, one in."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from deviations.actions.mirroring import mirror_deviation
from deviations.api.outputs import DeviationOut, represent_deviation
from deviations.digital.exchange import digital_deviation, read_digital
from deviations.digital.schema import digital_schema
from portal.action import reading
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, uuid_param
from portal.api.mirrors import MirrorView
from portal.errors import Invalid

PROGRAM: Final = OpenApiParameter("program", OpenApiTypes.UUID, required=True)


class DigitalSchema(CovalentView):
    """Publish the form."""

    @extend_schema(operation_id="digital_schema", responses=OpenApiTypes.OBJECT)
    def get(self, request: ActorRequest) -> Response:
        """Return the JSON Schema; `x-iof` names the term of the IOF biopharma ontology."""
        return Response(digital_schema())


class DigitalOut(CovalentView):
    """Give a deviation away."""

    @extend_schema(operation_id="digital_export", responses=OpenApiTypes.OBJECT)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return one deviation in the published form, as the caller may see it."""
        return Response(digital_deviation(request.actor, deviation_id))


class DigitalIn(MirrorView):
    """Take a deviation."""

    @extend_schema(
        operation_id="digital_import",
        parameters=[PROGRAM],
        request=OpenApiTypes.OBJECT,
        responses={200: DeviationOut, 201: DeviationOut},
    )
    def put(self, request: ActorRequest) -> Response:
        """Take one as the copy of another system's record: new ones are logged, known ones compared."""
        program_id = uuid_param(request, "program")
        if program_id is None:
            raise Invalid("Which program?", errors={"program": ["Give its id in the address, a UUID."]})
        with reading(request.actor):
            given = read_digital(request.actor, program_id, request.data)
        return self.answer_copy(mirror_deviation(request.actor, program_id, **given))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the deviation as it is now."""
        return represent_deviation(actor, record_id)


urlpatterns = [
    path("deviations/digital/", DigitalIn.as_view(), name="digital-import-api"),
    path("deviations/digital/schema/", DigitalSchema.as_view(), name="digital-schema-api"),
    path("deviations/<uuid:deviation_id>/digital/", DigitalOut.as_view(), name="digital-export-api"),
]
