"""Review a batch record: look at exceptions, ask, answer, say that a section is through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from batches.access import get_batch
from batches.models import Batch, ExceptionLook, ReviewNote, SectionReview
from batches.queries.reviewing import Review, review_of
from batches.reviewing.exceptions import Finding, mark_of
from batches.reviewing.facts import (
    ExceptionSeen,
    ReviewAnswered,
    ReviewAsked,
    ReviewCommented,
    ReviewSettled,
    SectionsReviewed,
)
from batches.reviewing.states import (
    NOTE_TRANSITIONS,
    QUESTION_CLOCK,
    REVIEWERS,
    NoteKind,
    NoteState,
    ReviewMode,
)
from batches.states import BatchState
from portal import ledger
from portal.access import get_program, lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.clocks import end_clocks, start_clock, time_out
from portal.errors import Conflict, NotFound, Refused, refuse_field
from portal.states import SYSTEM, Audience, ClockState
from portal.terms import terms_at

WORDS_LEAST: Final = 3
WORDS_MOST: Final = 4000


@action("review.look")
def look_at(actor: Actor, batch_id: UUID, *, keys: Sequence[str]) -> Batch:
    """Note that the actor looked at exceptions as they stand; only the own side knows.

    What changes afterwards is to be looked at again. Raises: NotFound, Refused, Invalid. Records:
    review.seen v1. Source: EU GMP Annex 11 8.2; 21 CFR 211.192.
    """
    batch, side = _begin(actor, batch_id, "review the record")
    known = {each.key: each for each in review_of(actor, batch).findings}
    if missing := [each for each in keys if each not in known]:
        refuse_field("keys", f"Not among the exceptions of this record: {', '.join(missing[:5])}.")
    done = {
        (each.key, each.mark)
        for each in ExceptionLook.objects.visible_to(actor).filter(batch=batch, person_id=actor.person_id)
    }
    fresh = [known[key] for key in dict.fromkeys(keys) if (key, known[key].mark) not in done]
    now, code = instant(), actor.code(batch.space_id)
    for each in fresh:
        ExceptionLook.objects.create(
            space_id=batch.space_id,
            audience=str(side),
            batch=batch,
            key=each.key,
            mark=each.mark,
            person_id=actor.person_id,
            code=code,
            looked_at=now,
        )
    if fresh:
        fact = ExceptionSeen(keys=tuple(each.key for each in fresh), code=code)
        ledger.record(batch, fact, audience=str(side))
    return batch


@action("review.comment")
def comment_on_record(
    actor: Actor, batch_id: UUID, *, text: str, key: str = "", audience: str = Audience.SHARED
) -> ReviewNote:
    """Say something of an exception, or of the record where no `key` is given.

    Any other `audience` than shared keeps it on the own side; a comment on what only one side reads stays
    there in any case. Raises: NotFound, Refused, Invalid. Records: review.commented v1.
    """
    batch, side = _begin(actor, batch_id, "comment on the record")
    finding = _finding(review_of(actor, batch), key)
    own = audience != Audience.SHARED or (finding is not None and bool(finding.private))
    told = str(side) if own else str(Audience.SHARED)
    note = _note(actor, batch, NoteKind.COMMENT, text=text, key=key, audience=told)
    fact = ReviewCommented(key=key, side=str(side), code=note.code)
    ledger.record(batch, fact, audience=str(note.audience))
    return note


@action("review.ask")
def ask_about_record(actor: Actor, batch_id: UUID, *, text: str, key: str = "") -> ReviewNote:
    """Ask the other side about an exception, or about the record; a clock runs by the clause.

    Raises: NotFound, Refused, Invalid. Records: review.asked v1.
    """
    batch, side = _begin(actor, batch_id, "ask about the record")
    finding = _finding(review_of(actor, batch), key)
    if finding is not None and finding.private:
        refuse_field("key", "The other side does not read this; there is nothing to ask it.")
    note = _note(actor, batch, NoteKind.QUESTION, text=text, key=key, audience=str(Audience.SHARED))
    terms = terms_at(actor, batch.space_id, batch.started_at or batch.planned_start)
    found = terms.timeline(QUESTION_CLOCK)
    timing = None
    if found is not None:
        zone = batch.site.zone if batch.site is not None else get_program(actor, batch.space_id).zone
        timing = time_out(actor, batch.space_id, found.rule.within, note.said_at, zone=zone)
        start_clock(
            note,
            kind=QUESTION_CLOCK,
            clause=found.clause.code,
            terms=terms.version,
            side=Side.SPONSOR if side == Side.MANUFACTURER else Side.MANUFACTURER,
            due_at=timing.due_at,
            audience=Audience.SHARED,
            timing=timing,
        )
    ledger.record(
        batch,
        ReviewAsked(
            key=key,
            side=str(side),
            code=note.code,
            clause=found.clause.code if found is not None else "",
            due_at=timing.due_at if timing is not None else None,
        ),
    )
    return note


@action("review.answer")
def answer_question(actor: Actor, note_id: UUID, *, text: str, version: int | None) -> ReviewNote:
    """Answer a question of the other side; its clock ends.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    review.answered v1.
    """
    note = _lock(actor, note_id, "reply", version)
    side = actor.side(note.space_id)
    if not actor.holds(note.space_id, SYSTEM) and side == note.side:
        raise Refused("Your side asked this; the other side answers.")
    note.reply(_words(text), instant(), actor.code(note.space_id))
    note.save(update_fields=["state", "answer", "answered_at", "answered_code", "version"])
    end_clocks(note, kind=QUESTION_CLOCK, state=ClockState.MET)
    ledger.record(note.batch, ReviewAnswered(side=str(side), code=note.answered_code))
    return note


@action("review.settle")
def settle_question(actor: Actor, note_id: UUID, *, text: str, version: int | None) -> ReviewNote:
    """Say how a question of the own side ended, with its answer or without one.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    review.settled v1.
    """
    note = _lock(actor, note_id, "settle", version)
    side = actor.side(note.space_id)
    if not actor.holds(note.space_id, SYSTEM) and side != note.side:
        raise Refused("The other side asked this and says how it ended.")
    note.settle(_words(text), instant(), actor.code(note.space_id))
    note.save(update_fields=["state", "resolution", "settled_at", "settled_code", "version"])
    end_clocks(note, kind=QUESTION_CLOCK, state=ClockState.WITHDRAWN)
    ledger.record(note.batch, ReviewSettled(side=str(side), code=note.settled_code))
    return note


@action("review.sections")
def review_sections(
    actor: Actor, batch_id: UUID, *, sections: Sequence[str], mode: str = ReviewMode.FULL
) -> Batch:
    """Say that the actor's side reviewed sections of the record as they stand.

    By exception only where the record was executed under enforcement; else page by page. Each exception of a
    section was looked at before by the own side, and the manufacturer's quality unit comes first. The batch
    has ended. Raises: NotFound, Refused, Invalid, Conflict (`not_ended`, `not_seen`, `not_its_turn`).
    Records: review.sections_reviewed v1. Source: 21 CFR 211.192, 211.22(a); EU GMP ch. 7.
    """
    batch, side = _begin(actor, batch_id, "review the record")
    review = review_of(actor, batch)
    _require_reviewable(review, sections, mode, side)
    now, code = instant(), actor.code(batch.space_id)
    for each in review.sections:
        if each.section.code in sections:
            SectionReview.objects.create(
                space_id=batch.space_id,
                batch=batch,
                section=each.section.code,
                side=str(side),
                mode=mode,
                mark=mark_of(each.findings),
                person_id=actor.person_id,
                code=code,
                reviewed_at=now,
            )
    fact = SectionsReviewed(sections=tuple(sections), mode=str(mode), side=str(side), code=code)
    ledger.record(batch, fact)
    return batch


def _require_reviewable(review: Review, sections: Sequence[str], mode: str, side: Side) -> None:
    batch = review.batch
    known = {each.section.code: each for each in review.sections}
    if not sections or any(each not in known for each in sections):
        refuse_field("sections", f"Some of: {', '.join(known)}.")
    if mode not in ReviewMode.values:
        refuse_field("mode", f"One of: {', '.join(ReviewMode.values)}.")
    if mode == ReviewMode.EXCEPTION and not review.is_enforced:
        refuse_field("mode", "This record was not executed under enforcement: it is reviewed in full.")
    if batch.state not in (BatchState.COMPLETE, BatchState.DISCONTINUED):
        raise Conflict(f"{batch.number} has not ended; exceptions are looked at meanwhile.", code="not_ended")
    left = {each.key for each in review.unseen}
    for code in sections:
        if unseen := [each for each in known[code].findings if each.key in left]:
            detail = f"{known[code].section.title}: {unseen[0].words} has not been looked at by your side."
            raise Conflict(detail, code="not_seen")
        said = known[code]
        if side == Side.SPONSOR and said.stand == "not_reviewed":
            detail = f"{said.section.title}: the manufacturer's quality unit reviews it first."
            raise Conflict(detail, code="not_its_turn")


def _begin(actor: Actor, batch_id: UUID, to: str) -> tuple[Batch, Side]:
    batch = get_batch(actor, batch_id)
    require_role(actor, batch.space_id, *REVIEWERS, to=to)
    rows = Batch.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    side = actor.side(batch.space_id)
    if rows.with_id(batch_id) is None or side is None:
        raise NotFound
    return batch, side


def _finding(review: Review, key: str) -> Finding | None:
    if not key:
        return None
    found = next((each for each in review.findings if each.key == key), None)
    if found is None:
        refuse_field("key", "Not among the exceptions of this record.")
    return found


def _note(actor: Actor, batch: Batch, kind: NoteKind, *, text: str, key: str, audience: str) -> ReviewNote:
    return ReviewNote.objects.create(
        space_id=batch.space_id,
        audience=audience,
        batch=batch,
        number=batch.number,
        title=f"Review of {batch.number}",
        key=key,
        kind=kind,
        state=NoteState.SAID if kind == NoteKind.COMMENT else NoteState.ASKED,
        side=str(actor.side(batch.space_id)),
        text=_words(text),
        code=actor.code(batch.space_id),
        said_at=instant(),
    )


def _words(text: str) -> str:
    if not WORDS_LEAST <= len(text.strip()) <= WORDS_MOST:
        refuse_field("text", f"From {WORDS_LEAST} to {WORDS_MOST} characters.")
    return text.strip()


def _lock(actor: Actor, note_id: UUID, to: str, version: int | None) -> ReviewNote:
    found = lock_record(ReviewNote, actor, note_id, to=to, version=version, transitions=NOTE_TRANSITIONS)
    found.batch = get_batch(actor, found.batch_id)
    return found
