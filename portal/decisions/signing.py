"""How the answer to a decision request is signed (clause 9.1; domain 1b, 2b).

It says `authored`: the signer alone is the author of the answer. It is not `approved`, which is the
manufacturer's word on product, nor `concurred`, which is the sponsor's on a report and would be untrue of
whoever chooses what was not recommended. It is no ceremony of its own kind on the general page: a request
is signed by answering it and in no other way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from portal.access import get_program
from portal.actor import Actor
from portal.decisions.access import get_request, lock_visible
from portal.decisions.wording import NONE_OF_THESE, require_words
from portal.errors import Invalid
from portal.models import Attachment, DecisionRequest, Record
from portal.signable import Rule, Shown, Signable
from portal.states import DECISION_ANSWERERS, DecisionState, Meaning

SIDES: Final = {"manufacturer": "CDMO", "sponsor": "sponsor"}


def take_answer(request: DecisionRequest, *, option: str, reason: str, at: datetime, code: str) -> None:
    """Put an answer into a request, in memory alone. Raises: Invalid."""
    if option != NONE_OF_THESE and option not in {each.code for each in request.choices}:
        words = "Choose one of the options, or none of these."
        raise Invalid(words, errors={"option": [words]})
    require_words(reason, "reason")
    request.answer(option, reason.strip(), at, code)


def show_request(actor: Actor, request: DecisionRequest) -> Shown:
    """Return what a signer reads: the whole question, and what is answered to it."""
    program = get_program(actor, request.space_id)
    return Shown(
        request.number, str(request.title), program.zone, dict(_fields(actor, request, program.zone))
    )


def _fields(actor: Actor, request: DecisionRequest, zone: str) -> Iterator[tuple[str, str]]:
    about = Record.objects.visible_to(actor).with_id(request.subject_id)
    yield "Number", request.number
    yield "About", about.number if about is not None else ""
    yield "Question", str(request.title)
    yield "Details", str(request.details)
    for each in request.choices:
        yield f"Option {each.code}", each.words
    if request.recommended:
        yield f"Recommended by the {SIDES[request.side]}", f"{request.recommended}: {request.recommendation}"
    yield "The choice is lost", _at(request.lost_at, zone)
    yield "Until then", str(request.meanwhile)
    yield "If nobody answers", str(request.if_lost)
    for number, each_words in enumerate(evidence_words(actor, request), 1):
        yield f"Evidence {number}", each_words
    yield "Asked", f"{_at(request.asked_at, zone)}, {request.asked_code}, clause {request.clause}"
    chosen = request.chosen
    none = "None of these" if request.is_none_of_these else ""
    yield "Answer", f"{chosen.code}: {chosen.words}" if chosen is not None else none
    yield "Reason", str(request.reason)


def evidence_words(actor: Actor, request: DecisionRequest) -> list[str]:
    """Return what the choice rests on, each in words that do not change: a file by its digest."""
    ids = [UUID(each["id"]) for each in request.evidence]
    files = Attachment.objects.visible_to(actor).in_bulk(ids)
    records = Record.objects.visible_to(actor).in_bulk(ids)
    words = [f"{files[each].name}, SHA-256 {files[each].sha256}" for each in ids if each in files]
    return words + [f"{records[each].type} {records[each].number}" for each in ids if each in records]


def _at(at: datetime | None, zone: str) -> str:
    if at is None:
        return ""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}, {at.astimezone(UTC):%H:%M:%S} UTC"


def _address(request: Any) -> str:
    return reverse("decision", args=[request.pk])


DECISION_REQUEST: Final = Signable(
    type="decision_request",
    rules={Meaning.AUTHORED: Rule(DECISION_ANSWERERS, (DecisionState.ASKED,))},
    find=get_request,
    lock=lock_visible,
    show=show_request,
    # The sides differ, so that nobody answers their own question.
    is_author=lambda _actor, _request: False,
    address=_address,
)
