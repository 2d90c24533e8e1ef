"""What waits for a person of the CDMO: to triage, to release, under investigation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from deviations.access import newest_classes
from deviations.models import Deviation
from deviations.states import LEADERS, NOTICE_CLOCK, OPEN_STATES, TRANSITIONS, DeviationState
from portal.actor import Actor, Side
from portal.models import Clock
from portal.slots import InboxItem
from portal.states import Classification

ITEMS_MAX: Final = 200
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
    ids = [each.pk for each in deviations if each.state != DeviationState.REPORTED]
    rows = Clock.objects.visible_to(actor).filter(subject_id__in=ids, kind=NOTICE_CLOCK)
    return {each.subject_id: each for each in rows.order_by("started_at", "id")}


def _item(
    actor: Actor, deviation: Deviation, classification: Classification | None, clock: Clock | None
) -> InboxItem | None:
    kind = _kind(deviation)
    if not actor.holds(deviation.space_id, *TRANSITIONS[kind].roles):
        return None
    to_release = kind == "release_notice"
    return InboxItem(
        subject_type="deviation",
        subject_id=deviation.pk,
        number=deviation.number,
        title=str(deviation.title),
        kind=kind,
        why=_why(kind, deviation),
        clause=clock.clause if to_release and clock is not None else "",
        terms=clock.terms if clock is not None else None,
        side=str(Side.MANUFACTURER),
        due_at=clock.due_at if to_release and clock is not None else None,
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


def _why(kind: str, deviation: Deviation) -> str:
    words = {
        "triage": _("Opened, waits for its class"),
        "release_notice": _("The notice to the sponsor waits for release"),
        "investigate": _("Triaged, waits for its investigation"),
    }
    lead = deviation.lead_code
    return words.get(kind) or _("Under investigation, lead %s") % lead
