"""Decision requests: draft, ask, talk, answer with a signature, withdraw; and what silence leads to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from portal import ledger
from portal.access import require_role
from portal.action import action, instant, reading
from portal.actions.alerts import end_ladder, give_receipt
from portal.actions.proving import proved
from portal.actions.signing import put_signature, require_signing
from portal.actor import Actor, Side
from portal.agreements.rules import Ladder, NoReply
from portal.agreements.terms import Terms
from portal.alerts import LADDER, raise_alert
from portal.clocks import end_clocks, start_clock
from portal.clocks.silence import Silences, ask_heads, note_silence
from portal.decisions.access import get_request, lock_program, lock_request, lock_visible
from portal.decisions.signing import DECISION_REQUEST, take_answer
from portal.decisions.wording import (
    HEAD,
    Wording,
    require_wording,
    require_words,
    roles_asked,
    write_options,
)
from portal.errors import Invalid, NotFound
from portal.facts import (
    DecisionAnswered,
    DecisionAsked,
    DecisionDrafted,
    DecisionLost,
    DecisionMessaged,
    DecisionRevised,
    DecisionWithdrawn,
)
from portal.models import Alert, Attachment, Clock, DecisionMessage, DecisionRequest, Record
from portal.papers import drop_paper, save_draft
from portal.proving import CompanyWord, Given, KeyAnswer, Proof, binding
from portal.slots import class_known
from portal.states import DECISION_ASKERS, SYSTEM, AlertState, Audience, ClockState, DecisionState, Meaning
from portal.terms import terms_at

# The time until which the other side may choose, and whose ladder in the agreement its alerts climb.
CLOCK: Final = "decision"
ASKED, UNANSWERED, QUESTION = "decision.asked", "decision.unanswered", "decision.question"
ANSWERED, LOST = "decision.answered", "decision.lost"
# What leaves the paper for the row when it is asked, then in clear; and by which clause it was.
WORDS: Final = (*DecisionRequest.WORDS, "reason", "clause")
ENDING: Final = ("state", "ended_at", "ended_code", "version")


@action("decision.draft")
def draft_decision(actor: Actor, subject_id: UUID, *, wording: Wording) -> DecisionRequest:
    """Write a question to the other side about a record; private to one's own side until it is asked.

    Raises: NotFound, Refused, Invalid. Records: decision.drafted v1 on the side's chain. Source: quality
    agreement 9.1; EU GMP 7.
    """
    subject = Record.objects.visible_to(actor).with_id(subject_id)
    if subject is None:
        raise NotFound
    require_role(actor, subject.space_id, *DECISION_ASKERS, to="ask for a decision")
    side = next(each.side for each in DECISION_ASKERS if actor.holds(subject.space_id, each))
    lock_program(actor, subject.space_id)
    now = instant()
    require_wording(wording, side, now)
    request = DecisionRequest(
        space_id=subject.space_id,
        audience=str(side),
        subject=subject,
        side=side,
        clause=_clause_of(terms_at(actor, subject.space_id, now)),
        recorded_at=now,
        author_code=actor.code(subject.space_id),
    )
    _write(actor, request, wording)
    save_draft(request, is_new=True)
    ledger.record(request, DecisionDrafted(subject_id=subject_id, side=str(side)))
    return request


@action("decision.revise")
def revise_decision(
    actor: Actor, request_id: UUID, *, wording: Wording, version: int | None
) -> DecisionRequest:
    """Change a draft. Raises: NotFound, Refused, Invalid, InvalidTransition, StaleVersion.

    Records: decision.revised v1 on the side's chain.
    """
    request = lock_request(actor, request_id, to="revise", version=version)
    require_wording(wording, request.side, instant())
    _write(actor, request, wording)
    request.bump()
    save_draft(request)
    ledger.record(request, DecisionRevised(options=tuple(each.code for each in request.choices)))
    return request


def _write(actor: Actor, request: DecisionRequest, wording: Wording) -> None:
    request.title, request.details = wording.title.strip(), wording.details.strip()
    request.options = write_options(wording.options)
    request.recommended = wording.recommended
    request.recommendation = wording.recommendation.strip()
    request.meanwhile, request.if_lost = wording.meanwhile.strip(), wording.if_lost.strip()
    request.lost_at = wording.lost_at
    request.roles = roles_asked(request.other_side, wording.roles)
    request.evidence = [{"type": each.type, "id": str(each.id)} for each in wording.evidence]
    _evidence_of(actor, request)


def _evidence_of(actor: Actor, request: DecisionRequest) -> list[Attachment | Record]:
    """Return the rows a request rests on; raises Invalid unless each is a file of its record or a record."""
    ids = {"file": [], "record": []}  # type: dict[str, list[UUID]]
    for each in request.evidence:
        ids.setdefault(each["type"], []).append(UUID(each["id"]))
    files = Attachment.objects.visible_to(actor).filter(
        space_id=request.space_id, subject_id=request.subject_id, pk__in=ids["file"]
    )
    records = Record.objects.visible_to(actor).filter(space_id=request.space_id, pk__in=ids["record"])
    found: list[Attachment | Record] = [*files, *records]
    if len(found) < len(request.evidence):
        words = "Files of the record that it is about, or other records of the program."
        raise Invalid(words, errors={"evidence": [words]})
    return found


@action("decision.ask")
def ask_decision(actor: Actor, request_id: UUID, *, version: int | None) -> DecisionRequest:
    """Ask the other side: the request is shared whole, its people are told, the time runs.

    Who may answer is told first, the heads of quality when nobody gives receipt, and again when half the
    time is gone. Raises: NotFound, Refused, Invalid, InvalidTransition, StaleVersion. Records:
    decision.asked v1, alert.raised v1, both shared. Source: quality agreement 9.1.
    """
    space_id = get_request(actor, request_id).space_id
    program = lock_program(actor, space_id)
    request = lock_request(actor, request_id, to="ask", version=version)
    now = instant()
    if request.lost_at <= now:
        words = "The time after which the choice is lost is over; change the draft."
        raise Invalid(words, errors={"lost_at": [words]})
    _require_shared(actor, request)
    terms = terms_at(actor, space_id, now)
    request.clause = _clause_of(terms)
    request.disclose(_draw_number(actor, program.pk, now.year), now, actor.code(space_id))
    request.save(update_fields=["audience", "state", "number", "asked_at", "asked_code", "version", *WORDS])
    drop_paper(request)
    fact = DecisionAsked(
        subject_id=request.subject_id,
        side=request.side,
        clause=request.clause,
        options=tuple(each.code for each in request.choices),
        recommended=request.recommended,
        lost_at=request.lost_at,
    )
    ledger.record(request, fact)
    first = [each for each in request.roles if each != HEAD] or [HEAD]
    _alert(request, ASKED, request.other_side, first=first)
    start_clock(
        request,
        kind=CLOCK,
        clause=request.clause,
        side=Side(request.other_side),
        terms=terms.version,
        due_at=request.lost_at,
        audience=Audience.SHARED,
        next_at=now + (request.lost_at - now) / 2,
    )
    return request


def _clause_of(terms: Terms) -> str:
    """Return the clause that speaks of silence about a decision request, or of whom one asks; else none."""
    found = terms.find(NoReply, activity=CLOCK) or next(terms.applying(Ladder, of=CLOCK), None)
    return found.clause.code if found is not None else ""


def _require_shared(actor: Actor, request: DecisionRequest) -> None:
    """Raise Invalid where the question would tell of what the other side does not know."""
    subject = Record.objects.visible_to(actor).with_id(request.subject_id)
    if subject is None or subject.audience != Audience.SHARED:
        raise Invalid(
            "The other side does not know of this record. Disclose it first, then ask.",
            code="subject_private",
        )
    if any(each.audience != Audience.SHARED for each in _evidence_of(actor, request)):
        words = "The other side cannot see all of it. Leave out what is private, or disclose it first."
        raise Invalid(words, errors={"evidence": [words]})


def _draw_number(actor: Actor, space_id: UUID, year: int) -> str:
    """Return the next number of the year, under the program's lock; drafts have none, so none is missing."""
    drawn = DecisionRequest.objects.visible_to(actor).filter(
        space_id=space_id, number__startswith=f"DR-{year}-"
    )
    return f"DR-{year}-{drawn.count() + 1:04}"


