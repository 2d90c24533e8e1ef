"""Records on paper: scans, comments on their pages, and what was corrected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from batches.access import lock_batch_record
from batches.errors import SamePerson
from batches.executed.facts import PageCommented, PageCommentMoved, PaperScanned
from batches.models import PageComment, PaperScan
from batches.reach import check_happened
from batches.states import COMMENT_TRANSITIONS, PAPER_REVIEWERS, PERFORMERS, REASON_LEAST, CommentState
from portal import ledger
from portal.access import get_visible, lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.blobs import Blob
from portal.errors import Conflict, NotFound, Refused, refuse_field
from portal.facts import FileAttached
from portal.models import Attachment

WORDS_LEAST: Final = 3


@action("paper.scan")
def enter_scan(
    actor: Actor,
    batch_id: UUID,
    *,
    title: str,
    name: str,
    media_type: str,
    kept: Blob,
    pages: Sequence[str],
    scanned_at: datetime | None = None,
    replaces_id: UUID | None = None,
    reason: str = "",
) -> PaperScan:
    """Enter a scan that lies on disk already (`portal.blobs.keep`), with the digest of each page.

    One that `replaces_id` another says why; the other stays to be read. Raises: NotFound, Refused, Conflict,
    Invalid. Records: file.attached v1, paper.scanned v1. Source: 21 CFR 211.180(d), 211.188; Annex 11 8.
    """
    batch = lock_batch_record(actor, batch_id)
    require_role(actor, batch.space_id, *PERFORMERS, to="enter scans")
    now = instant()
    check_happened("scanned_at", scanned_at or now, now)
    replaced = _replaced(actor, batch_id, replaces_id, reason)
    code = actor.code(batch.space_id)
    attachment = Attachment.objects.create(
        space_id=batch.space_id,
        subject_id=batch.pk,
        name=name,
        media_type=media_type,
        size=kept.size,
        sha256=kept.sha256,
        blob=kept.blob,
        file_key=kept.file_key,
        code=code,
        attached_at=now,
    )
    scan = PaperScan(
        space_id=batch.space_id,
        batch=batch,
        attachment=attachment,
        number=f"{batch.number} paper",
        title=title.strip(),
        pages=list(pages),
        page_count=len(pages),
        code=code,
        scanned_at=scanned_at or now,
        recorded_at=now,
        replaces=replaced,
        reason=reason.strip() if replaced is not None else "",
    )
    if scan.reason:
        ledger.give_reason(scan, scan.reason)
    scan.save(force_insert=True)
    file = FileAttached(subject_id=batch.pk, sha256=kept.sha256, media_type=media_type, size=kept.size)
    ledger.record(attachment, file)
    ledger.record(scan, PaperScanned(batch.pk, scan.page_count, kept.sha256, scan.replaces_id))
    return scan


@action("page_comment.make")
def comment_page(actor: Actor, scan_id: UUID, *, page: int, x: Decimal, y: Decimal, text: str) -> PageComment:
    """Comment on a place of a page; `x` and `y` are shares of its width and height from the upper left.

    Raises: NotFound, Refused, Invalid. Records: page_comment.made v1.
    """
    scan = get_visible(PaperScan, actor, scan_id)
    require_role(actor, scan.space_id, *PAPER_REVIEWERS, to="comment on pages")
    if not 1 <= page <= scan.page_count:
        refuse_field("page", f"The scan has the pages 1 to {scan.page_count}.")
    if not (0 <= x <= 1 and 0 <= y <= 1):
        refuse_field("x", "A place is given by shares from 0 to 1.")
    if len(text.strip()) < WORDS_LEAST:
        refuse_field("text", "Say what is to be corrected.")
    code, side = actor.code(scan.space_id), str(actor.side(scan.space_id) or "")
    comment = PageComment.objects.create(
        space_id=scan.space_id,
        audience=scan.audience,
        scan=scan,
        page=page,
        x=x,
        y=y,
        text=text.strip(),
        side=side,
        code=code,
        made_at=instant(),
    )
    ledger.record(comment, PageCommented(scan_id=scan.pk, page=page, side=side, code=code))
    return comment


@action("page_comment.answer")
def answer_comment(actor: Actor, comment_id: UUID, *, version: int | None, correction: str) -> PageComment:
    """Say what was corrected.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid.
    Records: page_comment.moved v1.
    """
    comment = _lock(actor, comment_id, "answer", version)
    if len(correction.strip()) < WORDS_LEAST:
        refuse_field("correction", "Say what was corrected, and where.")
    comment.answer(instant(), actor.code(comment.space_id), correction.strip())
    return _moved(actor, comment)


@action("page_comment.accept")
def accept_correction(actor: Actor, comment_id: UUID, *, version: int | None) -> PageComment:
    """Accept a correction that somebody else made.

    Raises: NotFound, Refused, SamePerson, InvalidTransition, VersionMissing, StaleVersion. Records:
    page_comment.moved v1.
    """
    comment = _lock(actor, comment_id, "accept", version)
    _require_side(actor, comment)
    if actor.is_one_of(comment.space_id, code=comment.corrected_code):
        raise SamePerson(f"This was corrected by {comment.corrected_code}. A second person accepts it.")
    comment.close(CommentState.ACCEPTED, instant(), actor.code(comment.space_id))
    return _moved(actor, comment)


@action("page_comment.put_back")
def put_back_comment(actor: Actor, comment_id: UUID, *, version: int | None) -> PageComment:
    """Say that a correction does not do.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    Records: page_comment.moved v1.
    """
    comment = _lock(actor, comment_id, "put_back", version)
    _require_side(actor, comment)
    comment.put_back()
    return _moved(actor, comment)


@action("page_comment.take_back")
def take_back_comment(actor: Actor, comment_id: UUID, *, version: int | None) -> PageComment:
    """Take a comment back: who made it.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    Records: page_comment.moved v1.
    """
    comment = _lock(actor, comment_id, "take_back", version)
    if actor.code(comment.space_id) != comment.code:
        raise Refused(f"This comment is of {comment.code}, who alone takes it back.")
    comment.close(CommentState.WITHDRAWN, instant(), comment.code)
    return _moved(actor, comment)


def _moved(actor: Actor, comment: PageComment) -> PageComment:
    comment.save()
    fact = PageCommentMoved(
        scan_id=comment.scan_id,
        page=comment.page,
        state=str(comment.state),
        code=actor.code(comment.space_id),
    )
    ledger.record(comment, fact)
    return comment


def _lock(actor: Actor, comment_id: UUID, to: str, version: int | None) -> PageComment:
    return lock_record(
        PageComment, actor, comment_id, to=to, version=version, transitions=COMMENT_TRANSITIONS
    )


def _require_side(actor: Actor, comment: PageComment) -> None:
    """Refuse whoever is not of the side that commented: it says whether a correction will do."""
    side = str(actor.side(comment.space_id) or "")
    if comment.side not in (side, "both"):
        raise Refused(
            f"The comment is of the {comment.side}, whose people say whether the correction will do."
        )


def _replaced(actor: Actor, batch_id: UUID, replaces_id: UUID | None, reason: str) -> PaperScan | None:
    if replaces_id is None:
        return None
    rows = PaperScan.objects.visible_to(actor).filter(batch=batch_id)
    found = rows.filter(pk=replaces_id).first()
    if found is None:
        raise NotFound
    if rows.filter(replaces=found).exists():
        raise Conflict("A later scan took its place already.", code="replaced")
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say why it is scanned again, in at least {REASON_LEAST} characters.")
    return found
