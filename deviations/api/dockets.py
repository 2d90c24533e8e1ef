"""Dockets over REST: list, open, read, each step; with what the caller may do next."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.urls import URLPattern, path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from deviations.desks.counters import COUNTERS
from deviations.desks.shapes import Counter, Taking, arguments, counter_of, input_of
from deviations.queries.dockets import DocketLine, docket_detail, docket_lines, list_dockets
from portal.actor import Actor, Side
from portal.api.authentication import ActorRequest
from portal.api.base import (
    CovalentView,
    Input,
    ListView,
    Output,
    choice_param,
    etag,
    seen_version,
    uuid_param,
)
from portal.api.transitions import IF_MATCH, ActionOffer, schema_of
from portal.errors import Refused

SIDES: Final = (str(Side.MANUFACTURER), str(Side.SPONSOR))


class DocketSummaryOut(Output):
    """A docket as a list shows it."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    program = serializers.UUIDField(allow_null=True, help_text="Null: the site's own.")
    number = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField()
    side = serializers.CharField(help_text="Who opened it.")
    state = serializers.CharField()
    audience = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    clause = serializers.CharField(help_text="That times what waits; empty: none by clause.")
    due_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class DocketEntryOut(Output):
    """What was said at a step."""

    step = serializers.CharField()
    outcome = serializers.CharField()
    text = serializers.CharField()
    side = serializers.CharField()
    code = serializers.CharField()
    given_at = serializers.DateTimeField()


class DocketLinkOut(Output):
    """A record that it belongs to."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    number = serializers.CharField()


class DocketSignatureOut(Output):
    """A signature on it."""

    meaning = serializers.CharField()
    code = serializers.CharField()
    signed_at = serializers.DateTimeField()
    is_current = serializers.BooleanField(help_text="False: the record has changed since.")


class DocketOut(DocketSummaryOut):
    """A docket whole, as the caller's side may see it, with what the caller may do next."""

    description = serializers.CharField()
    stated = serializers.DictField(help_text="What it states beside, by name.")
    entries = DocketEntryOut(many=True)
    linked = DocketLinkOut(many=True)
    signatures = DocketSignatureOut(many=True)
    available_actions = ActionOffer(many=True)


def represent_line(line: DocketLine) -> dict[str, Any]:
    """Return the JSON members of a docket in a list."""
    docket, clock = line.docket, line.clock
    return {
        "id": docket.pk,
        "type": line.desk.name,
        "program": None if line.desk.is_of_site else docket.space_id,
        "number": docket.number,
        "title": str(docket.title),
        "kind": docket.kind,
        "side": docket.side,
        "state": docket.state,
        "audience": docket.audience,
        "recorded_at": docket.recorded_at,
        "recorded_by": docket.recorded_code,
        "ended_at": docket.ended_at,
        "clause": clock.clause if clock is not None else "",
        "due_at": clock.due_at if clock is not None else None,
        "version": docket.version,
    }


def represent_docket(counter: Counter, actor: Actor, docket_id: UUID) -> dict[str, Any]:
    """Return one docket whole; raises NotFound."""
    found = docket_detail(counter.desk, actor, docket_id)
    (line,) = docket_lines(counter.desk, actor, [found.docket])
    data = represent_line(line) | {
        "description": str(found.docket.description),
        "stated": {each.name: each.value for each in found.said if each.name and not each.is_inside},
        "entries": [
            {
                "step": each.step,
                "outcome": each.outcome,
                "text": str(each.text),
                "side": each.side,
                "code": each.code,
                "given_at": each.given_at,
            }
            for each in found.entries
        ],
        "linked": [
            {"id": each.record.pk, "type": each.record.type, "number": each.record.number}
            for each in found.linked
        ],
        "signatures": [
            {
                "meaning": str(each.signature.meaning),
                "code": each.signature.code,
                "signed_at": each.signature.signed_at,
                "is_current": each.is_current,
            }
            for each in found.signatures
        ],
        "available_actions": [
            _offer(counter, each, docket_id) for each in counter.steps if each.name in found.steps
        ],
    }
    return DocketOut.of(data)


def _offer(counter: Counter, step: Taking, docket_id: UUID) -> dict[str, Any]:
    return {
        "name": step.name,
        "label": str(step.heading),
        "method": "POST",
        "href": f"/api/v1/{counter.desk.path}/{docket_id}/{step.name}/",
        "schema": copy.deepcopy(schema_of(_input(counter, step))),
    }


_inputs: Final[dict[str, type[Input]]] = {}


