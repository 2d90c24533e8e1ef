"""Investigate a deviation and end it."""

from __future__ import annotations

from uuid import UUID

from batches.holding import lift_holds_because_of
from deviations.access import class_of, lead_codes, lock_deviation, require_told
from deviations.capa.guard import require_corrections_done
from deviations.clauses.disclosing import disclose_by_clause
from deviations.facts import DeviationCancelled, DeviationClosed, InvestigationStarted
from deviations.judging.guard import require_class_settled, require_judged
from deviations.models import Deviation
from deviations.rounds import note_silence, require_reviewed
from deviations.states import DISCLOSURE_CLOCK, IMPACT_CLOCK, NOTICE_CLOCK, DeviationState
from deviations.texts import check_texts
from deviations.timelines import OF_CLASS, OF_ROUNDS, OF_TRIAGE, end_timelines
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Invalid
from portal.states import ClockState
from portal.terms import terms_at


@action("deviation.investigate")
def investigate_deviation(
    actor: Actor, deviation_id: UUID, *, lead_code: str = "", version: int | None
) -> Deviation:
    """Start the investigation under a named lead: a QA or MSAT seat of the CDMO, else the actor's own.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid.
    Records: deviation.investigation_started v1. Source: 21 CFR 211.192; domain 2b (lead named on the record).
    """
    deviation = lock_deviation(actor, deviation_id, to="investigate", version=version)
    lead = lead_code or actor.code(deviation.space_id)
    known = {*lead_codes(deviation.space_id), actor.code(deviation.space_id)}
    if lead not in known:
        words = f"Choose one of: {', '.join(sorted(known))}."
        raise Invalid("The lead is a QA or MSAT seat of the CDMO here.", errors={"lead_code": [words]})
    deviation.investigate(instant(), lead)
    deviation.save(update_fields=["state", "investigated_at", "lead_code", "version"])
    classification = class_of(actor, deviation)
    ledger.record(deviation, InvestigationStarted(lead_code=lead), classification=classification)
    disclose_by_clause(actor, deviation, terms_at(actor, deviation.space_id, deviation.recorded_at))
    return deviation


@action("deviation.close")
def close_deviation(actor: Actor, deviation_id: UUID, *, summary: str, version: int | None) -> Deviation:
    """Close an investigated deviation with a summary of 20..20,000 characters.

    A major or critical one is closed only after its notice was released and both sides reviewed its report,
    or the sponsor's time for it is over and a clause lets the work go on; a minor one goes straight, unless a
    clause asks for its review, and may stand in the monthly list alone. A closed record is never opened
    again. Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid, NoticeOutstanding,
    ImpactOpen, ClassUnsettled, CorrectionOpen, ReviewOutstanding. Records: deviation.closed v1,
    report.reviewed v1. Source: 21 CFR 211.192 (written conclusion); 11.10(f) (order of steps); domain 2b.
    """
    deviation = lock_deviation(actor, deviation_id, to="close", version=version)
    check_texts({"summary": summary})
    classification = class_of(actor, deviation)
    require_told(deviation, classification)
    require_corrections_done(actor, deviation)
    require_reviewed(actor, deviation, classification)
    require_judged(actor, deviation, classification)
    require_class_settled(deviation)
    note_silence(actor, deviation, classification)
    deviation.end(DeviationState.CLOSED, instant(), summary)
    deviation.save(update_fields=["state", "review", "ended_at", "end_text", "version"])
    ledger.record(deviation, DeviationClosed(), classification=classification)
    disclose_by_clause(actor, deviation, terms_at(actor, deviation.space_id, deviation.recorded_at))
    # The conclusion says what a summary would have said.
    end_timelines(deviation, OF_TRIAGE, ClockState.MET)
    end_timelines(deviation, (*OF_ROUNDS, *OF_CLASS), ClockState.WITHDRAWN)
    lift_holds_because_of(actor, deviation.pk)
    return deviation


@action("deviation.cancel")
def cancel_deviation(actor: Actor, deviation_id: UUID, *, reason: str, version: int | None) -> Deviation:
    """Cancel a deviation for a reason of 10..4000 characters, for good; the number is not used again.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid. Records: deviation.cancelled v1.
    """
    deviation = lock_deviation(actor, deviation_id, to="cancel", version=version)
    check_texts({"reason": reason})
    ledger.give_reason(deviation, reason)
    classification = class_of(actor, deviation)
    deviation.end(DeviationState.CANCELLED, instant(), reason)
    deviation.save(update_fields=["state", "ended_at", "end_text", "version"])
    ledger.record(deviation, DeviationCancelled(), classification=classification)
    of_notice = (NOTICE_CLOCK, DISCLOSURE_CLOCK, IMPACT_CLOCK)
    end_timelines(deviation, (*of_notice, *OF_TRIAGE, *OF_ROUNDS, *OF_CLASS), ClockState.WITHDRAWN)
    lift_holds_because_of(actor, deviation.pk)
    return deviation
