"""Release the notice of a deviation to the sponsor, and climb inside the CDMO when nobody does."""

from __future__ import annotations

from uuid import UUID

from deviations.access import class_of, get_deviation, lock_deviation, lock_for_signature
from deviations.clauses.authority import require_by_clause
from deviations.clauses.disclosing import in_state
from deviations.clauses.sending import AtOnce, send_notice
from deviations.facts import NoticeOverdue
from deviations.models import Deviation
from deviations.states import DISCLOSURE_CLOCK, NOTICE_CLOCK
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.clocks import note_step
from portal.errors import NotFound
from portal.models import Clock
from portal.states import SYSTEM, ClockState, ClockStep
from portal.terms import terms_at


@action("notice.release")
def release_notice(actor: Actor, deviation_id: UUID, *, version: int | None) -> Deviation:
    """Let the notice leave: the record, its provisional class and its files become shared.

    What leaves is what `notice_preview` showed at this version; the suggested class and the history stay
    inside. There is no way back. The sponsor is asked for receipt. Meets the clock of clauses 5.1 and
    5.2. Raises: NotFound, Refused, InvalidTransition, NoticeReleased, StaleVersion. Records:
    notice.released v2, alert.raised v1, both shared. Source: quality agreement 5.1 to 5.3; EU GMP 7.
    """
    deviation = lock_deviation(actor, deviation_id, to="release_notice", version=version)
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    require_by_clause(actor, deviation, terms, "release_notice", class_of(actor, deviation))
    send_notice(actor, deviation)
    return deviation


@action("notice.disclose")
def disclose_when_due(actor: Actor, clock_id: UUID) -> Clock:
    """Send the notice of what a clause shares a while after it reached a state, in the clause's name.

    Called by the sweep, perhaps twice or late: a clock that ended, and a record that was shared or cancelled
    meanwhile, is left alone. Raises: NotFound, Refused. Records: notice.released v2, alert.raised v1.
    """
    found = Clock.objects.visible_to(actor).filter(pk=clock_id, kind=DISCLOSURE_CLOCK).first()
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, SYSTEM, to="share by clause")
    # The record first: whoever releases it by hand holds it before its clocks.
    deviation = lock_for_signature(actor, found.subject_id)
    clock = Clock.objects.visible_to(actor).select_for_update(no_key=True).get(pk=clock_id)
    if clock.next_at is None or instant() < clock.next_at:
        return clock
    by = AtOnce(clock.clause, clock.terms, in_state(clock.inputs.get("state", "")))
    send_notice(actor, deviation, by=by)
    return Clock.objects.visible_to(actor).get(pk=clock_id)


@action("notice.chase")
def chase_notice(actor: Actor, clock_id: UUID) -> Clock:
    """Ask inside the CDMO for a notice not released at half its time, and note when the time is over.

    Called by the sweep, perhaps twice or late: a clock that ended or moved on is left alone.
    Raises: NotFound, Refused. Records: alert.raised v1, notice.overdue v1, on the CDMO's own chain.
    """
    rows = Clock.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    clock = rows.filter(pk=clock_id, kind=NOTICE_CLOCK).first()
    if clock is None:
        raise NotFound
    require_role(actor, clock.space_id, SYSTEM, to="chase a notice")
    now = instant()
    if clock.next_at is None or now < clock.next_at:
        return clock
    deviation = get_deviation(actor, clock.subject_id)
    classification = class_of(actor, deviation)
    if clock.step == 0:
        raise_alert(
            deviation,
            kind="notice.unreleased",
            side=Side.MANUFACTURER,
            title=f"{deviation.number}: notice to the sponsor not released",
            audience=clock.audience,
            classification=classification,
            clause=clock.clause,
            began_at=deviation.recorded_at,
            site_id=deviation.batch.site_id if deviation.batch is not None else None,
        )
    clock.wait(1, clock.due_at)
    if now >= clock.due_at:
        clock.end(ClockState.BREACHED, now)
        overdue = NoticeOverdue(clause=clock.clause, due_at=clock.due_at)
        ledger.record(deviation, overdue, classification=classification)
        note_step(clock, ClockStep.BREACHED, due_before=clock.due_at)
    clock.save(update_fields=["step", "state", "next_at", "ended_at", "version"])
    return clock
