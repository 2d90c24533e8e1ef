"""Agreements: a side drafts, both read and edit in turn, both quality heads sign, both may end it.

Signing is `portal.actions.signing`; what the second signature does stands in `portal.agreements.effect`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

from django.db.models import Max

from portal import ledger
from portal.access import get_visible, lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.agreements.document import Clause, Document, DocumentInvalid, clause_of, read_yaml
from portal.agreements.effect import of_program, require_order
from portal.agreements.signing import get_agreement, lock_partnership
from portal.agreements.terms import TEMPLATES, template
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.facts import (
    AgreementDrafted,
    AgreementEdited,
    AgreementEndAsked,
    AgreementEndDropped,
    AgreementPenPassed,
    AgreementReopened,
    AgreementSubmitted,
    AgreementTerminated,
    AgreementWithdrawn,
)
from portal.models import AgreementVersion, Program
from portal.papers import drop_paper, read_words, save_draft
from portal.states import AGREEMENT_DRAFTERS, AGREEMENT_TRANSITIONS, AgreementState

REASON_MIN: Final = 10
REASON_MAX: Final = 4000
NUMBER_MAX: Final = 9999
A_DAY: Final = timedelta(days=1)


@action("agreement.draft_from_template")
def draft_from_template(
    actor: Actor, partnership_id: UUID, *, name: str, program_id: UUID | None = None
) -> AgreementVersion:
    """Begin a draft with a template's words and rules, of which each says that it is a default.

    With `program_id` it is the annex of that program. Only the actor's own side reads a draft. Raises:
    NotFound, Refused, Invalid. Records: agreement.drafted v1.
    """
    if name not in TEMPLATES:
        words = f"Choose one of: {', '.join(TEMPLATES)}."
        raise Invalid(words, errors={"template": [words]})
    return _draft(actor, partnership_id, template(name), program_id=program_id)


@action("agreement.draft_from_text")
def draft_from_text(
    actor: Actor, partnership_id: UUID, *, text: str, program_id: UUID | None = None
) -> AgreementVersion:
    """Begin a draft with words and rules from YAML or JSON of format 1.

    Raises: NotFound, Refused, Invalid (`document_invalid`, each fault with its place). Records:
    agreement.drafted v1.
    """
    return _draft(actor, partnership_id, read_document(text), program_id=program_id)


@action("agreement.draft_from_version")
def draft_from_version(actor: Actor, version_id: UUID) -> AgreementVersion:
    """Begin a draft with the words and rules of another version. Raises: NotFound, Refused.

    Records: agreement.drafted v1.
    """
    found = get_agreement(actor, version_id)
    return _draft(actor, found.space_id, found.document, program_id=found.program_id, based_on=found)


def _draft(
    actor: Actor,
    partnership_id: UUID,
    document: Document,
    *,
    program_id: UUID | None,
    based_on: AgreementVersion | None = None,
) -> AgreementVersion:
    lock_partnership(actor, partnership_id)
    require_role(actor, partnership_id, *AGREEMENT_DRAFTERS, to="draft an agreement")
    if program_id is not None:
        program = get_visible(Program, actor, program_id)
        if program.partnership_id != partnership_id:
            raise NotFound
    side = _side(actor, partnership_id)
    draft = AgreementVersion(
        space_id=partnership_id,
        audience=str(side),
        program_id=program_id,
        pen=str(side),
        based_on=based_on,
        drafted_by=actor.person_id,
        drafted_code=actor.code(partnership_id),
        drafted_at=instant(),
    )
    draft.write(document)
    draft.version = 1
    save_draft(draft, is_new=True)
    fact = AgreementDrafted(
        based_on=based_on.pk if based_on is not None else None, program_id=program_id, digest=draft.digest
    )
    ledger.record(draft, fact)
    return draft


@action("agreement.edit")
def edit_agreement(actor: Actor, version_id: UUID, *, text: str, version: int | None) -> AgreementVersion:
    """Take the whole text, YAML or JSON, in place of what stands there.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    agreement.edited v1.
    """
    return _edit(actor, version_id, version, lambda _document: read_document(text))


@action("agreement.edit_clause")
def edit_clause(
    actor: Actor, version_id: UUID, *, code: str, text: str, version: int | None
) -> AgreementVersion:
    """Take `text`, one clause as YAML or JSON, in place of the clause `code`; without one it is added.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    agreement.edited v1.
    """

    def change(document: Document) -> Document:
        if code:
            _require_clause(document, code)
        clause = read_clause(text)
        kept = [each for each in document.clauses if each.code != code]
        if any(each.code == clause.code for each in kept):
            words = f"There is a clause {clause.code} already; each has its own number."
            raise Invalid(words, errors={"code": [words]})
        return document.with_clauses([*kept, clause])

    return _edit(actor, version_id, version, change)


@action("agreement.remove_clause")
def remove_clause(actor: Actor, version_id: UUID, *, code: str, version: int | None) -> AgreementVersion:
    """Take a clause with its rules out.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    agreement.edited v1.
    """

    def change(document: Document) -> Document:
        _require_clause(document, code)
        kept = [each for each in document.clauses if each.code != code]
        if not kept:
            raise Invalid("An agreement has at least one clause.")
        return document.with_clauses(kept)

    return _edit(actor, version_id, version, change)


@action("agreement.state_date")
def state_date(
    actor: Actor, version_id: UUID, *, not_before: datetime | None, note: str, version: int | None
) -> AgreementVersion:
    """Say from when at the earliest the version shall hold, and what it changes and why.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    agreement.edited v1.
    """
    found = _lock_to_edit(actor, version_id, version)
    if len(note) > REASON_MAX:
        words = f"At most {REASON_MAX} characters."
        raise Invalid(words, errors={"note": [words]})
    if not_before is not None and not_before != found.not_before and not_before < instant() - A_DAY:
        words = "Today or a day to come: nothing holds backwards."
        raise Invalid(words, errors={"not_before": [words]})
    found.not_before, found.note = not_before, note.strip()
    found.bump()
    _save(found, "not_before", "note")
    ledger.record(found, AgreementEdited(digest=found.digest))
    return found


def _edit(
    actor: Actor, version_id: UUID, version: int | None, change: Callable[[Document], Document]
) -> AgreementVersion:
    found = _lock_to_edit(actor, version_id, version)
    found.write(change(found.document))
    _save(found, "title", "text", "digest")
    ledger.record(found, AgreementEdited(digest=found.digest))
    return found


def _lock_to_edit(actor: Actor, version_id: UUID, version: int | None) -> AgreementVersion:
    found = _lock(actor, version_id, "edit", version)
    _require_pen(actor, found)
    return found


@action("agreement.submit")
def submit_agreement(
    actor: Actor, version_id: UUID, *, version: int | None, number: int | None = None
) -> AgreementVersion:
    """Show a draft to the other side, which has the pen from then on; there is no way back into privacy.

    It gets the partnership's next number; a higher `number` goes on from versions that were on paper. One
    version at a time is in review. Raises: NotFound, Refused, InvalidTransition, VersionMissing,
    StaleVersion, Conflict, Invalid. Records: agreement.submitted v1, shared.
    """
    found = _lock(actor, version_id, "submit", version)
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=found.space_id)
    reviewed = rows.filter(
        of_program(found.program_id), state__in=[AgreementState.IN_REVIEW, AgreementState.SIGNED_BY_ONE]
    )
    if other := reviewed.first():
        raise Conflict(
            f"{other.label} is in review. Sign or withdraw it first, or edit it when you have the pen."
        )
    now = instant()
    require_order(actor, found, max(now, found.not_before or now))
    least = (rows.aggregate(newest=Max("number"))["newest"] or 0) + 1
    if number is not None and not least <= number <= NUMBER_MAX:
        words = f"The next number is {least}."
        raise Invalid(words, errors={"number": [words]})
    found.submit(number or least, str(_other(_side(actor, found.space_id))))
    # What it says leaves its paper for the row, now in clear.
    found.save(update_fields=["audience", "number", "pen", "state", "version", *AgreementVersion.WORDS])
    drop_paper(found)
    ledger.record(
        found, AgreementSubmitted(number=str(found.number), pen=str(found.pen), digest=found.digest)
    )
    return found


@action("agreement.put_in")
def put_into_review(actor: Actor, version_id: UUID, *, version: int | None) -> AgreementVersion:
    """Put the words and rules of an own draft in place of those in review; the draft is done with.

    The own side has the pen of the version in review, which is returned. Raises: NotFound, Refused,
    InvalidTransition, VersionMissing, StaleVersion, Conflict. Records: agreement.withdrawn v1 on the own
    chain, agreement.edited v1.
    """
    draft = _lock(actor, version_id, "put_in", version)
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=draft.space_id)
    reviewed = rows.filter(of_program(draft.program_id), state=AgreementState.IN_REVIEW)
    found = reviewed.select_for_update(of=("self",)).first()
    if found is None:
        raise Conflict("Nothing is in review that it could go into. Submit the draft itself.")
    _require_pen(actor, found)
    found.write(draft.document)
    found.not_before, found.note = draft.not_before or found.not_before, draft.note or found.note
    found.save(update_fields=["title", "text", "digest", "not_before", "note", "version"])
    draft.state = AgreementState.WITHDRAWN
    draft.bump()
    draft.save(update_fields=["state", "version"])
    drop_paper(draft)
    ledger.record(found, AgreementEdited(digest=found.digest))
    ledger.record(draft, AgreementWithdrawn(code=actor.code(draft.space_id)))
    return found


@action("agreement.pass_pen")
def pass_pen(actor: Actor, version_id: UUID, *, version: int | None) -> AgreementVersion:
    """Let the other side edit.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records:
    agreement.pen_passed v1.
    """
    found = _lock(actor, version_id, "pass_pen", version)
    _require_pen(actor, found)
    found.pen = str(_other(Side(found.pen)))
    found.save(update_fields=["pen"])
    ledger.record(found, AgreementPenPassed(pen=found.pen))
    return found


@action("agreement.reopen")
def reopen_agreement(actor: Actor, version_id: UUID, *, reason: str, version: int | None) -> AgreementVersion:
    """Take a version that one side has signed back into review; that signature no longer covers it.

    The actor's side has the pen. Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion,
    Invalid. Records: agreement.reopened v1.
    """
    found = _lock(actor, version_id, "reopen", version)
    _give_reason(found, reason)
    found.state, found.pen = AgreementState.IN_REVIEW, str(_side(actor, found.space_id))
    found.bump()
    found.save(update_fields=["state", "pen", "version"])
    ledger.record(found, AgreementReopened(code=actor.code(found.space_id)))
    return found


@action("agreement.withdraw")
def withdraw_agreement(
    actor: Actor, version_id: UUID, *, reason: str, version: int | None
) -> AgreementVersion:
    """Give up a draft, whose words are gone then, or a version in review, of either side.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    agreement.withdrawn v1.
    """
    found = _lock(actor, version_id, "withdraw", version)
    _give_reason(found, reason)
    if found.is_draft:
        drop_paper(found)
    found.state = AgreementState.WITHDRAWN
    found.bump()
    found.save(update_fields=["state", "version"])
    ledger.record(found, AgreementWithdrawn(code=actor.code(found.space_id)))
    return found


@action("agreement.ask_end")
def ask_end(
    actor: Actor, version_id: UUID, *, ends_at: datetime, reason: str, version: int | None
) -> AgreementVersion:
    """Ask the other side that the agreement ends on a day to come; it ends when that side's head agrees.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid, Conflict. Records:
    agreement.end_asked v1.
    """
    found = _lock(actor, version_id, "ask_end", version)
    if found.program_id is not None:
        raise Conflict("An annex does not end by itself: agree on a next version of it.")
    _give_reason(found, reason)
    if ends_at <= instant():
        words = "A day to come: nothing ends backwards."
        raise Invalid(words, errors={"ends_at": [words]})
    side = str(_side(actor, found.space_id))
    found.ask_end(side, ends_at, reason.strip())
    found.save(update_fields=["ending_by", "ending_at", "ending_reason"])
    ledger.record(found, AgreementEndAsked(side=side, ends_at=ends_at))
    return found


@action("agreement.drop_end")
def drop_end(actor: Actor, version_id: UUID, *, reason: str, version: int | None) -> AgreementVersion:
    """Take back the end that the actor's side asked for, or decline the one that the other side did.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid, Conflict. Records:
    agreement.end_dropped v1.
    """
    found = _lock(actor, version_id, "drop_end", version)
    _require_asked(found)
    _give_reason(found, reason)
    asked_by = found.ending_by
    found.drop_end()
    found.save(update_fields=["ending_by", "ending_at", "ending_reason"])
    ledger.record(found, AgreementEndDropped(side=str(_side(actor, found.space_id)), asked_by=asked_by))
    return found


@action("agreement.terminate")
def terminate_agreement(actor: Actor, version_id: UUID, *, version: int | None) -> AgreementVersion:
    """Agree to the end that the other side asked for; rules of what runs and rights to records outlive it.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Conflict. Records:
    agreement.terminated v1.
    """
    found = _lock(actor, version_id, "terminate", version)
    _require_asked(found)
    if found.ending_by == _side(actor, found.space_id):
        raise Refused(
            "Your side asked for its end; the other side's quality head agrees to it.", code="own_work"
        )
    until = max(cast("datetime", found.ending_at), instant())
    found.end(AgreementState.TERMINATED, until)
    found.save(update_fields=["state", "until"])
    ledger.record(found, AgreementTerminated(number=str(found.number), until=until))
    return found


def _require_asked(found: AgreementVersion) -> None:
    if found.ending_at is None:
        raise Conflict("Nobody asked for its end. Ask for it first, with a date.")


def read_document(text: str) -> Document:
    """Return the document that YAML or JSON holds; raises Invalid with each fault and its place."""
    try:
        return read_yaml(text)
    except DocumentInvalid as error:
        raise _not_accepted(error) from error


def read_clause(text: str) -> Clause:
    """Return the one clause that YAML or JSON holds; raises Invalid with each fault and its place."""
    try:
        return clause_of(text)
    except DocumentInvalid as error:
        raise _not_accepted(error) from error


def _not_accepted(error: DocumentInvalid) -> Invalid:
    faults = [{"where": each.where, "detail": each.words} for each in error.faults]
    words = [f"{each.where}: {each.words}" if each.where else each.words for each in error.faults]
    return Invalid(words[0], code="document_invalid", errors={"text": words}, faults=faults)


def _require_clause(document: Document, code: str) -> None:
    if not any(each.code == code for each in document.clauses):
        raise NotFound


def _lock(actor: Actor, version_id: UUID, to: str, version: int | None) -> AgreementVersion:
    """Hand out the locked version for one step, the partnership before it."""
    lock_partnership(actor, get_agreement(actor, version_id).space_id)
    found = lock_record(
        AgreementVersion, actor, version_id, to=to, version=version, transitions=AGREEMENT_TRANSITIONS
    )
    return read_words(actor, found)


def _save(found: AgreementVersion, *fields: str) -> None:
    """Save what was changed: of a draft its words go into its paper."""
    if found.is_draft:
        save_draft(found)
    else:
        found.save(update_fields=[*fields, "version"])


def _side(actor: Actor, space_id: UUID) -> Side:
    """Return the side on which the actor drafts or signs."""
    for side in (Side.MANUFACTURER, Side.SPONSOR):
        roles = [each for each in AGREEMENT_DRAFTERS if each.side == side]
        if actor.holds(space_id, *roles):
            return side
    raise Refused("Agreements are drafted by QA and the quality heads of both sides.")


def _other(side: Side) -> Side:
    return Side.SPONSOR if side == Side.MANUFACTURER else Side.MANUFACTURER


def _require_pen(actor: Actor, found: AgreementVersion) -> None:
    if not any(actor.holds(found.space_id, each) for each in AGREEMENT_DRAFTERS if each.side == found.pen):
        raise Refused(
            f"The {found.get_pen_display()} has the pen. Ask for it, or draft a version of your own."
        )


def _require_words(reason: str) -> None:
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        words = f"Say why, in {REASON_MIN} to {REASON_MAX} characters."
        raise Invalid(words, errors={"reason": [words]})


def _give_reason(found: AgreementVersion, reason: str) -> None:
    _require_words(reason)
    ledger.give_reason(found, reason.strip())
