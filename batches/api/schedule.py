"""The schedule: campaigns and slots of suites, as both sides of a program read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.actions import schedule
from batches.api.inputs import REASON_CHARACTERS
from batches.models import Campaign, SuiteSlot
from batches.queries.schedule import Scheduled, list_campaigns, list_slots, schedule_of
from batches.schedule.states import SLOT_TRANSITIONS, SlotState
from batches.states import REASON_LEAST
from portal.access import available, get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, seen_version, uuid_param
from portal.api.fields import Instant
from portal.errors import NotFound


class PlanCampaignInput(Input):
    """A campaign of a program."""

    program = serializers.UUIDField()
    number = Text(most=60)
    title = Text(most=200)
    begins_at = Instant()
    ends_at = Instant()


class PlanSlotInput(Input):
    """A suite that is promised for a time, to a batch or not yet to any."""

    program = serializers.UUIDField()
    suite = Text(most=60)
    title = Text(most=200)
    planned_start = Instant()
    planned_end = Instant()
    campaign = Text(most=60, required=False)
    batch = serializers.UUIDField(source="batch_id", required=False)


class MoveSlotInput(Input):
    """Another time for a slot, and why; both sides read the reason."""

    planned_start = Instant()
    planned_end = Instant()
    reason = Text(least=REASON_LEAST, most=min(REASON_CHARACTERS, 500))


class TakeSlotInput(Input):
    """When it happened."""

    at = Instant(required=False)


class CampaignShown(Output):
    """A campaign."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    begins_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class ExpectedShown(Output):
    """When a slot will be by what the reader may know: `why` is held, late or after, or empty as planned."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    why = serializers.CharField()
    cause = serializers.CharField()
    is_held = serializers.BooleanField()
    later_s = serializers.IntegerField()


class SlotShown(Output):
    """A slot: first planned, planned now, really taken, and expected."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    campaign = serializers.CharField()
    batch = serializers.UUIDField(allow_null=True)
    suite = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(SlotState.choices)
    first_start = serializers.DateTimeField()
    first_end = serializers.DateTimeField()
    planned_start = serializers.DateTimeField()
    planned_end = serializers.DateTimeField()
    actual_start = serializers.DateTimeField(allow_null=True)
    actual_end = serializers.DateTimeField(allow_null=True)
    expected = ExpectedShown()
    moved_why = serializers.CharField()
    moved_by = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()


TIMES: Final = ("first_start", "first_end", "planned_start", "planned_end", "actual_start", "actual_end")


def campaign_json(campaign: Campaign) -> dict[str, Any]:
    """Return a campaign."""
    names = ("number", "title", "begins_at", "ends_at", "version")
    return {"id": campaign.pk, "program": campaign.space_id} | {
        name: getattr(campaign, name) for name in names
    }


def slot_json(actor: Actor, found: Scheduled) -> dict[str, Any]:
    """Return a slot with its forecast and what the reader may do with it."""
    slot, expected = found.slot, found.expected
    return {
        "id": slot.pk,
        "program": slot.space_id,
        "campaign": slot.campaign.number if slot.campaign is not None else "",
        "batch": slot.batch_id,
        **{name: getattr(slot, name) for name in ("suite", "title", "state", *TIMES, "moved_why", "version")},
        "moved_by": slot.moved_code,
        "expected": {
            "start": expected.start,
            "end": expected.end,
            "why": expected.why,
            "cause": expected.cause,
            "is_held": expected.is_held,
            "later_s": int(found.later.total_seconds()),
        },
        "steps": available(actor, slot, SLOT_TRANSITIONS),
    }


class Campaigns(ListView):
    """The campaigns of the caller's programs."""

    ordering = ("-begins_at", "id")
    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a campaign."""
        return campaign_json(get_visible(Campaign, actor, record_id))

    @extend_schema(
        operation_id="campaigns",
        parameters=[OpenApiParameter("program", str)],
        responses=CampaignShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return campaigns, the latest first."""

        def represent(found: Sequence[Campaign]) -> list[dict[str, Any]]:
            return [campaign_json(each) for each in found]

        rows = list_campaigns(request.actor, program_id=uuid_param(request, "program"))
        return self.page(request, rows, represent)

    @extend_schema(operation_id="campaigns_plan", request=PlanCampaignInput, responses={201: CampaignShown})
    def post(self, request: ActorRequest) -> Response:
        """Plan a campaign; the one of that number is stated anew, for which If-Match is needed."""
        given = PlanCampaignInput.parse(request)
        program = given.pop("program")
        return self.answer(
            schedule.plan_campaign(request.actor, program, version=seen_version(request), **given)
        )


class SlotView(ListView):
    """Anything that answers with a slot."""

    ordering = ("planned_start", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a slot."""
        found = list_slots(actor).with_id(record_id)
        if found is None:
            raise NotFound
        return slot_json(actor, schedule_of(actor, [found])[0])


class Slots(SlotView):
    """The slots of the caller's programs."""

    made_status = 201

    @extend_schema(
        operation_id="slots", parameters=[OpenApiParameter("program", str)], responses=SlotShown(many=True)
    )
    def get(self, request: ActorRequest) -> Response:
        """Return slots as planned, the earliest first, each with its forecast."""
        actor = request.actor

        def represent(found: Sequence[SuiteSlot]) -> list[dict[str, Any]]:
            return [slot_json(actor, each) for each in schedule_of(actor, found)]

        return self.page(request, list_slots(actor, program_id=uuid_param(request, "program")), represent)

    @extend_schema(operation_id="slots_plan", request=PlanSlotInput, responses={201: SlotShown})
    def post(self, request: ActorRequest) -> Response:
        """Promise a suite for a time; one that is taken then is refused, without a word on whose."""
        given = PlanSlotInput.parse(request)
        return self.answer(schedule.plan_slot(request.actor, given.pop("program"), **given))


class MoveSlot(SlotView):
    """Another time for a slot."""

    @extend_schema(operation_id="slots_move", request=MoveSlotInput, responses=SlotShown)
    def post(self, request: ActorRequest, slot_id: UUID) -> Response:
        """Plan it for another time, and say why. If-Match is needed."""
        given = MoveSlotInput.parse(request)
        return self.answer(schedule.move_slot(request.actor, slot_id, version=seen_version(request), **given))


class TakeSlot(SlotView):
    """What became of a slot."""

    @extend_schema(operation_id="slots_take", request=TakeSlotInput, responses=SlotShown)
    def post(self, request: ActorRequest, slot_id: UUID, step: str) -> Response:
        """Begin it, end it, or give it up: `begin`, `end`, `give_up`. If-Match is needed."""
        if step not in SLOT_TRANSITIONS or step == "move":
            raise NotFound
        given = TakeSlotInput.parse(request)
        return self.answer(
            schedule.take_slot(request.actor, slot_id, to=step, version=seen_version(request), **given)
        )


urlpatterns = [
    path("campaigns/", Campaigns.as_view(), name="campaigns"),
    path("slots/", Slots.as_view(), name="slots"),
    path("slots/<uuid:slot_id>/move/", MoveSlot.as_view(), name="slot-move"),
    path("slots/<uuid:slot_id>/<slug:step>/", TakeSlot.as_view(), name="slot-take"),
]
