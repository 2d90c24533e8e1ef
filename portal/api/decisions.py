"""Decision requests over REST: ask, talk, withdraw. Answering takes a person's signature, so no key does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.actions.deciding import (
    ask_decision,
    draft_decision,
    revise_decision,
    withdraw_decision,
    write_message,
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
from portal.api.signatures import SignatureOut
from portal.api.transitions import IF_MATCH, ActionOffer, NoInput, offer_actions
from portal.decisions.access import transitions_of
from portal.decisions.wording import LENGTHS, REASON_MAX, REASON_MIN, Evidence, Option, Wording
from portal.models import DecisionRequest
from portal.queries.decisions import (
    DecisionDetail,
    DecisionLine,
    decision_detail,
    decision_lines,
    list_decisions,
)
from portal.states import DecisionState

FILTERS: Final = [
    OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program."),
    OpenApiParameter("subject", OpenApiTypes.UUID, description="About this record."),
    OpenApiParameter("state", OpenApiTypes.STR, enum=DecisionState.values, description="In this state."),
]


def _words(field: str, help_text: str) -> Text:
    least, most = LENGTHS[field]
    given: dict[str, Any] = {} if least else {"required": False, "allow_blank": True, "default": ""}
    return Text(least=least or 1, most=most, help_text=help_text, **given)


class OptionInput(Input):
    """One way to go on."""

    code = serializers.CharField(max_length=3, help_text="One to three letters or digits.")
    words = Text(least=2, most=500)


class EvidenceInput(Input):
    """What the choice rests on."""

    type = serializers.ChoiceField(choices=["file", "record"])
    id = serializers.UUIDField()


class WordingInput(Input):
    """A question with what clause 9.1 asks for."""

    title = _words("title", "The question, in one line.")
    details = _words("details", "What one must know to choose.")
    options = serializers.ListField(child=OptionInput(), min_length=1, max_length=8)
    recommended = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=3, help_text="The code of an option."
    )
    recommendation = _words("recommendation", "Why it is recommended.")
    lost_at = Instant(help_text="The time after which the choice is lost.")
    meanwhile = _words("meanwhile", "What happens until then.")
    if_lost = _words("if_lost", "What happens if nobody answers.")
    roles = serializers.ListField(
        child=serializers.CharField(max_length=20),
        required=False,
        default=list,
        help_text="Roles of the other side that may answer; its head of quality always may.",
    )
    evidence = serializers.ListField(child=EvidenceInput(), required=False, default=list, max_length=20)


class DecisionInput(WordingInput):
    """A question to draft."""

    subject = serializers.UUIDField(help_text="The record it is about.")


class MessageInput(Input):
    """A question back, or what is said to it."""

    text = Text(least=REASON_MIN, most=REASON_MAX)


class WithdrawInput(Input):
    """Why it is taken back."""

    reason = Text(least=REASON_MIN, most=REASON_MAX)


class OptionOut(serializers.Serializer[Any]):
    """One way to go on."""

    code = serializers.CharField()
    words = serializers.CharField()


class SubjectOut(serializers.Serializer[Any]):
    """The record it is about."""

    type = serializers.CharField()
    id = serializers.UUIDField()
    number = serializers.CharField()


class DecisionSummary(Output):
    """A decision request in a list; `answer` is the code of an option, or `none`."""

    id = serializers.UUIDField(source="request.pk")
    program = serializers.UUIDField(source="request.space_id")
    number = serializers.CharField(source="request.number")
    audience = serializers.CharField(source="request.audience")
    side = serializers.CharField(source="request.side")
    state = serializers.CharField(source="request.state")
    title = serializers.CharField(source="request.title")
    clause = serializers.CharField(source="request.clause")
    lost_at = serializers.DateTimeField(source="request.lost_at")
    asked_at = serializers.DateTimeField(source="request.asked_at", allow_null=True)
    ended_at = serializers.DateTimeField(source="request.ended_at", allow_null=True)
    ended_by = serializers.CharField(source="request.ended_code")
    answer = serializers.CharField(source="request.option")
    subject = SubjectOut(allow_null=True)
    version = serializers.IntegerField(source="request.version")


class MessageOut(serializers.Serializer[Any]):
    """One line before the answer."""

    side = serializers.CharField()
    code = serializers.CharField()
    text = serializers.CharField()
    said_at = serializers.DateTimeField()


class WordingOut(Output):
    """What a request says, who may answer, and how it ended."""

    details = serializers.CharField(source="request.details")
    options = OptionOut(source="request.choices", many=True)
    recommended = serializers.CharField(source="request.recommended")
    recommendation = serializers.CharField(source="request.recommendation")
    meanwhile = serializers.CharField(source="request.meanwhile")
    if_lost = serializers.CharField(source="request.if_lost")
    roles = serializers.ListField(source="request.roles", child=serializers.CharField())
    evidence = serializers.ListField(source="request.evidence", child=serializers.DictField())
    asked_by = serializers.CharField(source="request.asked_code")
    reason = serializers.CharField(source="request.reason")
    messages = MessageOut(many=True)
    signatures = SignatureOut(many=True)


class DecisionOut(DecisionSummary, WordingOut):
    """A decision request whole, with what the caller may do next."""

    available_actions = ActionOffer(many=True)


STEP_INPUTS: Final[Mapping[str, type[Input]]] = {
    "revise": WordingInput,
    "message": MessageInput,
    "withdraw": WithdrawInput,
}


def represent_decision(actor: Actor, request_id: UUID) -> dict[str, Any]:
    """Return the JSON members of one request."""
    found: DecisionDetail = decision_detail(actor, request_id)
    # Answering is no step here: it takes a signature, and a person at a page.
    offered = {name: step for name, step in transitions_of(found.request).items() if name in _STEPS}
    return {
        **DecisionSummary.of(found.line),
        **WordingOut.of(found),
        "available_actions": offer_actions(
            actor, found.request, offered, href=f"/api/v1/decision_requests/{request_id}/", inputs=STEP_INPUTS
        ),
    }


def represent_list(actor: Actor, rows: Sequence[DecisionRequest]) -> list[dict[str, Any]]:
    """Return the JSON members of requests for a list."""
    lines: list[DecisionLine] = decision_lines(actor, rows)
    return [DecisionSummary.of(each) for each in lines]


def _wording(given: Mapping[str, Any]) -> Wording:
    return Wording(
        **{
            **given,
            "options": tuple(Option(each["code"], each["words"]) for each in given["options"]),
            "evidence": tuple(Evidence(each["type"], each["id"]) for each in given["evidence"]),
            "roles": tuple(given["roles"]),
        }
    )


class DecisionList(ListView):
    """List decision requests and draft one."""

    ordering = ("-recorded_at", "-id")
    made_status = 201

    @extend_schema(operation_id="decisions_list", parameters=FILTERS, responses=DecisionSummary(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the requests the caller may see, newest first; drafts of the own side among them."""
        found = list_decisions(
            request.actor,
            program_id=uuid_param(request, "program"),
            subject_id=uuid_param(request, "subject"),
            state=choice_param(request, "state", DecisionState.values),
        )
        return self.page(request, found, lambda rows: represent_list(request.actor, rows))

    @extend_schema(operation_id="decisions_draft", request=DecisionInput, responses={201: DecisionOut})
    def post(self, request: ActorRequest) -> Response:
        """Draft a question about a record, private to the caller's side until it is asked."""
        given = DecisionInput.parse(request)
        subject = given.pop("subject")
        return self.answer(draft_decision(request.actor, subject, wording=_wording(given)))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the draft that was made."""
        return represent_decision(actor, record_id)


class DecisionItem(CovalentView):
    """Show a decision request."""

    @extend_schema(operation_id="decisions_show", responses=DecisionOut)
    def get(self, request: ActorRequest, decision_id: UUID) -> Response:
        """Return one request whole: words, talk, answer and signature; 404 when it is not the caller's."""
        data = represent_decision(request.actor, decision_id)
        return Response(data, headers=etag(data))


