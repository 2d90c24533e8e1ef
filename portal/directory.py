"""The read side of administration: people of an organisation with their seats, its keys and sites."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from portal.access import require_role
from portal.action import instant
from portal.actor import Actor
from portal.errors import Refused
from portal.models import ApiKey, Assignment, Member, Organisation, Partnership, Person, Program, Site
from portal.states import ADMINISTRATORS, PersonKind

SHOWN_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One assignment of a person."""

    id: UUID
    where: str
    role: str
    code: str
    valid_from: datetime
    valid_until: datetime | None
    is_live: bool


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
    seats: tuple[SeatLine, ...]


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
    targets: list[tuple[UUID, str]]
    programs: list[tuple[UUID, str]]


def require_administrator(actor: Actor) -> UUID:
    """Return the organisation the actor administers. Raises: Refused."""
    if actor.organisation_id is None:
        raise Refused("Administration belongs to an organisation's administrators.")
    require_role(actor, actor.organisation_id, *ADMINISTRATORS, to="administer people, seats and keys")
    return actor.organisation_id


def read_directory(actor: Actor) -> Directory:
    """Return people, seats, keys and sites of the actor's organisation. Raises: Refused."""
    organisation_id = require_administrator(actor)
    organisation = Organisation.objects.visible_to(actor).get(pk=organisation_id)
    names = _space_names(actor, organisation)
    people = _list_people(actor, organisation_id, names)
    programs = [(each.pk, each.code) for each in Program.objects.visible_to(actor).order_by("code", "pk")]
    keys = ApiKey.objects.visible_to(actor).filter(space_id=organisation_id).order_by("-expires_at", "pk")
    now = instant()
    return Directory(
        organisation=organisation,
        people=[each for each in people if each.kind == PersonKind.HUMAN],
        services=[each for each in people if each.kind == PersonKind.SERVICE],
        keys=[_key_line(each, dict(programs), now) for each in keys[:SHOWN_MAX]],
        sites=list(Site.objects.visible_to(actor).filter(space_id=organisation_id).order_by("name", "pk")),
        targets=[
            (pk, name) for pk, name in names.items() if pk == organisation_id or pk in _own_sides(actor)
        ],
        programs=programs,
    )


def _own_sides(actor: Actor) -> set[UUID]:
    return {space for space, held in actor.seats.items() if held}


def _space_names(actor: Actor, organisation: Organisation) -> dict[UUID, str]:
    names = {organisation.pk: organisation.name}
    for each in Partnership.objects.visible_to(actor).order_by("pk"):
        names[each.pk] = f"{each.sponsor_name} · {each.manufacturer_name}"
    for program in Program.objects.visible_to(actor).order_by("code", "pk"):
        names[program.pk] = program.code
    return names


def _list_people(actor: Actor, organisation_id: UUID, names: dict[UUID, str]) -> list[PersonLine]:
    members = list(
        Member.objects.visible_to(actor).filter(space_id=organisation_id).order_by("name", "pk")[:SHOWN_MAX]
    )
    ids = [each.person_id for each in members]
    accounts = {each.pk: each for each in Person.objects.filter(pk__in=ids)}
    now = instant()
    seats: dict[UUID, list[SeatLine]] = defaultdict(list)
    for each in Assignment.objects.visible_to(actor).filter(person_id__in=ids).order_by("valid_from", "pk"):
        live = each.valid_from <= now and (each.valid_until is None or now < each.valid_until)
        where = names.get(each.target_id, "-")
        seats[each.person_id].append(
            SeatLine(each.pk, where, each.role, each.code, each.valid_from, each.valid_until, live)
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
            seats=tuple(seats[each.person_id]),
        )
        for each in members
    ]


def _key_line(key: ApiKey, programs: dict[UUID, str], now: datetime) -> KeyLine:
    state = "revoked" if key.revoked_at else "expired" if key.expires_at <= now else "live"
    return KeyLine(
        id=key.pk,
        label=key.label,
        hint=key.hint,
        scopes=tuple(key.scopes),
        programs=tuple(programs.get(UUID(each), "-") for each in key.program_ids),
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        state=state,
    )
