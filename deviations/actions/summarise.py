"""Say what is known before the investigation has ended (clause 6.1 of the default rules)."""

from __future__ import annotations

from uuid import UUID

from deviations.access import class_of, lock_deviation
from deviations.errors import NoticeOutstanding
from deviations.facts import DeviationSummarised
from deviations.models import Deviation, PreliminarySummary
from deviations.states import SUMMARY_CLOCK
from deviations.texts import check_texts
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.clocks import end_clocks
from portal.errors import InvalidTransition
from portal.states import ClockState


@action("deviation.summarise")
def summarise_deviation(actor: Actor, deviation_id: UUID, *, summary: str, version: int | None) -> Deviation:
    """Give the preliminary summary, once; whoever knows of the record reads it, and its clock is met.

    `summary` is 20..20,000 characters, kept verbatim. What needs a notice is told by that first. Raises:
    NotFound, Refused, InvalidTransition, NoticeOutstanding, StaleVersion, Invalid. Records:
    deviation.summarised v1. Source: quality agreement 6.1; domain 2c.
    """
    deviation = lock_deviation(actor, deviation_id, to="summarise", version=version)
    if deviation.summarised_at is not None:
        detail = (
            f"{deviation.number} has its preliminary summary; what is learnt later stands in the conclusion."
        )
        raise InvalidTransition(detail, state=str(deviation.state))
    if deviation.is_notice_due:
        detail = f"The sponsor has not been told of {deviation.number}. Release the notice first."
        raise NoticeOutstanding(detail, state=deviation.state)
    check_texts({"summary": summary})
    now = instant()
    PreliminarySummary.objects.create(
        space_id=deviation.space_id,
        audience=deviation.audience,
        deviation=deviation,
        text=summary,
        code=actor.code(deviation.space_id),
        given_at=now,
    )
    deviation.summarise(now)
    deviation.save(update_fields=["summarised_at", "version"])
    ledger.record(deviation, DeviationSummarised(), classification=class_of(actor, deviation))
    end_clocks(deviation, kind=SUMMARY_CLOCK, state=ClockState.MET)
    return deviation
