"""What waits for a person of the CDMO: to triage, to release, under investigation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from deviations.access import newest_classes
from deviations.models import Deviation
from deviations.states import (
    CLOSING_CLOCK,
    LEADERS,
    NOTICE_CLOCK,
    OPEN_STATES,
    SUMMARY_CLOCK,
    TRANSITIONS,
    DeviationState,
)
from portal.actor import Actor, Side
from portal.clocks.names import name_of
from portal.models import Clock
from portal.queries.clocks import OPEN
from portal.slots import InboxItem
from portal.states import Classification

ITEMS_MAX: Final = 200
# What has a time once the sponsor was told, or need not be.
BEFORE: Final = (NOTICE_CLOCK,)
AFTER: Final = (SUMMARY_CLOCK, CLOSING_CLOCK)
URL: Final = "/deviations/{}/"


def deviations_waiting(actor: Actor) -> list[InboxItem]:
    """Return what the actor may move on: at most 200 open deviations, oldest first, in three queries."""
    spaces = [space_id for space_id in actor.seats if actor.holds(space_id, *LEADERS)]
    if not spaces:
        return []
    rows = Deviation.objects.visible_to(actor).filter(space_id__in=spaces, state__in=OPEN_STATES)
    found = list(rows.order_by("recorded_at", "id")[:ITEMS_MAX])
    classes = newest_classes(actor, [each.pk for each in found])
    clocks = _clocks(actor, found)
    items = (_item(actor, each, classes.get(each.pk), clocks.get(each.pk)) for each in found)
    return [item for item in items if item is not None]


def _clocks(actor: Actor, deviations: Sequence[Deviation]) -> dict[UUID, Clock]:
    """Return the deadline of each deviation's next step: that of the notice, else the nearest one open."""
    kinds = {each.pk: AFTER if _kind(each) in ("investigate", "close") else BEFORE for each in deviations}
    ids = list(kinds)
    rows = Clock.objects.visible_to(actor).filter(OPEN, subject_id__in=ids, kind__in=(NOTICE_CLOCK, *AFTER))
    found = rows.order_by("-due_at", "-id")
    return {each.subject_id: each for each in found if each.kind in kinds[each.subject_id]}


def _item(
    actor: Actor, deviation: Deviation, classification: Classification | None, clock: Clock | None
) -> InboxItem | None:
    kind = _kind(deviation)
    if not actor.holds(deviation.space_id, *TRANSITIONS[kind].roles):
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
        side=str(Side.MANUFACTURER),
        due_at=clock.due_at if clock is not None else None,
        url=URL.format(deviation.pk),
        classification=classification,
        space_id=deviation.space_id,
    )


def _kind(deviation: Deviation) -> str:
    """Return the transition that is wanted next; the notice comes before everything but the class."""
    if deviation.state == DeviationState.REPORTED:
        return "triage"
    if deviation.is_notice_due:
        return "release_notice"
    return "investigate" if deviation.state == DeviationState.TRIAGED else "close"


def _why(kind: str, deviation: Deviation, clock: Clock | None) -> str:
    words = {
        "triage": _("Opened, waits for its class"),
        "release_notice": _("The notice to the sponsor waits for release"),
        "investigate": _("Triaged, waits for its investigation"),
    }
    waits = words.get(kind) or _("Under investigation, lead %s") % deviation.lead_code
    return waits if clock is None or clock.kind == NOTICE_CLOCK else f"{waits}; {name_of(clock.kind)}"