def _input(counter: Counter, step: Taking) -> type[Input]:
    """Return the input of a step, made once; its name says whose it is."""
    stem = f"{counter.desk.name}_{step.name}".title().replace("_", "")
    if stem not in _inputs:
        _inputs[stem] = input_of(f"{stem}Input", step.given, str(step.heading))
    return _inputs[stem]


class DocketView(ListView):
    """Anything that answers with a docket of a kind."""

    ordering = ("-recorded_at", "-id")
    kind: ClassVar[str] = ""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the docket as its reader sees it now."""
        return represent_docket(counter_of(self.kind), actor, record_id)


def _list_view(counter: Counter) -> type[CovalentView]:
    desk = counter.desk
    states = ("open", *desk.states.values)
    filters = [
        OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program."),
        OpenApiParameter("state", OpenApiTypes.STR, enum=states, description="In this state, or not ended."),
        OpenApiParameter("side", OpenApiTypes.STR, enum=SIDES, description="Opened by this side."),
        OpenApiParameter("linked_to", OpenApiTypes.UUID, description="Linked to this record."),
    ]

    def get(self: DocketView, request: ActorRequest) -> Response:
        """Return those the caller may see, newest first."""
        found = list_dockets(
            desk,
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", states),
            side=choice_param(request, "side", SIDES),
            linked_to=uuid_param(request, "linked_to"),
        )

        def shown(rows: Sequence[Any]) -> list[dict[str, Any]]:
            lines = docket_lines(desk, request.actor, rows)
            return [DocketSummaryOut.of(represent_line(each)) for each in lines]

        return self.page(request, found, shown)

    def post(self: DocketView, request: ActorRequest) -> Response:
        """Open one."""
        given = arguments(counter.opening.given, _input(counter, counter.opening).parse(request))
        place = given.pop("program_id", request.actor.organisation_id)
        if place is None:
            raise Refused("This key belongs to no organisation.")
        return self.answer(counter.opening.act(request.actor, place, **given))

    members: dict[str, Any] = {
        "kind": desk.name,
        "made_status": 201,
        "__doc__": str(counter.lede),
        "get": extend_schema(
            operation_id=f"{desk.path.replace('-', '_')}_list",
            parameters=filters,
            responses=DocketSummaryOut(many=True),
        )(get),
    }
    if counter.opening.name != "none":
        members["post"] = extend_schema(
            operation_id=f"{desk.path.replace('-', '_')}_open",
            request=_input(counter, counter.opening),
            responses={201: DocketOut},
        )(post)
    return type(f"{desk.name.title().replace('_', '')}List", (DocketView,), members)


def _item_view(counter: Counter) -> type[CovalentView]:
    def get(self: DocketView, request: ActorRequest, docket_id: UUID) -> Response:
        """Return one whole, as the caller's side may see it."""
        data = represent_docket(counter, request.actor, docket_id)
        return Response(data, headers=etag(data))

    described = extend_schema(
        operation_id=f"{counter.desk.path.replace('-', '_')}_read", responses=DocketOut
    )(get)
    members = {"kind": counter.desk.name, "get": described, "__doc__": str(counter.title)}
    return type(f"{counter.desk.name.title().replace('_', '')}Item", (DocketView,), members)


def _step_view(counter: Counter, step: Taking) -> type[CovalentView]:
    """Return the view of one step: body and If-Match in, the docket as it is now out."""

    def post(self: DocketView, request: ActorRequest, docket_id: UUID) -> Response:
        given = arguments(step.given, _input(counter, step).parse(request))
        return self.answer(step.act(request.actor, docket_id, version=seen_version(request), **given))

    post.__doc__ = str(step.heading)
    described = extend_schema(
        operation_id=f"{counter.desk.path.replace('-', '_')}_{step.name}",
        parameters=[IF_MATCH],
        request=_input(counter, step),
        responses=DocketOut,
    )(post)
    members = {"kind": counter.desk.name, "post": described, "__doc__": str(step.heading)}
    name = f"{counter.desk.name}_{step.name}".title().replace("_", "")
    return type(f"{name}View", (DocketView,), members)


def _routes(counter: Counter) -> list[URLPattern]:
    where, name = f"{counter.desk.path}/", counter.desk.name
    return [
        path(where, _list_view(counter).as_view(), name=f"{name}-list-api"),
        path(f"{where}<uuid:docket_id>/", _item_view(counter).as_view(), name=f"{name}-api"),
        *(
            path(
                f"{where}<uuid:docket_id>/{step.name}/",
                _step_view(counter, step).as_view(),
                name=f"{name}-{step.name}-api",
            )
            for step in counter.steps
        ),
    ]


urlpatterns = [route for counter in COUNTERS for route in _routes(counter)]
