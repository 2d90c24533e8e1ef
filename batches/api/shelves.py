"""Shelved alarms of a batch (ISA-18.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions.shelves import shelve_alarm, unshelve_alarm
from batches.api.inputs import REASON_CHARACTERS
from batches.api.outputs import LimitShown
from batches.api.shapes import limit_json
from batches.models import AlarmShelf
from batches.queries.shelves import list_shelves
from batches.shelving import SHORTEST_REASON
from batches.states import SHELF_TRANSITIONS, ShelfState
from portal.action import instant
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, choice_param, seen_version
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, offer_actions
from portal.errors import NotFound
from portal.states import Audience


class ShelveInput(Input):
    """Until when the alerts of a limit wait, at most twelve hours ahead, and why."""

    limit = serializers.UUIDField(source="limit_id")
    until = Instant(help_text="At most twelve hours ahead.")
    reason = Text(least=SHORTEST_REASON, most=REASON_CHARACTERS)


class UnshelveInput(Input):
    """Nothing is said with it."""


class ShelfShown(Output):
    """A limit whose alerts wait, or waited; `holds` says whether they do now.

    At its end `excursions` says how many were outside meanwhile, `lasting` how many of them went on.
    """

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    parameter = serializers.CharField()
    limit = LimitShown()
    limit_id = serializers.UUIDField()
    state = serializers.ChoiceField(ShelfState.choices)
    holds = serializers.BooleanField()
    audience = serializers.ChoiceField(Audience.choices)
    reason = serializers.CharField()
    shelved_by = serializers.CharField()
    shelved_at = serializers.DateTimeField()
    until = serializers.DateTimeField()
    ended_by = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    excursions = serializers.IntegerField()
    lasting = serializers.IntegerField()
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


def shelf_json(actor: Actor, shelf: AlarmShelf) -> dict[str, Any]:
    """Return a shelved alarm and what the reader may do with it."""
    return {
        "id": shelf.pk,
        "program": shelf.space_id,
        "batch": shelf.batch_id,
        "parameter": shelf.parameter.code,
        "limit": limit_json(shelf.limit),
        "limit_id": shelf.limit_id,
        "state": shelf.state,
        "holds": shelf.holds(instant()),
        "audience": shelf.audience,
        "reason": str(shelf.reason),
        "shelved_by": shelf.shelved_code,
        "shelved_at": shelf.shelved_at,
        "until": shelf.until,
        "ended_by": shelf.ended_code,
        "ended_at": shelf.ended_at,
        "excursions": shelf.excursions,
        "lasting": shelf.lasting,
        "version": shelf.version,
        "available_actions": offer_actions(
            actor,
            shelf,
            SHELF_TRANSITIONS,
            href=reverse("shelved-alarm", kwargs={"shelf_id": shelf.pk}),
            inputs={"unshelve": UnshelveInput},
        ),
    }


class ShelfView(ListView):
    """Anything that answers with a shelved alarm."""

    ordering = ("-shelved_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return it as its own address shows it."""
        found = list_shelves(actor).with_id(record_id)
        if found is None:
            raise NotFound
        return shelf_json(actor, found)


class BatchShelves(ShelfView):
    """List and shelve alarms of a batch."""

    made_status = 201

    @extend_schema(
        operation_id="batches_shelved_alarms",
        parameters=[OpenApiParameter("state", str, enum=ShelfState.values)],
        responses=ShelfShown(many=True),
    )
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the alarms of a batch that are or were shelved, the newest first; of a foreign batch 404."""
        batch = get_batch(request.actor, batch_id)
        state = choice_param(request, "state", ShelfState.values)
        rows = list_shelves(request.actor, batch_id=batch.pk, state=state)

        def represent(found: Sequence[AlarmShelf]) -> list[dict[str, Any]]:
            return [shelf_json(request.actor, each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="batches_shelve", request=ShelveInput, responses={201: ShelfShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Let the alerts of a limit wait; readings and excursions are recorded as ever."""
        return self.answer(shelve_alarm(request.actor, batch_id, **ShelveInput.parse(request)))


class ShelvedAlarm(ShelfView):
    """Show a shelved alarm."""

    @extend_schema(operation_id="shelved_alarms_show", responses=ShelfShown)
    def get(self, request: ActorRequest, shelf_id: UUID) -> Response:
        """Return one shelved alarm; 404 when it is not the caller's to see."""
        return self.respond(self.represent(request.actor, shelf_id))


class UnshelveAlarm(ShelfView):
    """Take an alarm off the shelf."""

    @extend_schema(operation_id="shelved_alarms_unshelve", request=UnshelveInput, responses=ShelfShown)
    def post(self, request: ActorRequest, shelf_id: UUID) -> Response:
        """Take it off before its end; what is outside alerts at once. If-Match is needed."""
        UnshelveInput.parse(request)
        return self.answer(unshelve_alarm(request.actor, shelf_id, version=seen_version(request)))


urlpatterns = [
    path("batches/<uuid:batch_id>/shelved-alarms/", BatchShelves.as_view(), name="batch-shelved-alarms"),
    path("shelved-alarms/<uuid:shelf_id>/", ShelvedAlarm.as_view(), name="shelved-alarm"),
    path("shelved-alarms/<uuid:shelf_id>/unshelve/", UnshelveAlarm.as_view(), name="shelved-alarm-unshelve"),
]
