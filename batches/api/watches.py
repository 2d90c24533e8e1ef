"""Watch models, and what they noticed in running batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.actions.watches import ask_watch_model, withdraw_watch_model
from batches.api.batches import PROGRAM
from batches.api.inputs import REASON_CHARACTERS
from batches.models import WatchModel, WatchNews
from batches.queries.watches import document_of, list_watch_models, list_watch_news, news_lines
from batches.states import REASON_LEAST
from batches.watched.learning import BATCHES_LEAST, BATCHES_MOST
from batches.watched.signing import get_watch_model
from batches.watched.states import WATCH_TRANSITIONS, NewsSign, NewsState, WatchState
from batches.watched.words import failure_of, whole_batch
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import (
    CovalentView,
    Input,
    ListView,
    Output,
    Text,
    choice_param,
    seen_version,
    uuid_param,
)
from portal.api.transitions import ActionOffer, offer_actions
from portal.errors import NotFound

MODEL_STATE = OpenApiParameter("state", str, enum=WatchState.values)
NEWS_STATE = OpenApiParameter("state", str, enum=NewsState.values)
BATCH = OpenApiParameter("batch", OpenApiTypes.UUID, description="Only of this batch.")
BY_HAND: Final = {"withdraw": WATCH_TRANSITIONS["withdraw"]}


class WatchModelInput(Input):
    """The good batches from which a watch of a recipe is learned."""

    program = serializers.UUIDField(source="program_id")
    recipe_number = serializers.CharField(max_length=60)
    batches = serializers.ListField(
        child=serializers.UUIDField(), min_length=BATCHES_LEAST, max_length=BATCHES_MOST
    )
    swings = serializers.ListField(
        child=serializers.CharField(max_length=60),
        max_length=50,
        required=False,
        help_text="Parameters whose movement is watched beside their value.",
    )


class WatchReason(Input):
    """Why."""

    reason = Text(least=REASON_LEAST, most=REASON_CHARACTERS)


class TrainingShown(Output):
    """A batch that a model was learned from."""

    id = serializers.UUIDField()
    number = serializers.CharField()


class WatchModelShown(Output):
    """What good batches of a recipe looked like; `digest` is the SHA-256 of its document."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    recipe_number = serializers.CharField()
    title = serializers.CharField()
    revision = serializers.IntegerField()
    state = serializers.ChoiceField(WatchState.choices)
    training = TrainingShown(many=True)
    swings = serializers.ListField(child=serializers.CharField())
    parameters = serializers.ListField(child=serializers.CharField())
    components = serializers.IntegerField(help_text="0: the batch as a whole is not watched.")
    batch_as_a_whole = serializers.CharField(allow_blank=True)
    why_not = serializers.CharField(allow_blank=True)
    digest = serializers.CharField(allow_blank=True)
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    in_force_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


class CauseShown(Output):
    """A parameter that makes part of it."""

    parameter = serializers.CharField()
    share = serializers.FloatField()


class WatchNewsShown(Output):
    """A stretch of a running batch that is news against a model.

    `points` are [ms, value, low, high]; `early_signal` is what tells both sides of it.
    """

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    watch_model = serializers.UUIDField()
    sign = serializers.ChoiceField(NewsSign.choices)
    parameter = serializers.CharField(allow_blank=True)
    direction = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(NewsState.choices)
    begins_at = serializers.DateTimeField()
    known_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    peak = serializers.FloatField(help_text="In bars: 1 is only just.")
    sentence = serializers.CharField()
    causes = CauseShown(many=True)
    points = serializers.ListField(child=serializers.ListField(child=serializers.FloatField(allow_null=True)))
    early_signal = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField()


def model_json(actor: Actor, model: WatchModel) -> dict[str, Any]:
    """Return a model without its document, and what the reader may do with it."""
    learned = model.learned
    return {
        "id": model.pk,
        "program": model.space_id,
        "number": model.number,
        "recipe_number": model.recipe_number,
        "title": model.title,
        "revision": model.revision,
        "state": model.state,
        "training": [{"id": batch_id, "number": number} for batch_id, number in model.training],
        "swings": model.swings,
        "parameters": sorted(learned.get("lines", {})),
        "components": learned.get("components", 0),
        "batch_as_a_whole": whole_batch(learned) if learned else "",
        "why_not": failure_of(model),
        "digest": model.digest,
        "asked_by": model.asked_code,
        "asked_at": model.asked_at,
        "in_force_at": model.in_force_at,
        "until": model.until,
        "version": model.version,
        "available_actions": offer_actions(
            actor,
            model,
            BY_HAND,
            href=f"/api/v1/watch-models/{model.pk}/",
            inputs={"withdraw": WatchReason},
        ),
    }


