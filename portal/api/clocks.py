"""Clocks: what runs against whom until when, by which clause, and the steps people take with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.actions.clocks import (
    REASON_MAX,
    REASON_MIN,
    consent_to_pause,
    decline_pause,
    extend_clock,
    move_clock,
    pause_clock,
    resume_clock,
    take_pause_back,
)
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import (
    CovalentView,
    Input,
    ListView,
    Output,
    Text,
    choice_param,
    etag,
    seen_version,
    uuid_param,
)
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, NoInput, offer_actions
from portal.models import Clock
from portal.queries.clocks import ClockLine, clock_lines, find_clock, list_clocks
from portal.states import CLOCK_TRANSITIONS, ClockState

STATES: Final = ("open", *ClockState.values)
FILTERS: Final = [
    OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program."),
    OpenApiParameter("subject", OpenApiTypes.UUID, description="Running for this record."),
    OpenApiParameter(
        "state",
        OpenApiTypes.STR,
        enum=STATES,
        description="In this state; open is all that runs, rests, or is late and not done.",
    ),
]


class ClockSubject(serializers.Serializer[Any]):
    """The record a clock runs for."""

    type = serializers.CharField()
    id = serializers.UUIDField()
    number = serializers.CharField()


class ClockSummary(Output):
    """A clock in a list.

    `terms` and `calendar` are the versions it keeps, null for the default rules and where no calendar was
    set; `side` holds the ball. `done_at` is when what was late was done after all.
    """

    id = serializers.UUIDField(source="clock.pk")
    program = serializers.UUIDField(source="clock.space_id")
    subject = ClockSubject(allow_null=True)
    kind = serializers.CharField(source="clock.kind")
    clause = serializers.CharField(source="clock.clause")
    terms = serializers.IntegerField(source="clock.terms", allow_null=True)
    calendar = serializers.IntegerField(source="clock.calendar", allow_null=True)
    zone = serializers.CharField(source="clock.zone")
    duration = serializers.DictField(source="clock.duration")
    inputs = serializers.DictField(source="clock.inputs")
    side = serializers.CharField(source="clock.side")
    is_joint = serializers.BooleanField(source="clock.is_joint")
    is_regulatory = serializers.BooleanField(source="clock.is_regulatory")
    state = serializers.CharField(source="clock.state")
    extensions = serializers.IntegerField(source="clock.extensions")
    started_at = serializers.DateTimeField(source="clock.started_at")
    due_at = serializers.DateTimeField(source="clock.due_at")
    pause_asked_by = serializers.CharField(source="clock.pause_asked_by")
    paused_at = serializers.DateTimeField(source="clock.paused_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="clock.ended_at", allow_null=True)
    done_at = serializers.DateTimeField(source="clock.done_at", allow_null=True)
    version = serializers.IntegerField(source="clock.version")


class ClockMoveOut(Output):
    """One line of a clock's history; `side` holds the ball from there on."""

    step = serializers.CharField()
    at = serializers.DateTimeField()
    code = serializers.CharField()
    side = serializers.CharField()
    reason = serializers.CharField()
    clause = serializers.CharField(help_text="What says that silence led to this; else empty.")
    terms = serializers.IntegerField(allow_null=True)
    due_before = serializers.DateTimeField(allow_null=True)
    due_after = serializers.DateTimeField(allow_null=True)


class MoreTimeOut(Output):
    """What a clause gives a deadline beyond its time; the next extension ends at `latest` at most."""

    clause = serializers.CharField()
    terms = serializers.IntegerField(allow_null=True)
    rounds = serializers.IntegerField(help_text="How often a deadline may be extended.")
    left = serializers.IntegerField(help_text="How often this one still may be.")
    latest = serializers.DateTimeField()


class ClockDetail(ClockSummary):
    """A clock with its history and the steps the reader may take.

    `extension` is null for who may not extend it, and where no clause gives it more time.
    """

    extension = MoreTimeOut(allow_null=True)
    history = ClockMoveOut(many=True)
    available_actions = ActionOffer(many=True)


class ClockReasonInput(Input):
    """Why."""

    reason = Text(least=REASON_MIN, most=REASON_MAX)


class ResumeInput(Input):
    """Why, where there is something to say."""

    reason = Text(most=REASON_MAX, required=False, allow_blank=True, default="")


class ExtendInput(ClockReasonInput):
    """Until when, and why."""

    due_at = Instant()


INPUTS: Final[Mapping[str, type[Input]]] = {
    "pause": ClockReasonInput,
    "decline": ClockReasonInput,
    "resume": ResumeInput,
    "extend": ExtendInput,
    "move": ClockReasonInput,
}


def _detail(actor: Actor, line: ClockLine) -> dict[str, Any]:
    clock = line.clock
    steps = {name: CLOCK_TRANSITIONS[name] for name in line.steps}
    return ClockSummary.of(line) | {
        "extension": MoreTimeOut.of(line.more) if line.more is not None else None,
        "history": [ClockMoveOut.of(each) for each in line.moves],
        "available_actions": offer_actions(
            actor, clock, steps, href=f"/api/v1/clocks/{clock.pk}/", inputs=INPUTS
        ),
    }


