"""Share a deviation by clause when it reaches a state, at once or after a while. Shared steps of actions.

Only what both sides signed does so, and it only ever widens. What leaves is the notice, as for any release.
"""

from __future__ import annotations

from deviations.clauses.sending import AtOnce, send_notice
from deviations.models import Deviation
from deviations.states import DISCLOSURE_CLOCK, DeviationState
from deviations.timelines import time_by_clause
from portal.action import instant
from portal.actor import Actor, Side
from portal.agreements.rules import Disclosure
from portal.agreements.terms import Applied, Terms
from portal.clocks import start_clock
from portal.models import Clock
from portal.states import Audience, ClockState

IN_STATE = "in_"


def in_state(state: str) -> str:
    """Return what a notice says that let its clause release it: that the record reached a state."""
    return f"{IN_STATE}{state}"


def disclose_by_clause(actor: Actor, deviation: Deviation, terms: Terms) -> None:
    """Share a record in the state it has just reached, where a signed clause says so: now or after a while.

    Of several clauses the quicker one shares it. Records: as `send_notice`, or nothing yet.
    """
    if terms.is_default or deviation.audience == Audience.SHARED:
        return
    state = str(deviation.state)
    for found in terms.applying(Disclosure, of="deviation", state=state, parameter=None):
        if found.rule.to != Audience.SHARED or not _begins_in(found.rule, state):
            continue
        if found.rule.delay is None:
            send_notice(actor, deviation, by=AtOnce(found.clause.code, terms.version, in_state(state)))
            return
        _wait(actor, deviation, found, terms.version)


def _begins_in(rule: Disclosure, state: str) -> bool:
    """Say whether a rule begins to act in this state; one for every state does so with the first."""
    return state in rule.state or (not rule.state and state == DeviationState.REPORTED)


def _wait(actor: Actor, deviation: Deviation, found: Applied[Disclosure], version: int | None) -> None:
    assert found.rule.delay is not None  # noqa: S101 - asked before
    timing = time_by_clause(actor, deviation, found.rule.delay, instant())
    rows = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, kind=DISCLOSURE_CLOCK)
    if rows.filter(state=ClockState.RUNNING, due_at__lte=timing.due_at).exists():
        return
    start_clock(
        deviation,
        kind=DISCLOSURE_CLOCK,
        clause=found.clause.code,
        terms=version,
        side=Side.MANUFACTURER,
        due_at=timing.due_at,
        audience=deviation.audience,
        timing=timing,
        inputs={"state": str(deviation.state)},
    )