class Step(CovalentView):
    """Take one step of a request: body and If-Match in, the request as it is now out."""

    given: type[Input]
    act: Callable[..., object]

    def take(self, request: ActorRequest, decision_id: UUID) -> Response:
        """Parse, act, answer."""
        given: Mapping[str, Any] = self.given.parse(request)
        stated = {"wording": _wording(given)} if self.given is WordingInput else given
        act = type(self).act
        return self.answer(act(request.actor, decision_id, version=seen_version(request), **stated))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the request as its reader sees it now."""
        return represent_decision(actor, record_id)


def _step(name: str, given: type[Input], act: Callable[..., DecisionRequest], words: str) -> type[Step]:
    """Return the view of one step, described in the schema by its words."""

    @extend_schema(
        operation_id=f"decisions_{name}",
        parameters=[IF_MATCH],
        request=given,
        responses=DecisionOut,
        description=words,
    )
    def post(self: Step, request: ActorRequest, decision_id: UUID) -> Response:
        return self.take(request, decision_id)

    members = {"__doc__": words, "given": given, "act": staticmethod(act), "post": post}
    return type(f"{name.capitalize()}Step", (Step,), members)


_STEPS: Final[Mapping[str, type[Step]]] = {
    name: _step(name, given, act, words)
    for name, given, act, words in (
        ("revise", WordingInput, revise_decision, "Change a draft."),
        (
            "ask",
            NoInput,
            ask_decision,
            "Share it with the other side for good; the time runs.",
        ),
        ("message", MessageInput, write_message, "Ask back or explain, before the answer."),
        ("withdraw", WithdrawInput, withdraw_decision, "Take a draft or a question back."),
    )
}

urlpatterns = [
    path("decision_requests/", DecisionList.as_view(), name="decisions-api"),
    path("decision_requests/<uuid:decision_id>/", DecisionItem.as_view(), name="decision-api"),
    *(
        path(f"decision_requests/<uuid:decision_id>/{name}/", step.as_view(), name=f"decision-{name}-api")
        for name, step in _STEPS.items()
    ),
]
