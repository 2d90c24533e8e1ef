"""How much waits for a person: counted, not read, because every page shows it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db.models import QuerySet

from portal.action import instant
from portal.actor import Actor
from portal.models import Alert, DecisionRequest, Receipt
from portal.queries.clocks import kept_clocks
from portal.queries.decisions import DECISION_ALERTS, asked_of, may_answer
from portal.queries.proposals import count_waiting
from portal.queries.waiting_reviews import reviews_waiting
from portal.slots import asking, waiting
from portal.states import PEOPLE_WHO_ADMINISTER, AlertState

JUDGED_BY: Final = ("id", "space_id", "side", "state", "roles", "lost_at")


def count_inbox(actor: Actor) -> int:
    """Return how many things wait for the actor over all apps; about one query an app."""
    return sum(waiting(actor))


@waiting.register
def count_to_acknowledge(actor: Actor) -> int:
    """Return the alerts of which the actor was told and which their side has not acknowledged."""
    told = Receipt.objects.visible_to(actor).filter(person_id=actor.person_id, acknowledged_at=None)
    rows = Alert.objects.visible_to(actor).filter(pk__in=told.values("alert_id"))
    return alerts_apart(actor, rows.exclude(state=AlertState.ACKNOWLEDGED)).count()


def alerts_apart(actor: Actor, rows: QuerySet[Alert]) -> QuerySet[Alert]:
    """Leave out the alerts about what waits for the actor itself, with the time that counts."""
    for kinds, subjects in asking(actor):
        rows = rows.exclude(kind__in=kinds, subject_id__in=subjects)
    return rows


@asking.register
def decisions_asking(actor: Actor) -> tuple[Collection[str], QuerySet[DecisionRequest, Any]]:
    """Return which alerts ask for no more than the answer to a decision request."""
    return DECISION_ALERTS, asked_of(actor).values("pk")


@waiting.register
def count_to_decide(actor: Actor) -> int:
    """Return the decision requests, proposals and reviews that wait for the actor."""
    asked = asked_of(actor).filter(lost_at__gt=instant())
    mine = sum(may_answer(actor, each) for each in asked.only(*JUDGED_BY))
    organisation = actor.organisation_id
    administers = organisation is not None and actor.holds(organisation, *PEOPLE_WHO_ADMINISTER)
    return mine + (count_waiting(actor) if administers else 0) + len(reviews_waiting(actor))


@waiting.register
def count_own_clocks(actor: Actor) -> int:
    """Return how many clocks of the actor's own side are the actor's to keep."""
    return kept_clocks(actor).count()


def count_open_alerts(actor: Actor) -> int:
    """Return how many ladders are climbing, of both sides, as far as the actor may see them."""
    return Alert.objects.visible_to(actor).filter(state=AlertState.OPEN).count()
