"""Who answers now, and whether ladders do what they should: the duty list and drills over REST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.access import get_program, get_visible
from portal.action import instant
from portal.actions.drilling import LADDERS, WAIT_MAX_S, WAIT_MIN_S, start_drill
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, choice_param, uuid_param
from portal.models import Drill, Program
from portal.queries.duty import DutyLine, Reachable, duty_lists
from portal.states import DrillState

PROGRAM: Final = OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program.")
STATE: Final = OpenApiParameter("state", OpenApiTypes.STR, enum=DrillState.values)


class CallPerson(Output):
    """Somebody on duty, by code; the telephone is empty unless the caller's side may read it."""

    code = serializers.CharField()
    is_delegate = serializers.BooleanField()
    languages = serializers.CharField()
    telephone = serializers.CharField()


class CallLine(Output):
    """Who answers for one role of a side now.

    With a roster that is who has duty, until when, and a backup; without one everybody who holds the role.
    """

    side = serializers.CharField()
    role = serializers.CharField()
    zone = serializers.CharField()
    is_rostered = serializers.BooleanField()
    people = CallPerson(many=True)
    backup = CallPerson(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)


class CallList(Output):
    """Who answers now on both sides of one program."""

    program = serializers.UUIDField()
    code = serializers.CharField()
    at = serializers.DateTimeField()
    lines = CallLine(many=True)


class CallLists(Output):
    """The duty lists of the caller's programs, in one page."""

    results = CallList(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class DrillOut(Output):
    """A drill; when it has ended, `report` holds every step, who was told, and what came back."""

    id = serializers.UUIDField(source="pk")
    program = serializers.UUIDField(source="space_id")
    number = serializers.CharField()
    side = serializers.CharField()
    ladder = serializers.CharField(source="kind")
    state = serializers.CharField()
    wait_s = serializers.IntegerField(allow_null=True)
    started_by = serializers.CharField(source="started_code")
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    report = serializers.ListField(child=serializers.DictField())
    version = serializers.IntegerField()


class DrillInput(Input):
    """Which ladder of the caller's side is tried; without `wait_s` its own waits and duty hours hold."""

    program = serializers.UUIDField()
    ladder = serializers.ChoiceField(list(LADDERS))
    wait_s = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=WAIT_MIN_S, max_value=WAIT_MAX_S
    )


class DutyNow(CovalentView):
    """Who do I call now."""

    @extend_schema(operation_id="duty_list", parameters=[PROGRAM], responses=CallLists)
    def get(self, request: ActorRequest) -> Response:
        """Return who answers now on both sides of the caller's programs, or of one; 404 for a foreign one."""
        actor, now, asked = request.actor, instant(), uuid_param(request, "program")
        programs = (
            list(Program.objects.visible_to(actor).order_by("code", "id"))
            if asked is None
            else [get_program(actor, asked)]
        )
        lists = duty_lists(actor, programs, now)
        results = [
            {
                "program": str(each.pk),
                "code": each.code,
                "at": now.isoformat(),
                "lines": [_line(line) for line in lists[each.pk]],
            }
            for each in programs
        ]
        return Response({"results": results, "next": None, "previous": None})


def _line(line: DutyLine) -> dict[str, Any]:
    return {
        "side": str(line.side),
        "role": line.role,
        "zone": line.zone,
        "is_rostered": line.is_rostered,
        "people": [_reached(each) for each in line.people],
        "backup": _reached(line.backup) if line.backup is not None else None,
        "until": line.until.isoformat() if line.until is not None else None,
    }


def _reached(person: Reachable) -> dict[str, Any]:
    return CallPerson.of(person)


def _drills(rows: Sequence[Drill]) -> list[dict[str, Any]]:
    return [DrillOut.of(each) for each in rows]


class DrillList(ListView):
    """List and start drills."""

    ordering = ("-started_at", "id")
    made_status: ClassVar[int] = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the drill."""
        return DrillOut.of(get_visible(Drill, actor, record_id))

    @extend_schema(operation_id="drills_list", parameters=[PROGRAM, STATE], responses=DrillOut(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the drills of the caller's own side, the newest first."""
        rows = Drill.objects.visible_to(request.actor)
        program, state = uuid_param(request, "program"), choice_param(request, "state", DrillState.values)
        rows = rows if program is None else rows.filter(space_id=program)
        return self.page(request, rows if state is None else rows.filter(state=state), _drills)

    @extend_schema(operation_id="drills_start", request=DrillInput, responses={201: DrillOut})
    def post(self, request: ActorRequest) -> Response:
        """Run a ladder of the caller's side to its end; its notices say DRILL. A person signs the report."""
        given = DrillInput.parse(request)
        program = given.pop("program")
        return self.answer(start_drill(request.actor, program, **given))


class DrillItem(CovalentView):
    """Show a drill."""

    @extend_schema(operation_id="drills_show", responses=DrillOut)
    def get(self, request: ActorRequest, drill_id: UUID) -> Response:
        """Return one drill of the caller's side with its report; 404 when it is the other side's."""
        return Response(DrillOut.of(get_visible(Drill, request.actor, drill_id)))


urlpatterns = [
    path("duty/", DutyNow.as_view(), name="api_duty"),
    path("drills/", DrillList.as_view(), name="api_drills"),
    path("drills/<uuid:drill_id>/", DrillItem.as_view(), name="api_drill"),
]
