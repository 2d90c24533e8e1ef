"""Certificates of analysis, compared with specification and record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import coas
from batches.actions.coas import CoaFile
from batches.api.inputs import REASON_CHARACTERS
from batches.api.shapes import number_text
from batches.laboratory.reading import lines_of, read_lines
from batches.laboratory.states import COA_TRANSITIONS, CoaState, DifferenceKind, IssuerKind
from batches.models import Coa, CoaDifference, CoaLine, Lot
from batches.queries.coas import differences_of, lines_of_coa, list_coas
from portal import blobs
from portal.access import get_visible
from portal.actor import Actor
from portal.api.attachments import received
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, etag, seen_version
from portal.api.transitions import ActionOffer, NoInput, offer_actions
from portal.errors import Invalid, NotFound
from portal.media import media_type_of
from portal.virus_scan import require_clean


class CoaHead(serializers.Serializer[Any]):
    """Who issued which certificate when."""

    number = Text(most=60)
    issuer = Text(most=120)
    issuer_kind = serializers.ChoiceField(IssuerKind.choices)
    issued_on = serializers.DateField()


class CoaLineInput(serializers.Serializer[Any]):
    """A line as the certificate prints it: `result` is a number, "<0.5", or words."""

    test = Text(most=120)
    result = Text(most=200)
    unit = Text(most=30, required=False)
    low = Text(most=30, required=False)
    high = Text(most=30, required=False)
    method = Text(most=120, required=False)


class EnterCoaInput(CoaHead):
    """A certificate: as JSON with its lines, or as a form with its file and its lines as CSV or JSON."""

    lines = CoaLineInput(many=True)
    file = serializers.FileField(required=False, help_text="The certificate itself, as a PDF; in a form.")


class AnswerCoaInput(Input):
    """Answers to differences, by their number."""

    answers = serializers.DictField(child=Text(least=10, most=REASON_CHARACTERS), allow_empty=False)


class WithdrawCoaInput(Input):
    """Why it is withdrawn."""

    reason = Text(least=10, most=REASON_CHARACTERS)


COA_INPUTS: dict[str, type[Input]] = {"explain": AnswerCoaInput, "retract": WithdrawCoaInput}


class CoaLineShown(Output):
    """A line as it was entered; `parameter` is the one of the master record that it is about."""

    number = serializers.IntegerField()
    test = serializers.CharField()
    parameter = serializers.CharField(allow_null=True)
    result = serializers.CharField()
    unit = serializers.CharField()
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    method = serializers.CharField()


class CoaDifferenceShown(Output):
    """A difference with its answer."""

    number = serializers.IntegerField()
    kind = serializers.ChoiceField(DifferenceKind.choices)
    test = serializers.CharField()
    stated = serializers.CharField()
    expected = serializers.CharField()
    answer = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class CoaShown(Output):
    """A certificate with its lines and in what it differs."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField(allow_null=True)
    lot = serializers.UUIDField(allow_null=True)
    number = serializers.CharField()
    issuer = serializers.CharField()
    issuer_kind = serializers.ChoiceField(IssuerKind.choices)
    issued_on = serializers.DateField()
    state = serializers.ChoiceField(CoaState.choices)
    compared_with = serializers.CharField(help_text="The master record whose specification it was held to.")
    attachment = serializers.UUIDField(allow_null=True)
    content = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    lines = CoaLineShown(many=True)
    differences = CoaDifferenceShown(many=True)
    entered_at = serializers.DateTimeField()
    by = serializers.CharField()
    side = serializers.CharField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField()
    reason = serializers.CharField()
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


def coa_json(
    actor: Actor, row: Coa, lines: Sequence[CoaLine], differences: Sequence[CoaDifference]
) -> dict[str, Any]:
    """Return a certificate and what the reader may do with it."""
    file = row.attachment
    names = ("number", "issuer", "issuer_kind", "issued_on", "state", "compared_with", "entered_at", "side")
    return {
        "id": row.pk,
        "program": row.space_id,
        "batch": row.batch_id,
        "lot": row.lot_id,
        **{name: getattr(row, name) for name in names},
        "attachment": file and file.pk,
        "content": file and reverse("attachment-content", args=[file.pk]),
        "sha256": file and file.sha256,
        "lines": [
            {
                "number": each.ordinal,
                "test": each.test,
                "parameter": each.parameter and each.parameter.code,
                "result": each.text or f"{each.qualifier}{number_text(each.value)}",
                "unit": each.unit,
                "low": number_text(each.low),
                "high": number_text(each.high),
                "method": each.method,
            }
            for each in lines
            if each.coa_id == row.pk
        ],
        "differences": [
            {
                "number": each.ordinal,
                "kind": each.kind,
                "test": each.test,
                "stated": each.stated,
                "expected": each.expected,
                "answer": str(each.answer),
                "by": each.answered_code,
                "at": each.answered_at,
            }
            for each in differences
            if each.coa_id == row.pk
        ],
        "by": row.code,
        "closed_at": row.closed_at,
        "closed_by": row.closed_code,
        "reason": str(row.reason),
        "version": row.version,
        "available_actions": offer_actions(
            actor, row, COA_TRANSITIONS, href=reverse("coa", args=[row.pk]), inputs=COA_INPUTS
        ),
    }


