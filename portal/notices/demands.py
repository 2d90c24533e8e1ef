"""What the clauses of a program demand of how people are told, whatever they chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from portal.actor import Actor, Side
from portal.agreements.terms import Terms
from portal.models import Program
from portal.notices.choices import SORTS
from portal.states import Channel
from portal.terms import terms_at

# What agreements call the channels that lead to a person.
SIGNED: Final[Mapping[str, str]] = {
    "email": Channel.EMAIL,
    "web_push": Channel.PUSH,
    "chat": Channel.CHAT,
    "sms": Channel.CHAT,
}
Case = tuple[str, str | None]
# By sort of notice: the cases of notices to the other side, and of ladders, with their class.
NOTICES: Final[Mapping[str, Sequence[Case]]] = {
    "critical": (("deviation", "critical"), ("patient_lot", None)),
    "major": (("deviation", "major"),),
    "minor": (("deviation", "minor"),),
    "live": (("excursion.par", None),),
    "decision": (("decision", None),),
}
LADDERS: Final[Mapping[str, Sequence[Case]]] = {
    "critical": (("deviation.notice", "critical"), ("patient_lot", None)),
    "major": (("deviation.notice", "major"),),
    "minor": (("deviation.notice", "minor"),),
    "live": (("excursion.par", None),),
    "decision": (("decision", None),),
    "other": (("notice.unreleased", None), ("clock", None), ("roster_gap", None)),
}


@dataclass(frozen=True, slots=True)
class Demand:
    """By what one side must be told of a sort of notice, whether it wakes, and which clauses say so."""

    channels: tuple[str, ...] = ()
    wakes: bool = False
    clauses: tuple[str, ...] = ()


def demand_of(terms: Terms, side: str, sort: str) -> Demand:
    """Return what the rules in force demand of a sort of notice on a side.

    A notice that only comes in a list demands no message.
    """
    channels, clauses, wakes = set[str](), list[str](), False
    for of, classification in NOTICES.get(sort, ()):
        notice = terms.notice(classification, of=of)
        if notice is None or notice.rule.within is None or not _is_for(notice.rule.to, side):
            continue
        asked = {SIGNED[each] for each in notice.rule.channels if each in SIGNED}
        channels |= asked
        clauses += [notice.clause.code] if asked else []
    for of, classification in LADDERS.get(sort, ()):
        ladder = terms.ladder(of, side, classification)
        if ladder is None:
            continue
        asked = {SIGNED[each] for step in ladder.rule.steps for each in step.channels if each in SIGNED}
        channels |= asked
        wakes = wakes or ladder.rule.wakes
        clauses += [ladder.clause.code] if asked or ladder.rule.wakes else []
    over = tuple(each for each in Channel.values if each in channels)
    return Demand(over, wakes, tuple(dict.fromkeys(clauses)))


def _is_for(roles: Sequence[str], side: str) -> bool:
    return any(each.partition(".")[0] == side for each in roles)


@dataclass(frozen=True, slots=True)
class ProgramDemands:
    """What is demanded now in one program of the reader's own side, by sort; `version` is its agreement's."""

    program_id: UUID
    code: str
    version: int | None
    by_sort: Mapping[str, Demand]


def demands_on(actor: Actor, now: datetime) -> list[ProgramDemands]:
    """Return what is demanded of the actor in each program, by code; two queries a program."""
    found = []
    for program in Program.objects.visible_to(actor).order_by("code", "pk"):
        side = actor.side(program.pk)
        if side not in (Side.SPONSOR, Side.MANUFACTURER):
            continue
        terms = terms_at(actor, program.pk, now)
        by_sort = {each.code: demand_of(terms, str(side), each.code) for each in SORTS}
        found.append(ProgramDemands(program.pk, program.code, terms.version, by_sort))
    return found
