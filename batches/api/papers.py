"""Records on paper: scans, page comments and the table of corrections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path, reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import papers
from batches.api.executed_shapes import SecondCheckShown
from batches.api.inputs import REASON_CHARACTERS
from batches.executed.pages import digests_of
from batches.models import PageComment, PaperScan
from batches.queries.papers import list_comments, list_scans
from batches.states import COMMENT_TRANSITIONS, CommentState
from portal import blobs
from portal.access import get_visible
from portal.actor import Actor
from portal.api.attachments import received
from portal.api.authentication import ActorRequest
from portal.api.base import Input, ListView, Output, Text, choice_param, etag, seen_version
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, NoInput, offer_actions
from portal.errors import NotFound
from portal.media import media_type_of
from portal.virus_scan import require_clean


class ScanInput(serializers.Serializer[Any]):
    """A scan, sent as a form."""

    file = serializers.FileField(help_text="A PDF of at most 1,000 pages, or a picture of one.")
    title = Text(most=200)
    scanned_at = Instant(required=False)
    replaces = serializers.UUIDField(required=False)
    reason = Text(least=10, most=REASON_CHARACTERS, required=False)


class CommentInput(Input):
    """A comment at a place of a page, by shares of its width and height from the upper left."""

    page = serializers.IntegerField(min_value=1)
    x = serializers.DecimalField(max_digits=7, decimal_places=6, min_value=0, max_value=1)
    y = serializers.DecimalField(max_digits=7, decimal_places=6, min_value=0, max_value=1)
    text = Text(least=3, most=REASON_CHARACTERS)


class AnswerCommentInput(Input):
    """What was corrected."""

    correction = Text(least=3, most=REASON_CHARACTERS)


COMMENT_INPUTS: Final[dict[str, type[Input]]] = {"answer": AnswerCommentInput}


class ScanShown(Output):
    """A scan with the digest of each page."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    attachment = serializers.UUIDField()
    content = serializers.CharField()
    sha256 = serializers.CharField()
    page_count = serializers.IntegerField()
    pages = serializers.ListField(child=serializers.CharField(), help_text="SHA-256 of each page.")
    scanned_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    by = serializers.CharField()
    replaces = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    version = serializers.IntegerField()


class PageCommentShown(Output):
    """A line of the correction table."""

    id = serializers.UUIDField()
    scan = serializers.UUIDField()
    page = serializers.IntegerField()
    x = serializers.CharField()
    y = serializers.CharField()
    state = serializers.ChoiceField(CommentState.choices)
    text = serializers.CharField()
    side = serializers.CharField()
    made = SecondCheckShown()
    correction = serializers.CharField()
    corrected = SecondCheckShown(allow_null=True)
    closed = SecondCheckShown(allow_null=True)
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


def scan_json(scan: PaperScan) -> dict[str, Any]:
    """Return a scan."""
    return {
        "id": scan.pk,
        "program": scan.space_id,
        "batch": scan.batch_id,
        "number": scan.number,
        "title": scan.title,
        "attachment": scan.attachment_id,
        "content": reverse("attachment-content", args=[scan.attachment_id]),
        "sha256": scan.attachment.sha256,
        "page_count": scan.page_count,
        "pages": scan.pages,
        "scanned_at": scan.scanned_at,
        "recorded_at": scan.recorded_at,
        "by": scan.code,
        "replaces": scan.replaces_id,
        "reason": str(scan.reason),
        "version": scan.version,
    }


def comment_json(actor: Actor, row: PageComment) -> dict[str, Any]:
    """Return a comment and what the reader may do with it."""
    return {
        "id": row.pk,
        "scan": row.scan_id,
        "page": row.page,
        "x": f"{row.x:.6f}",
        "y": f"{row.y:.6f}",
        "state": row.state,
        "text": str(row.text),
        "side": row.side,
        "made": {"at": row.made_at, "by": row.code},
        "correction": str(row.correction),
        "corrected": row.corrected_at and {"at": row.corrected_at, "by": row.corrected_code},
        "closed": row.closed_at and {"at": row.closed_at, "by": row.closed_code},
        "version": row.version,
        "available_actions": offer_actions(
            actor,
            row,
            COMMENT_TRANSITIONS,
            href=reverse("page-comment", args=[row.pk]),
            inputs=COMMENT_INPUTS,
        ),
    }


