"""Draft rounds of a report: shared for comments, commented, answered one by one (domain 2b)."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Max

from deviations.access import class_of, lock_deviation
from deviations.errors import NoticeOutstanding
from deviations.facts import CommentAnswered, CommentsFinished, DraftShared, ReportCommented
from deviations.models import Deviation, ReportComment, ReportRound
from deviations.rounds import add_round, comments_run, newest_round, report_in_review, rounds_of
from deviations.states import (
    COMMENTS_CLOCK,
    DRAFT_CLOCK,
    CommentOutcome,
    DeviationState,
    RoundKind,
)
from deviations.telling import DRAFT_ALERT, take_as_receipt, tell_of_report
from deviations.texts import check_texts
from deviations.timelines import end_timelines, start_round
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.clocks import end_clocks
from portal.errors import InvalidTransition, NotFound
from portal.states import Audience, ClockState
from portal.terms import terms_at


@action("report.share_draft")
def share_draft(actor: Actor, deviation_id: UUID, *, report: str, version: int | None) -> Deviation:
    """Share a draft of the report, 20..60,000 characters, for the sponsor's comments; their clock starts.

    One draft at a time, as many as the clause on comments gives rounds. Raises: NotFound, Refused,
    InvalidTransition, NoticeOutstanding, StaleVersion, Invalid. Records: report.draft_shared v1,
    alert.raised v1. Source: quality agreement 6.2; domain 2b (draft rounds).
    """
    deviation = lock_deviation(actor, deviation_id, to="share_draft", version=version)
    check_texts({"report": report})
    if deviation.audience != Audience.SHARED:
        detail = f"The sponsor has not been told of {deviation.number}. Release the notice first."
        raise NoticeOutstanding(detail, state=deviation.state)
    classification = class_of(actor, deviation)
    _require_round_left(actor, deviation, classification)
    found = add_round(actor, deviation, RoundKind.DRAFT, report)
    deviation.bump()
    deviation.save(update_fields=["version"])
    end_timelines(deviation, [DRAFT_CLOCK], ClockState.MET)
    clause, timing = start_round(actor, deviation, COMMENTS_CLOCK, classification)
    fact = DraftShared(round=found.number, clause=clause, due_at=timing.due_at if timing else None)
    ledger.record(deviation, fact, classification=classification)
    tell_of_report(deviation, DRAFT_ALERT, clause=clause, classification=classification)
    return deviation


@action("report.comment")
def comment_on_report(actor: Actor, deviation_id: UUID, *, text: str, version: int | None) -> Deviation:
    """Comment on the draft that waits for comments, or on the report in the sponsor's review.

    `text` is 3..4000 characters; both sides read it. Raises: NotFound, Refused, InvalidTransition,
    StaleVersion, Invalid. Records: report.commented v1.
    """
    deviation = lock_deviation(actor, deviation_id, to="comment", version=version)
    check_texts({"text": text})
    found = _commented(actor, deviation)
    last = ReportComment.objects.visible_to(actor).filter(round=found).aggregate(last=Max("number"))["last"]
    comment = ReportComment.objects.create(
        space_id=deviation.space_id,
        audience=Audience.SHARED,
        round=found,
        number=(last or 0) + 1,
        text=text,
        code=actor.code(deviation.space_id),
        given_at=instant(),
    )
    deviation.bump()
    deviation.save(update_fields=["version"])
    fact = ReportCommented(round=found.number, comment=comment.number)
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
    take_as_receipt(actor, deviation, DRAFT_ALERT)
    return deviation


@action("report.finish_comments")
def finish_comments(actor: Actor, deviation_id: UUID, *, version: int | None) -> Deviation:
    """Say that the sponsor has no more comments on the draft; the clock of comments is met.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion. Records: report.comments_finished v1,
    alert.acknowledged v1.
    """
    deviation = lock_deviation(actor, deviation_id, to="finish_comments", version=version)
    found = _commented(actor, deviation)
    found.finish(instant())
    found.save(update_fields=["commented_at", "version"])
    deviation.bump()
    deviation.save(update_fields=["version"])
    fact = CommentsFinished(round=found.number)
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
    end_clocks(deviation, kind=COMMENTS_CLOCK, state=ClockState.MET)
    take_as_receipt(actor, deviation, DRAFT_ALERT)
    return deviation


@action("report.answer_comment")
def answer_comment(
    actor: Actor,
    deviation_id: UUID,
    *,
    comment: UUID,
    outcome: CommentOutcome,
    answer: str,
    version: int | None,
) -> Deviation:
    """Say what the CDMO made of a comment: taken up, declined or answered, in 3..4000 characters, once.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid. Records: report.comment_answered v1.
    """
    deviation = lock_deviation(actor, deviation_id, to="answer_comment", version=version)
    check_texts({"answer": answer})
    rows = ReportComment.objects.visible_to(actor).select_related("round").filter(round__deviation=deviation)
    found = rows.select_for_update(of=("self",), no_key=True).with_id(comment)
    if found is None:
        raise NotFound
    if found.outcome:
        detail = f"Comment {found.number} was answered; the next one says what is to be added."
        raise InvalidTransition(detail, state=str(deviation.state))
    found.resolve(outcome, answer, actor.code(deviation.space_id), instant())
    found.save(update_fields=["outcome", "answer", "answered_code", "answered_at", "version"])
    deviation.bump()
    deviation.save(update_fields=["version"])
    fact = CommentAnswered(round=found.round.number, comment=found.number, outcome=outcome)
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
    return deviation


def _commented(actor: Actor, deviation: Deviation) -> ReportRound:
    """Return the text on which the sponsor may comment now; raises InvalidTransition."""
    if deviation.state == DeviationState.SPONSOR_REVIEW:
        return report_in_review(actor, deviation)
    draft = newest_round(actor, deviation, RoundKind.DRAFT)
    if draft is None or not draft.takes_comments:
        detail = f"No draft of {deviation.number} waits for comments."
        raise InvalidTransition(detail, state=str(deviation.state))
    return draft


def _require_round_left(actor: Actor, deviation: Deviation, classification: str | None) -> None:
    drafts = rounds_of(actor, deviation).filter(kind=RoundKind.DRAFT)
    newest = drafts.first()
    if newest is not None and newest.takes_comments and comments_run(actor, deviation):
        detail = f"Draft {newest.number} of {deviation.number} waits for comments; one draft at a time."
        raise InvalidTransition(detail, state=str(deviation.state))
    found = terms_at(actor, deviation.space_id, deviation.recorded_at).timeline(
        COMMENTS_CLOCK, classification
    )
    if found is not None and found.rule.rounds and drafts.count() >= found.rule.rounds:
        detail = (
            f"Clause {found.clause.code} gives {found.rule.rounds} rounds of comments; submit the report now."
        )
        raise InvalidTransition(detail, state=str(deviation.state))
