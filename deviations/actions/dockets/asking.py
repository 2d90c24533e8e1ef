"""Ask the other side, answer, close; and release the monthly list about which may be asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from batches.access import lock_program
from batches.models import Batch
from deviations.dockets.asking.rules import QUERIES, start_answer_clock, timing_of
from deviations.dockets.asking.states import (
    ASKED_BY_SPONSOR,
    ASKERS,
    CLOCKS,
    OUTCOMES,
    QUERY_ALERT,
    QueryKind,
    answerers,
    other_side,
)
from deviations.dockets.desk import link, lock_docket, note_link, own_side, put_docket, take
from deviations.dockets.facts import QueryAsked
from deviations.errors import NotInProgram
from deviations.models import Deviation, MonthlyLine, Query
from deviations.texts import check_texts
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actions.alerts import give_receipt
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.clocks import end_clocks
from portal.errors import Invalid, Refused, refuse_field
from portal.models import Alert
from portal.states import AlertState, Audience, ClockState


@action("query.ask")
def ask(
    actor: Actor,
    program_id: UUID,
    *,
    kind: str = QueryKind.QUESTION,
    title: str,
    description: str,
    batch_id: UUID | None = None,
    deviation_id: UUID | None = None,
    line_id: UUID | None = None,
    wanted_at: datetime | None = None,
) -> Query:
    """Ask the other side; both read it from this moment on, and the other side is told.

    A clock runs where a clause in force now times the answer; `wanted_at` is a wish beside it. A concern and
    a reconsideration are the sponsor's; the latter names the deviation, or its line on the monthly list.
    Raises: NotFound, Refused, Invalid. Records: query.asked v1, alert.raised v1. Locks the program, so that
    numbers are drawn once. Source: practice (no step that needs an e-mail; reconsideration with a clock).
    """
    program = lock_program(actor, program_id)
    side = own_side(actor, program.pk)
    require_role(actor, program.pk, *(each for each in ASKERS if each.side == side), to="ask the other side")
    _require_kind(kind, side, deviation_id, line_id)
    check_texts({"title": title, "description": description})
    if wanted_at is not None and wanted_at <= instant():
        refuse_field("wanted_at", "A time to come.")
    asked = other_side(side)
    clause, _version, timing = timing_of(actor, program.pk, kind, asked)
    query: Query = put_docket(
        QUERIES,
        actor,
        program,
        side=side,
        audience=Audience.SHARED,
        fact=None,
        kind=kind,
        title=title.strip(),
        description=description,
        clause=clause,
        wanted_at=wanted_at,
        batch=_known(actor, program.pk, Batch, batch_id, "batch"),
        deviation=_known(actor, program.pk, Deviation, deviation_id, "deviation"),
        line=_known(actor, program.pk, MonthlyLine, line_id, "line"),
    )
    _tell(actor, query, asked, clause, timing.due_at if timing is not None else None)
    return query


def _tell(actor: Actor, query: Query, asked: Side, clause: str, due_at: datetime | None) -> None:
    ledger.record(query, QueryAsked(side=str(query.side), kind=str(query.kind), clause=clause, due_at=due_at))
    _alert(query, asked, clause)
    start_answer_clock(actor, query)


def _alert(query: Query, asked: Side, clause: str) -> None:
    roles = [each.code for each in answerers(str(query.side), str(query.kind))]
    raise_alert(
        query,
        kind=QUERY_ALERT,
        side=asked,
        title=f"{query.number}: {query.title}",
        clause=clause,
        first=roles,
    )


@action("query.answer")
def answer_query(actor: Actor, query_id: UUID, *, text: str, outcome: str = "", version: int | None) -> Query:
    """Answer a query, in 3..4000 characters that both sides read; its clock is met.

    An answer to a reconsideration says whether the judgement stands; changed is the deviation by its own
    steps alone. Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid.
    Records: query.moved v1, and alert.acknowledged v1 where nobody gave receipt.
    """
    query: Query = lock_docket(QUERIES, actor, query_id, to="answer", version=version)
    check_texts({"text": text})
    known = OUTCOMES[QueryKind(query.kind)]
    chosen = outcome or (known[0] if len(known) == 1 else "")
    if chosen not in known:
        refuse_field("outcome", f"Choose one of: {', '.join(known)}.")
    take(QUERIES, actor, query, "answer", text=text, outcome=chosen)
    _end(actor, query, ClockState.MET)
    return query


@action("query.say")
def write_to_query(actor: Actor, query_id: UUID, *, text: str, version: int | None) -> Query:
    """Write to a query without answering it; no clock moves.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    query.moved v1.
    """
    query: Query = lock_docket(QUERIES, actor, query_id, to="say", version=version)
    check_texts({"text": text})
    return take(QUERIES, actor, query, "say", text=text)  # type: ignore[no-any-return]  # as locked


@action("query.ask_again")
def ask_again(actor: Actor, query_id: UUID, *, text: str, version: int | None) -> Query:
    """Say that an answer is not enough; the query is open again, and its time runs anew.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    query.moved v1, alert.raised v1.
    """
    query: Query = lock_docket(QUERIES, actor, query_id, to="ask_again", version=version)
    check_texts({"text": text})
    take(QUERIES, actor, query, "ask_again", text=text)
    _alert(query, other_side(str(query.side)), str(query.clause))
    start_answer_clock(actor, query)
    return query


@action("query.close")
def close_query(actor: Actor, query_id: UUID, *, version: int | None) -> Query:
    """Close an answered query; the asker does, and nobody else.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records: query.moved v1.
    """
    query: Query = lock_docket(QUERIES, actor, query_id, to="close", version=version)
    return take(QUERIES, actor, query, "close")  # type: ignore[no-any-return]  # as locked


@action("query.withdraw")
def withdraw_query(actor: Actor, query_id: UUID, *, reason: str, version: int | None) -> Query:
    """Take a query back before it is answered, with a reason.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    query.moved v1.
    """
    query: Query = lock_docket(QUERIES, actor, query_id, to="withdraw", version=version)
    check_texts({"reason": reason})
    take(QUERIES, actor, query, "withdraw", text=reason)
    _end(actor, query, ClockState.WITHDRAWN)
    return query


@action("query.link")
def link_query(actor: Actor, query_id: UUID, *, other_id: UUID, version: int | None) -> Query:
    """Link a query to a record of its program: the deviation that was opened from a concern, a CAPA.

    While the other side does not know that record, it reads nothing of the link either, and no entry of it.
    Raises: NotFound, Refused, InvalidTransition, Invalid, Conflict, VersionMissing, StaleVersion. Records:
    query.moved v1, on the chain of who reads the link.
    """
    query: Query = lock_docket(QUERIES, actor, query_id, to="link", version=version)
    made = link(actor, query, other_id)
    note_link(QUERIES, actor, query, made)
    return query


def _end(actor: Actor, query: Query, state: ClockState) -> None:
    for kind in CLOCKS:
        end_clocks(query, kind=kind, state=state)
    rows = Alert.objects.visible_to(actor).select_for_update().filter(subject_id=query.pk)
    waiting = rows.filter(side=other_side(str(query.side))).exclude(state=AlertState.ACKNOWLEDGED)
    if state == ClockState.MET:
        for alert in waiting.order_by("pk"):
            give_receipt(actor, alert, actor.code(query.space_id))


def _require_kind(kind: str, side: Side, deviation_id: UUID | None, line_id: UUID | None) -> None:
    if kind not in QueryKind.values:
        refuse_field("kind", f"Choose one of: {', '.join(QueryKind.values)}.")
    if kind in ASKED_BY_SPONSOR and side != Side.SPONSOR:
        raise Refused("A concern, and that a judgement is thought over, is for the sponsor to raise.")
    if kind == QueryKind.RECONSIDERATION and deviation_id is None and line_id is None:
        words = "Say which: the deviation, or its line on the monthly list."
        raise Invalid(words, errors={"deviation": [words]})


def _known(actor: Actor, program_id: UUID, model: Any, record_id: UUID | None, field: str) -> Any:
    """Return what both sides know of the program, None where none is named; raises NotInProgram."""
    if record_id is None:
        return None
    rows = model.objects.visible_to(actor).filter(space_id=program_id, audience=Audience.SHARED)
    found = rows.filter(pk=record_id).first()
    if found is None:
        raise NotInProgram(field)
    return found
