"""The report between the sides: what the actions on its rounds share. Nothing is decided by silence alone.

The functions that write run inside an action only.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from deviations.errors import ReviewOutstanding
from deviations.facts import ReportReviewed
from deviations.models import Deviation, ReportComment, ReportRound, Settlement
from deviations.states import COMMENTS_CLOCK, REVIEW_CLOCK, DeviationState, ReviewOutcome, RoundKind
from portal import ledger
from portal.action import current_action, instant
from portal.actor import Actor
from portal.errors import InvalidTransition, NotFound
from portal.models import Clock, ClockMove, RecordQuerySet
from portal.states import Classification, ClockState, ClockStep
from portal.terms import terms_at

OUTCOME_FIELDS: Final = ("outcome", "outcome_at", "outcome_text", "outcome_code")


def rounds_of(actor: Actor, deviation: Deviation) -> RecordQuerySet[ReportRound]:
    """Return the rounds that the actor may see, the newest first."""
    return ReportRound.objects.visible_to(actor).filter(deviation=deviation).order_by("-number")


def newest_round(actor: Actor, deviation: Deviation, kind: RoundKind) -> ReportRound | None:
    """Return the newest draft or report, None without one."""
    return rounds_of(actor, deviation).filter(kind=kind).first()


def report_in_review(actor: Actor, deviation: Deviation) -> ReportRound:
    """Return the report that is in review; raises NotFound."""
    found = newest_round(actor, deviation, RoundKind.REPORT)
    if found is None or found.returned_at is not None:
        raise NotFound
    return found


def comments_of(actor: Actor, deviation: Deviation) -> RecordQuerySet[ReportComment]:
    """Return the comments on all texts of the report, each with its text, oldest first."""
    rows = ReportComment.objects.visible_to(actor).filter(round__deviation=deviation)
    return rows.select_related("round").order_by("given_at", "id")


def open_comments(actor: Actor, deviation: Deviation) -> RecordQuerySet[ReportComment]:
    """Return the comments that nobody has answered, oldest first."""
    return comments_of(actor, deviation).filter(outcome="")


def newest_words(actor: Actor, round_id: UUID) -> dict[str, Settlement]:
    """Return the newest word of each side's head of quality on an objection."""
    rows = Settlement.objects.visible_to(actor).filter(round_id=round_id).order_by("given_at", "id")
    return {str(each.side): each for each in rows}


def silence_on(actor: Actor, deviation: Deviation) -> ClockMove | None:
    """Return the line by which the work goes on without the sponsor's reply, None while it does not."""
    newest = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, kind=REVIEW_CLOCK)
    clock = newest.order_by("-started_at", "-id").first()
    if clock is None:
        return None
    moves = ClockMove.objects.visible_to(actor).filter(clock_id=clock.pk, step=ClockStep.NO_REPLY_WENT_ON)
    return moves.order_by("-at", "-id").first()


def add_round(actor: Actor, deviation: Deviation, kind: RoundKind, text: str) -> ReportRound:
    """Keep the next text of the report; a shared step."""
    current_action()
    last = rounds_of(actor, deviation).values_list("number", flat=True).first()
    return ReportRound.objects.create(
        space_id=deviation.space_id,
        audience=deviation.audience,
        deviation=deviation,
        number=(last or 0) + 1,
        kind=kind,
        text=text,
        code=actor.code(deviation.space_id),
        given_at=instant(),
    )


def require_answered(actor: Actor, deviation: Deviation) -> None:
    """Raise InvalidTransition while the sponsor comments on a draft, or a comment waits; a shared step."""
    draft = newest_round(actor, deviation, RoundKind.DRAFT)
    if draft is not None and draft.takes_comments and comments_run(actor, deviation):
        detail = f"The sponsor comments on draft {draft.number} of {deviation.number}; its time is not over."
        raise InvalidTransition(detail, state=str(deviation.state))
    if (waiting := open_comments(actor, deviation).count()) > 0:
        detail = f"{waiting} comments of the sponsor wait for an answer."
        raise InvalidTransition(detail, state=str(deviation.state))


def comments_run(actor: Actor, deviation: Deviation) -> bool:
    """Say whether the time of the sponsor's comments on a draft runs."""
    rows = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, kind=COMMENTS_CLOCK)
    return rows.filter(state=ClockState.RUNNING).exists()


def note_silence(actor: Actor, deviation: Deviation, classification: Classification | None) -> None:
    """Write down that the work goes on without the sponsor's reply, where it does; never as agreement."""
    current_action()
    if deviation.state != DeviationState.SPONSOR_REVIEW:
        return
    found = report_in_review(actor, deviation)
    move = None if found.outcome else silence_on(actor, deviation)
    if move is None:
        return
    found.end(ReviewOutcome.NO_REPLY, instant(), text=move.clause)
    found.save(update_fields=[*OUTCOME_FIELDS, "version"])
    deviation.review = ReviewOutcome.NO_REPLY
    fact = ReportReviewed(round=found.number, outcome=ReviewOutcome.NO_REPLY, clause=move.clause)
    ledger.record(deviation, fact, classification=classification)


def needs_review(actor: Actor, deviation: Deviation, classification: Classification | None) -> bool:
    """Say whether both sides review the report: always but for a minor one, of which a clause may ask it."""
    if classification != Classification.MINOR:
        return True
    found = terms_at(actor, deviation.space_id, deviation.recorded_at).timeline(REVIEW_CLOCK, classification)
    # A clause that gives time for the reviews there are does not ask for one.
    return found is not None and Classification.MINOR in found.rule.classification


def require_reviewed(actor: Actor, deviation: Deviation, classification: Classification | None) -> None:
    """Raise ReviewOutstanding unless the reviews that the record needs have come to an end."""
    words = what_review_waits_for(actor, deviation, classification)
    if words:
        raise ReviewOutstanding(f"{deviation.number}: {words}", state=deviation.state)


def what_review_waits_for(actor: Actor, deviation: Deviation, classification: Classification | None) -> str:
    """Return in words what closing waits for, empty where it waits for nothing."""
    match deviation.state:
        case DeviationState.UNDER_INVESTIGATION:
            if needs_review(actor, deviation, classification):
                return "its report is reviewed by CDMO QA and the sponsor first; submit it for review."
        case DeviationState.CDMO_QA_REVIEW:
            if deviation.approved_at is None:
                return "CDMO QA, not its author, signs the report as approved first."
        case DeviationState.SPONSOR_REVIEW:
            return _sponsor_waits(actor, deviation)
    return ""


def _sponsor_waits(actor: Actor, deviation: Deviation) -> str:
    if open_comments(actor, deviation).exists():
        return "a comment of the sponsor waits for its answer."
    found = report_in_review(actor, deviation)
    if found.outcome == ReviewOutcome.OBJECTED:
        return "the sponsor objects; both heads of quality say what becomes of the report."
    if not found.outcome and silence_on(actor, deviation) is None:
        return "the sponsor reviews the report first; it signs as concurred, or objects."
    return ""
