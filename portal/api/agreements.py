"""Agreements: versions with their words and rules, the steps of their life, the published schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.actions import agreeing
from portal.actor import Actor
from portal.agreements.document import DOCUMENT_BYTES_MAX
from portal.agreements.schema import SCHEMA
from portal.agreements.signing import get_agreement
from portal.agreements.terms import TEMPLATES
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
from portal.api.transitions import ActionOffer, NoInput, offer_actions
from portal.errors import Invalid
from portal.models import AgreementVersion
from portal.papers import with_words
from portal.queries.agreements import list_agreements
from portal.states import AGREEMENT_TRANSITIONS, AgreementState

FILTERS = [
    OpenApiParameter("partnership", OpenApiTypes.UUID, description="Of this partnership."),
    OpenApiParameter("state", OpenApiTypes.STR, enum=AgreementState.values, description="In this state."),
]


class AgreementSummary(Output):
    """A version in a list; `number` is null while it is a draft, `program` null unless it is an annex."""

    id = serializers.UUIDField(source="pk")
    partnership = serializers.UUIDField(source="space_id")
    program = serializers.UUIDField(source="program_id", allow_null=True)
    number = serializers.IntegerField(allow_null=True)
    title = serializers.CharField()
    state = serializers.CharField()
    audience = serializers.CharField()
    pen = serializers.CharField()
    digest = serializers.CharField()
    not_before = serializers.DateTimeField(allow_null=True)
    effective_from = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class AgreementDetail(AgreementSummary):
    """A version with its words and rules, and what the reader may do with it."""

    note = serializers.CharField()
    document = serializers.DictField()
    available_actions = ActionOffer(many=True)


class DraftInput(Input):
    """A new draft: of a template, of `text` (YAML or JSON of format 1), or of another version."""

    partnership = serializers.UUIDField()
    program = serializers.UUIDField(required=False, help_text="The annex of this program.")
    template = serializers.ChoiceField(choices=TEMPLATES, required=False)
    text = Text(most=DOCUMENT_BYTES_MAX, required=False)
    based_on = serializers.UUIDField(required=False)


class TextInput(Input):
    """The whole text, YAML or JSON of format 1."""

    text = Text(most=DOCUMENT_BYTES_MAX)


class AgreementReasonInput(Input):
    """Why."""

    reason = Text(least=agreeing.REASON_MIN, most=agreeing.REASON_MAX)


class SubmitInput(Input):
    """The number goes on from versions on paper; left out, it is the next."""

    number = serializers.IntegerField(required=False, min_value=1, max_value=agreeing.NUMBER_MAX)


class EndInput(AgreementReasonInput):
    """From when it shall end, and why."""

    ends_at = serializers.DateTimeField()


class Step:
    """One step of the life cycle: its action and the body it takes."""

    def __init__(self, call: Callable[..., AgreementVersion], takes: type[Input] = NoInput) -> None:
        self.call, self.takes = call, takes


STEPS: Final[Mapping[str, Step]] = {
    "edit": Step(agreeing.edit_agreement, TextInput),
    "submit": Step(agreeing.submit_agreement, SubmitInput),
    "put_in": Step(agreeing.put_into_review),
    "pass_pen": Step(agreeing.pass_pen),
    "reopen": Step(agreeing.reopen_agreement, AgreementReasonInput),
    "withdraw": Step(agreeing.withdraw_agreement, AgreementReasonInput),
    "ask_end": Step(agreeing.ask_end, EndInput),
    "drop_end": Step(agreeing.drop_end, AgreementReasonInput),
    "terminate": Step(agreeing.terminate_agreement),
}
# A key cannot sign; what follows from a signature is no step of its own.
OFFERED: Final = {name: AGREEMENT_TRANSITIONS[name] for name in STEPS}


def represent_agreement(actor: Actor, version_id: UUID) -> dict[str, Any]:
    """Return the JSON members of one version. Raises: NotFound."""
    found = get_agreement(actor, version_id)
    inputs = {name: step.takes for name, step in STEPS.items()}
    href = f"/api/v1/agreements/{version_id}/"
    return AgreementSummary.of(found) | {
        "note": found.note,
        "document": found.document.plain(),
        "available_actions": offer_actions(actor, found, OFFERED, href=href, inputs=inputs),
    }


def _rows(versions: Sequence[AgreementVersion]) -> list[dict[str, Any]]:
    return [AgreementSummary.of(each) for each in versions]


class AgreementList(ListView):
    """List versions, begin a draft."""

    ordering = ("-drafted_at", "id")
    made_status = 201

    @extend_schema(operation_id="agreements_list", parameters=FILTERS, responses=AgreementSummary(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the versions of the caller's partnerships, the last drafted first."""
        found = list_agreements(
            request.actor,
            partnership_id=uuid_param(request, "partnership"),
            state=choice_param(request, "state", AgreementState.values),
        )
        return self.page(request, found, lambda rows: _rows(with_words(request.actor, rows)))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the draft as its reader sees it now."""
        return represent_agreement(actor, record_id)

    @extend_schema(operation_id="agreements_draft", request=DraftInput, responses={201: AgreementDetail})
    def post(self, request: ActorRequest) -> Response:
        """Begin a draft, which the caller's own side alone reads."""
        given = DraftInput.parse(request)
        return self.answer(_draft(request.actor, **given))


