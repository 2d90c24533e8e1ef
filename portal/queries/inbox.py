"""What needs a person now, over all partners, by time left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.action import instant
from portal.actor import Actor
from portal.alerts import LADDER
from portal.clocks.names import name_of
from portal.four_eyes import STEPS
from portal.models import Alert, Clock, Receipt
from portal.queries.agreements_waiting import agreements_waiting
from portal.queries.alerts import alert_lines
from portal.queries.clocks import clock_lines, kept_clocks
from portal.queries.decisions import asked_of, decision_lines
from portal.queries.proposals import proposals_waiting
from portal.queries.waiting import alerts_apart
from portal.queries.waiting_reviews import reviews_waiting
from portal.slots import InboxItem, inbox
from portal.states import PEOPLE_WHO_ADMINISTER, AlertState

ITEMS_MAX: Final = 200
WHY: Final[Mapping[str, str | Promise]] = {
    "excursion.par": gettext_lazy("Live alert outside the proven range"),
    "patient_lot": gettext_lazy("May touch dose, identity or slot of a patient lot"),
    "deviation.notice": gettext_lazy("First notice"),
    "deviation.classified": gettext_lazy("Class of a deviation you were told of at once"),
    "notice.unreleased": gettext_lazy("Notice not released in half its time"),
    "report.draft": gettext_lazy("A draft report waits for comments"),
    "report.review": gettext_lazy("A report waits for review"),
    "change": gettext_lazy("The other side proposes a change"),
    "complaint": gettext_lazy("A complaint about a batch came in"),
    "query": gettext_lazy("The other side asks"),
    "impact_statement": gettext_lazy("What an event of the site means for your product"),
    "watch": gettext_lazy("Early signal"),
    "inspection": gettext_lazy("The other side has an inspector in; the clause has you told"),
    "decision.question": gettext_lazy("Question back; the time runs on"),
    "decision.answered": gettext_lazy("Decision answered"),
    "decision.lost": gettext_lazy("No reply; the choice is lost"),
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
    waiting = alerts_apart(actor, Alert.objects.visible_to(actor).filter(pk__in=told.values("alert_id")))
    waiting = waiting.exclude(state=AlertState.ACKNOWLEDGED).order_by("raised_at", "pk")
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


@inbox.register
def decisions_to_answer(actor: Actor) -> list[InboxItem]:
    """Return the decision requests that wait for an answer of this person's roles; the choice has a time."""
    asked = list(asked_of(actor).filter(lost_at__gt=instant()).order_by("lost_at", "pk"))
    clocks = Clock.objects.visible_to(actor).filter(subject_id__in=[each.pk for each in asked])
    terms = dict(clocks.filter(kind="decision").values_list("subject_id", "terms"))
    return [
        InboxItem(
            subject_type="decision_request",
            subject_id=line.request.pk,
            number=line.request.number,
            title=str(line.request.title),
            kind="decision",
            why=_("decision asked, the choice is lost then"),
            clause=line.request.clause,
            side=line.request.other_side,
            due_at=line.request.lost_at,
            url=f"/decisions/{line.request.pk}/",
            classification=None,
            space_id=line.request.space_id,
            terms=terms.get(line.request.pk),
        )
        for line in decision_lines(actor, asked)
        if line.may_answer
    ]


@inbox.register
def proposals_to_decide(actor: Actor) -> list[InboxItem]:
    """Return the sensitive steps that wait for this administrator as the second one."""
    if actor.organisation_id is None or not actor.holds(actor.organisation_id, *PEOPLE_WHO_ADMINISTER):
        return []
    return [
        InboxItem(
            subject_type="proposal",
            subject_id=each.pk,
            number="",
            title=str(STEPS[each.step].label),
            kind="proposal",
            why=_("waits for a second administrator"),
            clause="",
            side="both",
            due_at=each.lapses_at,
            url="/administration/",
            classification=None,
        )
        for each in proposals_waiting(actor).order_by("lapses_at", "pk")
    ]


@inbox.register
def reviews_to_finish(actor: Actor) -> list[InboxItem]:
    """Return what waits for this person's word: reviews of access, and reviews to be signed."""
    return [
        InboxItem(
            subject_type=each.type,
            subject_id=each.id,
            number=each.number,
            title=str(each.title),
            kind="signature" if each.is_to_sign else "review",
            why=_("waits for your signature") if each.is_to_sign else _("lines wait for your decision"),
            clause="",
            side="both",
            due_at=None,
            url=each.url,
            classification=None,
            space_id=each.space_id,
        )
        for each in reviews_waiting(actor)
    ]


@inbox.register
def agreements_to_move_on(actor: Actor) -> list[InboxItem]:
    """Return the versions of agreements of which this person's side has the pen, or that it signs next."""
    return [
        InboxItem(
            subject_type="agreement_version",
            subject_id=each.version.pk,
            number=each.version.label,
            title=str(each.version.title),
            kind="signature" if each.is_to_sign else "agreement",
            why=each.why,
            clause="",
            side=each.side,
            due_at=None,
            url=f"/agreement/{each.version.pk}/",
            classification=None,
            space_id=each.version.space_id,
        )
        for each in agreements_waiting(actor)
    ]


def _why(alert: Alert) -> str:
    if alert.state == AlertState.UNANSWERED:
        return _("nobody has acknowledged it; the ladder has ended")
    return str(WHY.get(alert.kind) or _("asks for your receipt"))
