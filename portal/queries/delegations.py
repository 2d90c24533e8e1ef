"""Delegations as a person reads them: given, received, and for an administrator those of the organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from portal.action import instant
from portal.actor import Actor, Seat, Side
from portal.directory import list_places
from portal.models import Delegation, Member, Program
from portal.states import ADMINISTRATORS, NOT_LENT, role_words

SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class DelegationLine:
    """One delegation with the names of one's own organisation."""

    id: UUID
    program: str
    lender: str
    delegate: str
    roles: str
    reason: str
    valid_from: datetime
    valid_until: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Lendable:
    """A program in which the reader has roles to lend, and the colleagues who could have them."""

    program_id: UUID
    code: str
    roles: list[str]
    colleagues: list[tuple[UUID, str]]


def list_delegations(actor: Actor) -> list[DelegationLine]:
    """Return the delegations the reader gave or has, for an administrator all; those of now first."""
    found = Delegation.objects.visible_to(actor)
    if actor.organisation_id is None or not actor.holds(actor.organisation_id, *ADMINISTRATORS):
        found = found.filter(Q(person_id=actor.person_id) | Q(delegate_id=actor.person_id))
    rows = list(found.order_by("-valid_until", "pk")[:SHOWN_MAX])
    names = dict(Member.objects.visible_to(actor).values_list("person_id", "name"))
    codes = (
        {each.id: each.code for each in list_places(actor.organisation_id)} if actor.organisation_id else {}
    )
    now = instant()
    lines = [
        DelegationLine(
            id=each.pk,
            program=codes.get(each.target_id, "-"),
            lender=names.get(each.person_id, "-"),
            delegate=names.get(each.delegate_id, "-"),
            roles=", ".join(role_words(role) for role in each.roles),
            reason=each.reason,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            state=state_of(each, now),
        )
        for each in rows
    ]
    return sorted(lines, key=lambda each: ("live", "coming", "ended").index(each.state))


def state_of(delegation: Delegation, now: datetime) -> str:
    """Return `live`, `coming` or `ended`."""
    if delegation.valid_until <= now:
        return "ended"
    return "live" if delegation.valid_from <= now else "coming"


def list_lendable(actor: Actor) -> list[Lendable]:
    """Return where the reader has own roles to lend, by code of the program."""
    seats = {
        space: seat
        for space, held in actor.seats.items()
        for seat in held
        if seat.side != Side.BOTH and seat.own_roles - NOT_LENT
    }
    programs = Program.objects.visible_to(actor).filter(pk__in=seats).order_by("code", "pk")
    names = dict(
        Member.objects.visible_to(actor)
        .filter(is_active=True)
        .exclude(person_id=actor.person_id)
        .values_list("person_id", "name")
    )
    return [
        Lendable(
            program_id=each.pk,
            code=each.code,
            roles=sorted(seats[each.pk].own_roles - NOT_LENT),
            colleagues=_colleagues(seats[each.pk], names),
        )
        for each in programs
    ]


def _colleagues(seat: Seat, names: dict[UUID, str]) -> list[tuple[UUID, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select person_id, min(code) from door.people_of(%s)"
            " where side = %s and person_id = any (%s) and role <> all (%s) group by person_id",
            [seat.space_id, seat.side, list(names), list(NOT_LENT)],
        )
        rows = cursor.fetchall()
    return sorted(((person, f"{names[person]}, {code}") for person, code in rows), key=lambda each: each[1])
