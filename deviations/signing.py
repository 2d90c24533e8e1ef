"""How a deviation is signed: what a signer reads, and who signs it with which meaning (domain 1b, 2b)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.urls import reverse

from batches.holding import lift_holds_because_of
from deviations.access import (
    class_of,
    files_of,
    get_deviation,
    lock_for_signature,
    newest_classes,
    zone_of,
)
from deviations.clauses.authority import signed_by_clause
from deviations.facts import NoDeviation, ReportApproved, ReportReviewed
from deviations.models import Deviation
from deviations.rounds import OUTCOME_FIELDS, comments_of, newest_round, report_in_review
from deviations.states import (
    DISCLOSURE_CLOCK,
    IMPACT_CLOCK,
    NOTICE_CLOCK,
    REVIEW_CLOCK,
    REVIEWS,
    DeviationState,
    ReviewOutcome,
    RoundKind,
)
from deviations.telling import REVIEW_ALERT, take_as_receipt, tell_of_report
from deviations.timelines import end_timelines, start_round
from portal import ledger
from portal.access import get_program
from portal.actor import Actor
from portal.clocks import end_clocks
from portal.errors import InvalidTransition
from portal.models import Signature
from portal.signable import Rule, Shown, Signable
from portal.states import (
    CDMO_MSAT,
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_SHIFT_LEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    Audience,
    ClockState,
    Meaning,
)

ANY_STATE: Final = tuple(DeviationState.values)
INVESTIGATED: Final = (DeviationState.UNDER_INVESTIGATION, *REVIEWS, DeviationState.CLOSED)
RULES: Final = {
    Meaning.AUTHORED: Rule((CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, CDMO_MSAT), ANY_STATE),
    Meaning.REVIEWED: Rule((CDMO_QA, SPONSOR_QA), INVESTIGATED),
    Meaning.CONCURRED: Rule((SPONSOR_QA, SPONSOR_QUALITY_HEAD), INVESTIGATED),
    Meaning.IMPACT_APPROVED: Rule((SPONSOR_QA, SPONSOR_QUALITY_HEAD), INVESTIGATED),
    # Before triage it is the proposal that it is no deviation that is approved.
    Meaning.APPROVED: Rule(
        (CDMO_QA, CDMO_QUALITY_HEAD), (DeviationState.REPORTED, *INVESTIGATED), may_be_author=False
    ),
    Meaning.REJECTED: Rule((CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD), INVESTIGATED),
}


def show_deviation(actor: Actor, deviation: Deviation) -> Shown:
    """Return what a signer reads of a deviation: every word of it, and its files by their digests."""
    zone = zone_of(get_program(actor, deviation.space_id), deviation.batch)
    classification = newest_classes(actor, [deviation.pk]).get(deviation.pk)
    fields = {
        "Number": deviation.number,
        "Title": deviation.title,
        "State": str(deviation.get_state_display()),
        "Class": str(classification.label) if classification is not None else "none",
        "Batch": deviation.batch.number if deviation.batch is not None else "none",
        "Occurred": _at(deviation.occurred_at, zone),
        "Detected": _at(deviation.detected_at, zone),
        "Recorded": _at(deviation.recorded_at, zone),
        "What happened": deviation.description,
        "Immediate action": deviation.immediate_action,
        "Lead": deviation.lead_code,
        "Conclusion": deviation.end_text,
    }
    if deviation.dismissal:
        fields["No deviation, because"] = f"{deviation.dismissal} ({deviation.dismissed_code})"
    fields |= _rounds(actor, deviation, zone)
    for file in files_of(actor, deviation):
        fields[f"File {file.name}"] = f"SHA-256 {file.sha256}"
    return Shown(deviation.number, deviation.title, zone, fields)


def _rounds(actor: Actor, deviation: Deviation, zone: str) -> dict[str, str]:
    """Return the newest report, with each comment on it and its drafts and what was made of it."""
    fields: dict[str, str] = {}
    report = newest_round(actor, deviation, RoundKind.REPORT)
    if report is not None:
        fields[f"Report, text {report.number}"] = str(report.text)
        fields["Report given"] = f"{_at(report.given_at, zone)}, {report.code}"
    for each in comments_of(actor, deviation):
        answer = f"{each.get_outcome_display()}: {each.answer}" if each.outcome else "not answered"
        name = f"Comment {each.number} on text {each.round.number}, {each.code}"
        fields[name] = f"{each.text} / {answer}"
    return fields


def _at(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}, {at.astimezone(UTC):%H:%M:%S} UTC"


def is_author(actor: Actor, deviation: Deviation) -> bool:
    """Say whether the actor, or whose delegate the actor is, reported, leads or wrote it."""
    report = newest_round(actor, deviation, RoundKind.REPORT)
    codes = {deviation.lead_code, deviation.dismissed_code, report.code if report is not None else ""}
    return any(
        actor.is_one_of(deviation.space_id, person_id=deviation.reporter_id, code=each) for each in codes
    )


def note_signature(actor: Actor, deviation: Deviation, signature: Signature) -> None:
    """Move the record on by a signature on what is reviewed; any other stands beside it."""
    match signature.meaning, deviation.state:
        case Meaning.APPROVED, DeviationState.REPORTED:
            _accept_dismissal(actor, deviation, signature)
        case Meaning.APPROVED, DeviationState.CDMO_QA_REVIEW if deviation.approved_at is None:
            _approve(actor, deviation, signature)
        case Meaning.CONCURRED, DeviationState.SPONSOR_REVIEW:
            _concur(actor, deviation, signature)


def _accept_dismissal(actor: Actor, deviation: Deviation, signature: Signature) -> None:
    if not deviation.dismissal:
        detail = f"Nobody proposed that {deviation.number} is no deviation; there is nothing to approve yet."
        raise InvalidTransition(detail, state=str(deviation.state))
    deviation.state, deviation.ended_at = DeviationState.NO_DEVIATION, signature.signed_at
    deviation.end_text = deviation.dismissal
    deviation.save(update_fields=["state", "ended_at", "end_text"])
    ledger.record(deviation, NoDeviation(code=signature.code))
    end_timelines(deviation, (NOTICE_CLOCK, DISCLOSURE_CLOCK, IMPACT_CLOCK), ClockState.WITHDRAWN)
    lift_holds_because_of(actor, deviation.pk)


def _approve(actor: Actor, deviation: Deviation, signature: Signature) -> None:
    report, classification = report_in_review(actor, deviation), class_of(actor, deviation)
    report.approve(signature.signed_at)
    if deviation.audience == Audience.SHARED and report.audience != Audience.SHARED:
        report.disclose()
    # Sealed words are written again with their audience.
    report.save(update_fields=["audience", "text", "outcome_text", "approved_at", "version"])
    deviation.approve(signature.signed_at)
    deviation.save(update_fields=["state", "approved_at"])
    clause, timing = "", None
    if deviation.state == DeviationState.SPONSOR_REVIEW:
        clause, timing = start_round(actor, deviation, REVIEW_CLOCK, classification)
    fact = ReportApproved(
        round=report.number,
        code=signature.code,
        clause=clause,
        due_at=timing.due_at if timing is not None else None,
    )
    ledger.record(deviation, fact, classification=classification)
    if deviation.state == DeviationState.SPONSOR_REVIEW and deviation.audience == Audience.SHARED:
        tell_of_report(deviation, REVIEW_ALERT, clause=clause, classification=classification)


def _concur(actor: Actor, deviation: Deviation, signature: Signature) -> None:
    report = report_in_review(actor, deviation)
    if report.outcome:
        return
    report.end(ReviewOutcome.CONCURRED, signature.signed_at, code=signature.code)
    report.save(update_fields=[*OUTCOME_FIELDS, "version"])
    deviation.review = ReviewOutcome.CONCURRED
    deviation.save(update_fields=["review"])
    end_clocks(deviation, kind=REVIEW_CLOCK, state=ClockState.MET)
    fact = ReportReviewed(round=report.number, outcome=ReviewOutcome.CONCURRED, clause="")
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
    take_as_receipt(actor, deviation, REVIEW_ALERT)


def _address(deviation: Any) -> str:
    return reverse("deviation", args=[deviation.pk])


DEVIATION: Final = Signable(
    type="deviation",
    rules=RULES,
    find=get_deviation,
    lock=lock_for_signature,
    show=show_deviation,
    is_author=is_author,
    address=_address,
    by_clause=signed_by_clause,
    signed=note_signature,
)