def _alert(request: DecisionRequest, kind: str, side: str, *, first: Sequence[str] = ()) -> Alert:
    return raise_alert(
        request,
        kind=kind,
        side=Side(side),
        title=f"{request.number}: {request.title}",
        clause=request.clause,
        ladder=CLOCK,
        first=first,
    )


@action("decision.message")
def write_message(actor: Actor, request_id: UUID, *, text: str, version: int | None) -> DecisionRequest:
    """Ask back before answering, or explain; both sides read it, and it answers nothing.

    A question back asks the other side's people for receipt, once until they have written. Raises: NotFound,
    Refused, Invalid, InvalidTransition, StaleVersion. Records: decision.messaged v1.
    """
    request = lock_request(actor, request_id, to="message", version=version)
    require_words(text, "text")
    space_id = request.space_id
    side = str(actor.side(space_id))
    message = DecisionMessage.objects.create(
        space_id=space_id,
        request=request,
        side=side,
        code=actor.code(space_id),
        text=text.strip(),
        said_at=instant(),
    )
    ledger.record(request, DecisionMessaged(side=side, code=message.code))
    if side == request.side:
        _receive(actor, request, QUESTION)
    elif not _alerts(actor, request, QUESTION).exists():
        _alert(request, QUESTION, request.side, first=roles_asked(request.side, ()))
    return request


