"""Judge a deviation: give it its provisional class and start the clock of its notice."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from deviations.access import lock_deviation
from deviations.clauses.authority import require_by_clause
from deviations.clauses.disclosing import disclose_by_clause
from deviations.clauses.governing import Governing, notices_for, run_notice_clock, strictest
from deviations.clauses.naming import own_name
from deviations.clauses.sending import hold_because_of, send_at_once, tell_class
from deviations.clauses.triggers import stated, triggers_of
from deviations.facts import DeviationTriaged
from deviations.models import Deviation, Judgement
from deviations.states import JudgementKind
from deviations.texts import check_texts
from deviations.timelines import OF_TRIAGE, start_timelines
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.agreements.rules import Notification
from portal.agreements.terms import Terms
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
    triggers: Sequence[str] = (),
    own_class: str = "",
) -> Deviation:
    """Give a reported deviation its provisional class and start the clock until its notice must be released.

    `rationale` is 20..4000 characters, kept verbatim; it leaves with the notice. The clock of its notice
    is the one of the agreement under which the record began, on a patient lot the stricter of two; it climbs
    inside the CDMO at the part of its time that the clause names; those of preliminary summary and closing
    start too. No clause, no clock. What clauses on class and `triggers` block is held on its batch. Where a
    signed clause names one of its triggers the notice leaves at once, in the name of that clause. `own_class`
    is the CDMO's own name of the class, where a clause maps names. Clauses say whose judgement it is. Raises:
    NotFound, Refused, InvalidTransition, StaleVersion, Invalid. Records: deviation.triaged v1, batch.held
    v1, notice.released v2. Source: 21 CFR 211.192 (record of the investigation); domain 2b.
    """
    deviation = lock_deviation(actor, deviation_id, to="triage", version=version)
    check_texts({"rationale": rationale})
    now = instant()
    deviation.triggers = stated([*deviation.triggers, *triggers])
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    require_by_clause(actor, deviation, terms, "triage", classification)
    own_class = own_name(terms, Side.MANUFACTURER, classification, own_class)
    rules = notices_for(terms, classification, triggers_of(actor, deviation))
    needs_notice = not rules or any(each.rule.within is not None for each in rules)
    deviation.triage(now, needs_notice=needs_notice)
    deviation.save(update_fields=["state", "triaged_at", "triggers", "needs_notice", "version"])
    Judgement.objects.create(
        space_id=deviation.space_id,
        audience=deviation.audience,
        deviation=deviation,
        kind=JudgementKind.PROVISIONAL,
        side=Audience.MANUFACTURER,
        classification=classification,
        rationale=rationale,
        own_class=own_class,
        code=actor.code(deviation.space_id),
        given_at=now,
    )
    _follow(actor, deviation, classification, terms, strictest(actor, deviation, terms, rules))
    return deviation


def _follow(
    actor: Actor,
    deviation: Deviation,
    classification: Classification,
    terms: Terms,
    governing: Governing[Notification] | None,
) -> None:
    """Record the class with the clause of its notice, and do what clauses make of it."""
    timing = governing.timing if governing is not None else None
    fact = DeviationTriaged(
        classification=classification,
        clause=governing.found.clause.code if governing is not None else "",
        due_at=timing.due_at if timing is not None else None,
    )
    ledger.record(deviation, fact, classification=classification)
    was_told = deviation.audience == Audience.SHARED
    start_timelines(actor, deviation, OF_TRIAGE, classification)
    hold_because_of(actor, deviation, terms, classification)
    if was_told:
        tell_class(actor, deviation, terms, classification)
    elif not send_at_once(actor, deviation, terms, classification):
        run_notice_clock(actor, deviation, governing, classification)
        disclose_by_clause(actor, deviation, terms)
