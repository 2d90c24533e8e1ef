"""The reviews of a report, objections to it, and what is found to be no deviation (domain 2b).

Approving and concurring are signatures: what they bring about stands in `deviations.signing`.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from deviations.access import class_of, lock_deviation, require_told
from deviations.clauses.disclosing import disclose_by_clause
from deviations.facts import (
    DeviationDismissed,
    DisagreementSettled,
    ReportReturned,
    ReportReviewed,
    ReportSubmitted,
)
from deviations.judging.classes import start_class_clocks
from deviations.judging.guard import require_judged
from deviations.models import Deviation, Settlement
from deviations.rounds import OUTCOME_FIELDS, add_round, newest_words, report_in_review, require_answered
from deviations.states import (
    COMMENTS_CLOCK,
    DISAGREEMENT_CLOCK,
    DRAFT_CLOCK,
    REVIEW_CLOCK,
    ReviewOutcome,
    RoundKind,
    SettlementOutcome,
)
from deviations.telling import BOTH, REVIEW_ALERT, ask_both_heads, take_as_receipt
from deviations.texts import check_texts
from deviations.timelines import OF_ROUNDS, end_timelines, start_round
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.clocks import end_clocks
from portal.errors import InvalidTransition
from portal.states import CDMO_QUALITY_HEAD, Audience, ClockState
from portal.terms import terms_at

OBJECTED: Final = "report.objected"


@action("deviation.dismiss")
def dismiss_deviation(actor: Actor, deviation_id: UUID, *, reason: str, version: int | None) -> Deviation:
    """Propose that it is no deviation, with a reason of 10..4000 characters; giving a class takes it back.

    It ends as `no_deviation` when CDMO QA or its head, not who reported or proposed it, signs it as approved.
    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid. Records: deviation.dismissed v1.
    """
    deviation = lock_deviation(actor, deviation_id, to="dismiss", version=version)
    check_texts({"reason": reason})
    deviation.dismiss(reason, actor.code(deviation.space_id))
    deviation.save(update_fields=["dismissal", "dismissed_code", "version"])
    ledger.record(deviation, DeviationDismissed())
    return deviation


@action("report.submit")
def submit_report(actor: Actor, deviation_id: UUID, *, report: str, version: int | None) -> Deviation:
    """Hand the report, 20..60,000 characters, to CDMO QA; every comment on its drafts has an answer.

    The sponsor was told of what needs a notice; the impact is concluded and each other batch decided on. The
    time of the confirmed class begins. Raises: NotFound, Refused, InvalidTransition, NoticeOutstanding,
    ImpactOpen, StaleVersion, Invalid. Records: report.submitted v1.
    Source: 21 CFR 211.192 (review by the quality unit); domain 2b.
    """
    deviation = lock_deviation(actor, deviation_id, to="submit_report", version=version)
    check_texts({"report": report})
    classification = class_of(actor, deviation)
    require_told(deviation, classification)
    require_answered(actor, deviation)
    require_judged(actor, deviation, classification)
    found = add_round(actor, deviation, RoundKind.REPORT, report)
    deviation.submit(instant())
    deviation.save(update_fields=["state", "submitted_at", "approved_at", "version"])
    end_timelines(deviation, [DRAFT_CLOCK], ClockState.MET)
    end_timelines(deviation, [COMMENTS_CLOCK], ClockState.WITHDRAWN)
    fact = ReportSubmitted(round=found.number)
    ledger.record(deviation, fact, classification=classification)
    start_class_clocks(actor, deviation, classification)
    disclose_by_clause(actor, deviation, terms_at(actor, deviation.space_id, deviation.recorded_at))
    return deviation


@action("report.return")
def return_report(actor: Actor, deviation_id: UUID, *, reason: str, version: int | None) -> Deviation:
    """Hand a report in review back to the investigation, with a reason of 10..4000 characters.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid. Records: report.returned v1.
    """
    deviation = lock_deviation(actor, deviation_id, to="return_report", version=version)
    check_texts({"reason": reason})
    ledger.give_reason(deviation, reason)
    _go_back(actor, deviation)
    return deviation


@action("report.object")
def object_to_report(actor: Actor, deviation_id: UUID, *, reason: str, version: int | None) -> Deviation:
    """Object to the approved report, with a reason of 10..4000 characters; both heads of quality are asked.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid. Records: report.reviewed v1,
    alert.raised v1. Source: quality agreement 5.6 (resolution of disagreements).
    """
    deviation = lock_deviation(actor, deviation_id, to="object_report", version=version)
    check_texts({"reason": reason})
    found = report_in_review(actor, deviation)
    if found.outcome:
        detail = f"The review of {deviation.number} has come to its end: {found.get_outcome_display()}."
        raise InvalidTransition(detail, state=str(deviation.state))
    found.end(ReviewOutcome.OBJECTED, instant(), text=reason, code=actor.code(deviation.space_id))
    found.save(update_fields=[*OUTCOME_FIELDS, "version"])
    deviation.review = ReviewOutcome.OBJECTED
    deviation.bump()
    deviation.save(update_fields=["review", "version"])
    classification = class_of(actor, deviation)
    end_clocks(deviation, kind=REVIEW_CLOCK, state=ClockState.MET)
    clause, _timing = start_round(actor, deviation, DISAGREEMENT_CLOCK, classification)
    fact = ReportReviewed(round=found.number, outcome=ReviewOutcome.OBJECTED, clause=clause)
    ledger.record(deviation, fact, classification=classification)
    take_as_receipt(actor, deviation, REVIEW_ALERT)
    ask_both_heads(deviation, OBJECTED, clause=clause, classification=classification)
    return deviation


@action("report.settle")
def settle_disagreement(
    actor: Actor, deviation_id: UUID, *, outcome: SettlementOutcome, text: str, version: int | None
) -> Deviation:
    """Say, as a side's head of quality, what becomes of the report the sponsor objects to, and why.

    `text` is 3..4000 characters. The newest word of each side holds; both saying the same decides: the report
    stands, or goes back to the investigation. Raises: NotFound, Refused, InvalidTransition, StaleVersion,
    Invalid. Records: report.settled v1, report.returned v1. Source: quality agreement 5.6.
    """
    deviation = lock_deviation(actor, deviation_id, to="settle", version=version)
    check_texts({"text": text})
    found = report_in_review(actor, deviation)
    if found.outcome != ReviewOutcome.OBJECTED:
        detail = f"Nobody objects to the report of {deviation.number}."
        raise InvalidTransition(detail, state=str(deviation.state))
    side = Side.MANUFACTURER if actor.holds(deviation.space_id, CDMO_QUALITY_HEAD) else Side.SPONSOR
    Settlement.objects.create(
        space_id=deviation.space_id,
        audience=Audience.SHARED,
        round=found,
        side=side,
        outcome=outcome,
        text=text,
        code=actor.code(deviation.space_id),
        given_at=instant(),
    )
    words = newest_words(actor, found.pk)
    is_decided = len(words) == len(BOTH) and len({each.outcome for each in words.values()}) == 1
    fact = DisagreementSettled(round=found.number, side=side, outcome=outcome, is_decided=is_decided)
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
    if is_decided:
        end_clocks(deviation, kind=DISAGREEMENT_CLOCK, state=ClockState.MET)
    if is_decided and outcome == SettlementOutcome.REWORK:
        _go_back(actor, deviation)
        return deviation
    if is_decided:
        found.end(ReviewOutcome.SETTLED, instant(), text=found.outcome_text, code=found.outcome_code)
        found.save(update_fields=[*OUTCOME_FIELDS, "version"])
        deviation.review = ReviewOutcome.SETTLED
    deviation.bump()
    deviation.save(update_fields=["review", "version"])
    return deviation


def _go_back(actor: Actor, deviation: Deviation) -> None:
    found = report_in_review(actor, deviation)
    found.come_back(instant())
    found.save(update_fields=["returned_at", "version"])
    deviation.come_back()
    deviation.save(update_fields=["state", "submitted_at", "approved_at", "review", "version"])
    end_timelines(deviation, OF_ROUNDS, ClockState.WITHDRAWN)
    fact = ReportReturned(round=found.number)
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
