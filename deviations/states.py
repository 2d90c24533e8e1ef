"""The words of the deviations app and the life cycle of a deviation (domain 2b)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.actor import Role, Side
from portal.states import (
    CDMO_MSAT,
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    CDMO_SHIFT_LEAD,
    SPONSOR_CMC,
    SPONSOR_MSAT,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    Transition,
    Transitions,
)


class DeviationState(models.TextChoices):
    """Where a deviation stands; `reported` reads *Opened* on screen."""

    REPORTED = "reported", _("Opened")
    TRIAGED = "triaged", _("Triaged")
    UNDER_INVESTIGATION = "under_investigation", _("Under investigation")
    CDMO_QA_REVIEW = "cdmo_qa_review", _("CDMO QA review")
    SPONSOR_REVIEW = "sponsor_review", _("Sponsor review")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")
    NO_DEVIATION = "no_deviation", _("No deviation")


class RoundKind(models.TextChoices):
    """How a text of the report was handed over."""

    DRAFT = "draft", _("draft")
    REPORT = "report", _("report")


class ReviewOutcome(models.TextChoices):
    """What the sponsor's review of a report came to; silence is never agreement."""

    CONCURRED = "concurred", _("concurred")
    OBJECTED = "objected", _("objected")
    SETTLED = "settled", _("settled by both heads of quality")
    NO_REPLY = "no_reply", _("no reply, went on")


class CommentOutcome(models.TextChoices):
    """What the CDMO made of a comment."""

    TAKEN_UP = "taken_up", _("taken up")
    DECLINED = "declined", _("declined, with reason")
    ANSWERED = "answered", _("answered")


class SettlementOutcome(models.TextChoices):
    """What becomes of a report that the sponsor objects to."""

    STANDS = "stands", _("the report stands")
    REWORK = "rework", _("back to the investigation")


class JudgementKind(models.TextChoices):
    """Whose word it is: a suggestion has no effect, the provisional class drives clocks at first.

    The sponsor says what the deviation means for its product; that is no class of the deviation.
    """

    SUGGESTED = "suggested", _("suggested class")
    PROVISIONAL = "provisional", _("provisional class")
    IMPACT = "impact", _("product-impact assessment")
    # One side's word, its own alone until the other's is in; then what follows from both.
    BLIND = "blind", _("confirmed class of one side")
    CONFIRMED = "confirmed", _("confirmed class")


# What drives clocks, notice, colour and holds: the newest of these.
IN_FORCE: Final = (JudgementKind.PROVISIONAL, JudgementKind.CONFIRMED)
REPORTERS: Final = (CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, CDMO_MSAT, CDMO_QC, CDMO_QUALITY_HEAD)
MIRRORERS: Final = (CDMO_QA,)
LEADERS: Final = (CDMO_QA, CDMO_MSAT)

# The deadline until which CDMO QA releases a notice (clauses 5.1, 5.2).
NOTICE_CLOCK: Final = "notice_release"

# When a clause shares a record that reached a state a while ago.
DISCLOSURE_CLOCK: Final = "disclosure"

# What a clause gives time for; each is the kind of the clock and the name of the activity in the agreement.
OPENING_CLOCK: Final = "opening"
SUMMARY_CLOCK: Final = "preliminary_summary"
CLOSING_CLOCK: Final = "closing"
IMPACT_CLOCK: Final = "product_impact"
DRAFT_CLOCK: Final = "draft_report"
COMMENTS_CLOCK: Final = "draft_comments"
REVIEW_CLOCK: Final = "sponsor_review"
DISAGREEMENT_CLOCK: Final = "disagreement"

REVIEWS: Final = (DeviationState.CDMO_QA_REVIEW, DeviationState.SPONSOR_REVIEW)
JUDGED: Final = (DeviationState.TRIAGED, DeviationState.UNDER_INVESTIGATION, *REVIEWS)
OPEN_STATES: Final = (DeviationState.REPORTED, *JUDGED)
ENDED: Final = (DeviationState.CLOSED, DeviationState.CANCELLED, DeviationState.NO_DEVIATION)

