"""Changes as they are kept: what a clause has the other side owed, and when one may be implemented."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from deviations.dockets.asking.states import other_side
from deviations.dockets.changing.states import (
    CLOCKS,
    ENDED_CHANGES,
    NOTICE_OF_CHANGE,
    REVIEW_OF_CHANGE,
    ChangeReply,
    ChangeState,
    ChangeWeight,
    change_transitions,
)
from deviations.dockets.desk import Desk, Said, keep
from deviations.dockets.facts import ChangeMoved
from deviations.models import Change
from portal.access import get_program
from portal.action import instant
from portal.actor import Actor
from portal.agreements.rules import Responsibility
from portal.agreements.terms import Terms
from portal.clocks import Timing, time_out
from portal.dossiers import both_times
from portal.errors import InvalidTransition
from portal.models import Clock
from portal.queries.clocks import OPEN
from portal.states import ClockState
from portal.terms import terms_at

ACTIVITY: Final = "change_approval"


def said_of_change(_actor: Actor, change: Any, zone: str) -> list[Said]:
    """Return what is changed for how long, what the other side is owed, and what it said."""
    found = [
        Said("kind", _("Kind"), str(change.kind), str(change.get_kind_display())),
        Said("weight", _("The other side"), str(change.weight), str(change.get_weight_display())),
        Said("clause", _("By clause"), str(change.clause), str(change.clause) or _("none by clause")),
    ]
    if change.effects:
        words = str(change.effects)
        found.append(Said("effects", _("Effect on master records, named"), words, words))
    times = (
        ("implement_from", _("Not before")),
        ("ends_at", _("Ends")),
        ("proposed_at", _("Proposed")),
        ("own_approved_at", _("Approved by the proposing side")),
        ("other_approved_at", _("Approved by the other side")),
        ("implemented_at", _("Implemented")),
    )
    for name, label in times:
        at = getattr(change, name)
        if at is not None:
            found.append(Said(name, label, at.isoformat(), both_times(at, zone)))
    if change.reply:
        found.append(Said("reply", _("Reply"), str(change.reply), str(change.get_reply_display())))
    return found


CHANGES: Final = keep(
    Desk(
        name="change",
        path="changes",
        prefix="CC",
        model=Change,
        states=ChangeState,
        steps=lambda change: change_transitions(change.side),
        moved=lambda step, outcome, code: ChangeMoved(step=step, outcome=outcome, code=code),
        said=said_of_change,
        kinds=("change.drafted", "change.moved"),
        ended=ENDED_CHANGES,
        wanted=("propose", "reply", "implement", "close"),
        clocks=CLOCKS,
        outcomes=ChangeReply,
    )
)


def weight_by_clause(terms: Terms, side: str) -> tuple[ChangeWeight, str] | None:
    """Return what a clause has this side owed before the other one changes something; None where none says.

    Who approves is to approve first, who is consulted is asked, who is informed is told.
    """
    found = terms.find(Responsibility, activity=ACTIVITY)
    if found is None:
        return None
    rule = found.rule
    named = (
        (ChangeWeight.APPROVE, rule.approves),
        (ChangeWeight.CONSULT, tuple(each.role for each in rule.consulted)),
        (ChangeWeight.NOTIFY, rule.informed),
    )
    for weight, roles in named:
        if any(role.startswith(f"{side}.") for role in roles):
            return weight, found.clause.code
    return None


def review_time(actor: Actor, change: Any) -> tuple[str, int | None, Timing | None]:
    """Return clause, version and time of the other side's word on a change that is asked for it now.

    Where a clause consults a role on changes its time holds, else that of the timeline; no clause, none.
    """
    if change.weight == ChangeWeight.NOTIFY:
        return "", None, None
    other, now = other_side(change.side), instant()
    terms = terms_at(actor, change.space_id, now)
    zone = get_program(actor, change.space_id).zone
    asked = terms.find(Responsibility, activity=ACTIVITY)
    for each in asked.rule.consulted if asked is not None else ():
        if asked is not None and each.role.startswith(f"{other}."):
            timing = time_out(actor, change.space_id, each.within, now, zone=zone)
            return asked.clause.code, terms.version, timing
    found = terms.timeline(REVIEW_OF_CHANGE)
    if found is None or found.rule.held_by != other:
        return "", None, None
    timing = time_out(actor, change.space_id, found.rule.within, now, zone=zone)
    return found.clause.code, terms.version, timing


def require_implementable(actor: Actor, change: Any) -> str:
    """Return by what a change goes on without a reply, empty where it needs none or has one.

    Raises InvalidTransition before its time, over an objection, and before the other side had its time.
    """
    now, state = instant(), str(change.state)
    if now < change.implement_from:
        raise InvalidTransition(f"{change.number} is not to begin yet, as it was proposed.", state=state)
    _require_told_ahead(actor, change)
    if change.reply == ChangeReply.OBJECTION:
        raise InvalidTransition("The other side objects; its newest reply counts.", state=state)
    if change.weight != ChangeWeight.CONSULT or change.reply:
        return ""
    rows = Clock.objects.visible_to(actor).filter(subject_id=change.pk, kind=REVIEW_OF_CHANGE)
    clock = rows.order_by("-started_at").first()
    if clock is None or (clock.state != ClockState.BREACHED and clock.due_at > now):
        words = "The other side is asked first; its reply is not there, and its time is not over."
        raise InvalidTransition(words, state=state)
    return str(clock.clause)


def _require_told_ahead(actor: Actor, change: Any) -> None:
    """Raise InvalidTransition before the notice ahead that a clause wants is over."""
    found = terms_at(actor, change.space_id, change.proposed_at).timeline(NOTICE_OF_CHANGE)
    if found is None or change.weight == ChangeWeight.APPROVE:
        return
    zone = get_program(actor, change.space_id).zone
    timing = time_out(actor, change.space_id, found.rule.within, change.proposed_at, zone=zone)
    if instant() < timing.due_at:
        words = f"Clause {found.clause.code} wants the other side told so long ahead; it is not over."
        raise InvalidTransition(words, state=str(change.state))


def review_runs(actor: Actor, change: Any) -> bool:
    """Say whether the other side's time runs."""
    rows = Clock.objects.visible_to(actor).filter(OPEN, subject_id=change.pk, kind=REVIEW_OF_CHANGE)
    return rows.exists()
