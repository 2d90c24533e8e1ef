"""Holds on a batch: status, processing, out of use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions.holds import lift_batch_hold, place_batch_hold
from batches.api.inputs import REASON_CHARACTERS
from batches.models import BatchHold
from batches.queries.holds import hold_words, list_batch_holds
from batches.states import HOLD_TRANSITIONS, HoldKind, StandState
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, choice_param, seen_version
from portal.api.transitions import ActionOffer, offer_actions
from portal.states import Audience

AUDIENCES: Final = [each for each in Audience.choices if each[0] != Audience.SPONSOR]


class HoldBatchInput(Input):
    """A hold on a batch; `scope` names the hold point, or what is out of use."""

    kind = serializers.ChoiceField(HoldKind.choices)
    reason = Text(least=10, most=REASON_CHARACTERS)
    scope = Text(most=200, required=False, allow_blank=True)
    audience = serializers.ChoiceField(AUDIENCES, required=False)


class LiftHoldInput(Input):
    """Why a hold is lifted."""

    reason = Text(least=10, most=REASON_CHARACTERS)


class BatchHoldShown(Output):
    """A hold; one by clause names its cause and ends with it."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    kind = serializers.ChoiceField(HoldKind.choices)
    state = serializers.ChoiceField(StandState.choices)
    words = serializers.CharField()
    audience = serializers.ChoiceField(Audience.choices)
    scope = serializers.CharField()
    reason = serializers.CharField()
    cause = serializers.DictField(allow_null=True)
    clause = serializers.CharField()
    terms = serializers.IntegerField(allow_null=True)
    until = serializers.CharField()
    placed_by = serializers.CharField()
    placed_at = serializers.DateTimeField()
    lifted_by = serializers.CharField()
    lifted_at = serializers.DateTimeField(allow_null=True)
    lift_reason = serializers.CharField()
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


def hold_json(actor: Actor, hold: BatchHold) -> dict[str, Any]:
    """Return a hold and what the reader may do with it."""
    by_hand = hold.cause_id is None
    return {
        "id": hold.pk,
        "program": hold.space_id,
        "batch": hold.batch_id,
        "kind": hold.kind,
        "state": hold.state,
        "words": hold_words(hold),
        "audience": hold.audience,
        "scope": hold.scope,
        "reason": str(hold.reason),
        "cause": None if by_hand else {"id": hold.cause_id, "number": hold.cause_number},
        "clause": hold.clause,
        "terms": hold.terms,
        "until": hold.until,
        "placed_by": hold.placed_code,
        "placed_at": hold.placed_at,
        "lifted_by": hold.lifted_code,
        "lifted_at": hold.lifted_at,
        "lift_reason": str(hold.lift_reason),
        "version": hold.version,
        "available_actions": offer_actions(
            actor,
            hold,
            HOLD_TRANSITIONS if by_hand else {},
            href=reverse("batch-hold", kwargs={"batch_hold_id": hold.pk}),
            inputs={"lift": LiftHoldInput},
        ),
    }


class BatchHoldView(ListView):
    """Anything that answers with a hold."""

    ordering = ("-placed_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the hold as its own address shows it."""
        return hold_json(actor, get_visible(BatchHold, actor, record_id))


class BatchHolds(BatchHoldView):
    """List and place holds on a batch."""

    made_status = 201

    @extend_schema(
        operation_id="batches_holds",
        parameters=[OpenApiParameter("state", str, enum=StandState.values)],
        responses=BatchHoldShown(many=True),
    )
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the holds on a batch that the caller may see, the newest first; of a foreign batch 404."""
        batch = get_batch(request.actor, batch_id)
        state = choice_param(request, "state", StandState.values)
        rows = list_batch_holds(request.actor, batch_id=batch.pk, state=state)

        def represent(found: Sequence[BatchHold]) -> list[dict[str, Any]]:
            return [hold_json(request.actor, each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="batches_hold", request=HoldBatchInput, responses={201: BatchHoldShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Hold the batch; a running process goes on."""
        return self.answer(place_batch_hold(request.actor, batch_id, **HoldBatchInput.parse(request)))


class BatchHoldItem(BatchHoldView):
    """Show a hold."""

    @extend_schema(operation_id="batch_holds_show", responses=BatchHoldShown)
    def get(self, request: ActorRequest, batch_hold_id: UUID) -> Response:
        """Return one hold; 404 when it is not the caller's to see."""
        return self.respond(self.represent(request.actor, batch_hold_id))


class LiftBatchHold(BatchHoldView):
    """Lift a hold."""

    @extend_schema(operation_id="batch_holds_lift", request=LiftHoldInput, responses=BatchHoldShown)
    def post(self, request: ActorRequest, batch_hold_id: UUID) -> Response:
        """Lift a hold that a person placed. If-Match is needed."""
        given = LiftHoldInput.parse(request)
        return self.answer(
            lift_batch_hold(request.actor, batch_hold_id, version=seen_version(request), **given)
        )


urlpatterns = [
    path("batches/<uuid:batch_id>/holds/", BatchHolds.as_view(), name="batch-holds"),
    path("batch-holds/<uuid:batch_hold_id>/", BatchHoldItem.as_view(), name="batch-hold"),
    path("batch-holds/<uuid:batch_hold_id>/lift/", LiftBatchHold.as_view(), name="batch-hold-lift"),
]
