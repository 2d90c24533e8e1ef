"""Judge a deviation: give it its provisional class and start the clock of its notice."""

from __future__ import annotations

from uuid import UUID

from deviations.access import lock_deviation
from deviations.facts import DeviationTriaged
from deviations.models import Deviation, Judgement
from deviations.states import NOTICE_CLOCK, JudgementKind
from deviations.texts import check_texts
from deviations.timelines import OF_TRIAGE, start_timelines, time_by_clause
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.agreements.rules import Notification
from portal.agreements.terms import Applied
from portal.clocks import start_clock
from portal.states import Audience, Classification
from portal.terms import terms_at


@action("deviation.triage")
def triage_deviation(
    actor: Actor,
    deviation_id: UUID,
    *,
    classification: Classification,
    rationale: str,
    version: int | None,
) -> Deviation:
    """Give a reported deviation its provisional class and start the clock until its notice must be released.

    `rationale` is 20..4000 characters, kept verbatim; it leaves with the notice. The clock of its notice
    is the one of the agreement under which the record began; it runs from awareness and climbs inside the
    CDMO at the part of its time that the clause names; those of preliminary summary and closing start too.
    No clause, no clock. Raises: NotFound, Refused,
    InvalidTransition, StaleVersion, Invalid. Records: deviation.triaged v1. Source: 21 CFR 211.192 (record
    of the investigation); domain 2b.
    """
    deviation = lock_deviation(actor, deviation_id, to="triage", version=version)
    check_texts({"rationale": rationale})
    now = instant()
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    notice = terms.notice(classification)
    deviation.triage(now, needs_notice=notice is None or notice.rule.within is not None)
    deviation.save(update_fields=["state", "triaged_at", "needs_notice", "version"])
    Judgement.objects.create(
        space_id=deviation.space_id,
        audience=deviation.audience,
        deviation=deviation,
        kind=JudgementKind.PROVISIONAL,
        side=Audience.MANUFACTURER,
        classification=classification,
        rationale=rationale,
        code=actor.code(deviation.space_id),
        given_at=now,
    )
    _start_notice_clock(actor, deviation, classification, terms.version, notice)
    start_timelines(actor, deviation, OF_TRIAGE, classification)
    return deviation


def _start_notice_clock(
    actor: Actor,
    deviation: Deviation,
    classification: Classification,
    version: int | None,
    found: Applied[Notification] | None,
) -> None:
    """Record the class with the clause of its notice, and start the clock that the clause sets."""
    clause = found.clause.code if found is not None else ""
    within = found.rule.within if found is not None else None
    timing = time_by_clause(actor, deviation, within, deviation.aware_at) if within is not None else None
    due_at = timing.due_at if timing is not None else None
    fact = DeviationTriaged(classification=classification, clause=clause, due_at=due_at)
    ledger.record(deviation, fact, classification=classification)
    if found is not None and timing is not None:
        start_clock(
            deviation,
            kind=NOTICE_CLOCK,
            clause=clause,
            terms=version,
            side=Side.MANUFACTURER,
            due_at=timing.due_at,
            audience=deviation.audience,
            next_at=timing.since + (timing.due_at - timing.since) * found.rule.chase_at,
            timing=timing,
            inputs={"classification": classification},
        )
