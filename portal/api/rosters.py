"""Rosters over REST: who of the caller's side has duty in a role, who stands in, who is away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.access import get_visible
from portal.action import instant, reading
from portal.actions.rostering import note_absence, set_roster, set_stand_in, withdraw_stretch
from portal.actor import Actor, Side
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, etag, seen_version, uuid_param
from portal.api.fields import Instant
from portal.api.transitions import IF_MATCH
from portal.errors import Invalid, NotFound
from portal.models import Roster
from portal.queries.duty import RosterDetail, codes_of, roster_detail
from portal.rosters.cover import cover_of
from portal.rosters.duty import Holder
from portal.rosters.hours import DutyHours
from portal.rosters.plan import TURN_DAYS_MAX, Rotation, Stretch

SPACE: Final = OpenApiParameter("space", OpenApiTypes.UUID, description="Of this program or partnership.")
ROLE: Final = OpenApiParameter("role", OpenApiTypes.STR, required=True, description="A role of your side.")


class RosterPerson(Output):
    """A person of the own side, by code."""

    person = serializers.UUIDField()
    code = serializers.CharField()


class RotationOut(Output):
    """People who take turns of so many days, in order; the first one's begins on `begins_on`."""

    people = RosterPerson(many=True)
    days = serializers.IntegerField()
    begins_on = serializers.DateField()
    handover_at = serializers.TimeField(format="%H:%M")
    zone = serializers.CharField()
    hours = serializers.CharField(help_text="Like `mon-fri 08:00-18:00`; empty: at any hour.")


class StretchOut(RosterPerson):
    """Somebody from an instant to an instant."""

    begins_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class RosterSummary(Output):
    """A roster in a list; `space` is a program, or a partnership for all its programs."""

    id = serializers.UUIDField(source="pk")
    space = serializers.UUIDField(source="space_id")
    side = serializers.CharField()
    role = serializers.CharField()
    version = serializers.IntegerField()


class RosterOut(RosterSummary):
    """A roster whole: what it says, and who has duty now."""

    rotation = RotationOut()
    stand_ins = StretchOut(many=True)
    away = StretchOut(many=True)
    primary = RosterPerson(allow_null=True)
    backup = RosterPerson(allow_null=True)


class RotationInput(Input):
    """Who takes turns from when on; stand-ins and absences that are not over stay."""

    people = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=40)
    days = serializers.IntegerField(min_value=1, max_value=TURN_DAYS_MAX, required=False, default=7)
    begins_on = serializers.DateField()
    handover_at = serializers.TimeField()
    zone = serializers.CharField(max_length=60)
    hours = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class RosterInput(RotationInput):
    """A roster for a role of the caller's side that has none yet."""

    space = serializers.UUIDField(help_text="A program, or a partnership for all its programs.")
    role = serializers.CharField(max_length=20)


class StretchInput(Input):
    """Somebody who holds the role, from when until when."""

    person = serializers.UUIDField()
    begins_at = Instant()
    ends_at = Instant()


class TakenBackInput(Input):
    """Whose stand-in or absence that begins at this instant is taken back."""

    person = serializers.UUIDField()
    begins_at = Instant()


def represent_roster(actor: Actor, roster_id: UUID) -> dict[str, Any]:
    """Return the JSON members of a roster of the own side. Raises: NotFound."""
    found = roster_detail(actor, roster_id, instant())
    rotation = found.plan.rotation
    return RosterSummary.of(found.roster) | {
        "rotation": {
            "people": [_person(found, each) for each in rotation.people],
            "days": rotation.days,
            "begins_on": rotation.begins_on.isoformat(),
            "handover_at": f"{rotation.handover_at:%H:%M}",
            "zone": rotation.zone,
            "hours": rotation.hours.words,
        },
        "stand_ins": [_stretch(found, each) for each in found.plan.stand_ins],
        "away": [_stretch(found, each) for each in found.plan.away],
        "primary": _holder(found.now.primary),
        "backup": _holder(found.now.backup),
    }


def _person(found: RosterDetail, person_id: UUID) -> dict[str, str]:
    return {"person": str(person_id), "code": found.codes.get(person_id, "")}


def _holder(holder: Holder | None) -> dict[str, str] | None:
    return None if holder is None else {"person": str(holder.person_id), "code": holder.code}


def _stretch(found: RosterDetail, each: Stretch) -> dict[str, str]:
    times = {"begins_at": each.begins_at.isoformat(), "ends_at": each.ends_at.isoformat()}
    return _person(found, each.person_id) | times


def _rotation(given: Mapping[str, Any]) -> Rotation:
    try:
        hours = DutyHours.parse(given["hours"])
    except ValueError as error:
        words = "Write days and times such as mon-fri 08:00-18:00; leave it empty for any hour."
        raise Invalid(words, errors={"hours": [words]}) from error
    keys = ("zone", "begins_on", "handover_at", "days")
    return Rotation(tuple(given["people"]), hours=hours, **{key: given[key] for key in keys})


def _own_side(actor: Actor, space_id: UUID) -> Side:
    """Return the side on which the actor sits. Raises: NotFound."""
    side = actor.side(space_id)
    if side not in (Side.MANUFACTURER, Side.SPONSOR):
        raise NotFound
    return Side(side)