class BatchScans(ListView):
    """List scans of a batch's paper record, and enter one."""

    ordering = ("-recorded_at", "id")
    made_status = 201
    parser_classes = (MultiPartParser,)

    @extend_schema(operation_id="batches_scans", responses=ScanShown(many=True))
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the scans, the latest first; of a foreign batch 404."""
        rows = list_scans(request.actor, get_batch(request.actor, batch_id).pk)

        def represent(found: Sequence[PaperScan]) -> list[dict[str, Any]]:
            return [scan_json(each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(
        operation_id="batches_enter_scan",
        request={"multipart/form-data": ScanInput},
        responses={201: ScanShown},
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Enter a scan; each page is digested as it came."""
        given = dict(ScanInput().run_validation(request.data))
        given.pop("file")
        name, data = received(request)
        media_type = media_type_of(data, name)
        pages = digests_of(data, media_type)
        require_clean(data)
        scan = papers.enter_scan(
            request.actor,
            batch_id,
            name=name,
            media_type=media_type,
            kept=blobs.keep(data),
            pages=pages,
            replaces_id=given.pop("replaces", None),
            **given,
        )
        return self.answer(scan)

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the scan."""
        found = get_visible(PaperScan, actor, record_id)
        return scan_json(list_scans(actor, found.batch_id).get(pk=record_id))


class CommentView(ListView):
    """Anything that answers with a comment."""

    ordering = ("page", "made_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the comment as its own address shows it."""
        return comment_json(actor, get_visible(PageComment, actor, record_id))


class ScanComments(CommentView):
    """The correction table of a scan."""

    made_status = 201

    @extend_schema(
        operation_id="scans_comments",
        parameters=[OpenApiParameter("state", str, enum=CommentState.values)],
        responses=PageCommentShown(many=True),
    )
    def get(self, request: ActorRequest, scan_id: UUID) -> Response:
        """Return the comments by page."""
        found = get_visible(PaperScan, request.actor, scan_id)
        rows = list_comments(request.actor, found.batch_id).filter(scan=found)
        state = choice_param(request, "state", CommentState.values)
        if state is not None:
            rows = rows.filter(state=state)

        def represent(page: Sequence[PageComment]) -> list[dict[str, Any]]:
            return [comment_json(request.actor, each) for each in page]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="scans_comment", request=CommentInput, responses={201: PageCommentShown})
    def post(self, request: ActorRequest, scan_id: UUID) -> Response:
        """Comment on a place of a page."""
        return self.answer(papers.comment_page(request.actor, scan_id, **CommentInput.parse(request)))


class CommentItem(CommentView):
    """Show a comment."""

    @extend_schema(operation_id="page_comments_show", responses=PageCommentShown)
    def get(self, request: ActorRequest, comment_id: UUID) -> Response:
        """Return one comment; 404 when it is not the caller's to see."""
        data = self.represent(request.actor, comment_id)
        return Response(data, headers=etag(data))


class CommentStep(CommentView):
    """Answer, accept, put back, take back."""

    @extend_schema(operation_id="page_comments_step", request=AnswerCommentInput, responses=PageCommentShown)
    def post(self, request: ActorRequest, comment_id: UUID, step: str) -> Response:
        """Take a step that `available_actions` offers. If-Match is needed."""
        known = {
            "answer": papers.answer_comment,
            "accept": papers.accept_correction,
            "put_back": papers.put_back_comment,
            "take_back": papers.take_back_comment,
        }
        if step not in known:
            raise NotFound
        given = COMMENT_INPUTS.get(step, NoInput).parse(request)
        take: Any = known[step]
        return self.answer(take(request.actor, comment_id, version=seen_version(request), **given))


urlpatterns = [
    path("batches/<uuid:batch_id>/scans/", BatchScans.as_view(), name="batch-scans"),
    path("scans/<uuid:scan_id>/comments/", ScanComments.as_view(), name="scan-comments"),
    path("page-comments/<uuid:comment_id>/", CommentItem.as_view(), name="page-comment"),
    path("page-comments/<uuid:comment_id>/<slug:step>/", CommentStep.as_view(), name="page-comment-step"),
]
