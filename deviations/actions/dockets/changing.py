"""Change control between the sides: draft, propose, reply, implement, end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from batches.access import lock_program
from deviations.dockets.asking.states import other_side
from deviations.dockets.changing.rules import CHANGES, require_implementable, review_time, weight_by_clause
from deviations.dockets.changing.states import (
    DRAFTERS,
    END_OF_CHANGE,
    REVIEW_OF_CHANGE,
    ChangeKind,
    ChangeReply,
    ChangeWeight,
    is_lighter,
)
from deviations.dockets.desk import link, lock_docket, note_link, own_side, put_docket, put_entry, share, take
from deviations.dockets.facts import ChangeDrafted
from deviations.models import Change
from deviations.texts import check_texts
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.clocks import end_clocks, start_clock
from portal.errors import refuse_field
from portal.states import Audience, ClockState, of_side
from portal.terms import terms_at

CHANGE_ALERT = "change"


@action("change.draft")
def draft_change(
    actor: Actor,
    program_id: UUID,
    *,
    kind: str = ChangeKind.PERMANENT,
    weight: str = "",
    title: str,
    description: str,
    effects: str = "",
    implement_from: datetime,
    ends_at: datetime | None = None,
) -> Change:
    """Draft a change of the own side; a departure that is planned begins here and is no deviation.

    `weight` is what the other side is owed, at least what the clause on change approval wants: notify,
    consult or approve before implementation; without either one notifies. What ends has its date now. Raises:
    NotFound, Refused, Invalid. Records: change.drafted v1, on the own side's chain. Source: EU GMP 7.11; ICH
    Q10 3.2.3; domain 2a.
    """
    program = lock_program(actor, program_id)
    side = own_side(actor, program.pk)
    require_role(actor, program.pk, *of_side(DRAFTERS, side), to="draft a change")
    check_texts({"title": title, "description": description, "effects": effects})
    _check(kind, weight, implement_from, ends_at)
    wanted = weight_by_clause(terms_at(actor, program.pk, instant()), other_side(side))
    least, clause = wanted if wanted is not None else (ChangeWeight.NOTIFY, "")
    chosen = weight or least
    if is_lighter(chosen, least):
        refuse_field("weight", f"Clause {clause} wants: {least.label}. More may be given, less not.")
    fact = ChangeDrafted(side=str(side), kind=kind, weight=str(chosen), clause=clause)
    made: Change = put_docket(
        CHANGES,
        actor,
        program,
        side=side,
        audience=Audience(side),
        fact=fact,
        kind=kind,
        weight=chosen,
        clause=clause,
        title=title.strip(),
        description=description,
        effects=effects.strip(),
        implement_from=implement_from,
        ends_at=ends_at,
    )
    return made


def _check(kind: str, weight: str, implement_from: datetime, ends_at: datetime | None) -> None:
    if kind not in ChangeKind.values:
        refuse_field("kind", f"Choose one of: {', '.join(ChangeKind.values)}.")
    if weight and weight not in ChangeWeight.values:
        refuse_field("weight", f"Choose one of: {', '.join(ChangeWeight.values)}.")
    if (kind == ChangeKind.PERMANENT) != (ends_at is None):
        refuse_field("ends_at", "A temporary change and a planned departure have an end, no other has.")
    if ends_at is not None and ends_at <= max(implement_from, instant()):
        refuse_field("ends_at", "After it begins, and still to come.")


@action("change.propose")
def propose_change(actor: Actor, change_id: UUID, *, version: int | None) -> Change:
    """Lay a change before the other side, which reads it from now on; no way back. Its time runs by clause.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records: change.moved v1,
    alert.raised v1, shared.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="propose", version=version)
    change.proposed_at = instant()
    share(actor, change)
    take(CHANGES, actor, change, "propose")
    clause, terms, timing = review_time(actor, change)
    other = other_side(str(change.side))
    raise_alert(
        change, kind=CHANGE_ALERT, side=other, title=f"{change.number}: {change.title}", clause=clause
    )
    if timing is not None:
        start_clock(
            change,
            kind=REVIEW_OF_CHANGE,
            clause=clause,
            terms=terms,
            side=other,
            due_at=timing.due_at,
            audience=Audience.SHARED,
            timing=timing,
        )
    return change