class RosterView(CovalentView):
    """A view that answers with a roster."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the roster as its own address shows it."""
        return represent_roster(actor, record_id)


class RosterList(ListView):
    """List and make rosters."""

    ordering = ("role", "id")
    made_status: ClassVar[int] = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the roster that was made."""
        return represent_roster(actor, record_id)

    @extend_schema(operation_id="rosters_list", parameters=[SPACE], responses=RosterSummary(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the rosters that the caller's own sides keep."""
        rows = Roster.objects.visible_to(request.actor)
        space = uuid_param(request, "space")
        rows = rows if space is None else rows.filter(space_id=space)
        return self.page(request, rows, _summaries)

    @extend_schema(operation_id="rosters_make", request=RosterInput, responses={201: RosterOut})
    def post(self, request: ActorRequest) -> Response:
        """Keep a first roster for a role of the caller's side."""
        given = RosterInput.parse(request)
        side = _own_side(request.actor, given["space"])
        roster = set_roster(
            request.actor, given["space"], side=side, role=given["role"], rotation=_rotation(given)
        )
        return self.answer(roster)


def _summaries(rows: Sequence[Roster]) -> list[dict[str, Any]]:
    return [RosterSummary.of(each) for each in rows]


class RosterHolders(CovalentView):
    """Who may stand on a roster."""

    @extend_schema(
        operation_id="rosters_holders", parameters=[SPACE, ROLE], responses=RosterPerson(many=True)
    )
    def get(self, request: ActorRequest) -> Response:
        """Return who of the caller's side holds a role in a space, now or later, by code."""
        space = uuid_param(request, "space")
        if space is None:
            raise Invalid("Which space?", errors={"space": ["Name the program or the partnership."]})
        side = _own_side(request.actor, space)
        codes = codes_of(cover_of(space), str(side), request.query_params.get("role", ""))
        return Response([{"person": str(person_id), "code": code} for person_id, code in codes.items()])


class RosterItem(RosterView):
    """Show a roster."""

    @extend_schema(operation_id="rosters_show", responses=RosterOut)
    def get(self, request: ActorRequest, roster_id: UUID) -> Response:
        """Return one roster of the caller's side with who has duty now; 404 when it is the other side's."""
        data = represent_roster(request.actor, roster_id)
        return Response(data, headers=etag(data))


class ChangeRotation(RosterView):
    """Change who takes turns."""

    @extend_schema(
        operation_id="rosters_rotation", parameters=[IF_MATCH], request=RotationInput, responses=RosterOut
    )
    def post(self, request: ActorRequest, roster_id: UUID) -> Response:
        """Let others take turns, or in another order. If-Match is needed."""
        given, version = RotationInput.parse(request), seen_version(request)
        with reading(request.actor):
            roster = get_visible(Roster, request.actor, roster_id)
        changed = set_roster(
            request.actor,
            roster.space_id,
            side=Side(roster.side),
            role=roster.role,
            rotation=_rotation(given),
            version=version,
        )
        return self.answer(changed)


class RosterStandIn(RosterView):
    """Let somebody stand in."""

    @extend_schema(
        operation_id="rosters_stand_in", parameters=[IF_MATCH], request=StretchInput, responses=RosterOut
    )
    def post(self, request: ActorRequest, roster_id: UUID) -> Response:
        """Let somebody have duty whoever's turn it is. If-Match is needed."""
        return self.answer(set_stand_in(request.actor, roster_id, **_said(StretchInput, request)))


class RosterAbsence(RosterView):
    """Note an absence."""

    @extend_schema(
        operation_id="rosters_absence", parameters=[IF_MATCH], request=StretchInput, responses=RosterOut
    )
    def post(self, request: ActorRequest, roster_id: UUID) -> Response:
        """Note that somebody is not there; the next in order has duty then. If-Match is needed."""
        return self.answer(note_absence(request.actor, roster_id, **_said(StretchInput, request)))


class RosterTakenBack(RosterView):
    """Take a stand-in or an absence back."""

    @extend_schema(
        operation_id="rosters_withdraw", parameters=[IF_MATCH], request=TakenBackInput, responses=RosterOut
    )
    def post(self, request: ActorRequest, roster_id: UUID) -> Response:
        """Take back that somebody stands in or is away. If-Match is needed."""
        return self.answer(withdraw_stretch(request.actor, roster_id, **_said(TakenBackInput, request)))


def _said(shape: type[Input], request: ActorRequest) -> dict[str, Any]:
    given = shape.parse(request)
    person_id = given.pop("person")
    return {**given, "person_id": person_id, "version": seen_version(request)}


urlpatterns = [
    path("rosters/", RosterList.as_view(), name="api_rosters"),
    path("rosters/holders/", RosterHolders.as_view(), name="api_roster_holders"),
    path("rosters/<uuid:roster_id>/", RosterItem.as_view(), name="api_roster"),
    path("rosters/<uuid:roster_id>/rotation/", ChangeRotation.as_view(), name="api_roster_rotation"),
    path("rosters/<uuid:roster_id>/stand_in/", RosterStandIn.as_view(), name="api_roster_stand_in"),
    path("rosters/<uuid:roster_id>/absence/", RosterAbsence.as_view(), name="api_roster_absence"),
    path("rosters/<uuid:roster_id>/withdraw/", RosterTakenBack.as_view(), name="api_roster_withdraw"),
]
