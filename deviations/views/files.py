"""Files that come with a form: kept on disk, then added to the record one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal import blobs
from portal.action import Replayed
from portal.actions.attachments import attach_file
from portal.actor import Actor
from portal.errors import DomainError, TooLarge
from portal.media import clean_name, media_type_of
from portal.virus_scan import require_clean

FILES_FIELD = "photos"


def files_given(request: HttpRequest) -> list[UploadedFile[Any]]:
    """Return the files of a form; an empty picker sends none."""
    return [file for file in request.FILES.getlist(FILES_FIELD) if file.name]


def attach_all(
    actor: Actor, deviation_id: UUID, files: Sequence[UploadedFile[Any]], *, token: str = ""
) -> list[str]:
    """Add files to a deviation; return a sentence for each one that was not taken.

    One refused file does not hold back the others. `token` makes a repeat of the same form harmless.
    """
    refused = []
    for file in files:
        try:
            _attach(actor, deviation_id, file, token)
        except DomainError as error:
            name = str(file.name)[:80]
            refused.append(_("%(name)s was not attached: %(why)s") % {"name": name, "why": error.detail})
    return refused


def attach_evidence(actor: Actor, deviation_id: UUID, name: str, data: bytes, *, token: str) -> list[str]:
    """Add the table of what a deviation was opened from; once, however often the form comes."""
    kept = blobs.keep(data)
    origin = replace(actor.origin, idempotency_key=f"{token}:evidence", body_hash="evidence")
    try:
        attach_file(
            actor.via(origin),
            deviation_id,
            name=name,
            media_type=media_type_of(data, name),
            size=kept.size,
            sha256=kept.sha256,
            blob=kept.blob,
            file_key=kept.file_key,
        )
    except Replayed:
        pass
    except DomainError as error:
        return [_("%(name)s was not attached: %(why)s") % {"name": name, "why": error.detail}]
    return []


def _attach(actor: Actor, deviation_id: UUID, file: UploadedFile[Any], token: str) -> None:
    most = settings.ATTACHMENT_BYTES_MAX
    if (file.size or 0) > most:
        raise TooLarge(f"It has {file.size} bytes; at most {most} are taken.", limit=most)
    name, data = clean_name(file.name or ""), file.read()
    media_type = media_type_of(data, name)
    require_clean(data)
    kept = blobs.keep(data)
    origin = actor.origin
    if token:
        key = f"{token}:{kept.sha256}"
        origin = replace(origin, idempotency_key=key, body_hash=kept.sha256)
    try:
        attach_file(
            actor.via(origin),
            deviation_id,
            name=name,
            media_type=media_type,
            size=kept.size,
            sha256=kept.sha256,
            blob=kept.blob,
            file_key=kept.file_key,
        )
    except Replayed:
        return
