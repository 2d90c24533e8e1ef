"""What waits for a person of either side: the class, the notice, the report and its reviews."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from deviations.access import newest_classes
from deviations.models import Deviation
from deviations.states import (
    CLOSING_CLOCK,
    CONSEQUENCES,
    DISAGREEMENT_CLOCK,
    DRAFT_CLOCK,
    LEADERS,
    NOTICE_CLOCK,
    OPEN_STATES,
    REVIEW_CLOCK,
    SUMMARY_CLOCK,
    TRANSITIONS,
    DeviationState,
    ReviewOutcome,
)
from portal.actor import Actor, Role
from portal.clocks.names import name_of
from portal.models import Clock
from portal.queries.clocks import OPEN
from portal.slots import InboxItem
from portal.states import Classification

ITEMS_MAX: Final = 200
# Which deadlines a step is for; the others, once the sponsor was told or need not be, are for the report.
TIMED_BY: Final[Mapping[str, Sequence[str]]] = {
    "triage": (NOTICE_CLOCK,),
    "release_notice": (NOTICE_CLOCK,),
    "object_report": (REVIEW_CLOCK,),
    "settle": (DISAGREEMENT_CLOCK,),
}
REPORT: Final = (SUMMARY_CLOCK, DRAFT_CLOCK, CLOSING_CLOCK)
KINDS: Final = (NOTICE_CLOCK, REVIEW_CLOCK, DISAGREEMENT_CLOCK, *REPORT)
CONCERNED: Final = (*LEADERS, *TRANSITIONS["object_report"].roles, *TRANSITIONS["settle"].roles)
URL: Final = "/deviations/{}/"


def deviations_waiting(actor: Actor) -> list[InboxItem]:
    """Return what the actor may move on: at most 200 open deviations, oldest first, in three queries."""
    spaces = [space_id for space_id in actor.seats if actor.holds(space_id, *CONCERNED)]
    if not spaces:
        return []
    rows = Deviation.objects.visible_to(actor).filter(space_id__in=spaces, state__in=OPEN_STATES)
    found = list(rows.order_by("recorded_at", "id")[:ITEMS_MAX])
    classes = newest_classes(actor, [each.pk for each in found])
    clocks = _clocks(actor, found)
    items = (_item(actor, each, classes.get(each.pk), clocks.get(each.pk)) for each in found)
    return [item for item in items if item is not None]


def reviews_asking(actor: Actor) -> tuple[Collection[str], QuerySet[Deviation, Any]]:
    """Return which alerts ask for no more than a report that waits for this actor's review itself."""
    roles = TRANSITIONS["object_report"].roles
    spaces = [space_id for space_id in actor.seats if actor.holds(space_id, *roles)]
    rows = Deviation.objects.visible_to(actor).filter(
        space_id__in=spaces, state=DeviationState.SPONSOR_REVIEW, review=""
    )
    return ("report.review",), rows.values("pk")


def _clocks(actor: Actor, deviations: Sequence[Deviation]) -> dict[UUID, Clock]:
    """Return the deadline of each deviation's next step: that of the notice, else the nearest one open."""
    kinds = {each.pk: TIMED_BY.get(_kind(each), REPORT) for each in deviations}
    rows = Clock.objects.visible_to(actor).filter(OPEN, subject_id__in=list(kinds), kind__in=KINDS)
    found = rows.order_by("-due_at", "-id")
    return {each.subject_id: each for each in found if each.kind in kinds[each.subject_id]}


def _item(
    actor: Actor, deviation: Deviation, classification: Classification | None, clock: Clock | None
) -> InboxItem | None:
    kind = _kind(deviation)
    asked = [each for each in _roles(kind) if actor.holds(deviation.space_id, each)]
    if not asked:
        return None
    return InboxItem(
        subject_type="deviation",
        subject_id=deviation.pk,
        number=deviation.number,
        title=str(deviation.title),
        kind=kind,
        why=_why(kind, deviation, clock),
        clause=clock.clause if clock is not None else "",
        terms=clock.terms if clock is not None else None,
        side=str(asked[0].side),
        due_at=clock.due_at if clock is not None else None,
        url=URL.format(deviation.pk),
        classification=classification,
        space_id=deviation.space_id,
    )


def _kind(deviation: Deviation) -> str:
    """Return the step that is wanted next; the notice comes before everything but the class."""
    match deviation.state:
        case DeviationState.REPORTED:
            return "triage"
        case DeviationState.CDMO_QA_REVIEW:
            return "approve" if deviation.approved_at is None else "close"
        case DeviationState.SPONSOR_REVIEW if not deviation.review:
            return "object_report"
        case DeviationState.SPONSOR_REVIEW:
            return "settle" if deviation.review == ReviewOutcome.OBJECTED else "close"
    if deviation.is_notice_due:
        return "release_notice"
    return "investigate" if deviation.state == DeviationState.TRIAGED else "submit_report"


def _roles(kind: str) -> tuple[Role, ...]:
    return (TRANSITIONS.get(kind) or CONSEQUENCES[kind]).roles


def _why(kind: str, deviation: Deviation, clock: Clock | None) -> str:
    words = {
        "triage": _("Opened, waits for its class"),
        "release_notice": _("The notice to the sponsor waits for release"),
        "investigate": _("Triaged, waits for its investigation"),
        "approve": _("The report waits for CDMO QA's signature"),
        "object_report": _("The report waits for the sponsor's review"),
        "settle": _("The sponsor objects to the report: a word of both heads of quality"),
        "close": _("Reviewed, waits to be closed"),
    }
    waits = words.get(kind) or _("Under investigation, lead %s") % deviation.lead_code
    return waits if clock is None or clock.kind == NOTICE_CLOCK else f"{waits}; {name_of(clock.kind)}"
