"""Release the notice of a deviation to the sponsor, and climb inside the CDMO when nobody does."""

from __future__ import annotations

from uuid import UUID, uuid4

from batches.holding import disclose_holds_because_of
from deviations.access import class_of, get_deviation, lock_deviation
from deviations.facts import NoticeOverdue, NoticeSent
from deviations.models import Deviation, Notice
from deviations.queries.preview import NoticePreview, compose, content_of
from deviations.states import NOTICE_CLOCK
from deviations.timelines import OF_TRIAGE, disclose_timelines, start_impact_clock, start_timelines
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import PATIENT_LOT, raise_alert
from portal.clocks import end_clocks, note_step
from portal.errors import NotFound
from portal.models import Clock
from portal.states import SYSTEM, Audience, Classification, ClockState, ClockStep

SEALED_FIELDS = ("title", "description", "immediate_action", "late_reason", "end_text")


@action("notice.release")
def release_notice(actor: Actor, deviation_id: UUID, *, version: int | None) -> Deviation:
    """Let the notice leave: the record, its provisional class and its files become shared.

    What leaves is what `notice_preview` showed at this version; the suggested class and the history stay
    inside. There is no way back. The sponsor is asked for receipt. Meets the clock of clauses 5.1 and
    5.2. Raises: NotFound, Refused, InvalidTransition, NoticeReleased, StaleVersion. Records:
    notice.released v1, alert.raised v1, both shared. Source: quality agreement 5.1 to 5.3; EU GMP 7.
    """
    deviation = lock_deviation(actor, deviation_id, to="release_notice", version=version)
    preview, now, notice_id = compose(actor, deviation), instant(), uuid4()
    classification = preview.judgement.classification
    _disclose(preview)
    fact = NoticeSent(
        notice_id=notice_id,
        classification=classification,
        clause=preview.clause,
        detected_at=deviation.detected_at,
        released_at=now,
    )
    # Before the alert's own fact: the entry is announced by its first one, and the news is the notice.
    ledger.record(deviation, fact, classification=classification)
    alert = raise_alert(
        deviation,
        kind="deviation.notice",
        side=Side.SPONSOR,
        title=f"{deviation.number}: {deviation.title}",
        classification=classification,
        clause=preview.clause,
        ladder=PATIENT_LOT if _is_of_patient_lot(deviation) else "",
        began_at=deviation.recorded_at,
    )
    code = actor.code(deviation.space_id)
    Notice.objects.create(
        id=notice_id,
        space_id=deviation.space_id,
        deviation=deviation,
        alert=alert,
        classification=classification,
        clause=preview.clause,
        content=content_of(preview, released_at=now, released_by=code),
        released_at=now,
        released_by=code,
    )
    end_clocks(deviation, kind=NOTICE_CLOCK, state=ClockState.MET)
    disclose_timelines(actor, deviation)
    disclose_holds_because_of(actor, deviation.pk)
    start_timelines(actor, deviation, OF_TRIAGE, classification, told_at=now)
    start_impact_clock(actor, deviation, Classification(classification), now)
    return deviation


def _disclose(preview: NoticePreview) -> None:
    deviation, judgement = preview.deviation, preview.judgement
    deviation.disclose()
    # Sealed words are written again, now in clear; their columns must go along with the audience.
    deviation.save(update_fields=["audience", "version", *SEALED_FIELDS])
    judgement.disclose()
    judgement.save(update_fields=["audience", "version", "rationale"])
    if preview.summary is not None:
        preview.summary.audience = Audience.SHARED
        preview.summary.bump()
        preview.summary.save(update_fields=["audience", "version", "text"])
    for each in preview.files:
        each.audience = Audience.SHARED
        each.bump()
        each.save(update_fields=["audience", "version", "name", "file_key"])


def _is_of_patient_lot(deviation: Deviation) -> bool:
    return deviation.batch is not None and deviation.batch.is_patient_lot


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
