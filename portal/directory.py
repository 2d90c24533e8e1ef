"""The read side of administration: people of an organisation with their seats, its keys and sites."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from portal.access import require_role
from portal.action import instant
from portal.actor import Actor, Seat, Side
from portal.errors import NotFound, Refused
from portal.links import LASTS
from portal.models import AccessLine, ApiKey, Assignment, Member, Organisation, Person, Site
from portal.states import ADMINISTRATORS, INSPECTOR, LinkState, PersonKind, role_words

SHOWN_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Place:
    """A program or partnership in which an organisation is a party: its code and the own side, no more.

    A partnership is its own partnership and has no code.
    """

    id: UUID
    partnership_id: UUID
    code: str
    side: Side

    @property
    def is_program(self) -> bool:
        """Say whether it is a program."""
        return self.id != self.partnership_id


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One assignment of a person."""

    id: UUID
    where: str
    role: str
    code: str
    valid_from: datetime
    valid_until: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One account of the organisation with its seats."""

    member_id: UUID
    person_id: UUID
    name: str
    title: str
    email: str
    kind: str
    is_active: bool
    link: LinkState
    seats: tuple[SeatLine, ...]

    @property
    def held(self) -> list[SeatLine]:
        """Return the seats that are or will be: those of now, then those to come, by their start."""
        return sorted(
            (each for each in self.seats if each.state != "ended"), key=lambda each: each.state != "live"
        )

    @property
    def past(self) -> list[SeatLine]:
        """Return the seats that have ended."""
        return [each for each in self.seats if each.state == "ended"]


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One API key; the token itself is not kept."""

    id: UUID
    label: str
    hint: str
    scopes: tuple[str, ...]
    programs: tuple[str, ...]
    expires_at: datetime
    revoked_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Directory:
    """What an administrator sees of their organisation."""

    organisation: Organisation
    people: list[PersonLine]
    services: list[PersonLine]
    keys: list[KeyLine]
    sites: list[Site]
    places: list[Place]
    names: dict[UUID, str]

    def programs(self, *sides: Side) -> list[tuple[UUID, str]]:
        """Return ids and codes of the programs in which the organisation sits on one of the sides."""
        return [(each.id, each.code) for each in self.places if each.is_program and each.side in sides]


def require_administrator(actor: Actor) -> UUID:
    """Return the organisation the actor administers. Raises: Refused."""
    if actor.organisation_id is None:
        raise Refused("Administration belongs to an organisation's administrators.")
    require_role(actor, actor.organisation_id, *ADMINISTRATORS, to="administer people, seats and keys")
    return actor.organisation_id


def list_places(organisation_id: UUID) -> list[Place]:
    """Return where the organisation is a party, programs by code, then partnerships.

    Reads through a door: its administrators have no seat there. Empty for whoever does not sit in the
    organisation.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select space_id, partnership_id, code, side from door.places_of(%s)"
            " order by code = '', code, space_id",
            [organisation_id],
        )
        return [Place(space, partnership, code, Side(side)) for space, partnership, code, side in cursor]


def find_place(organisation_id: UUID, space_id: UUID) -> Place | None:
    """Return one of the organisation's places; None for a foreign id as for one that does not exist."""
    return next((each for each in list_places(organisation_id) if each.id == space_id), None)


def seat_for_one_act(actor: Actor, program_id: UUID) -> Actor:
    """Return the administrator seated, without a role, in one of the organisation's programs.

    For a single action that writes there: who comes through a door opens a context for one space. Nothing is
    read with it. Raises: Refused, NotFound.
    """
    place = find_place(require_administrator(actor), program_id)
    if place is None or not place.is_program:
        raise NotFound
    seats = actor.seats.get(program_id, ())
    lent = Seat(program_id, place.side, frozenset(), actor.code(require_administrator(actor)))
    return replace(actor, seats={**actor.seats, program_id: (*seats, lent)})


def seat_to_end(actor: Actor, record_id: UUID) -> Actor:
    """Return the actor seated wherever an inspector loses access with this seat, account or line of a review.

    The other party is told of it in that program. Raises: Refused, NotFound.
    """
    line = AccessLine.objects.visible_to(actor).with_id(record_id)
    ended_id = line.subject_id if line is not None else record_id
    member = Member.objects.visible_to(actor).with_id(ended_id)
    seats = Assignment.objects.visible_to(actor).filter(role=INSPECTOR)
    seats = seats.filter(person_id=member.person_id) if member is not None else seats.filter(pk=ended_id)
    for program_id in set(seats.values_list("target_id", flat=True)) - set(actor.seats):
        actor = seat_for_one_act(actor, program_id)
    return actor


