"""Tell the sponsor that a text of a report waits, and the heads of both that the sides differ: by ladders.

The functions write, so they run inside an action only.
"""

from __future__ import annotations

from typing import Final

from deviations.models import Deviation
from portal.action import current_action
from portal.actions.alerts import give_receipt
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.models import Alert
from portal.states import AlertState

BOTH: Final = (Side.MANUFACTURER, Side.SPONSOR)
HEADS: Final = ("quality_head",)
DRAFT_ALERT: Final = "report.draft"
REVIEW_ALERT: Final = "report.review"
# What waits, in words that a lock screen may show: a number and a step, nothing of what happened.
WORDS: Final = {
    DRAFT_ALERT: "a draft report waits for comments",
    REVIEW_ALERT: "a report waits for review",
}


def ask_both_heads(deviation: Deviation, kind: str, *, clause: str, classification: str | None) -> None:
    """Ask the heads of quality of both sides for receipt that the sides differ; a shared step.

    Records: alert.raised v1 for each.
    """
    for side in BOTH:
        raise_alert(
            deviation,
            kind=kind,
            side=side,
            title=f"{deviation.number}: {deviation.title}",
            classification=classification,
            clause=clause,
            ladder="clock",
            first=HEADS,
            began_at=deviation.recorded_at,
        )


def tell_of_report(deviation: Deviation, kind: str, *, clause: str, classification: str | None) -> None:
    """Ask the sponsor for receipt that a draft or a report waits; a shared step.

    Records: alert.raised v1.
    """
    current_action()
    raise_alert(
        deviation,
        kind=kind,
        side=Side.SPONSOR,
        title=f"{deviation.number}: {WORDS[kind]}",
        classification=classification,
        clause=clause,
        began_at=deviation.recorded_at,
    )


def take_as_receipt(actor: Actor, deviation: Deviation, kind: str) -> None:
    """Take a step of the sponsor's as receipt of what waited; a shared step.

    Records: alert.acknowledged v1.
    """
    current_action()
    rows = Alert.objects.visible_to(actor).select_for_update().filter(subject_id=deviation.pk, kind=kind)
    for alert in rows.exclude(state=AlertState.ACKNOWLEDGED).order_by("pk"):
        give_receipt(actor, alert, actor.code(deviation.space_id))