@action("change.say")
def write_to_change(actor: Actor, change_id: UUID, *, text: str, version: int | None) -> Change:
    """Write to a change without deciding anything; both sides read it.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    change.moved v1.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="say", version=version)
    check_texts({"text": text})
    return take(CHANGES, actor, change, "say", text=text)  # type: ignore[no-any-return]  # as locked


@action("change.reply")
def reply_to_change(actor: Actor, change_id: UUID, *, outcome: str, text: str, version: int | None) -> Change:
    """Say as the other side that there is no objection, or what it is; the newest reply counts.

    Where one's side approves first, only its signature does. Raises: NotFound, Refused, InvalidTransition,
    Invalid, VersionMissing, StaleVersion. Records: change.moved v1.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="reply", version=version)
    check_texts({"text": text})
    if outcome not in ChangeReply.values:
        refuse_field("outcome", f"Choose one of: {', '.join(ChangeReply.values)}.")
    change.reply = outcome
    take(CHANGES, actor, change, "reply", text=text, outcome=outcome)
    if change.weight != ChangeWeight.APPROVE:
        end_clocks(change, kind=REVIEW_OF_CHANGE, state=ClockState.MET)
    return change


@action("change.refuse")
def refuse_change(actor: Actor, change_id: UUID, *, reason: str, version: int | None) -> Change:
    """Refuse as the other side what one approves first; it ends. Elsewhere one objects.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    change.moved v1.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="refuse", version=version)
    check_texts({"reason": reason})
    if change.weight != ChangeWeight.APPROVE:
        refuse_field("reason", "This change is not yours to approve; reply with your objection.")
    take(CHANGES, actor, change, "refuse", text=reason)
    end_clocks(change, kind=REVIEW_OF_CHANGE, state=ClockState.MET)
    return change


@action("change.implement")
def implement_change(actor: Actor, change_id: UUID, *, text: str, version: int | None) -> Change:
    """Say that an approved change is in place, and what shows it; a temporary one runs to its end.

    Not before it was to begin, not before the notice ahead that a clause wants, not over an objection, and
    where the other side is consulted not before its reply or the end of its time: then it is written down
    that there was no reply, never that it agreed. Raises: NotFound, Refused, InvalidTransition, Invalid,
    VersionMissing, StaleVersion. Records: change.moved v1.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="implement", version=version)
    check_texts({"text": text})
    clause = require_implementable(actor, change)
    if clause:
        put_entry(actor, change, "implement", f"No reply in the time of clause {clause}; the work went on.")
    change.implemented_at = instant()
    take(CHANGES, actor, change, "implement", text=text, outcome="no_reply" if clause else "")
    if change.ends_at is not None:
        start_clock(
            change,
            kind=END_OF_CHANGE,
            clause="",
            side=Side(str(change.side)),
            due_at=change.ends_at,
            audience=change.audience,
        )
    return change


@action("change.close")
def close_change(actor: Actor, change_id: UUID, *, text: str, version: int | None) -> Change:
    """Close a change that is in place; a temporary one by saying that what was before holds again.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    change.moved v1.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="close", version=version)
    check_texts({"text": text})
    take(CHANGES, actor, change, "close", text=text)
    end_clocks(change, kind=END_OF_CHANGE, state=ClockState.MET)
    return change


@action("change.withdraw")
def withdraw_change(actor: Actor, change_id: UUID, *, reason: str, version: int | None) -> Change:
    """Take a change back before it is in place, with a reason.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    change.moved v1.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="withdraw", version=version)
    check_texts({"reason": reason})
    take(CHANGES, actor, change, "withdraw", text=reason)
    end_clocks(change, kind=REVIEW_OF_CHANGE, state=ClockState.WITHDRAWN)
    return change


@action("change.link")
def link_change(actor: Actor, change_id: UUID, *, other_id: UUID, version: int | None) -> Change:
    """Link a change to the deviation or CAPA it comes from, or to what it leads to.

    Raises: NotFound, Refused, InvalidTransition, Invalid, Conflict, VersionMissing, StaleVersion. Records:
    change.moved v1, on the chain of who reads the link.
    """
    change: Change = lock_docket(CHANGES, actor, change_id, to="link", version=version)
    note_link(CHANGES, actor, change, link(actor, change, other_id))
    return change
