"""Webhooks: where the caller's side is told what happened, by Standard Webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from portal.actions import webhooks as keep
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, etag, seen_version, uuid_param
from portal.api.transitions import ActionOffer, NoInput, schema_of
from portal.models import Webhook, WebhookAttempt
from portal.outgoing import URL_CHARACTERS_MAX
from portal.queries.webhooks import WebhookLine, get_webhook, list_attempts, list_webhooks, webhook_lines
from portal.states import WEBHOOK_TRANSITIONS, Audience, WebhookState, WebhookStream
from portal.streams import SEQ_MAX
from portal.webhooks.keeping import require_address, unreachable
from portal.webhooks.kinds import EVERY, KINDS_MAX

KIND_CHARACTERS_MAX: Final = 170


class WebhookInput(Input):
    """An address and what it is told of: `*` for every event, and `ledger.checkpoint` by name."""

    program = serializers.UUIDField()
    url = serializers.CharField(max_length=URL_CHARACTERS_MAX)
    events = serializers.ListField(
        child=serializers.CharField(max_length=KIND_CHARACTERS_MAX),
        required=False,
        max_length=KINDS_MAX,
        help_text="Kinds such as deviation.reported, deviation.* or *; default is every event.",
    )


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 0},
            {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
        ]
    }
)
class Numbers(serializers.Field[dict[str, int], Any, Any, Any]):
    """A number of the shared chain, or a number for each chain: `{"shared": 12, "sponsor": 3}`."""

    def to_internal_value(self, data: Any) -> dict[str, int]:
        """Return a number for each chain."""
        given = data if isinstance(data, dict) else {str(Audience.SHARED): data}
        if not given or not all(_is_number(each) for each in given.values()):
            raise serializers.ValidationError("Give a number, or one for each chain: 0 sends all again.")
        return {str(chain): number for chain, number in given.items()}

    def to_representation(self, value: dict[str, int]) -> dict[str, int]:
        """Return it as it is."""
        return value


def _is_number(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= SEQ_MAX


class ReplayInput(Input):
    """The last number that need not be sent again."""

    after = Numbers()


class WebhookStreamDetail(Output):
    """How far it has come on one chain; `next_attempt_at` is when what failed is tried again."""

    stream = serializers.ChoiceField(choices=WebhookStream.choices)
    audience = serializers.ChoiceField(choices=Audience.choices)
    after = serializers.IntegerField()
    waiting = serializers.IntegerField()
    attempts = serializers.IntegerField()
    failing_since = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(source="next_at", allow_null=True)
    delivered_at = serializers.DateTimeField(source="sent_at", allow_null=True)
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()


class WebhookDetail(Output):
    """A webhook of the caller's side."""

    id = serializers.UUIDField(source="webhook.pk")
    program = serializers.UUIDField(source="webhook.space_id")
    url = serializers.CharField(source="webhook.url")
    events = serializers.ListField(child=serializers.CharField(), source="webhook.kinds")
    state = serializers.ChoiceField(choices=WebhookState.choices, source="webhook.state")
    owner = serializers.CharField(source="webhook.owner_code")
    created_at = serializers.DateTimeField(source="webhook.made_at")
    stopped_at = serializers.DateTimeField(source="webhook.stopped_at", allow_null=True)
    previous_secret_until = serializers.DateTimeField(source="webhook.previous_until", allow_null=True)
    version = serializers.IntegerField(source="webhook.version")
    streams = WebhookStreamDetail(many=True)
    available_actions = ActionOffer(many=True, default=[])


class WebhookMade(WebhookDetail):
    """A webhook with its secret, which is shown this once."""

    secret = serializers.CharField(required=False)
    unreachable = serializers.CharField(
        required=False, help_text="Why nothing could be sent there just now, as a code; empty when it could."
    )


class DeliveryDetail(Output):
    """One try to tell one thing; `id` is the webhook-id of the message, the same in each of its tries."""

    id = serializers.CharField(source="message")
    stream = serializers.ChoiceField(choices=WebhookStream.choices)
    audience = serializers.ChoiceField(choices=Audience.choices, source="chain")
    seq = serializers.IntegerField()
    kind = serializers.CharField()
    attempt = serializers.IntegerField()
    at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField(source="ms")
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()


def represent_lines(lines: Sequence[WebhookLine]) -> list[dict[str, Any]]:
    """Return the JSON members of webhooks with how far each has come."""
    return [
        WebhookDetail.of(each)
        | {
            "streams": [WebhookStreamDetail.of(one) for one in each.streams],
            "available_actions": _offers(each.webhook),
        }
        for each in lines
    ]


def _offers(webhook: Webhook) -> list[dict[str, Any]]:
    """Return what may be done with it now: whoever reads it keeps it."""
    return [
        {
            "name": name,
            "label": str(step.label),
            "method": "DELETE" if name == "remove" else "POST",
            "href": f"/api/v1/webhooks/{webhook.pk}/" + ("" if name == "remove" else f"{name}/"),
            "schema": REPLAY_SCHEMA if name == "replay" else schema_of(NoInput),
        }
        for name, step in WEBHOOK_TRANSITIONS.items()
        if webhook.state in step.sources and step.label
    ]


_NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": SEQ_MAX}
REPLAY_SCHEMA: Final = {
    "type": "object",
    "properties": {"after": {"oneOf": [_NUMBER, {"type": "object", "additionalProperties": _NUMBER}]}},
    "required": ["after"],
    "additionalProperties": False,
}


