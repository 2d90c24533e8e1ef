"""Who is asking, from which seats, through which door: the value every read and every action begins with."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from django.db import connection

SYSTEM_NAMESPACE: Final = uuid.UUID("6f1f64f3-6d5b-4d5e-9d52-0f6a6f0c0a17")
SYSTEM_ACTORS: Final = ("setup", "sweep", "relay", "courier", "sealer", "watchdog")


class Side(StrEnum):
    """The two sides of a program; an organisation's own space has no sides and uses BOTH."""

    MANUFACTURER = "manufacturer"
    SPONSOR = "sponsor"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Role:
    """A role code on a side (domain 2f): the manufacturer's `qa` is not the sponsor's."""

    side: Side
    code: str


@dataclass(frozen=True, slots=True)
class Lender:
    """A colleague whose delegate one is in a space; `roles` are those held by that alone."""

    person_id: uuid.UUID
    code: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person sits in one space: side, role codes, and the code the other side knows them by.

    `roles` holds the lent ones too.
    """

    space_id: uuid.UUID
    side: Side
    roles: frozenset[str]
    code: str
    lenders: tuple[Lender, ...] = ()

    @property
    def own_roles(self) -> frozenset[str]:
        """Return the roles of the person's own seat, which alone may be lent."""
        return self.roles.difference(*(each.roles for each in self.lenders))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from (21 CFR 11.10(h)), and what makes a write repeatable."""

    request_id: str = ""
    address: str = ""
    agent: str = ""
    idempotency_key: str = ""
    route: str = ""
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, service account or named system process with the seats it holds at this moment."""

    person_id: uuid.UUID
    kind: str
    organisation_id: uuid.UUID | None
    seats: Mapping[uuid.UUID, tuple[Seat, ...]]
    scopes: frozenset[str] | None = None
    origin: Origin = field(default_factory=Origin)

    def holds(self, space_id: uuid.UUID, *roles: Role) -> bool:
        """Say whether one of the roles is held in the space."""
        return any(
            seat.side in (role.side, Side.BOTH) and role.code in seat.roles
            for seat in self.seats.get(space_id, ())
            for role in roles
        )

    def side(self, space_id: uuid.UUID) -> Side | None:
        """Return the side this actor sits on in the space, None without a seat."""
        seats = self.seats.get(space_id, ())
        return seats[0].side if seats else None

    def code(self, space_id: uuid.UUID) -> str:
        """Return the code the other side knows this actor by in the space."""
        return next((seat.code for seat in self.seats.get(space_id, ()) if seat.code), "")

    def lenders(self, space_id: uuid.UUID) -> tuple[Lender, ...]:
        """Return whose delegate this actor is in the space."""
        return tuple(each for seat in self.seats.get(space_id, ()) for each in seat.lenders)

    def acts_for(self, space_id: uuid.UUID, *roles: Role) -> str:
        """Return the code of the lender without whom none of the roles is held in the space, or nothing."""
        found = ""
        for seat in self.seats.get(space_id, ()):
            codes = {role.code for role in roles if seat.side in (role.side, Side.BOTH)}
            if seat.own_roles & codes:
                return ""
            found = found or next((each.code for each in seat.lenders if each.roles & codes), "")
        return found

    def is_one_of(self, space_id: uuid.UUID, *, person_id: uuid.UUID | None = None, code: str = "") -> bool:
        """Say whether this is the actor, or somebody whose delegate the actor is in the space.

        Who stands in for somebody does not judge that one's work either.
        """
        lenders = self.lenders(space_id)
        people = {self.person_id, *(each.person_id for each in lenders)}
        codes = {seat.code for seat in self.seats.get(space_id, ())} | {each.code for each in lenders}
        return person_id in people or (bool(code) and code in codes)

    def _spaces(self, without: Side) -> list[uuid.UUID]:
        return sorted(
            space for space, seats in self.seats.items() if any(seat.side != without for seat in seats)
        )

    @property
    def as_sponsor(self) -> list[uuid.UUID]:
        """Spaces in which rows for the sponsor's side are visible."""
        return self._spaces(Side.MANUFACTURER)

    @property
    def as_manufacturer(self) -> list[uuid.UUID]:
        """Spaces in which rows for the manufacturer's side are visible."""
        return self._spaces(Side.SPONSOR)

    def via(self, origin: Origin) -> Actor:
        """Return the same actor speaking through this request."""
        return replace(self, origin=origin)

    def without_key(self) -> Actor:
        """Return the same actor for a write that answers no request: it is done each time it is asked for."""
        return self.via(replace(self.origin, idempotency_key=""))


def system_id(code: str) -> uuid.UUID:
    """Return the fixed id of a named system actor."""
    if code not in SYSTEM_ACTORS:
        msg = f"unknown system actor {code!r}; known are {', '.join(SYSTEM_ACTORS)}"
        raise ValueError(msg)
    return uuid.uuid5(SYSTEM_NAMESPACE, code)


def system_actor(code: str, *spaces: uuid.UUID) -> Actor:
    """Return the named system actor, seated on both sides of the given spaces and nowhere else.

    Whoever comes through a door opens a context for one space (ground 2); set-up may name the spaces it
    creates.
    """
    return Actor(
        person_id=system_id(code),
        kind="system",
        organisation_id=None,
        seats={space: (Seat(space, Side.BOTH, frozenset({"system"}), f"system {code}"),) for space in spaces},
    )


def seats_of(person_id: uuid.UUID) -> dict[uuid.UUID, tuple[Seat, ...]]:
    """Read a person's seats through the door; one per space and side, roles gathered."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select space_id, side, role, code, lender, lender_code from door.spaces_of(%s)", [person_id]
        )
        rows = cursor.fetchall()
    return gather_seats(rows)


SeatRow = tuple[uuid.UUID, str, str, str, uuid.UUID | None, str]


def gather_seats(rows: Iterable[SeatRow]) -> dict[uuid.UUID, tuple[Seat, ...]]:
    """Gather (space, side, role, code, lender, lender's code) rows into seats, those with a role first."""
    roles: dict[tuple[uuid.UUID, Side], set[str]] = {}
    codes: dict[tuple[uuid.UUID, Side], str] = {}
    lent: dict[tuple[uuid.UUID, Side], dict[tuple[uuid.UUID, str], set[str]]] = {}
    for space_id, side, role, code, lender, lender_code in rows:
        key = (space_id, Side(side))
        if lender is not None:
            lent.setdefault(key, {}).setdefault((lender, lender_code), set()).add(role)
            continue
        roles.setdefault(key, set()).update({role} if role else ())
        codes[key] = codes.get(key) or code
    seats: dict[uuid.UUID, tuple[Seat, ...]] = {}
    for (space_id, side), held in sorted(roles.items(), key=lambda each: (str(each[0][0]), each[0][1])):
        given = sorted(lent.get((space_id, side), {}).items(), key=lambda each: (each[0][1], str(each[0][0])))
        lenders = tuple(Lender(person, code, frozenset(each - held)) for (person, code), each in given)
        every = frozenset(held).union(*(each.roles for each in lenders))
        seat = Seat(space_id, side, every, codes[space_id, side], lenders)
        seats[space_id] = (*seats.get(space_id, ()), seat)
    return seats