TRANSITIONS: Final[Mapping[str, Transition]] = {
    "triage": Transition((DeviationState.REPORTED,), DeviationState.TRIAGED, (CDMO_QA,), _("Triage")),
    "dismiss": Transition((DeviationState.REPORTED,), None, (CDMO_QA,), _("Propose no deviation")),
    "release_notice": Transition(
        (DeviationState.TRIAGED, DeviationState.UNDER_INVESTIGATION),
        None,
        (CDMO_QA,),
        _("Release the notice"),
    ),
    "investigate": Transition(
        (DeviationState.TRIAGED,), DeviationState.UNDER_INVESTIGATION, LEADERS, _("Start the investigation")
    ),
    "assess_impact": Transition(
        JUDGED, None, (SPONSOR_QA, SPONSOR_CMC, SPONSOR_QUALITY_HEAD), _("Assess the product impact")
    ),
    "summarise": Transition(
        (DeviationState.TRIAGED, DeviationState.UNDER_INVESTIGATION),
        None,
        (CDMO_QA,),
        _("Give the preliminary summary"),
    ),
    "conclude_impact": Transition(
        (DeviationState.UNDER_INVESTIGATION, *REVIEWS), None, LEADERS, _("Conclude on the impact")
    ),
    "look_around": Transition(JUDGED, None, LEADERS, _("Look for other batches")),
    "name_batch": Transition(JUDGED, None, LEADERS, _("Name another batch")),
    "decide_batch": Transition(JUDGED, None, LEADERS, _("Decide on another batch")),
    "reclassify": Transition(JUDGED, None, (CDMO_QA,), _("Give another class")),
    "confirm_class": Transition(
        (DeviationState.UNDER_INVESTIGATION, *REVIEWS),
        None,
        (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD),
        _("Give the confirmed class"),
    ),
    "decide_class": Transition(
        (DeviationState.UNDER_INVESTIGATION, *REVIEWS),
        None,
        (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD),
        _("Decide on the class"),
    ),
    "assess_risk": Transition(
        JUDGED, None, (*LEADERS, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD), _("Assess the risk")
    ),
    "link": Transition(OPEN_STATES, None, LEADERS, _("Link to another deviation")),
    "merge": Transition(JUDGED, None, (CDMO_QA,), _("Merge into another deviation")),
    "share_draft": Transition(
        (DeviationState.UNDER_INVESTIGATION,), None, LEADERS, _("Share a draft report")
    ),
    "comment": Transition(
        (DeviationState.UNDER_INVESTIGATION, DeviationState.SPONSOR_REVIEW),
        None,
        (SPONSOR_QA, SPONSOR_CMC, SPONSOR_MSAT, SPONSOR_QUALITY_HEAD),
        _("Comment on the report"),
    ),
    "finish_comments": Transition(
        (DeviationState.UNDER_INVESTIGATION,),
        None,
        (SPONSOR_QA, SPONSOR_CMC, SPONSOR_QUALITY_HEAD),
        _("Finish the comments"),
    ),
    "answer_comment": Transition(
        (DeviationState.UNDER_INVESTIGATION, DeviationState.SPONSOR_REVIEW),
        None,
        LEADERS,
        _("Answer a comment"),
    ),
    "submit_report": Transition(
        (DeviationState.UNDER_INVESTIGATION,),
        DeviationState.CDMO_QA_REVIEW,
        LEADERS,
        _("Submit the report for review"),
    ),
    "return_report": Transition(
        REVIEWS, DeviationState.UNDER_INVESTIGATION, (CDMO_QA, CDMO_QUALITY_HEAD), _("Hand the report back")
    ),
    "object_report": Transition(
        (DeviationState.SPONSOR_REVIEW,), None, (SPONSOR_QA, SPONSOR_QUALITY_HEAD), _("Object to the report")
    ),
    "settle": Transition(
        (DeviationState.SPONSOR_REVIEW,),
        None,
        (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD),
        _("Settle the disagreement"),
    ),
    "close": Transition(
        (DeviationState.UNDER_INVESTIGATION, *REVIEWS), DeviationState.CLOSED, (CDMO_QA,), _("Close")
    ),
    "cancel": Transition(OPEN_STATES, DeviationState.CANCELLED, (CDMO_QA,), _("Cancel")),
}
# What a signature or two equal words bring about; nobody takes these steps by themselves.
CONSEQUENCES: Final[Mapping[str, Transition]] = {
    "approve": Transition(
        (DeviationState.CDMO_QA_REVIEW,),
        DeviationState.SPONSOR_REVIEW,
        (CDMO_QA, CDMO_QUALITY_HEAD),
        _("Approve the report"),
    ),
    "accept_dismissal": Transition(
        (DeviationState.REPORTED,),
        DeviationState.NO_DEVIATION,
        (CDMO_QA, CDMO_QUALITY_HEAD),
        _("Accept that it is no deviation"),
    ),
    "settle_for_rework": Transition(
        (DeviationState.SPONSOR_REVIEW,),
        DeviationState.UNDER_INVESTIGATION,
        (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD),
        _("Settle the disagreement"),
    ),
}


class SignalState(models.TextChoices):
    """Where an early signal stands; it is no deviation, whatever is answered."""

    OPEN = "open", _("waits for its answer")
    ANSWERED = "answered", _("answered")


# Who says that something looks odd while nothing is wrong yet: whoever watches, of either side.
SIGNAL_RAISERS: Final = (*REPORTERS, SPONSOR_QA, SPONSOR_CMC, SPONSOR_MSAT, SPONSOR_QUALITY_HEAD)
# Who answers where no clause says it (clause 7.2 of the default rules).
SIGNAL_ANSWERERS: Final = (CDMO_SHIFT_LEAD, CDMO_QA)
# The time until which an early signal is answered, and the alert that tells of it.
SIGNAL_CLOCK: Final = "early_signal"
SIGNAL_ALERT: Final = "watch"

SIGNAL_TRANSITIONS: Final[Transitions] = {
    "answer": Transition((SignalState.OPEN,), SignalState.ANSWERED, SIGNAL_ANSWERERS, _("Answer")),
}


def roles_named(names: Iterable[str]) -> tuple[Role, ...]:
    """Return roles as a clause writes them, `manufacturer.qa`."""
    return tuple(Role(Side(side), code) for side, _dot, code in (each.partition(".") for each in names))


def signal_transitions(names: Iterable[str]) -> Transitions:
    """Return the life cycle of an early signal that these roles answer."""
    return {"answer": replace(SIGNAL_TRANSITIONS["answer"], roles=roles_named(names))}
