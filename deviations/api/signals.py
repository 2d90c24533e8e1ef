"""Early signals over REST: raise one, answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from deviations.actions.signals import answer_signal, raise_signal
from deviations.models import EarlySignal
from deviations.queries.signals import SignalLine, find_signal, list_signals, signal_lines
from deviations.states import SignalState, signal_transitions
from deviations.texts import LENGTHS
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
from portal.api.transitions import ActionOffer, offer_actions

IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description='The version seen, as "3".'
)
FILTERS: Final = [
    OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program."),
    OpenApiParameter("batch", OpenApiTypes.UUID, description="About this batch."),
    OpenApiParameter("state", OpenApiTypes.STR, enum=SignalState.values, description="In this state."),
]


def _text(field: str, help_text: str) -> Text:
    least, most = LENGTHS[field]
    return Text(least=least, most=most, help_text=help_text)


class SignalInput(Input):
    """Something looks odd, and nothing is wrong yet."""

    program = serializers.UUIDField()
    batch = serializers.UUIDField(required=False, allow_null=True, default=None)
    title = _text("title", "What looks odd, in one line.")
    description = _text("description", "What was noticed. Facts only; both sides read it at once.")
    noticed_at = Instant(required=False, allow_null=True, default=None, help_text="Now when not given.")


class SignalAnswerInput(Input):
    """What the side that was asked says to it."""

    answer = _text("answer", "Both sides read it; it stands.")


class SignalOut(Output):
    """An early signal: no deviation by itself, counted on no scorecard."""

    id = serializers.UUIDField(source="signal.pk")
    program = serializers.UUIDField(source="signal.space_id")
    batch = serializers.UUIDField(source="signal.batch_id", allow_null=True)
    number = serializers.CharField(source="signal.number")
    audience = serializers.CharField(source="signal.audience")
    state = serializers.CharField(source="signal.state")
    title = serializers.CharField(source="signal.title")
    description = serializers.CharField(source="signal.description")
    side = serializers.CharField(source="signal.side", help_text="Who raised it.")
    raised_by = serializers.CharField(source="signal.raised_code")
    noticed_at = serializers.DateTimeField(source="signal.noticed_at")
    raised_at = serializers.DateTimeField(source="signal.raised_at")
    asked_side = serializers.CharField(source="signal.asked_side", help_text="Who answers.")
    roles = serializers.ListField(source="signal.roles", child=serializers.CharField())
    clause = serializers.CharField(source="clock.clause", default="", help_text="Empty: none by clause.")
    terms = serializers.IntegerField(
        source="clock.terms", allow_null=True, default=None, help_text="Null: a default rule."
    )
    due_at = serializers.DateTimeField(source="clock.due_at", allow_null=True, default=None)
    answer = serializers.CharField(source="signal.answer")
    answered_by = serializers.CharField(source="signal.answered_code")
    answered_at = serializers.DateTimeField(source="signal.answered_at", allow_null=True)
    version = serializers.IntegerField(source="signal.version")


class SignalDetail(SignalOut):
    """An early signal with what the caller may do next."""

    available_actions = ActionOffer(many=True)


def represent_signal(actor: Actor, signal_id: UUID) -> dict[str, Any]:
    """Return the JSON members of one early signal."""
    line: SignalLine = find_signal(actor, signal_id)
    offered = {
        name: step for name, step in signal_transitions(line.signal.roles).items() if name in line.steps
    }
    return {
        **SignalOut.of(line),
        "available_actions": offer_actions(
            actor,
            line.signal,
            offered,
            href=f"/api/v1/early_signals/{signal_id}/",
            inputs={"answer": SignalAnswerInput},
        ),
    }


def represent_list(actor: Actor, rows: Sequence[EarlySignal]) -> list[dict[str, Any]]:
    """Return the JSON members of early signals for a list."""
    return [SignalOut.of(each) for each in signal_lines(actor, rows)]


class SignalList(ListView):
    """List early signals and raise one."""

    ordering = ("-raised_at", "-id")
    made_status = 201

    @extend_schema(operation_id="early_signals_list", parameters=FILTERS, responses=SignalOut(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the early signals the caller may see, newest first."""
        found = list_signals(
            request.actor,
            program_id=uuid_param(request, "program"),
            batch_id=uuid_param(request, "batch"),
            state=choice_param(request, "state", SignalState.values),
        )
        return self.page(request, found, lambda rows: represent_list(request.actor, rows))

    @extend_schema(operation_id="early_signals_raise", request=SignalInput, responses={201: SignalDetail})
    def post(self, request: ActorRequest) -> Response:
        """Raise an early signal; both sides read it at once, and the clause's hours run."""
        given = SignalInput.parse(request)
        program, batch = given.pop("program"), given.pop("batch")
        return self.answer(raise_signal(request.actor, program, batch_id=batch, **given))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the signal that was raised."""
        return represent_signal(actor, record_id)


class SignalItem(CovalentView):
    """Show an early signal."""

    @extend_schema(operation_id="early_signals_show", responses=SignalDetail)
    def get(self, request: ActorRequest, signal_id: UUID) -> Response:
        """Return one early signal; 404 when it is not the caller's."""
        data = represent_signal(request.actor, signal_id)
        return Response(data, headers=etag(data))


class AnswerSignal(CovalentView):
    """Answer an early signal."""

    @extend_schema(
        operation_id="early_signals_answer",
        parameters=[IF_MATCH],
        request=SignalAnswerInput,
        responses=SignalDetail,
    )
    def post(self, request: ActorRequest, signal_id: UUID) -> Response:
        """Answer once, as the side that was asked; the clock is met."""
        given = SignalAnswerInput.parse(request)
        return self.answer(answer_signal(request.actor, signal_id, version=seen_version(request), **given))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the signal as its reader sees it now."""
        return represent_signal(actor, record_id)


urlpatterns = [
    path("early_signals/", SignalList.as_view(), name="early-signals-api"),
    path("early_signals/<uuid:signal_id>/", SignalItem.as_view(), name="early-signal-api"),
    path("early_signals/<uuid:signal_id>/answer/", AnswerSignal.as_view(), name="early-signal-answer-api"),
]
