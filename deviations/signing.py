"""How a deviation is signed: what a signer reads, and who signs it with which meaning (domain 1b, 2b)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.urls import reverse

from deviations.access import files_of, get_deviation, lock_for_signature, newest_classes, zone_of
from deviations.clauses.authority import signed_by_clause
from deviations.models import Deviation
from deviations.states import DeviationState
from portal.access import get_program
from portal.actor import Actor
from portal.signable import Rule, Shown, Signable
from portal.states import (
    CDMO_MSAT,
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_SHIFT_LEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    Meaning,
)

ANY_STATE: Final = tuple(DeviationState.values)
INVESTIGATED: Final = (DeviationState.UNDER_INVESTIGATION, DeviationState.CLOSED)
RULES: Final = {
    Meaning.AUTHORED: Rule((CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, CDMO_MSAT), ANY_STATE),
    Meaning.REVIEWED: Rule((CDMO_QA, SPONSOR_QA), INVESTIGATED),
    Meaning.CONCURRED: Rule((SPONSOR_QA, SPONSOR_QUALITY_HEAD), INVESTIGATED),
    Meaning.IMPACT_APPROVED: Rule((SPONSOR_QA, SPONSOR_QUALITY_HEAD), INVESTIGATED),
    Meaning.APPROVED: Rule((CDMO_QA, CDMO_QUALITY_HEAD), INVESTIGATED, may_be_author=False),
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
    for file in files_of(actor, deviation):
        fields[f"File {file.name}"] = f"SHA-256 {file.sha256}"
    return Shown(deviation.number, deviation.title, zone, fields)


def _at(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}, {at.astimezone(UTC):%H:%M:%S} UTC"


def is_author(actor: Actor, deviation: Deviation) -> bool:
    """Say whether the actor, or whose delegate the actor is, reported the deviation or leads it."""
    return actor.is_one_of(deviation.space_id, person_id=deviation.reporter_id, code=deviation.lead_code)


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
)