def read_directory(actor: Actor) -> Directory:
    """Return people, seats, keys and sites of the actor's organisation. Raises: Refused."""
    organisation_id = require_administrator(actor)
    organisation = Organisation.objects.visible_to(actor).get(pk=organisation_id)
    places = list_places(organisation_id)
    names = {organisation.pk: organisation.name, **_place_names(places)}
    people = _list_people(actor, organisation_id, names)
    keys = ApiKey.objects.visible_to(actor).filter(space_id=organisation_id).order_by("-expires_at", "pk")
    now = instant()
    return Directory(
        organisation=organisation,
        people=[each for each in people if each.kind == PersonKind.HUMAN],
        services=[each for each in people if each.kind == PersonKind.SERVICE],
        keys=[_key_line(each, names, now) for each in keys[:SHOWN_MAX]],
        sites=list(Site.objects.visible_to(actor).filter(space_id=organisation_id).order_by("name", "pk")),
        places=places,
        names=names,
    )


def name_places(actor: Actor, organisation_id: UUID) -> dict[UUID, str]:
    """Return what the organisation and each of its places is called."""
    organisation = Organisation.objects.visible_to(actor).get(pk=organisation_id)
    return {organisation.pk: organisation.name, **_place_names(list_places(organisation_id))}


def _place_names(places: list[Place]) -> dict[UUID, str]:
    """Name programs by their code, a partnership by the codes of its programs: no more is known here."""
    codes: dict[UUID, list[str]] = defaultdict(list)
    for each in places:
        if each.is_program:
            codes[each.partnership_id].append(each.code)
    return {
        each.id: each.code
        if each.is_program
        else _("all of %(codes)s") % {"codes": ", ".join(codes[each.id])}
        if codes[each.id]
        else _("partnership %(id)s, no program yet") % {"id": str(each.id)[:8]}
        for each in places
    }


def _list_people(actor: Actor, organisation_id: UUID, names: dict[UUID, str]) -> list[PersonLine]:
    members = list(
        Member.objects.visible_to(actor).filter(space_id=organisation_id).order_by("name", "pk")[:SHOWN_MAX]
    )
    ids = [each.person_id for each in members]
    accounts = {each.pk: each for each in Person.objects.filter(pk__in=ids)}
    now = instant()
    seats: dict[UUID, list[SeatLine]] = defaultdict(list)
    for each in Assignment.objects.visible_to(actor).filter(person_id__in=ids).order_by("valid_from", "pk"):
        where = names.get(each.target_id, "-")
        seats[each.person_id].append(
            SeatLine(
                each.pk,
                where,
                role_words(each.role),
                each.code,
                each.valid_from,
                each.valid_until,
                _seat_state(each, now),
            )
        )
    return [
        PersonLine(
            member_id=each.pk,
            person_id=each.person_id,
            name=each.name,
            title=each.title,
            email=accounts[each.person_id].email,
            kind=accounts[each.person_id].kind,
            is_active=each.is_active,
            link=_link_state(accounts[each.person_id], now),
            seats=tuple(seats[each.person_id]),
        )
        for each in members
    ]


def _link_state(person: Person, now: datetime) -> LinkState:
    if person.link_made_at is None:
        return LinkState.NONE
    if now >= person.link_made_at + LASTS:
        return LinkState.OVER
    return LinkState.WAITING if person.link_next_at else LinkState.SENT


def _seat_state(seat: Assignment, now: datetime) -> str:
    if seat.valid_until is not None and seat.valid_until <= now:
        return "ended"
    return "live" if seat.valid_from <= now else "coming"


def _key_line(key: ApiKey, names: dict[UUID, str], now: datetime) -> KeyLine:
    state = "revoked" if key.revoked_at else "expired" if key.expires_at <= now else "live"
    return KeyLine(
        id=key.pk,
        label=key.label,
        hint=key.hint,
        scopes=tuple(key.scopes),
        programs=tuple(names.get(UUID(each), "-") for each in key.program_ids),
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        state=state,
    )
