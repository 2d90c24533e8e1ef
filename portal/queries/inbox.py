"""What needs a person now, over all partners, by time left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.actor import Actor
from portal.alerts import LADDER
from portal.clocks.names import name_of
from portal.models import Alert, Clock, Receipt
from portal.queries.alerts import alert_lines
from portal.queries.clocks import clock_lines, kept_clocks
from portal.slots import InboxItem, inbox
from portal.states import AlertState

ITEMS_MAX: Final = 200
WHY: Final[Mapping[str, str | Promise]] = {
    "excursion.par": gettext_lazy("Live alert outside the proven range"),
    "deviation.notice": gettext_lazy("First notice"),
    "notice.unreleased": gettext_lazy("Notice not released in half its time"),
}


def list_inbox(actor: Actor) -> list[InboxItem]:
    """Return what every app says waits for the actor: least time left first, then what has no deadline."""
    items = [item for items in inbox(actor) for item in items]
    return sorted(items, key=lambda each: (each.due_at is None, each.due_at, str(each.subject_id)))


@inbox.register
def clocks_of_own_side(actor: Actor) -> list[InboxItem]:
    """Return the clocks of the own side that are the actor's to keep, but for what an app lists itself."""
    return [
        InboxItem(
            subject_type="clock",
            subject_id=line.clock.pk,
            number=line.subject.number if line.subject else "",
            title=name_of(line.clock.kind),
            kind=line.clock.kind,
            why="",
            clause=line.clock.clause,
            side=str(line.clock.side),
            due_at=line.clock.due_at,
            url=f"/clocks/{line.clock.pk}/",
            classification=None,
            space_id=line.clock.space_id,
            terms=line.clock.terms,
        )
        for line in clock_lines(actor, list(kept_clocks(actor).order_by("due_at", "pk")[:ITEMS_MAX]))
    ]


@inbox.register
def alerts_to_acknowledge(actor: Actor) -> list[InboxItem]:
    """Return the alerts of which this person was told and which their side has not acknowledged.

    The time left runs to the ladder's next step; where the ladder has ended, it is the time that passed.
    """
    told = Receipt.objects.visible_to(actor).filter(person_id=actor.person_id, acknowledged_at=None)
    waiting = (
        Alert.objects.visible_to(actor)
        .filter(pk__in=told.values("alert_id"))
        .exclude(state=AlertState.ACKNOWLEDGED)
        .order_by("raised_at", "pk")
    )
    lines = [line for line in alert_lines(actor, list(waiting)) if line.may_acknowledge]
    ended = dict(
        Clock.objects.visible_to(actor)
        .filter(alert__in=[line.alert.pk for line in lines], kind=LADDER)
        .values_list("alert_id", "ended_at")
    )
    return [
        InboxItem(
            subject_type="alert",
            subject_id=line.alert.pk,
            number=line.subject.number if line.subject else "",
            title=line.alert.title,
            kind=line.alert.kind,
            why=_why(line.alert),
            clause=line.alert.clause,
            side=line.alert.side,
            due_at=line.next_at or ended.get(line.alert.pk),
            url=f"/alerts/{line.alert.pk}/",
            classification=line.alert.classification,
            space_id=line.alert.space_id,
            terms=line.alert.terms,
        )
        for line in lines
    ]


def _why(alert: Alert) -> str:
    if alert.state == AlertState.UNANSWERED:
        return _("nobody has acknowledged it; the ladder has ended")
    return str(WHY.get(alert.kind) or _("asks for your receipt"))
