"""What needs a human's receipt, who was told, and the receipt itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.actions.alerts import REASON_MAX, REASON_MIN, acknowledge_alert, open_alert, refuse_alert
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, Text, choice_param, etag, uuid_param
from portal.api.transitions import ActionOffer, NoInput, offer_actions
from portal.models import Alert
from portal.queries import AlertLine, alert_lines, escalation, list_program_alerts
from portal.queries.alerts import may_refuse
from portal.states import AlertState, alert_transitions

SIDES = ("mine", "manufacturer", "sponsor")
FILTERS = [
    OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program."),
    OpenApiParameter("state", OpenApiTypes.STR, enum=AlertState.values, description="In this state."),
    OpenApiParameter("side", OpenApiTypes.STR, enum=SIDES, description="Asking this side for receipt."),
]


class AlertSubject(serializers.Serializer[Any]):
    """The record an alert is about."""

    type = serializers.CharField()
    id = serializers.UUIDField()
    number = serializers.CharField()


class AlertSummary(Output):
    """An alert in a list; `next_at` is when the next roles are told or the ladder ends."""

    id = serializers.UUIDField(source="alert.pk")
    program = serializers.UUIDField(source="alert.space_id")
    kind = serializers.CharField(source="alert.kind")
    side = serializers.CharField(source="alert.side")
    classification = serializers.CharField(source="alert.classification", allow_null=True)
    title = serializers.CharField(source="alert.title")
    clause = serializers.CharField(source="alert.clause")
    state = serializers.CharField(source="alert.state")
    raised_at = serializers.DateTimeField(source="alert.raised_at")
    acknowledged_at = serializers.DateTimeField(source="alert.acknowledged_at", allow_null=True)
    acknowledged_by = serializers.CharField(source="alert.acknowledged_by")
    next_at = serializers.DateTimeField(allow_null=True)
    may_acknowledge = serializers.BooleanField()
    subject = AlertSubject(allow_null=True)
    version = serializers.IntegerField(source="alert.version")


class ReceiptDetail(Output):
    """One told person, by the code the other side knows; `opened_at` is told to their own side only."""

    code = serializers.CharField()
    role = serializers.CharField()
    step = serializers.IntegerField()
    told_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    opened_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    refused_at = serializers.DateTimeField(allow_null=True)
    mail = serializers.CharField()


class StepDetail(Output):
    """One step of the ladder; what is ahead has neither `taken_at` nor `told`."""

    number = serializers.IntegerField()
    roles = serializers.ListField(child=serializers.CharField())
    due_at = serializers.DateTimeField(allow_null=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    told = serializers.IntegerField(allow_null=True)


class AlertDetail(AlertSummary):
    """An alert with its ladder and receipts."""

    steps = StepDetail(many=True)
    receipts = ReceiptDetail(many=True)
    available_actions = ActionOffer(many=True)


def _summary(line: AlertLine) -> dict[str, Any]:
    return AlertSummary.of(line)


def represent_alerts(actor: Actor, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    """Return the JSON members of alerts for a list."""
    return [_summary(line) for line in alert_lines(actor, alerts)]


def represent_alert(actor: Actor, alert_id: UUID) -> dict[str, Any]:
    """Return the JSON members of one alert with its ladder and receipts."""
    found = escalation(actor, alert_id)
    steps = alert_transitions(found.alert.side)
    if not may_refuse(actor, found):
        steps = {name: each for name, each in steps.items() if name != "refuse"}
    more = {
        "steps": [StepDetail.of(each) for each in found.steps],
        "receipts": [ReceiptDetail.of(each) for each in found.receipts],
        "available_actions": offer_actions(
            actor,
            found.alert,
            steps,
            href=f"/api/v1/alerts/{alert_id}/",
            inputs={"refuse": RefuseInput},
        ),
    }
    return _summary(found.line) | more


class AlertList(ListView):
    """List alerts."""

    ordering = ("-raised_at", "id")

    @extend_schema(operation_id="alerts_list", parameters=FILTERS, responses=AlertSummary(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the alerts of the caller's programs, newest first."""
        found = list_program_alerts(
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", AlertState.values),
            side=choice_param(request, "side", SIDES),
        )
        return self.page(request, found, lambda alerts: represent_alerts(request.actor, alerts))


class AlertItem(CovalentView):
    """Show an alert."""

    @extend_schema(operation_id="alerts_show", responses=AlertDetail)
    def get(self, request: ActorRequest, alert_id: UUID) -> Response:
        """Return one alert: who was told, when, and who answered; 404 when it is not the caller's."""
        data = represent_alert(request.actor, alert_id)
        return Response(data, headers=etag(data))


class AcknowledgeAlert(CovalentView):
    """Give receipt."""

    scope = "acknowledge"

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the alert as its reader sees it now."""
        return represent_alert(actor, record_id)

    @extend_schema(operation_id="alerts_acknowledge", request=NoInput, responses=AlertDetail)
    def post(self, request: ActorRequest, alert_id: UUID) -> Response:
        """Acknowledge for the caller's side. Idempotent, so it needs neither If-Match nor a key."""
        NoInput.parse(request)
        return self.answer(acknowledge_alert(request.actor, alert_id))


class RefuseInput(Input):
    """Why a told person cannot take an alert; only their own side reads it."""

    reason = Text(least=REASON_MIN, most=REASON_MAX)


class RefuseAlert(AcknowledgeAlert):
    """Say that one cannot take it."""

    @extend_schema(operation_id="alerts_refuse", request=RefuseInput, responses=AlertDetail)
    def post(self, request: ActorRequest, alert_id: UUID) -> Response:
        """Refuse as a told person: the ladder climbs at once. Idempotent, so it needs no If-Match."""
        given = RefuseInput.parse(request)
        return self.answer(refuse_alert(request.actor, alert_id, **given))


class OpenAlert(AcknowledgeAlert):
    """Note a first look."""

    @extend_schema(operation_id="alerts_open", request=NoInput, responses=AlertDetail)
    def post(self, request: ActorRequest, alert_id: UUID) -> Response:
        """Note that the caller has opened the alert; only their own side reads it. Idempotent."""
        NoInput.parse(request)
        return self.answer(open_alert(request.actor, alert_id))


urlpatterns = [
    path("alerts/", AlertList.as_view(), name="alerts"),
    path("alerts/<uuid:alert_id>/", AlertItem.as_view(), name="alert"),
    path("alerts/<uuid:alert_id>/acknowledge/", AcknowledgeAlert.as_view(), name="alert-acknowledge"),
    path("alerts/<uuid:alert_id>/refuse/", RefuseAlert.as_view(), name="alert-refuse"),
    path("alerts/<uuid:alert_id>/open/", OpenAlert.as_view(), name="alert-open"),
]
