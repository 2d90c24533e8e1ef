"""Reports to authorities: the sponsor's facts, the clocks of the law, the decisions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from deviations.actions.regulatory import BECAUSE_MAX, BECAUSE_MIN, assess_reporting, decide_reporting
from deviations.queries.regulatory import DutyLine, Reporting, reporting_of
from deviations.reporting import RULES, ProductKind, Reach, ReportingDecisionKind, ReportingEvent
from portal.action import reading
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, Output, Text
from portal.api.fields import Instant


class ReportingInput(Input):
    """Facts by which duties to report run."""

    kinds = serializers.ListField(child=serializers.ChoiceField(ProductKind.choices), max_length=10)
    reach = serializers.ChoiceField(Reach.choices)
    events = serializers.ListField(child=serializers.ChoiceField(ReportingEvent.choices), max_length=12)
    aware_at = Instant()


class ReportingDecisionInput(Input):
    """Whether a duty is reportable, and why."""

    rule = serializers.ChoiceField([each.code for each in RULES])
    decision = serializers.ChoiceField(ReportingDecisionKind.choices)
    because = Text(least=BECAUSE_MIN, most=BECAUSE_MAX)


class FactsOut(Output):
    """The newest facts."""

    kinds = serializers.ListField(child=serializers.CharField())
    reach = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    aware_at = serializers.DateTimeField()
    code = serializers.CharField(source="given_code")
    given_at = serializers.DateTimeField()


class DutyOut(Output):
    """A duty that the facts started; it ends when a decision is signed."""

    rule = serializers.CharField(source="rule.code")
    title = serializers.CharField(source="rule.title")
    clause = serializers.CharField(source="rule.source")
    clock = serializers.UUIDField(source="clock.pk")
    state = serializers.CharField(source="clock.state")
    due_at = serializers.DateTimeField(source="clock.due_at")
    decision = serializers.CharField(source="decision.decision", allow_null=True, default=None)
    because = serializers.CharField(source="decision.because", allow_null=True, default=None)
    signed = serializers.SerializerMethodField()

    def get_signed(self, line: DutyLine) -> bool:
        """Say whether the newest decision is signed."""
        return bool(line.signatures)


class ReportingOut(Output):
    """What was said of reports to authorities; empty for a side that is not told."""

    facts = FactsOut(allow_null=True)
    duties = DutyOut(many=True)


def _shown(found: Reporting) -> dict[str, Any]:
    return ReportingOut.of({"facts": found.facts, "duties": found.duties})


class ReportingItem(CovalentView):
    """Read and give the facts."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return what was said."""
        return _shown(reporting_of(actor, record_id))

    @extend_schema(operation_id="deviations_reporting", responses=ReportingOut)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return facts, duties and decisions as far as the caller's side knows them."""
        return Response(_shown(reporting_of(request.actor, deviation_id)))

    @extend_schema(operation_id="deviations_reporting_assess", request=ReportingInput, responses=ReportingOut)
    def post(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Give the facts; clocks start from awareness. For the sponsor's regulatory affairs."""
        return self.answer(assess_reporting(request.actor, deviation_id, **ReportingInput.parse(request)))


class DecideReporting(CovalentView):
    """Decide on a duty."""

    @extend_schema(
        operation_id="deviations_reporting_decide", request=ReportingDecisionInput, responses=ReportingOut
    )
    def post(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Say whether a duty is reportable; the clock ends when a person has signed it."""
        decide_reporting(request.actor, deviation_id, **ReportingDecisionInput.parse(request))
        with reading(request.actor):
            return self.respond(_shown(reporting_of(request.actor, deviation_id)))


urlpatterns = [
    path(
        "deviations/<uuid:deviation_id>/reporting/", ReportingItem.as_view(), name="deviation-reporting-api"
    ),
    path(
        "deviations/<uuid:deviation_id>/reporting/decide/",
        DecideReporting.as_view(),
        name="deviation-reporting-decide-api",
    ),
]
