"""Deviations over REST (contract)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from deviations.actions.assess import assess_impact
from deviations.actions.drafts import answer_comment, comment_on_report, finish_comments, share_draft
from deviations.actions.investigate import cancel_deviation, close_deviation, investigate_deviation
from deviations.actions.judge import triage_deviation
from deviations.actions.judging.classes import confirm_class, decide_class, reclassify
from deviations.actions.judging.impact import conclude_impact
from deviations.actions.judging.risk import assess_deviation_risk
from deviations.actions.judging.scope import decide_batch, look_around, name_batch
from deviations.actions.judging.ties import link_deviations, merge_deviation
from deviations.actions.mirroring import mirror_deviation
from deviations.actions.release import release_notice
from deviations.actions.report import report_deviation
from deviations.actions.reviews import (
    dismiss_deviation,
    object_to_report,
    return_report,
    settle_disagreement,
    submit_report,
)
from deviations.actions.summarise import summarise_deviation
from deviations.api.inputs import TRANSITION_INPUTS, DeviationInput, MirrorDeviationInput, named
from deviations.api.outputs import (
    DeviationOut,
    DeviationSummaryOut,
    HistoryOut,
    PreviewOut,
    ProposalOut,
    represent_deviation,
    represent_history,
    represent_list,
    represent_logged,
    represent_preview,
    represent_proposal,
    represent_then,
)
from deviations.models import Deviation, Elsewhere
from deviations.queries import history, list_deviations, notice_preview, propose_from_excursion
from deviations.states import DeviationState
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, choice_param, etag, seen_version, uuid_param
from portal.api.mirrors import MirrorView
from portal.api.past import AS_OF, moment_param
from portal.errors import Invalid
from portal.states import Audience, Classification

STATES: Final = ("open", *DeviationState.values)
WORDS_CHARACTERS_MAX: Final = 60
PROGRAM: Final = OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program.")
EXTERNAL_ID: Final = OpenApiParameter(
    "external_id", OpenApiTypes.STR, description="The record in the CDMO's own system."
)
EXCURSION: Final = OpenApiParameter("excursion", OpenApiTypes.UUID, required=True)
IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description='The version seen, as "3".'
)
STATED: Final = ("opened_at", "told_at", "closed_at")
FILTERS: Final = [
    PROGRAM,
    OpenApiParameter("state", OpenApiTypes.STR, enum=STATES, description="In this state, or not ended."),
    OpenApiParameter("classification", OpenApiTypes.STR, enum=Classification.values),
    OpenApiParameter("batch", OpenApiTypes.UUID, description="Of this batch."),
    OpenApiParameter(
        "q", OpenApiTypes.STR, description="Words of number, batch, title or description; the newest 1,000."
    ),
]


def _needed(request: ActorRequest, name: str) -> UUID:
    found = uuid_param(request, name)
    if found is None:
        raise Invalid(f"Which {name}?", errors={name: ["Give its id in the address, a UUID."]})
    return found


class DeviationList(MirrorView):
    """List deviations, log one, copy one."""

    ordering = ("-recorded_at", "-id")

    @extend_schema(
        operation_id="deviations_list", parameters=FILTERS, responses=DeviationSummaryOut(many=True)
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the deviations the caller may see, newest first."""
        found = list_deviations(
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", STATES),
            classification=choice_param(request, "classification", Classification.values),
            batch_id=uuid_param(request, "batch"),
            words=request.query_params.get("q", "").replace("\x00", "")[:WORDS_CHARACTERS_MAX],
        )
        return self.page(request, found, lambda rows: represent_list(request.actor, rows))

    @extend_schema(operation_id="deviations_report", request=DeviationInput, responses={201: DeviationOut})
    def post(self, request: ActorRequest) -> Response:
        """Log a deviation, internal to the CDMO until its notice is released."""
        given = named(DeviationInput.parse(request))
        logged = report_deviation(request.actor, given.pop("program"), **given)
        if logged.deviation.audience == Audience.SHARED:
            # A signed clause let its notice leave at once; more stands beside it than was logged.
            return self.answer(logged.deviation)
        return self.respond(represent_logged(request.actor, logged))

    @extend_schema(
        operation_id="deviations_mirror",
        parameters=[PROGRAM, EXTERNAL_ID, IF_MATCH],
        request=MirrorDeviationInput,
        responses={200: DeviationOut, 201: DeviationOut},
    )
    def put(self, request: ActorRequest) -> Response:
        """Copy a record of the CDMO's own system: log it when it is new, else take its state there alone."""
        program_id, given = _needed(request, "program"), named(MirrorDeviationInput.parse(request))
        there = Elsewhere(**{name: given.pop(f"external_{name}") for name in STATED})
        deviation = mirror_deviation(
            request.actor,
            program_id,
            external_id=request.query_params.get("external_id", ""),
            version=seen_version(request),
            elsewhere=there,
            **given,
        )
        return self.answer_copy(deviation)

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the deviation that was logged."""
        return represent_deviation(actor, record_id)


class DeviationItem(CovalentView):
    """Show a deviation."""

    @extend_schema(operation_id="deviations_show", parameters=[AS_OF], responses=DeviationOut)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return one deviation whole, with what the caller may do next, or as it could be seen once."""
        at = moment_param(request)
        if at is not None:
            return Response(represent_then(request.actor, deviation_id, at))
        data = represent_deviation(request.actor, deviation_id)
        return Response(data, headers=etag(data))


