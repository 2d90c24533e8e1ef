"""Decision requests as people read them: one whole, lists, what waits for whom, what is signed."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.access import available
from portal.action import instant
from portal.actor import Actor, Side
from portal.decisions.access import get_request, require_choice, transitions_of
from portal.decisions.signing import DECISION_REQUEST, take_answer
from portal.decisions.wording import EVIDENCE_MAX, answerers_of
from portal.models import Attachment, DecisionMessage, DecisionRequest, Program, Record
from portal.papers import with_words
from portal.queries.security import read_security
from portal.queries.signatures import Ceremony, SignatureLine, own_signer, signatures_of
from portal.signable import STATEMENT, content_of, digest_of
from portal.slots import batch_of
from portal.states import Audience, DecisionState, Meaning

# Alerts that ask for nothing but the answer.
DECISION_ALERTS: Final = ("decision.asked", "decision.unanswered")
EVIDENCE_TYPES: Final = ("batch", "deviation", "excursion")
LOOKED_AT_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """A request in a list: what it is about as far as the reader may see it, and whose turn it is."""

    request: DecisionRequest
    subject: Record | None
    may_answer: bool


@dataclass(frozen=True, slots=True)
class DecisionDetail:
    """A request whole, with what the reader may do."""

    line: DecisionLine
    program: Program
    messages: Sequence[DecisionMessage]
    files: Sequence[Attachment]
    records: Sequence[Record]
    signatures: Sequence[SignatureLine]
    steps: Sequence[str]

    @property
    def request(self) -> DecisionRequest:
        """The request itself."""
        return self.line.request


def list_decisions(
    actor: Actor,
    *,
    program_id: UUID | None = None,
    subject_id: UUID | None = None,
    state: str | None = None,
) -> QuerySet[DecisionRequest]:
    """Return the requests the actor may see, of a program, about a record, in a state; unordered."""
    rows = DecisionRequest.objects.visible_to(actor)
    given = {"space_id": program_id, "subject_id": subject_id, "state": state}
    return rows.filter(**{name: value for name, value in given.items() if value is not None})


def decisions_about(actor: Actor, record_ids: Collection[UUID]) -> list[DecisionRequest]:
    """Return the requests about any of the records, those that wait first, then the newest."""
    rows = DecisionRequest.objects.visible_to(actor).filter(subject_id__in=record_ids)
    found = with_words(actor, rows.order_by("-recorded_at", "-id"))
    return sorted(found, key=lambda each: each.state not in (DecisionState.ASKED, DecisionState.DRAFTED))


def decision_lines(actor: Actor, requests: Sequence[DecisionRequest]) -> list[DecisionLine]:
    """Return requests with what they say and are about, in the order given; at most two queries for all."""
    subjects = Record.objects.visible_to(actor).in_bulk([each.subject_id for each in requests])
    return [
        DecisionLine(each, subjects.get(each.subject_id), may_answer(actor, each))
        for each in with_words(actor, requests)
    ]


def may_answer(actor: Actor, request: DecisionRequest) -> bool:
    """Say whether the request still waits for an answer that this actor's roles may give."""
    return "answer" in available(actor, request, transitions_of(request)) and instant() < request.lost_at


def asked_of(actor: Actor) -> QuerySet[DecisionRequest]:
    """Return the requests that wait for an answer of the actor's side, unordered.

    Whose roles do not allow the answer is left out by `may_answer`.
    """
    own = Q(side=Side.MANUFACTURER, space_id__in=actor.as_sponsor) | Q(
        side=Side.SPONSOR, space_id__in=actor.as_manufacturer
    )
    return DecisionRequest.objects.visible_to(actor).filter(own, state=DecisionState.ASKED)


def evidence_for(actor: Actor, subject: Record) -> list[tuple[str, UUID, str]]:
    """Return what a question about a record may rest on that both sides see: (type, id, words).

    Its files, its batch, and what belongs to the same batch.
    """
    files = Attachment.objects.visible_to(actor).filter(subject_id=subject.pk, audience=Audience.SHARED)
    found = [("file", each.pk, str(each.name)) for each in files.order_by("attached_at", "pk")]
    others = Record.objects.visible_to(actor).filter(
        space_id=subject.space_id, audience=Audience.SHARED, type__in=EVIDENCE_TYPES
    )
    near = {each.pk: each for each in others.exclude(pk=subject.pk).order_by("-number", "pk")[:LOOKED_AT_MAX]}
    above: dict[UUID, UUID] = {}
    for batches in (near.keys(), [subject.pk]):
        for known in batch_of(actor, batches, [subject.pk, *near]):
            above |= known
    mine = {above.get(subject.pk), subject.pk}
    same = [each for each in near.values() if each.pk in mine or above.get(each.pk) in mine]
    return found + [
        ("record", each.pk, f"{each.number} {each.title}".strip()) for each in same[:EVIDENCE_MAX]
    ]


def asked_by(actor: Actor) -> QuerySet[DecisionRequest]:
    """Return the requests of the actor's side that wait for the other one, least time left first."""
    own = Q(side=Side.SPONSOR, space_id__in=actor.as_sponsor) | Q(
        side=Side.MANUFACTURER, space_id__in=actor.as_manufacturer
    )
    rows = DecisionRequest.objects.visible_to(actor).filter(own, state=DecisionState.ASKED)
    return rows.order_by("lost_at", "pk")


def decision_detail(actor: Actor, request_id: UUID) -> DecisionDetail:
    """Return one request with its talk, what it rests on and its signature. Raises: NotFound."""
    request = get_request(actor, request_id)
    ids = [UUID(each["id"]) for each in request.evidence]
    rows = DecisionMessage.objects.visible_to(actor).filter(request=request)
    files = Attachment.objects.visible_to(actor).in_bulk(ids)
    records = Record.objects.visible_to(actor).in_bulk(ids)
    return DecisionDetail(
        line=decision_lines(actor, [request])[0],
        program=Program.objects.visible_to(actor).get(pk=request.space_id),
        messages=list(rows.order_by("said_at", "id")),
        files=[files[each] for each in ids if each in files],
        records=[records[each] for each in ids if each in records],
        signatures=signatures_of(actor, request.pk, request.version),
        steps=available(actor, request, transitions_of(request)),
    )


def answer_to_sign(actor: Actor, request_id: UUID, *, option: str, reason: str) -> Ceremony:
    """Return what would be signed by answering so. Raises: NotFound, Invalid, InvalidTransition."""
    asked = get_request(actor, request_id)
    now = instant()
    require_choice(asked, now)
    request = copy.copy(asked)
    take_answer(request, option=option, reason=reason, at=now, code=actor.code(asked.space_id))
    shown = DECISION_REQUEST.show(actor, request)
    signer, security = own_signer(actor), read_security(actor)
    may = actor.holds(asked.space_id, *answerers_of(asked.other_side, asked.roles))
    return Ceremony(
        record=asked,
        shown=shown,
        meanings=[Meaning.AUTHORED] if may else [],
        digest=digest_of(content_of(request, DECISION_REQUEST.type, shown)),
        signer=signer,
        needs_statement=signer is None or signer.statement != STATEMENT,
        ways=security.ways,
        locked_until=security.locked_until,
    )