def coas_json(actor: Actor, rows: Sequence[Coa]) -> list[dict[str, Any]]:
    """Return certificates: two queries for all their lines and differences."""
    ids = [each.pk for each in rows]
    lines, differences = lines_of_coa(actor, ids), differences_of(actor, ids)
    return [coa_json(actor, each, lines, differences) for each in rows]


def read_coa(request: ActorRequest) -> dict[str, Any]:
    """Return what an action takes of a certificate that was sent as JSON or as a form. Raises: Invalid."""
    given = dict(CoaHead().run_validation(request.data))
    sent: Any = request.data
    is_form = hasattr(sent, "getlist")
    stated = sent.get("lines")
    given["lines"] = read_lines(str(stated or "")) if is_form else lines_of(stated)
    if is_form and "file" in sent:
        name, data = received(request)
        given["file"] = keep_file(name, data)
    return given


def keep_file(name: str, data: bytes) -> CoaFile:
    """Keep the file of a certificate: a PDF or a picture. Raises: Invalid."""
    media_type = media_type_of(data, name)
    if media_type != "application/pdf" and not media_type.startswith("image/"):
        detail = "A certificate is a PDF or a picture of one."
        raise Invalid(detail, errors={"file": [detail]})
    require_clean(data)
    return CoaFile(name, media_type, blobs.keep(data))


class CoaView(ListView):
    """Anything that answers with a certificate."""

    ordering = ("-entered_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the certificate as its own address shows it."""
        get_visible(Coa, actor, record_id)
        return coas_json(actor, list(list_coas(actor).filter(pk=record_id)))[0]


class BatchCoas(CoaView):
    """The certificates of a batch."""

    made_status = 201
    parser_classes = (JSONParser, MultiPartParser)

    @extend_schema(operation_id="batches_coas", responses=CoaShown(many=True))
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the certificates of a batch, the latest first; of a foreign one 404."""
        rows = list_coas(request.actor, batch_id=get_batch(request.actor, batch_id).pk)
        return self.page(request, rows, lambda page: coas_json(request.actor, list(page)))

    @extend_schema(
        operation_id="batches_enter_coa",
        request={"application/json": EnterCoaInput, "multipart/form-data": EnterCoaInput},
        responses={201: CoaShown},
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Enter a certificate; it is compared at once."""
        return self.answer(coas.enter_batch_coa(request.actor, batch_id, **read_coa(request)))


class LotCoas(CoaView):
    """The certificates of a lot that came in."""

    made_status = 201
    parser_classes = (JSONParser, MultiPartParser)

    @extend_schema(operation_id="lots_coas", responses=CoaShown(many=True))
    def get(self, request: ActorRequest, lot_id: UUID) -> Response:
        """Return the certificates of a lot, the latest first; of a foreign one 404."""
        rows = list_coas(request.actor, lot_id=get_visible(Lot, request.actor, lot_id).pk)
        return self.page(request, rows, lambda page: coas_json(request.actor, list(page)))

    @extend_schema(
        operation_id="lots_enter_coa",
        request={"application/json": EnterCoaInput, "multipart/form-data": EnterCoaInput},
        responses={201: CoaShown},
    )
    def post(self, request: ActorRequest, lot_id: UUID) -> Response:
        """Enter a certificate of a supplier; it is compared with the attributes of the material."""
        return self.answer(coas.enter_lot_coa(request.actor, lot_id, **read_coa(request)))


class CoaItem(CoaView):
    """Show a certificate."""

    @extend_schema(operation_id="coas_show", responses=CoaShown)
    def get(self, request: ActorRequest, coa_id: UUID) -> Response:
        """Return one certificate; 404 when it is not the caller's to see."""
        data = self.represent(request.actor, coa_id)
        return Response(data, headers=etag(data))


class CoaStep(CoaView):
    """Answer the differences, accept, withdraw."""

    @extend_schema(operation_id="coas_step", request=AnswerCoaInput, responses=CoaShown)
    def post(self, request: ActorRequest, coa_id: UUID, step: str) -> Response:
        """Take a step that `available_actions` offers. If-Match is needed."""
        if step not in COA_TRANSITIONS:
            raise NotFound
        given = COA_INPUTS.get(step, NoInput).parse(request) | {"version": seen_version(request)}
        if step == "explain":
            answers = {int(key) if key.isdecimal() else 0: words for key, words in given["answers"].items()}
            return self.answer(
                coas.answer_differences(request.actor, coa_id, version=given["version"], answers=answers)
            )
        if step == "agree":
            return self.answer(coas.accept_coa(request.actor, coa_id, **given))
        return self.answer(coas.withdraw_coa(request.actor, coa_id, **given))


urlpatterns = [
    path("batches/<uuid:batch_id>/coas/", BatchCoas.as_view(), name="batch-coas"),
    path("lots/<uuid:lot_id>/coas/", LotCoas.as_view(), name="lot-coas"),
    path("coas/<uuid:coa_id>/", CoaItem.as_view(), name="coa"),
    path("coas/<uuid:coa_id>/<slug:step>/", CoaStep.as_view(), name="coa-step"),
]