def _draft(
    actor: Actor,
    *,
    partnership: UUID,
    program: UUID | None = None,
    template: str = "",
    text: str = "",
    based_on: UUID | None = None,
) -> AgreementVersion:
    if sum(map(bool, (template, text, based_on))) != 1:
        raise Invalid("Give one of template, text and based_on.", errors={"text": ["One of the three."]})
    if based_on is not None:
        return agreeing.draft_from_version(actor, based_on)
    if text:
        return agreeing.draft_from_text(actor, partnership, text=text, program_id=program)
    return agreeing.draft_from_template(actor, partnership, name=template, program_id=program)


class AgreementItem(CovalentView):
    """Show a version."""

    @extend_schema(operation_id="agreements_show", responses=AgreementDetail)
    def get(self, request: ActorRequest, agreement_id: UUID) -> Response:
        """Return one version with its words and rules; 404 when the caller may not read it."""
        data = represent_agreement(request.actor, agreement_id)
        return Response(data, headers=etag(data))


class AgreementStep(CovalentView):
    """Take one step of a version's life."""

    step: ClassVar[str] = ""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the version as its reader sees it now."""
        return represent_agreement(actor, record_id)

    def take(self, request: ActorRequest, agreement_id: UUID) -> Response:
        """Take the step; send the ETag that was read as If-Match."""
        step = STEPS[self.step]
        given = step.takes.parse(request)
        return self.answer(step.call(request.actor, agreement_id, version=seen_version(request), **given))


class AgreementText(CovalentView):
    """The document as a file, and the schema it follows."""

    form: ClassVar[str] = "yaml"

    @extend_schema(operation_id="agreements_text", responses={(200, "application/yaml"): str})
    def get(self, request: ActorRequest, agreement_id: UUID) -> HttpResponse:
        """Return words and rules as YAML, or as JSON; both read back without loss."""
        found = get_agreement(request.actor, agreement_id)
        document = found.document
        text = document.to_yaml() if self.form == "yaml" else json.dumps(document.plain(), indent=2)
        answer = HttpResponse(text, content_type=f"application/{self.form}; charset=utf-8")
        name = f"agreement-{found.label or 'draft'}.{self.form}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer


class AgreementJson(AgreementText):
    """The document as JSON."""

    form: ClassVar[str] = "json"

    @extend_schema(operation_id="agreements_json", responses={(200, "application/json"): str})
    def get(self, request: ActorRequest, agreement_id: UUID) -> HttpResponse:
        """Return words and rules as JSON."""
        return super().get(request, agreement_id)


class AgreementSchema(CovalentView):
    """The published JSON Schema."""

    @extend_schema(operation_id="agreements_schema", responses=OpenApiTypes.OBJECT)
    def get(self, request: ActorRequest) -> Response:
        """Return the JSON Schema (2020-12) of format 1."""
        return Response(SCHEMA)


def _step_view(name: str) -> Any:
    made: Any = type(f"Agreement{name.title().replace('_', '')}", (AgreementStep,), {"step": name})
    described = extend_schema(
        operation_id=f"agreements_{name}", request=STEPS[name].takes, responses=AgreementDetail
    )

    @described
    def post(view: AgreementStep, request: ActorRequest, agreement_id: UUID) -> Response:
        return view.take(request, agreement_id)

    made.post = post
    return made.as_view()


urlpatterns = [
    path("agreements/", AgreementList.as_view(), name="agreements"),
    path("agreements/schema/1/", AgreementSchema.as_view(), name="agreement-schema"),
    path("agreements/<uuid:agreement_id>/", AgreementItem.as_view(), name="agreement-item"),
    path("agreements/<uuid:agreement_id>/yaml/", AgreementText.as_view(), name="agreement-yaml"),
    path("agreements/<uuid:agreement_id>/json/", AgreementJson.as_view(), name="agreement-json"),
    *(
        path(f"agreements/<uuid:agreement_id>/{name}/", _step_view(name), name=f"agreement-{name}")
        for name in STEPS
    ),
]