def answer_decision(
    actor: Actor,
    request_id: UUID,
    *,
    option: str,
    reason: str,
    version: int,
    digest: str,
    password: str = "",
    code: str = "",
    key: KeyAnswer | None = None,
    word: CompanyWord | None = None,
) -> DecisionRequest:
    """Choose one option, or none of them, with a reason and a signature over question and answer.

    `option` is an option's code or `none`. `digest` is of what was shown (`answer_to_sign`); who signs
    is proved as for every signature. Exactly one answer is taken, and none after the choice is lost. Raises:
    NotFound, Refused (as for every signature), Invalid, InvalidTransition (`answered_already`, `choice_lost`,
    `question_withdrawn`), StaleVersion. Records: decision.answered v1, signature.given v1, alert.raised v1.
    Source: quality agreement 9.1; 21 CFR 11.50, 11.70, 11.200(a).
    """
    with reading(actor):
        get_request(actor, request_id)
    proof = proved(actor, Given(password, code, key, word), binding(digest, Meaning.AUTHORED))
    return _answer(actor, proof, request_id, option=option, reason=reason, version=version, digest=digest)


@action("decision.answer")
def _answer(
    actor: Actor, proof: Proof, request_id: UUID, *, option: str, reason: str, version: int, digest: str
) -> DecisionRequest:
    """Write answer and signature of the proved person; everything is looked at under the lock."""
    request = lock_request(actor, request_id, to="answer", version=version)
    acts_for = require_signing(actor, proof, request, DECISION_REQUEST, Meaning.AUTHORED)
    take_answer(request, option=option, reason=reason, at=instant(), code=actor.code(request.space_id))
    request.save(update_fields=["option", "reason", *ENDING])
    fact = DecisionAnswered(option=option, code=request.ended_code, clause=request.clause)
    ledger.record(request, fact)
    put_signature(
        actor,
        request,
        DECISION_REQUEST,
        meaning=Meaning.AUTHORED,
        digest=digest,
        acts_for=acts_for,
        proof=proof,
    )
    _receive(actor, request, ASKED, UNANSWERED)
    end_clocks(request, kind=CLOCK, state=ClockState.MET)
    _alert(request, ANSWERED, request.side, first=roles_asked(request.side, ()))
    return request


