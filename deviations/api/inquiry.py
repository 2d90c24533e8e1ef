"""The investigation of a deviation over REST: pictures, causes, and deviations like it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from deviations.access import get_deviation
from deviations.actions.inquiry.concluding import Excluded, share_cause, state_cause, withdraw_cause
from deviations.actions.inquiry.working import (
    add_evidence,
    add_node,
    begin_inquiry,
    judge_node,
    share_inquiry,
)
from deviations.api.inquiry_shapes import (
    CauseInput,
    CausesOut,
    CauseWithdrawInput,
    InquiriesOut,
    InquiryInput,
    InquiryJudgeInput,
    InquiryNodeInput,
    InquiryOut,
    InquiryShareInput,
    NodeEvidenceInput,
    SimilarOut,
    represent_causes,
    represent_inquiry,
    represent_similar,
)
from deviations.models import Cause
from deviations.queries.inquiry import details_of, list_inquiries
from deviations.queries.similar import similar_to
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, etag, seen_version
from portal.models import SpaceRecord

IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description='The version seen, as "3".'
)


class InquiryView(CovalentView):
    """Anything that answers with one investigation."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the investigation as the caller may see it."""
        return represent_inquiry(actor, record_id)


class DeviationInquiries(InquiryView):
    """List the investigations of a deviation, begin one."""

    made_status = 201

    @extend_schema(operation_id="inquiries_list", responses=InquiriesOut)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return the investigations of a deviation that the caller may see, oldest first, whole."""
        deviation = get_deviation(request.actor, deviation_id)
        found = details_of(request.actor, deviation, list(list_inquiries(request.actor, deviation.pk)))
        return Response(InquiriesOut.of({"inquiries": found}))

    @extend_schema(operation_id="inquiries_begin", request=InquiryInput, responses={201: InquiryOut})
    def post(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Take a deviation apart with a tool, alone or with the other side."""
        return self.answer(begin_inquiry(request.actor, deviation_id, **InquiryInput.parse(request)))


class InquiryItem(InquiryView):
    """Read an investigation."""

    @extend_schema(operation_id="inquiry_read", responses=InquiryOut)
    def get(self, request: ActorRequest, inquiry_id: UUID) -> Response:
        """Return one investigation with its nodes and what they rest on."""
        data = self.represent(request.actor, inquiry_id)
        return Response(data, headers=etag(data))


class CausesView(CovalentView):
    """Anything that answers with the causes of a deviation."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the causes of the deviation that a cause belongs to."""
        return represent_causes(actor, get_visible(Cause, actor, record_id).deviation_id)


class DeviationCauses(CausesView):
    """List the causes of a deviation, state one."""

    made_status = 201

    @extend_schema(operation_id="causes_list", responses=CausesOut)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return the causes that the caller may see, each with what was excluded."""
        return Response(represent_causes(request.actor, get_deviation(request.actor, deviation_id).pk))

    @extend_schema(operation_id="causes_state", request=CauseInput, responses={201: CausesOut})
    def post(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """State a root cause, a most probable one with what was excluded, or a contributing factor."""
        given = CauseInput.parse(request)
        given["excluded"] = [Excluded(**each) for each in given["excluded"]]
        return self.answer(state_cause(request.actor, deviation_id, **given))


class SimilarDeviations(CovalentView):
    """Show deviations like one."""

    @extend_schema(operation_id="deviation_similar", responses=SimilarOut)
    def get(self, request: ActorRequest, deviation_id: UUID) -> Response:
        """Return the ten most alike that the caller may see, by words and by structure, with the reasons."""
        deviation = get_deviation(request.actor, deviation_id)
        return Response(represent_similar(similar_to(request.actor, deviation)))


def _step(
    name: str, words: str, given: type[Input], act: Callable[..., SpaceRecord], base: type[CovalentView]
) -> type[CovalentView]:
    """Return the view of one step: body and If-Match in, what it belongs to as it is now out."""
    of, shown = ("inquiry_id", InquiryOut) if base is InquiryView else ("cause_id", CausesOut)

    def post(self: CovalentView, request: ActorRequest, **kwargs: UUID) -> Response:
        body: Mapping[str, Any] = given.parse(request)
        return self.answer(act(request.actor, kwargs[of], version=seen_version(request), **body))

    post.__doc__ = words
    described = extend_schema(operation_id=name, parameters=[IF_MATCH], request=given, responses=shown)(post)
    return type(name.title().replace("_", ""), (base,), {"post": described, "__doc__": words})


_ON_INQUIRY: Final = (
    ("nodes", "Add a node.", InquiryNodeInput, add_node),
    ("judge", "Say that a node is supported or excluded, and why.", InquiryJudgeInput, judge_node),
    ("evidence", "Name what a node rests on.", NodeEvidenceInput, add_evidence),
    ("share", "Let the other side read it; no way back.", InquiryShareInput, share_inquiry),
)
_ON_CAUSE: Final = (
    ("share", "Let the sponsor read a cause; no way back.", InquiryShareInput, share_cause),
    ("withdraw", "Take a cause back.", CauseWithdrawInput, withdraw_cause),
)
urlpatterns = [
    path(
        "deviations/<uuid:deviation_id>/inquiries/",
        DeviationInquiries.as_view(),
        name="deviation-inquiries-api",
    ),
    path("deviations/<uuid:deviation_id>/causes/", DeviationCauses.as_view(), name="deviation-causes-api"),
    path(
        "deviations/<uuid:deviation_id>/similar/", SimilarDeviations.as_view(), name="deviation-similar-api"
    ),
    path("inquiries/<uuid:inquiry_id>/", InquiryItem.as_view(), name="inquiry-api"),
    *(
        path(
            f"inquiries/<uuid:inquiry_id>/{name}/",
            _step(f"inquiry_{name}", words, given, act, InquiryView).as_view(),
            name=f"inquiry-{name}-api",
        )
        for name, words, given, act in _ON_INQUIRY
    ),
    *(
        path(
            f"causes/<uuid:cause_id>/{name}/",
            _step(f"cause_{name}", words, given, act, CausesView).as_view(),
            name=f"cause-{name}-api",
        )
        for name, words, given, act in _ON_CAUSE
    ),
]
