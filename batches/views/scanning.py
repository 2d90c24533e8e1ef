"""Taking a scan from a form: read, digested by page, kept, entered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from batches.actions import papers
from batches.executed.pages import digests_of
from portal import blobs
from portal.actor import Actor
from portal.errors import TooLarge
from portal.media import clean_name, media_type_of
from portal.virus_scan import require_clean


def enter_scan_file(actor: Actor, batch_id: UUID, file: UploadedFile[bytes], given: dict[str, Any]) -> None:
    """Enter the scan that was given on the page. Raises: Invalid, TooLarge, and what the action raises."""
    most = settings.ATTACHMENT_BYTES_MAX
    if (file.size or 0) > most:
        detail = f"The file has {file.size} bytes; at most {most} are taken."
        raise TooLarge(detail, limit=most)
    name, data = clean_name(file.name or ""), file.read()
    media_type = media_type_of(data, name)
    pages = digests_of(data, media_type)
    require_clean(data)
    replaced = given.pop("replaces_id", None)
    papers.enter_scan(
        actor,
        batch_id,
        name=name,
        media_type=media_type,
        kept=blobs.keep(data),
        pages=pages,
        replaces_id=UUID(replaced) if replaced else None,
        **given,
    )
