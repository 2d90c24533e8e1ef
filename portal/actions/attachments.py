"""Add a file to a record."""

from __future__ import annotations

from uuid import UUID

from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.attachments import FILES_MAX, taker_of
from portal.errors import Conflict, NotFound, Refused
from portal.facts import FileAttached
from portal.models import Attachment, Record


@action("file.attach")
def attach_file(
    actor: Actor,
    subject_id: UUID,
    *,
    name: str,
    media_type: str,
    size: int,
    sha256: str,
    blob: str,
    file_key: str,
) -> Attachment:
    """Add a file that lies on disk already (`portal.blobs.keep`) to a record, with the record's audience.

    `media_type` is what the bytes say, `sha256` of the clear bytes. The name and the key are sealed while
    the record is private; disclosing the record discloses them. Who may, and in which state, is said by
    the record's app. Raises: NotFound, Refused, InvalidTransition, Conflict. Records: file.attached v1.
    Source: Annex 11 (4.8) and ALCOA+: the original with its digest.
    """
    record = Record.objects.visible_to(actor).with_id(subject_id)
    if record is None:
        raise NotFound
    take = taker_of(record.type)
    if take is None:
        raise Refused(f"No files are kept with records of this kind ({record.type}).")
    subject = take(actor, subject_id)
    if Attachment.objects.visible_to(actor).filter(subject_id=subject_id).count() >= FILES_MAX:
        raise Conflict(f"The record has {FILES_MAX} files already; no more are taken.")
    attachment = Attachment.objects.create(
        space_id=subject.space_id,
        audience=subject.audience,
        subject_id=subject_id,
        name=name,
        media_type=media_type,
        size=size,
        sha256=sha256,
        blob=blob,
        file_key=file_key,
        code=actor.code(subject.space_id),
        attached_at=instant(),
    )
    fact = FileAttached(subject_id=subject_id, sha256=sha256, media_type=media_type, size=size)
    ledger.record(attachment, fact)
    return attachment
