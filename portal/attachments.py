"""Files that belong to records: which records take them, and who reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from portal.access import get_visible
from portal.actor import Actor
from portal.models import Attachment, SpaceRecord

FILES_MAX: Final = 50
# Hands out the locked record for one more file, or raises NotFound, Refused, InvalidTransition.
Taker = Callable[[Actor, UUID], SpaceRecord]
_takers: Final[dict[str, Taker]] = {}


def takes_files(record_type: str, taker: Taker) -> None:
    """Let records of a type take files; the app that owns the type says who may add one, and when."""
    _takers[record_type] = taker


def taker_of(record_type: str) -> Taker | None:
    """Return what hands out records of a type for a file, None when the type takes none."""
    return _takers.get(record_type)


def get_attachment(actor: Actor, attachment_id: UUID) -> Attachment:
    """Return one file the actor may see; raises NotFound."""
    return get_visible(Attachment, actor, attachment_id)


def list_attachments(actor: Actor, subject_id: UUID | None = None) -> QuerySet[Attachment]:
    """Return the files the actor may see, of one record or of all, unordered."""
    rows = Attachment.objects.visible_to(actor)
    return rows if subject_id is None else rows.filter(subject_id=subject_id)