def represent_clocks(actor: Actor, clocks: Sequence[Clock]) -> list[dict[str, Any]]:
    """Return the JSON members of clocks for a list."""
    return [ClockSummary.of(line) for line in clock_lines(actor, clocks)]


class ClockList(ListView):
    """List clocks."""

    ordering = ("due_at", "id")

    @extend_schema(operation_id="clocks_list", parameters=FILTERS, responses=ClockSummary(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the clocks of the caller's programs, nearest due first."""
        found = list_clocks(
            request.actor,
            program_id=uuid_param(request, "program"),
            subject_id=uuid_param(request, "subject"),
            state=choice_param(request, "state", STATES),
        )
        return self.page(request, found, lambda clocks: represent_clocks(request.actor, clocks))


class ClockItem(CovalentView):
    """Show a clock."""

    @extend_schema(operation_id="clocks_show", responses=ClockDetail)
    def get(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Return one clock with its history; 404 when it is not the caller's."""
        data = _detail(request.actor, find_clock(request.actor, clock_id))
        return Response(data, headers=etag(data))


class ClockStepView(CovalentView):
    """A step that answers with the clock."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the clock as its own address shows it."""
        return _detail(actor, find_clock(actor, record_id))


class PauseClock(ClockStepView):
    """Let a clock rest."""

    @extend_schema(operation_id="clocks_pause", request=ClockReasonInput, responses=ClockDetail)
    def post(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Let an own clock rest; of a joint one, ask the other side for its consent. If-Match is needed."""
        given = ClockReasonInput.parse(request)
        return self.answer(pause_clock(request.actor, clock_id, version=seen_version(request), **given))


class ConsentToPause(ClockStepView):
    """Consent to a pause."""

    @extend_schema(operation_id="clocks_consent", request=NoInput, responses=ClockDetail)
    def post(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Let a joint clock rest as the other side asked. If-Match is needed."""
        NoInput.parse(request)
        return self.answer(consent_to_pause(request.actor, clock_id, version=seen_version(request)))


class DeclinePause(ClockStepView):
    """Refuse a pause."""

    @extend_schema(operation_id="clocks_decline", request=ClockReasonInput, responses=ClockDetail)
    def post(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Let a joint clock run on although the other side asked for a pause. If-Match is needed."""
        given = ClockReasonInput.parse(request)
        return self.answer(decline_pause(request.actor, clock_id, version=seen_version(request), **given))


class TakePauseBack(ClockStepView):
    """Ask for a pause no more."""

    @extend_schema(operation_id="clocks_take_back", request=NoInput, responses=ClockDetail)
    def post(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Take the own side's request for a pause back. If-Match is needed."""
        NoInput.parse(request)
        return self.answer(take_pause_back(request.actor, clock_id, version=seen_version(request)))


class ResumeClock(ClockStepView):
    """Let a clock go on."""

    @extend_schema(operation_id="clocks_resume", request=ResumeInput, responses=ClockDetail)
    def post(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Go on with the time that was left. If-Match is needed."""
        given = ResumeInput.parse(request)
        return self.answer(resume_clock(request.actor, clock_id, version=seen_version(request), **given))


class ExtendClock(ClockStepView):
    """Give a clock more time."""

    @extend_schema(operation_id="clocks_extend", request=ExtendInput, responses=ClockDetail)
    def post(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Give more time before it is over, within its clause; the second time climbs. If-Match is needed."""
        given = ExtendInput.parse(request)
        return self.answer(extend_clock(request.actor, clock_id, version=seen_version(request), **given))


class MoveClock(ClockStepView):
    """Pass the ball."""

    @extend_schema(operation_id="clocks_move", request=ClockReasonInput, responses=ClockDetail)
    def post(self, request: ActorRequest, clock_id: UUID) -> Response:
        """Hand a joint clock over to the other side; its time runs on. If-Match is needed."""
        given = ClockReasonInput.parse(request)
        return self.answer(move_clock(request.actor, clock_id, version=seen_version(request), **given))


urlpatterns = [
    path("clocks/", ClockList.as_view(), name="clocks"),
    path("clocks/<uuid:clock_id>/", ClockItem.as_view(), name="clock"),
    path("clocks/<uuid:clock_id>/pause/", PauseClock.as_view(), name="clock-pause"),
    path("clocks/<uuid:clock_id>/consent/", ConsentToPause.as_view(), name="clock-consent"),
    path("clocks/<uuid:clock_id>/decline/", DeclinePause.as_view(), name="clock-decline"),
    path("clocks/<uuid:clock_id>/take_back/", TakePauseBack.as_view(), name="clock-take-back"),
    path("clocks/<uuid:clock_id>/resume/", ResumeClock.as_view(), name="clock-resume"),
    path("clocks/<uuid:clock_id>/extend/", ExtendClock.as_view(), name="clock-extend"),
    path("clocks/<uuid:clock_id>/move/", MoveClock.as_view(), name="clock-move"),
]
