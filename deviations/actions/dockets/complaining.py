"""Take up a complaint about a batch, look into it or say why not, answer, close."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from batches.access import lock_program
from batches.models import Batch
from batches.reach import check_happened
from deviations.dockets.complaining.rules import COMPLAINTS, require_nobody_named
from deviations.dockets.complaining.states import (
    COMPLAINT_CLOCK,
    RECEIVERS,
    ComplaintKind,
    ComplaintOutcome,
)
from deviations.dockets.desk import link, lock_docket, note_link, own_side, put_docket, take
from deviations.dockets.facts import ComplaintReceived
from deviations.errors import NotInProgram
from deviations.models import Complaint
from deviations.texts import check_texts
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.clocks import Timing, end_clocks, start_clock, time_out
from portal.errors import refuse_field
from portal.states import Audience, ClockState, of_side
from portal.terms import terms_at

COMPLAINT_ALERT = "complaint"


@action("complaint.receive")
def receive_complaint(
    actor: Actor,
    program_id: UUID,
    *,
    kind: str,
    title: str,
    description: str,
    batch_id: UUID,
    received_at: datetime | None = None,
    units: int | None = None,
) -> Complaint:
    """Take up a complaint about a batch, as the side that received it; both sides read it at once.

    It names no person: words that tell who somebody is are refused. The CDMO's time runs by a clause that
    times `complaint`. Raises: NotFound, Refused, Invalid. Records: complaint.received v1, alert.raised v1
    where the sponsor received it. Source: 21 CFR 211.198; EU GMP 8.
    """
    program = lock_program(actor, program_id)
    side = own_side(actor, program.pk)
    require_role(actor, program.pk, *of_side(RECEIVERS, side), to="take up a complaint")
    check_texts({"title": title, "description": description})
    require_nobody_named(title=title, description=description)
    if kind not in ComplaintKind.values:
        refuse_field("kind", f"Choose one of: {', '.join(ComplaintKind.values)}.")
    now = instant()
    at = received_at or now
    check_happened("received_at", at, now)
    rows = Batch.objects.visible_to(actor).filter(space_id=program.pk, audience=Audience.SHARED)
    batch = rows.filter(pk=batch_id).first()
    if batch is None:
        raise NotInProgram("batch")
    terms = terms_at(actor, program.pk, now)
    found = terms.timeline(COMPLAINT_CLOCK)
    timing: Timing | None = None
    if found is not None and found.rule.held_by == Side.MANUFACTURER:
        timing = time_out(actor, program.pk, found.rule.within, at, zone=program.zone)
    clause = found.clause.code if found is not None and timing is not None else ""
    made: Complaint = put_docket(
        COMPLAINTS,
        actor,
        program,
        side=side,
        audience=Audience.SHARED,
        fact=None,
        kind=kind,
        title=title.strip(),
        description=description,
        batch=batch,
        received_at=at,
        units=units,
        clause=clause,
    )
    _tell(made, timing, terms.version)
    return made


def _tell(made: Complaint, timing: Timing | None, version: int | None) -> None:
    fact = ComplaintReceived(
        side=str(made.side),
        kind=str(made.kind),
        batch_id=made.batch_id,
        received_at=made.received_at,
        clause=str(made.clause),
        due_at=timing.due_at if timing is not None else None,
    )
    ledger.record(made, fact)
    other = Side.MANUFACTURER if made.side == Side.SPONSOR else Side.SPONSOR
    raise_alert(
        made,
        kind=COMPLAINT_ALERT,
        side=other,
        title=f"{made.number}: {made.title}",
        clause=str(made.clause),
    )
    if timing is not None:
        start_clock(
            made,
            kind=COMPLAINT_CLOCK,
            clause=str(made.clause),
            terms=version,
            side=Side.MANUFACTURER,
            due_at=timing.due_at,
            audience=Audience.SHARED,
            timing=timing,
        )


@action("complaint.investigate")
def investigate_complaint(actor: Actor, complaint_id: UUID, *, text: str, version: int | None) -> Complaint:
    """Begin to look into a complaint, and say how. Its deviation, where there is one, is linked.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    complaint.moved v1.
    """
    found: Complaint = lock_docket(COMPLAINTS, actor, complaint_id, to="investigate", version=version)
    return _say(actor, found, "investigate", text)


@action("complaint.decline")
def decline_complaint(actor: Actor, complaint_id: UUID, *, reason: str, version: int | None) -> Complaint:
    """Say why no investigation is needed, as the person responsible for that word; the clock is met.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    complaint.moved v1. Source: 21 CFR 211.198(b)(3) (reason, and name of the responsible person).
    """
    found: Complaint = lock_docket(COMPLAINTS, actor, complaint_id, to="decline", version=version)
    check_texts({"reason": reason})
    require_nobody_named(reason=reason)
    take(COMPLAINTS, actor, found, "decline", text=reason, outcome=ComplaintOutcome.NO_INVESTIGATION)
    end_clocks(found, kind=COMPLAINT_CLOCK, state=ClockState.MET)
    return found


@action("complaint.conclude")
def conclude_complaint(
    actor: Actor, complaint_id: UUID, *, outcome: str, text: str, version: int | None
) -> Complaint:
    """Answer a complaint that was looked into; the clock is met, and who received it closes.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    complaint.moved v1.
    """
    found: Complaint = lock_docket(COMPLAINTS, actor, complaint_id, to="conclude", version=version)
    if outcome not in (ComplaintOutcome.CONFIRMED, ComplaintOutcome.NOT_CONFIRMED):
        refuse_field("outcome", "Confirmed, or not confirmed.")
    _say(actor, found, "conclude", text, outcome)
    end_clocks(found, kind=COMPLAINT_CLOCK, state=ClockState.MET)
    return found


@action("complaint.say")
def write_to_complaint(actor: Actor, complaint_id: UUID, *, text: str, version: int | None) -> Complaint:
    """Write to a complaint; both sides read it.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    complaint.moved v1.
    """
    found: Complaint = lock_docket(COMPLAINTS, actor, complaint_id, to="say", version=version)
    return _say(actor, found, "say", text)


@action("complaint.ask_again")
def ask_complaint_again(actor: Actor, complaint_id: UUID, *, text: str, version: int | None) -> Complaint:
    """Say that an answer is not enough, as the side that received the complaint; it is open again.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    complaint.moved v1.
    """
    found: Complaint = lock_docket(COMPLAINTS, actor, complaint_id, to="ask_again", version=version)
    return _say(actor, found, "ask_again", text)


@action("complaint.close")
def close_complaint(actor: Actor, complaint_id: UUID, *, version: int | None) -> Complaint:
    """Close an answered complaint, as the side that received it.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records: complaint.moved v1.
    """
    found: Complaint = lock_docket(COMPLAINTS, actor, complaint_id, to="close", version=version)
    return take(COMPLAINTS, actor, found, "close")  # type: ignore[no-any-return]  # as locked


@action("complaint.link")
def link_complaint(actor: Actor, complaint_id: UUID, *, other_id: UUID, version: int | None) -> Complaint:
    """Link a complaint to its investigation: a deviation, a CAPA, a laboratory investigation.

    Raises: NotFound, Refused, InvalidTransition, Invalid, Conflict, VersionMissing, StaleVersion. Records:
    complaint.moved v1, on the chain of who reads the link.
    """
    found: Complaint = lock_docket(COMPLAINTS, actor, complaint_id, to="link", version=version)
    note_link(COMPLAINTS, actor, found, link(actor, found, other_id))
    return found


def _say(actor: Actor, found: Complaint, step: str, text: str, outcome: str = "") -> Complaint:
    check_texts({"text": text})
    require_nobody_named(text=text)
    return take(COMPLAINTS, actor, found, step, text=text, outcome=outcome)  # type: ignore[no-any-return]  # as locked