def news_json(actor: Actor, rows: Sequence[WatchNews]) -> list[dict[str, Any]]:
    """Return what was noticed, each with its sentence."""
    return [
        {
            "id": line.news.pk,
            "program": line.news.space_id,
            "batch": line.news.batch_id,
            "watch_model": line.news.model_id,
            "sign": line.news.sign,
            "parameter": line.news.parameter,
            "direction": line.news.direction,
            "state": line.news.state,
            "begins_at": line.news.begins_at,
            "known_at": line.news.known_at,
            "last_at": line.news.last_at,
            "peak": line.news.peak,
            "sentence": f"{line.words} ({line.numbers})" if line.numbers else line.words,
            "causes": [{"parameter": code, "share": share} for code, share in line.news.causes],
            "points": line.news.picture.get("points", []),
            "early_signal": line.news.told_id,
            "version": line.news.version,
        }
        for line in news_lines(actor, rows)
    ]


class WatchModelView(ListView):
    """Anything that answers with a watch model."""

    ordering = ("-asked_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return it as its own address shows it."""
        return model_json(actor, get_watch_model(actor, record_id))


class WatchModels(WatchModelView):
    """List watch models, let one be learned."""

    made_status = 201

    @extend_schema(
        operation_id="watch_models_list",
        parameters=[PROGRAM, MODEL_STATE],
        responses=WatchModelShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the watch models of the caller's programs, the newest first."""
        state = choice_param(request, "state", WatchState.values)
        rows = list_watch_models(request.actor, program_id=uuid_param(request, "program"), state=state)

        def represent(found: Sequence[WatchModel]) -> list[dict[str, Any]]:
            return [model_json(request.actor, each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="watch_models_ask", request=WatchModelInput, responses={201: WatchModelShown})
    def post(self, request: ActorRequest) -> Response:
        """Choose good batches; the model is learned in the background and then signed by both sides."""
        return self.answer(ask_watch_model(request.actor, **WatchModelInput.parse(request)))


class OneWatchModel(WatchModelView):
    """Show a watch model."""

    @extend_schema(operation_id="watch_models_show", responses=WatchModelShown)
    def get(self, request: ActorRequest, model_id: UUID) -> Response:
        """Return one model; 404 when it is not the caller's to see."""
        return self.respond(self.represent(request.actor, model_id))


class WithdrawWatchModel(WatchModelView):
    """Give a watch model up."""

    @extend_schema(operation_id="watch_models_withdraw", request=WatchReason, responses=WatchModelShown)
    def post(self, request: ActorRequest, model_id: UUID) -> Response:
        """Let it watch no batch any more; what it noticed stays to be read. If-Match is needed."""
        given = WatchReason.parse(request)
        return self.answer(
            withdraw_watch_model(request.actor, model_id, version=seen_version(request), **given)
        )


class WatchModelDocument(CovalentView):
    """Take the document of a model."""

    @extend_schema(operation_id="watch_models_document", responses=OpenApiTypes.OBJECT)
    def get(self, request: ActorRequest, model_id: UUID) -> HttpResponse:
        """Return what was learned, byte for byte as its digest was signed."""
        body = document_of(request.actor, get_watch_model(request.actor, model_id))
        if not body:
            raise NotFound
        return HttpResponse(body, content_type="application/json")


class WatchNewsList(ListView):
    """List what watches noticed."""

    ordering = ("-begins_at", "id")

    @extend_schema(
        operation_id="watch_news_list", parameters=[BATCH, NEWS_STATE], responses=WatchNewsShown(many=True)
    )
    def get(self, request: ActorRequest) -> Response:
        """Return what watches noticed in the caller's batches, the latest first."""
        state = choice_param(request, "state", NewsState.values)
        rows = list_watch_news(request.actor, batch_id=uuid_param(request, "batch"), state=state)

        def represent(found: Sequence[WatchNews]) -> list[dict[str, Any]]:
            return news_json(request.actor, found)

        return self.page(request, rows, represent)


class OneWatchNews(ListView):
    """Show one thing that a watch noticed."""

    @extend_schema(operation_id="watch_news_show", responses=WatchNewsShown)
    def get(self, request: ActorRequest, news_id: UUID) -> Response:
        """Return it as it is now; 404 when it is not the caller's to see."""
        found = list_watch_news(request.actor).with_id(news_id)
        if found is None:
            raise NotFound
        return self.respond(news_json(request.actor, [found])[0])


urlpatterns = [
    path("watch-models/", WatchModels.as_view(), name="watch-models"),
    path("watch-models/<uuid:model_id>/", OneWatchModel.as_view(), name="watch-model"),
    path("watch-models/<uuid:model_id>/document/", WatchModelDocument.as_view(), name="watch-model-document"),
    path("watch-models/<uuid:model_id>/withdraw/", WithdrawWatchModel.as_view(), name="watch-model-withdraw"),
    path("watch-news/", WatchNewsList.as_view(), name="watch-news"),
    path("watch-news/<uuid:news_id>/", OneWatchNews.as_view(), name="watch-news-one"),
]