class Step(CovalentView):
    """Take one step of a deviation's life: body and If-Match in, the record as it is now out."""

    given: type[Input]
    act: Callable[..., Deviation]

    def take(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Parse, act, answer."""
        given: Mapping[str, Any] = self.given.parse(request)
        act = type(self).act
        return self.answer(act(request.actor, deviation_id, version=seen_version(request), **given))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the deviation as it is now."""
        return represent_deviation(actor, record_id)


def step_view(name: str, takes: type[Input], act: Callable[..., Deviation], what: str) -> type[Step]:
    """Return the view of one step: its body, its action, and what it does in a sentence."""

    def post(self: Step, request: ActorRequest, deviation_id: UUID) -> Response:
        return self.take(request, deviation_id)

    post.__doc__ = what
    described = extend_schema(
        operation_id=f"deviations_{name}", parameters=[IF_MATCH], request=takes, responses=DeviationOut
    )(post)
    members = {"given": takes, "act": staticmethod(act), "post": described, "__doc__": what}
    return type(f"{name.title().replace('_', '')}Step", (Step,), members)


class Preview(CovalentView):
    """Look at a notice before it leaves."""

    @extend_schema(operation_id="deviations_notice_preview", responses=PreviewOut)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return exactly what would leave now and what stays; the ETag is what a release must name."""
        data = represent_preview(notice_preview(request.actor, deviation_id))
        return Response(data, headers=etag(data))


class History(CovalentView):
    """Show what happened."""

    @extend_schema(operation_id="deviations_history", responses=HistoryOut)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return the sealed facts of a deviation that the caller's side may see, oldest first."""
        return Response(represent_history(history(request.actor, deviation_id)))


class ProposalItem(CovalentView):
    """Propose a deviation."""

    @extend_schema(operation_id="deviations_proposal", parameters=[EXCURSION], responses=ProposalOut)
    def get(self, request: ActorRequest) -> Response:
        """Return a deviation with its fields filled from an excursion."""
        proposal = propose_from_excursion(request.actor, _needed(request, "excursion"))
        return Response(represent_proposal(proposal))


_STEPS: Final = (
    ("triage", triage_deviation, "Give a deviation its provisional class; the clock of its notice starts."),
    ("dismiss", dismiss_deviation, "Propose that it is no deviation; a second signature decides."),
    ("release_notice", release_notice, "Let the notice leave to the sponsor; there is no way back."),
    ("investigate", investigate_deviation, "Start the investigation under a named lead."),
    ("assess_impact", assess_impact, "Say how far the product is touched; both sides read it."),
    ("summarise", summarise_deviation, "Say once what is known before the investigation has ended."),
    (
        "conclude_impact",
        conclude_impact,
        "Give the CDMO's conclusion on the impact; a signature lets it hold.",
    ),
    ("look_around", look_around, "Look for other batches of the program that it may touch."),
    ("name_batch", name_batch, "Name another batch that it may touch."),
    ("decide_batch", decide_batch, "Say whether another batch is in scope."),
    ("reclassify", reclassify, "Give another provisional class; a lower one waits for a second signature."),
    ("confirm_class", confirm_class, "Give the own side's confirmed class, blind where the clause says so."),
    ("decide_class", decide_class, "Say as head of quality what the class is where the sides differ."),
    ("assess_risk", assess_deviation_risk, "Fill the own side's short risk form."),
    ("link", link_deviations, "Link it to another deviation of the program."),
    ("merge", merge_deviation, "Merge it into another deviation of the program that is open."),
    ("share_draft", share_draft, "Share a draft of the report for the sponsor's comments."),
    ("comment", comment_on_report, "Comment on the draft, or on the report in the sponsor's review."),
    ("finish_comments", finish_comments, "Say that there are no more comments on the draft."),
    ("answer_comment", answer_comment, "Say what became of a comment."),
    ("submit_report", submit_report, "Hand the report to CDMO QA, which signs it as approved."),
    ("return_report", return_report, "Hand a report in review back to the investigation."),
    ("object_report", object_to_report, "Object to the approved report; both heads of quality are asked."),
    ("settle", settle_disagreement, "Say as head of quality what becomes of an objection."),
    ("close", close_deviation, "Close a deviation with its conclusion, after the reviews it needs."),
    ("cancel", cancel_deviation, "Cancel a deviation for good."),
)
urlpatterns = [
    path("deviations/", DeviationList.as_view(), name="deviations-api"),
    path("deviations/proposal/", ProposalItem.as_view(), name="deviation-proposal-api"),
    path("deviations/<uuid:deviation_id>/", DeviationItem.as_view(), name="deviation-api"),
    path("deviations/<uuid:deviation_id>/notice_preview/", Preview.as_view(), name="notice-preview-api"),
    path("deviations/<uuid:deviation_id>/history/", History.as_view(), name="deviation-history-api"),
    *(
        path(
            f"deviations/<uuid:deviation_id>/{name}/",
            step_view(name, TRANSITION_INPUTS[name], act, what).as_view(),
            name=f"deviation-{name}-api",
        )
        for name, act, what in _STEPS
    ),
]