@action("decision.withdraw")
def withdraw_decision(actor: Actor, request_id: UUID, *, reason: str, version: int | None) -> DecisionRequest:
    """Take a draft, whose words are gone then, or a question back, with a reason.

    Raises: NotFound, Refused, Invalid, InvalidTransition, StaleVersion. Records: decision.withdrawn v1.
    """
    request = lock_request(actor, request_id, to="withdraw", version=version)
    require_words(reason, "reason")
    if request.is_draft:
        drop_paper(request)
    request.withdraw(reason.strip(), instant(), actor.code(request.space_id))
    request.save(update_fields=["reason", *ENDING])
    ledger.record(request, DecisionWithdrawn(side=request.side, code=request.ended_code))
    end_clocks(request, kind=CLOCK, state=ClockState.WITHDRAWN)
    for alert in _alerts(actor, request):
        for ladder in _ladders(actor, alert):
            ladder.end(ClockState.WITHDRAWN, instant())
            ladder.save(update_fields=["state", "ended_at", "next_at", "version"])
    return request


@action("decision.watch")
def watch_decision(actor: Actor, clock_id: UUID) -> Clock:
    """Ask the heads when half the time is gone without an answer; note the loss when it is over.

    Called by the sweep, perhaps twice or late: a clock that ended or moved on is left alone. The loss is "no
    reply", never agreement; its clause says what follows. Raises: NotFound, Refused. Records:
    alert.raised v1, or decision.lost v1 and clock.unanswered v1.
    """
    found = Clock.objects.visible_to(actor).filter(pk=clock_id, kind=CLOCK).first()
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, SYSTEM, to="watch a decision request")
    # The request first: whoever answers it holds it before its clock.
    request = lock_visible(actor, found.subject_id)
    clock = Clock.objects.visible_to(actor).select_for_update(no_key=True).get(pk=clock_id)
    now = instant()
    if clock.next_at is None or now < clock.next_at or request.state != DecisionState.ASKED:
        return clock
    if now >= clock.due_at:
        _lose(actor, request, clock, now)
        clock.end(ClockState.BREACHED, now)
    else:
        _alert(request, UNANSWERED, request.other_side, first=[HEAD])
        clock.wait(1, clock.due_at)
    clock.save(update_fields=["step", "state", "next_at", "ended_at", "version"])
    return clock


def _lose(actor: Actor, request: DecisionRequest, clock: Clock, now: datetime) -> None:
    request.lose(now)
    request.save(update_fields=list(ENDING))
    ledger.record(request, DecisionLost(clause=request.clause, lost_at=request.lost_at))
    silence = Silences(actor).of(clock, classification=class_known(actor, request.subject_id))
    if silence is not None:
        ledger.record(request, note_silence(clock, silence))
        ask_heads(clock, request, silence)
    for alert in _alerts(actor, request):
        for ladder in _ladders(actor, alert):
            end_ladder(alert, ladder)
    _alert(request, LOST, request.side, first=roles_asked(request.side, ()))


def _alerts(actor: Actor, request: DecisionRequest, *kinds: str) -> Any:
    """Return the locked alerts about a request that wait for a receipt."""
    rows = Alert.objects.visible_to(actor).select_for_update().filter(subject_id=request.pk)
    waiting = rows.exclude(state=AlertState.ACKNOWLEDGED)
    return waiting.filter(kind__in=kinds).order_by("pk") if kinds else waiting.order_by("pk")


def _ladders(actor: Actor, alert: Alert) -> Any:
    rows = Clock.objects.visible_to(actor).select_for_update()
    return rows.filter(alert=alert, kind=LADDER, state=ClockState.RUNNING)


def _receive(actor: Actor, request: DecisionRequest, *kinds: str) -> None:
    """Whoever answers has seen what was asked: no ladder goes on climbing."""
    for alert in _alerts(actor, request, *kinds):
        give_receipt(actor, alert, actor.code(request.space_id))
