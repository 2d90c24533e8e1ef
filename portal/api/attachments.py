"""Files over REST: sent as a form, listed as JSON, handed out as downloads that nothing can run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from portal import blobs
from portal.actions.attachments import attach_file
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, ListView, Output, etag, uuid_param
from portal.attachments import get_attachment, list_attachments
from portal.errors import Invalid, TooLarge
from portal.media import INLINE, clean_name, media_type_of
from portal.models import Attachment
from portal.sealing import require_readable
from portal.virus_scan import require_clean

SUBJECT: Final = OpenApiParameter("subject", OpenApiTypes.UUID, description="The record the files belong to.")


class AttachmentInput(serializers.Serializer[Any]):
    """One file of a form."""

    file = serializers.FileField(help_text="PNG, JPEG, WebP, HEIC, PDF, CSV or plain text.")


class AttachmentDetail(Output):
    """A file of a record."""

    id = serializers.UUIDField()
    program = serializers.UUIDField(source="space_id")
    subject = serializers.UUIDField(source="subject_id")
    audience = serializers.CharField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField(help_text="Of the file as it was sent.")
    attached_by = serializers.CharField(source="code")
    attached_at = serializers.DateTimeField()
    content = serializers.SerializerMethodField()
    version = serializers.IntegerField()

    def get_content(self, each: Attachment) -> str:
        """Return where the bytes are."""
        return reverse("attachment-content", args=[each.pk])


def represent_attachments(attachments: Sequence[Attachment]) -> list[dict[str, Any]]:
    """Return the JSON members of files."""
    return [AttachmentDetail.of(each) for each in attachments]


def received(request: ActorRequest) -> tuple[str, bytes]:
    """Return name and bytes of the one file of a form; raises Invalid, TooLarge."""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile) or len(request.FILES) != 1:
        words = "Send one file as multipart/form-data in the field 'file'."
        raise Invalid(words, errors={"file": [words]})
    most = settings.ATTACHMENT_BYTES_MAX
    if (file.size or 0) > most:
        raise TooLarge(f"The file has {file.size} bytes; at most {most} are taken.", limit=most)
    return clean_name(file.name or ""), file.read()


class AttachmentList(ListView):
    """List files and take one."""

    ordering = ("-attached_at", "-id")
    made_status = 201
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="attachments_list", parameters=[SUBJECT], responses=AttachmentDetail(many=True)
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the files the caller may see, newest first, of one record or of all."""
        rows = list_attachments(request.actor, uuid_param(request, "subject"))
        return self.page(request, rows, represent_attachments)

    @extend_schema(
        operation_id="attachments_add",
        parameters=[SUBJECT],
        request={"multipart/form-data": AttachmentInput},
        responses={201: AttachmentDetail},
    )
    def post(self, request: ActorRequest) -> Response:
        """Add one file to a record; while the record is private, so is the file."""
        subject_id = uuid_param(request, "subject")
        if subject_id is None:
            raise Invalid("Which record?", errors={"subject": ["Give the id of the record, a UUID."]})
        name, data = received(request)
        media_type = media_type_of(data, name)
        require_clean(data)
        # On disk before the action: should it fail, what lies there is an orphan that nobody can open.
        kept = blobs.keep(data)
        attachment = attach_file(
            request.actor,
            subject_id,
            name=name,
            media_type=media_type,
            size=kept.size,
            sha256=kept.sha256,
            blob=kept.blob,
            file_key=kept.file_key,
        )
        return self.answer(attachment)

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the file that was added."""
        return represent_attachments([get_attachment(actor, record_id)])[0]


class AttachmentItem(CovalentView):
    """Show a file."""

    @extend_schema(operation_id="attachments_show", responses=AttachmentDetail)
    def get(self, request: ActorRequest, attachment_id: UUID) -> Response:
        """Return what is known of a file; 404 when it is not one the caller may see."""
        data = represent_attachments([get_attachment(request.actor, attachment_id)])[0]
        return Response(data, headers=etag(data))


class AttachmentContent(CovalentView):
    """Hand out a file."""

    @extend_schema(operation_id="attachments_content", responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: ActorRequest, attachment_id: UUID) -> HttpResponse:
        """Return the bytes as a download; a picture may stand in a page."""
        return file_response(get_attachment(request.actor, attachment_id))


def file_response(attachment: Attachment) -> HttpResponse:
    """Answer with the bytes of a file so that no browser runs them.

    Raises: BlobDamagedError; KeyUnavailable while the key of the file's key cannot be had.
    """
    require_readable(attachment.file_key)
    data = blobs.read(attachment.blob, file_key=str(attachment.file_key), sha256=attachment.sha256)
    kind = attachment.media_type
    content_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    response = HttpResponse(data, content_type=content_type)
    disposition = content_disposition_header(kind not in INLINE, str(attachment.name))
    response["Content-Disposition"] = disposition or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


urlpatterns = [
    path("attachments/", AttachmentList.as_view(), name="attachments"),
    path("attachments/<uuid:attachment_id>/", AttachmentItem.as_view(), name="attachment"),
    path("attachments/<uuid:attachment_id>/content/", AttachmentContent.as_view(), name="attachment-content"),
]
