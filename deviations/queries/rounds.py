"""The texts of a report with what was said to them, and which steps they leave open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from deviations.models import Deviation, ReportComment, ReportRound, Settlement
from deviations.rounds import comments_of, rounds_of, what_review_waits_for
from deviations.states import DeviationState, ReviewOutcome
from portal.actor import Actor
from portal.states import Audience, Classification


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One text of the report, its comments and the words of the heads of quality, oldest first."""

    round: ReportRound
    comments: Sequence[ReportComment]
    settlements: Sequence[Settlement]


def report_rounds(actor: Actor, deviation: Deviation) -> list[RoundLine]:
    """Return the texts that the reader may see, the newest first, in three queries; one without any."""
    rounds = list(rounds_of(actor, deviation))
    if not rounds:
        return []
    comments, words = defaultdict(list), defaultdict(list)
    for comment in comments_of(actor, deviation):
        comments[comment.round_id].append(comment)
    rows = Settlement.objects.visible_to(actor).filter(round__in=rounds).order_by("given_at", "id")
    for word in rows:
        words[word.round_id].append(word)
    return [RoundLine(each, comments[each.pk], words[each.pk]) for each in rounds]


def steps_of_report(
    actor: Actor,
    deviation: Deviation,
    classification: Classification | None,
    rounds: Sequence[RoundLine],
    steps: Sequence[str],
) -> list[str]:
    """Return the steps that the rounds of the report leave open."""
    shut: set[str] = set()
    is_reviewed = deviation.state == DeviationState.SPONSOR_REVIEW
    if not is_reviewed and not (rounds and rounds[0].round.takes_comments):
        shut |= {"comment", "finish_comments"}
    if not any(comment.outcome == "" for each in rounds for comment in each.comments):
        shut.add("answer_comment")
    if deviation.review != ReviewOutcome.OBJECTED:
        shut.add("settle")
    if deviation.review:
        shut.add("object_report")
    if deviation.audience != Audience.SHARED:
        shut.add("share_draft")
    if "close" in steps and what_review_waits_for(actor, deviation, classification):
        shut.add("close")
    return [each for each in steps if each not in shut]
