"""Lists of deviations by what a person wants of them, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from deviations.models import Deviation
from deviations.queries.listing import list_deviations
from deviations.queries.searching import matching
from deviations.states import (
    ENDED,
    NOTICE_CLOCK,
    OPEN_STATES,
    TRANSITIONS,
    DeviationState,
    ReviewOutcome,
)
from portal.action import instant
from portal.actor import Actor
from portal.models import Alert, Clock
from portal.states import ALERT_TRANSITIONS, AlertState, Audience, Classification, ClockState

Rows = QuerySet[Deviation]
AGREED: Final = (ReviewOutcome.CONCURRED, ReviewOutcome.SETTLED)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The next deadline of a deviation and who holds the ball; of a receipt, when the next role is told."""

    kind: str
    side: str
    clause: str
    due_at: datetime


def _open(_actor: Actor, rows: Rows) -> Rows:
    return rows.filter(state__in=OPEN_STATES)


def _grave(actor: Actor, rows: Rows) -> Rows:
    major, critical = (
        Q(pk__in=list_deviations(actor, classification=each).values("pk"))
        for each in (Classification.MAJOR, Classification.CRITICAL)
    )
    return rows.filter(major | critical, state__in=OPEN_STATES)


def _late(actor: Actor, rows: Rows) -> Rows:
    clocks = Clock.objects.visible_to(actor).filter(kind=NOTICE_CLOCK)
    late = clocks.filter(Q(state=ClockState.BREACHED) | Q(state=ClockState.RUNNING, due_at__lt=instant()))
    return rows.filter(pk__in=late.values("subject_id"), state__in=OPEN_STATES)


def _ended(_actor: Actor, rows: Rows) -> Rows:
    return rows.filter(state__in=ENDED)


def _mine(actor: Actor, rows: Rows) -> Rows:
    return rows.filter(to_move_on(actor) | Q(pk__in=_asking(actor).values("subject_id")))


def _all(_actor: Actor, rows: Rows) -> Rows:
    return rows


FILTERS: Final[Mapping[str, Callable[[Actor, Rows], Rows]]] = {
    "open": _open,
    "mine": _mine,
    "grave": _grave,
    "late": _late,
    "closed": _ended,
    "all": _all,
}


def to_move_on(actor: Actor) -> Q:
    """Return the deviations whose next step is the actor's: the class, the notice, the report."""

    def spaces(step: str) -> list[UUID]:
        roles = TRANSITIONS[step].roles
        return [space_id for space_id in actor.seats if actor.holds(space_id, *roles)]

    told = Q(audience=Audience.SHARED) | Q(needs_notice=False)
    investigated = Q(state__in=[DeviationState.TRIAGED, DeviationState.UNDER_INVESTIGATION])
    return (
        Q(state=DeviationState.REPORTED, space_id__in=spaces("triage"))
        | investigated & ~told & Q(space_id__in=spaces("release_notice"))
        | Q(told, state=DeviationState.TRIAGED, space_id__in=spaces("investigate"))
        | Q(told, state=DeviationState.UNDER_INVESTIGATION, space_id__in=spaces("submit_report"))
        | Q(state=DeviationState.CDMO_QA_REVIEW, space_id__in=spaces("close"))
        | Q(state=DeviationState.SPONSOR_REVIEW, review="", space_id__in=spaces("object_report"))
        | Q(state=DeviationState.SPONSOR_REVIEW, review=ReviewOutcome.OBJECTED, space_id__in=spaces("settle"))
        | Q(state=DeviationState.SPONSOR_REVIEW, review__in=AGREED, space_id__in=spaces("close"))
    )


def _asking(actor: Actor) -> QuerySet[Alert]:
    """Return the alerts on which the actor's roles may still give receipt."""
    step = ALERT_TRANSITIONS["acknowledge"]
    asked = Q(pk=None)
    for role in step.roles:
        spaces = [space_id for space_id in actor.seats if actor.holds(space_id, role)]
        asked |= Q(space_id__in=spaces, side=role.side)
    return Alert.objects.visible_to(actor).filter(asked, state=AlertState.OPEN)


def filter_deviations(actor: Actor, name: str, *, words: str = "") -> Rows:
    """Return the deviations of a saved filter, unordered; `words` as in `searching.matching`."""
    rows = FILTERS[name](actor, list_deviations(actor))
    if words:
        rows = rows.filter(matching(actor, words))
    return rows


def count_open(actor: Actor) -> int:
    """Return how many open deviations the actor may see."""
    return Deviation.objects.visible_to(actor).filter(state__in=OPEN_STATES).count()


def count_to_move_on(actor: Actor) -> int:
    """Return how many deviations wait for the actor's next step."""
    return Deviation.objects.visible_to(actor).filter(to_move_on(actor)).count()


def deadlines_of(actor: Actor, deviation_ids: Sequence[UUID]) -> dict[UUID, Deadline]:
    """Return the next deadline of each deviation that has one running; one query."""
    clocks = Clock.objects.visible_to(actor).filter(subject_id__in=deviation_ids, state=ClockState.RUNNING)
    found: dict[UUID, Deadline] = {}
    for each in clocks.order_by("due_at", "pk"):
        due_at = each.due_at if each.alert_id is None else each.next_at
        if due_at is not None and (each.subject_id not in found or due_at < found[each.subject_id].due_at):
            found[each.subject_id] = Deadline(each.kind, str(each.side), each.clause, due_at)
    return found
