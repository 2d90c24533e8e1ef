"""The words of a query and its life cycle (practice; domain 2b)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.actor import Role, Side
from portal.states import (
    CDMO_CLIENT_LEAD,
    CDMO_MSAT,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    SPONSOR_CMC,
    SPONSOR_MSAT,
    SPONSOR_QA,
    SPONSOR_QP,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_REGULATORY,
    Transition,
    Transitions,
    of_side,
)


class QueryKind(models.TextChoices):
    """What is asked: an answer, that a concern is looked into, or that a judgement is thought over."""

    QUESTION = "question", _("query")
    CONCERN = "concern", _("concern")
    RECONSIDERATION = "reconsideration", _("reconsideration")


class QueryState(models.TextChoices):
    """Where a query stands; the asker closes it."""

    OPEN = "open", _("Waits for its answer")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class QueryOutcome(models.TextChoices):
    """What an answer comes to."""

    ANSWERED = "answered", _("answered")
    OPENED = "opened", _("looked into: a record is opened")
    STANDS = "stands", _("thought over, it stands")
    CHANGED = "changed", _("thought over, it is changed")


# What an answer to each kind may come to; where there is one only, nobody need choose.
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    QueryKind.QUESTION: (QueryOutcome.ANSWERED,),
    QueryKind.CONCERN: (QueryOutcome.ANSWERED, QueryOutcome.OPENED),
    QueryKind.RECONSIDERATION: (QueryOutcome.STANDS, QueryOutcome.CHANGED),
}
ASKERS: Final = (
    *(CDMO_QA, CDMO_MSAT, CDMO_QC, CDMO_CLIENT_LEAD, CDMO_QUALITY_HEAD),
    *(SPONSOR_QA, SPONSOR_CMC, SPONSOR_MSAT, SPONSOR_QP, SPONSOR_REGULATORY, SPONSOR_QUALITY_HEAD),
)
ANSWERERS: Final = (
    *(CDMO_QA, CDMO_MSAT, CDMO_CLIENT_LEAD, CDMO_QUALITY_HEAD),
    *(SPONSOR_QA, SPONSOR_CMC, SPONSOR_MSAT, SPONSOR_QUALITY_HEAD),
)
# Who judged is asked to think it over.
RECONSIDERERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD)
# The sponsor alone asks so: the CDMO judges.
ASKED_BY_SPONSOR: Final = (QueryKind.CONCERN, QueryKind.RECONSIDERATION)

# The time of an answer, by the activities of the agreement.
QUERY_CLOCK: Final = "query"
RECONSIDERATION_CLOCK: Final = "reconsideration"
CLOCKS: Final = (QUERY_CLOCK, RECONSIDERATION_CLOCK)
QUERY_ALERT: Final = "query"

_GOES_ON: Final = (QueryState.OPEN, QueryState.ANSWERED)
QUERY_TRANSITIONS: Final[Transitions] = {
    "answer": Transition((QueryState.OPEN,), QueryState.ANSWERED, ANSWERERS, _("Answer")),
    "say": Transition(_GOES_ON, None, ASKERS, _("Write")),
    "ask_again": Transition((QueryState.ANSWERED,), QueryState.OPEN, ASKERS, _("Ask again")),
    "close": Transition((QueryState.ANSWERED,), QueryState.CLOSED, ASKERS, _("Close")),
    "withdraw": Transition((QueryState.OPEN,), QueryState.WITHDRAWN, ASKERS, _("Withdraw")),
    "link": Transition((*_GOES_ON, QueryState.CLOSED), None, ASKERS, _("Link a record")),
}
ENDED_QUERIES: Final = (QueryState.CLOSED, QueryState.WITHDRAWN)


def other_side(side: str) -> Side:
    """Return the side that is asked."""
    return Side.SPONSOR if side == Side.MANUFACTURER else Side.MANUFACTURER


def answerers(side: str, kind: str) -> tuple[Role, ...]:
    """Return who answers what a side asked."""
    roles = RECONSIDERERS if kind == QueryKind.RECONSIDERATION else ANSWERERS
    return of_side(roles, other_side(side))


def query_transitions(side: str, kind: str) -> Transitions:
    """Return the life cycle of a query that a side asked: the other answers, the asker decides on the end."""
    own, found = of_side(ASKERS, side), dict(QUERY_TRANSITIONS)
    for name in ("ask_again", "close", "withdraw"):
        found[name] = replace(found[name], roles=own)
    return found | {"answer": replace(found["answer"], roles=answerers(side, kind))}
