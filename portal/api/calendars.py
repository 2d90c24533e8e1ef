"""Calendars: how each side of a program works, by which business time is counted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.access import get_visible
from portal.actions.calendars import REASON_MAX, REASON_MIN, parse_calendar, set_calendar
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, Text, etag, uuid_param
from portal.models import BusinessCalendar
from portal.queries.clocks import list_calendars

PROGRAM = OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program.")


class HoursOut(serializers.Serializer[Any]):
    """The hours of a week, like `08:00-12:00, 13:00-17:00`; empty for a day without."""

    monday = serializers.CharField(max_length=120, allow_blank=True, default="")
    tuesday = serializers.CharField(max_length=120, allow_blank=True, default="")
    wednesday = serializers.CharField(max_length=120, allow_blank=True, default="")
    thursday = serializers.CharField(max_length=120, allow_blank=True, default="")
    friday = serializers.CharField(max_length=120, allow_blank=True, default="")
    saturday = serializers.CharField(max_length=120, allow_blank=True, default="")
    sunday = serializers.CharField(max_length=120, allow_blank=True, default="")


class HoursInput(Input, HoursOut):
    """The hours of a week."""


class CalendarOut(Output):
    """One version of a side's calendar; it never changes, and running clocks keep theirs."""

    id = serializers.UUIDField(source="pk")
    program = serializers.UUIDField(source="space_id")
    side = serializers.CharField()
    site = serializers.UUIDField(source="site_id", allow_null=True)
    number = serializers.IntegerField()
    effective_on = serializers.DateField()
    zone = serializers.CharField(source="content.zone")
    country = serializers.CharField(source="content.country")
    subdivision = serializers.CharField(source="content.subdivision")
    hours = HoursOut(source="content.hours")
    closures = serializers.DictField(source="content.closures", child=serializers.CharField())
    half_days = serializers.DictField(source="content.half_days", child=serializers.CharField())
    reason = serializers.CharField()
    set_by = serializers.CharField(source="set_code")
    set_at = serializers.DateTimeField()


class CalendarInput(Input):
    """A new version of the calendar of the caller's side, in force from a date on.

    `closures` are dates with why, `half_days` dates with their hours; `country` and `subdivision` (ISO 3166)
    bring the public holidays. `after` is the newest number that was seen.
    """

    program = serializers.UUIDField()
    site = serializers.UUIDField(required=False, allow_null=True, default=None)
    effective_on = serializers.DateField()
    zone = serializers.CharField(max_length=60)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True, default="")
    subdivision = serializers.CharField(max_length=10, required=False, allow_blank=True, default="")
    hours = HoursInput()
    closures = serializers.DictField(
        child=serializers.CharField(max_length=120, allow_blank=True), required=False, default=dict
    )
    half_days = serializers.DictField(
        child=serializers.CharField(max_length=120), required=False, default=dict
    )
    reason = Text(least=REASON_MIN, most=REASON_MAX)
    after = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)


class CalendarList(ListView):
    """List and set calendars."""

    ordering = ("-set_at", "id")
    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return one version."""
        return CalendarOut.of(get_visible(BusinessCalendar, actor, record_id))

    @extend_schema(operation_id="calendars_list", parameters=[PROGRAM], responses=CalendarOut(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the versions of both sides' calendars, newest first."""
        found = list_calendars(request.actor, program_id=uuid_param(request, "program"))
        return self.page(request, found, lambda rows: [CalendarOut.of(each) for each in rows])

    @extend_schema(operation_id="calendars_set", request=CalendarInput, responses={201: CalendarOut})
    def post(self, request: ActorRequest) -> Response:
        """Say how the caller's own side works from a date on. Clocks that run keep their version."""
        given = CalendarInput.parse(request)
        row = set_calendar(
            request.actor,
            given["program"],
            calendar=parse_calendar(given),
            effective_on=given["effective_on"],
            reason=given["reason"],
            site_id=given["site"],
            after=given["after"],
        )
        return self.answer(row)


class CalendarItem(CovalentView):
    """Show a version of a calendar."""

    @extend_schema(operation_id="calendars_show", responses=CalendarOut)
    def get(self, request: ActorRequest, calendar_id: UUID) -> Response:
        """Return one version; 404 when it is not the caller's."""
        data = CalendarOut.of(get_visible(BusinessCalendar, request.actor, calendar_id))
        return Response(data, headers=etag(data))


urlpatterns = [
    path("calendars/", CalendarList.as_view(), name="api_calendars"),
    path("calendars/<uuid:calendar_id>/", CalendarItem.as_view(), name="api_calendar"),
]