class WebhookView(CovalentView):
    """A view of one webhook."""

    scope = "webhooks"

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the webhook as who keeps it sees it now, without its secret."""
        return represent_lines(webhook_lines(actor, [get_webhook(actor, record_id)]))[0]

    def answer_with_secret(self, webhook: Webhook) -> Response:
        """Answer with the secret beside all else, this once: a repeat leaves it out."""
        answer = self.answer(webhook)
        answer.data |= {"secret": webhook.secret}
        answer["Cache-Control"] = "no-store"
        return answer


class WebhookList(ListView, WebhookView):
    """List and set up webhooks."""

    ordering = ("-made_at", "id")
    made_status = 201

    @extend_schema(
        operation_id="webhooks_list",
        parameters=[OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program.")],
        responses=WebhookDetail(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the webhooks that the caller keeps for its side, the newest first."""
        found = list_webhooks(request.actor, program_id=uuid_param(request, "program"))
        return self.page(request, found, lambda rows: represent_lines(webhook_lines(request.actor, rows)))

    @extend_schema(operation_id="webhooks_create", request=WebhookInput, responses={201: WebhookMade})
    def post(self, request: ActorRequest) -> Response:
        """Tell an address from now on what the caller's side may read in a program.

        Each message is the event of the stream (`events/`), signed by Standard Webhooks; what was not taken
        with a 2xx is tried again for 75 hours, in order. The secret is shown in this answer alone.
        """
        given = WebhookInput.parse(request)
        require_address(given["url"])
        kinds = given.get("events") or [EVERY]
        answer = self.answer_with_secret(
            keep.add_webhook(request.actor, given["program"], url=given["url"], kinds=kinds)
        )
        answer.data |= {"unreachable": unreachable(given["url"])}
        return answer


class WebhookItem(WebhookView):
    """Show and remove a webhook."""

    @extend_schema(operation_id="webhooks_show", responses=WebhookDetail)
    def get(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """Return one webhook; 404 when the caller does not keep it."""
        data = self.represent(request.actor, webhook_id)
        return Response(data, headers=etag(data))

    @extend_schema(operation_id="webhooks_remove", responses={204: None})
    def delete(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """End it and forget its secret. If-Match is not needed; when it is sent it must match."""
        keep.remove_webhook(request.actor, webhook_id, version=seen_version(request))
        return Response(status=204)


class WebhookDeliveries(ListView, WebhookView):
    """The delivery log."""

    ordering = ("-at", "id")

    @extend_schema(operation_id="webhooks_deliveries", responses=DeliveryDetail(many=True))
    def get(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """Return every try of the last 30 days, the newest first."""
        return self.page(request, list_attempts(request.actor, webhook_id), _deliveries)


def _deliveries(rows: Sequence[WebhookAttempt]) -> list[dict[str, Any]]:
    return [DeliveryDetail.of(each) for each in rows]


class ReplayWebhook(WebhookView):
    """Send again."""

    @extend_schema(operation_id="webhooks_replay", request=ReplayInput, responses=WebhookDetail)
    def post(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """Send again what follows a number; each message keeps its id. Needs no If-Match."""
        after = ReplayInput.parse(request)["after"]
        return self.answer(keep.replay_webhook(request.actor, webhook_id, after=after))


class TestWebhook(WebhookView):
    """Send a test."""

    @extend_schema(operation_id="webhooks_test", request=NoInput, responses=WebhookDetail)
    def post(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """Send a signed message that holds nothing; what came of it stands in the deliveries."""
        NoInput.parse(request)
        return self.answer(keep.ask_for_test(request.actor, webhook_id))


class RotateWebhook(WebhookView):
    """Make a new secret."""

    @extend_schema(operation_id="webhooks_rotate", request=NoInput, responses=WebhookMade)
    def post(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """Sign by a new secret, shown in this answer alone, and for 24 hours by the one before too."""
        NoInput.parse(request)
        webhook = keep.rotate_secret(request.actor, webhook_id, version=seen_version(request))
        return self.answer_with_secret(webhook)


class DisableWebhook(WebhookView):
    """Switch off."""

    @extend_schema(operation_id="webhooks_disable", request=NoInput, responses=WebhookDetail)
    def post(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """Send nothing until it is switched on; what happens meanwhile waits."""
        NoInput.parse(request)
        return self.answer(keep.disable_webhook(request.actor, webhook_id, version=seen_version(request)))


class EnableWebhook(WebhookView):
    """Switch on."""

    @extend_schema(operation_id="webhooks_enable", request=NoInput, responses=WebhookDetail)
    def post(self, request: ActorRequest, webhook_id: UUID) -> Response:
        """Go on where it stopped, on the caller's word from now on."""
        NoInput.parse(request)
        return self.answer(keep.enable_webhook(request.actor, webhook_id, version=seen_version(request)))


_ITEM: Final = "webhooks/<uuid:webhook_id>/"
urlpatterns = [
    path("webhooks/", WebhookList.as_view(), name="webhooks"),
    path(_ITEM, WebhookItem.as_view(), name="webhook"),
    path(f"{_ITEM}deliveries/", WebhookDeliveries.as_view(), name="webhook-deliveries"),
    path(f"{_ITEM}replay/", ReplayWebhook.as_view(), name="webhook-replay"),
    path(f"{_ITEM}test/", TestWebhook.as_view(), name="webhook-test"),
    path(f"{_ITEM}rotate/", RotateWebhook.as_view(), name="webhook-rotate"),
    path(f"{_ITEM}disable/", DisableWebhook.as_view(), name="webhook-disable"),
    path(f"{_ITEM}enable/", EnableWebhook.as_view(), name="webhook-enable"),
]
