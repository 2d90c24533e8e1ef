"""People of an organisation, their seats and the keys of their systems (21 CFR 11.10(d), 11.100, 11.300)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

from django.db.models import F

from portal import ledger
from portal.access import get_program, require_role
from portal.action import action, current_action, instant
from portal.actor import Actor, Side
from portal.directory import find_place, list_places
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.facts import (
    AssignmentEnded,
    AssignmentGiven,
    InspectionClosed,
    KeyIssued,
    KeyRevoked,
    LinkMade,
    MemberJoined,
    MemberLeft,
    SignedOutEverywhere,
)
from portal.four_eyes import require_set_up, takes_two_to_key, takes_two_to_seat
from portal.links import LASTS
from portal.models import ApiKey, Assignment, Inspection, Member, Person
from portal.passwords import check_password
from portal.renewing import renew_rights
from portal.states import ADMINISTRATORS, DISPLAY, INSPECTOR, ROLES, SYSTEM, PersonKind

KEY_DAYS_MAX: Final = 366
SEAT_STARTS_WITHIN: Final = timedelta(days=366)
SEAT_LASTS_AT_MOST: Final = timedelta(days=3 * 366)
# It may be an account of whoever else works with us: the words are the same, and tell nothing of where.
ADDRESS_TAKEN: Final = "No account can be made with this address. Use a different one."
SCOPES: Final = ("read", "write", "readings", "acknowledge", "webhooks", DISPLAY)


@action("member.add")
def add_member(
    actor: Actor,
    organisation_id: UUID,
    *,
    email: str,
    name: str,
    title: str = "",
    password: str | None = None,
    zone: str = "UTC",
    kind: PersonKind = PersonKind.HUMAN,
) -> Member:
    """Make a named account for a person, or a service account, of the organisation.

    A human needs an e-mail that no account ever had and is sent a link to set the own password with;
    `password` is for the set-up alone. A service has neither. Raises: Refused, Conflict, Invalid. Records:
    member.joined v1, link.made v1. Source: 21 CFR 11.100(a), 11.300(a), (b).
    """
    require_role(actor, organisation_id, *ADMINISTRATORS, to="add people")
    if zone not in available_timezones():
        raise Invalid("Not a time zone.", errors={"zone": ["Give an IANA name like Europe/Stockholm."]})
    if email and Person.objects.filter(email__iexact=email).exists():
        raise Conflict(ADDRESS_TAKEN)
    person = Person(kind=kind, email=email, organisation_id=organisation_id, zone=zone)
    if password is None:
        person.set_unusable_password()
    else:
        require_role(actor, organisation_id, SYSTEM, to="set a password for somebody")
        check_password(password, person)
        person.set_password(password)
    person.save()
    member = Member.objects.create(space_id=organisation_id, person=person, name=name, title=title)
    ledger.record(member, MemberJoined(person_id=person.pk))
    if kind == PersonKind.HUMAN and password is None:
        send_link(member)
    return member


def send_link(member: Member) -> None:
    """Let a person be sent a link to set the own password with; every one before is over. A shared step.

    Records: link.made v1.
    """
    current_action()
    now = instant()
    Person.objects.filter(pk=member.person_id).update(link_made_at=now, link_next_at=now)
    ledger.record(member, LinkMade(person_id=member.person_id, ends_at=now + LASTS))


def make_guest(organisation_id: UUID, *, email: str, name: str, title: str) -> Member:
    """Make an account of somebody who is to be invited, without a password; a shared step.

    Whoever calls it records member.joined. Raises: Conflict.
    """
    current_action()
    if Person.objects.filter(email__iexact=email).exists():
        raise Conflict(ADDRESS_TAKEN)
    guest = Person(email=email, organisation_id=organisation_id, is_guest=True)
    guest.set_unusable_password()
    guest.save()
    return Member.objects.create(space_id=organisation_id, person=guest, name=name, title=title[:200])


@action("member.close")
def close_member(actor: Actor, member_id: UUID, *, reason: str) -> Member:
    """Close an account: sessions, sockets and keys end at once; the name stays on the record.

    Raises: NotFound, Refused. Records: member.left v1. Source: 21 CFR 11.300(c).
    """
    member = Member.objects.visible_to(actor).select_for_update().with_id(member_id)
    if member is None:
        raise NotFound
    require_role(actor, member.space_id, *ADMINISTRATORS, to="close accounts")
    return end_account(member, reason)


def end_account(member: Member, reason: str) -> Member:
    """Close a locked account; a shared step."""
    current_action()
    ledger.give_reason(member, reason)
    member.is_active = False
    member.bump()
    member.save(update_fields=["is_active", "version"])
    _end_guest_seats(member, reason)
    Person.objects.filter(pk=member.person_id).update(is_active=False, link_made_at=None, link_next_at=None)
    renew_rights(member.person_id)
    ledger.record(member, MemberLeft(person_id=member.person_id))
    return member


def _end_guest_seats(member: Member, reason: str) -> None:
    """End an inspector's seats with the account; those of other people stand on the record as they were."""
    seats = Assignment.objects.visible_to(current_action().actor).filter(
        person_id=member.person_id, role=INSPECTOR, valid_until__gt=instant()
    )
    for each in seats.select_for_update().order_by("pk"):
        end_seat(each, reason)


@action("person.sign_out_everywhere")
def sign_out_everywhere(actor: Actor) -> Member | None:
    """End all sessions of the actor, on whatever device: pages at the next request, sockets within 2 s.

    Records: person.signed_out_everywhere v1. Source: 21 CFR 11.300(c).
    """
    Person.objects.filter(pk=actor.person_id).update(
        signed_out_at=instant(), access_epoch=F("access_epoch") + 1
    )
    # A guest has no sight of the organisation, nor a line there.
    member = Member.objects.visible_to(actor).filter(person_id=actor.person_id).first()
    if member is not None:
        ledger.record(member, SignedOutEverywhere(person_id=actor.person_id))
    return member


@action("assignment.give")
def give_assignment(
    actor: Actor,
    organisation_id: UUID,
    *,
    person_id: UUID,
    target_id: UUID,
    side: Side,
    role: str,
    code: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> Assignment:
    """Seat a person on a side of a program or partnership, or in the organisation itself.

    An organisation gives the seats of its own side, to its own people. Its administrators need no seat in the
    program for that and get none: not even by their own hand. `code` is what the other side reads. A seat
    begins now or within a year, and has no end or one within three years of its start; access reviews look
    at those without. Raises: Refused, NotFound, Invalid. Records: assignment.given v1. Source: 21 CFR
    11.10(d), (g).
    """
    require_role(actor, organisation_id, *ADMINISTRATORS, to="give seats")
    if takes_two_to_seat(role):
        require_set_up(actor, "give_administration")
    if role == INSPECTOR:
        require_set_up(actor, "invite_inspector")
    return seat_person(
        actor,
        organisation_id,
        person_id,
        target_id=target_id,
        side=side,
        role=role,
        code=code,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def seat_person(
    actor: Actor,
    organisation_id: UUID,
    person_id: UUID,
    *,
    target_id: UUID,
    side: Side,
    role: str,
    code: str,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> Assignment:
    """Seat a person; a shared step. Raises: Refused, NotFound, Invalid."""
    current_action()
    if person_id == actor.person_id and target_id != organisation_id:
        raise Refused("Nobody seats themselves in a program; another administrator of yours does it.")
    if role not in ROLES[side]:
        known = ", ".join(ROLES[side])
        raise Invalid(f"The {side} has no role {role!r}.", errors={"role": [f"Choose one of: {known}."]})
    _require_own_side(organisation_id, target_id, side)
    require_own_person(actor, organisation_id, person_id)
    if role != INSPECTOR and Person.objects.filter(pk=person_id, is_guest=True).exists():
        raise Refused("An inspector is a guest: this seat is for people of your organisation.")
    starts_at = valid_from or instant()
    require_dates(starts_at, valid_until)
    assignment = Assignment.objects.create(
        space_id=organisation_id,
        person_id=person_id,
        target_id=target_id,
        side=side,
        role=role,
        code=code,
        valid_from=starts_at,
        valid_until=valid_until,
    )
    renew_rights(person_id)
    ledger.record(assignment, AssignmentGiven(target_id=target_id, side=str(side), role=role, code=code))
    return assignment


def require_dates(starts_at: datetime, ends_at: datetime | None) -> None:
    """Raise Invalid unless a seat may begin and end so."""
    now = instant()
    if not now <= starts_at <= now + SEAT_STARTS_WITHIN:
        detail = f"A seat begins now or within {SEAT_STARTS_WITHIN.days} days; nothing is dated back."
        raise Invalid(detail, errors={"valid_from": [detail]})
    if ends_at is not None and not starts_at < ends_at <= starts_at + SEAT_LASTS_AT_MOST:
        detail = f"A seat ends after it began and within {SEAT_LASTS_AT_MOST.days} days of that."
        raise Invalid(detail, errors={"valid_until": [detail]})


def _require_own_side(organisation_id: UUID, target_id: UUID, side: Side) -> None:
    if target_id == organisation_id:
        if side != Side.BOTH:
            raise Invalid("A role in the own organisation has no side.", errors={"side": ["Choose: both."]})
        return
    place = find_place(organisation_id, target_id)
    if place is None:
        raise NotFound
    if side != place.side:
        detail = "Your organisation gives the seats of its own side only."
        raise Invalid(detail, errors={"side": [detail]})


def require_own_person(actor: Actor, organisation_id: UUID, person_id: UUID) -> None:
    """Raise Invalid unless it is an open account of the organisation."""
    own = Member.objects.visible_to(actor).filter(space_id=organisation_id, is_active=True)
    if not own.filter(person_id=person_id).exists():
        detail = "Seats are given to people and systems of your organisation whose account is open."
        raise Invalid(detail, errors={"person": [detail]})


@action("assignment.end")
def end_assignment(actor: Actor, assignment_id: UUID, *, reason: str) -> Assignment:
    """End a seat now, also one that is still to come; open sockets and keys lose it within 2 s.

    Raises: NotFound, Refused, Conflict. Records: assignment.ended v1.
    """
    assignment = Assignment.objects.visible_to(actor).select_for_update().with_id(assignment_id)
    if assignment is None:
        raise NotFound
    require_role(actor, assignment.space_id, *ADMINISTRATORS, to="end seats")
    return end_seat(assignment, reason)


def end_seat(assignment: Assignment, reason: str) -> Assignment:
    """End a locked seat; a shared step. Raises: Conflict."""
    current_action()
    now = instant()
    if assignment.valid_until is not None and assignment.valid_until <= now:
        raise Conflict("This seat has ended already.")
    ledger.give_reason(assignment, reason)
    # One that has not begun never does: both dates lie before the commit.
    assignment.valid_from = min(now, assignment.valid_from)
    assignment.valid_until = max(now, assignment.valid_from + timedelta(microseconds=1))
    assignment.bump()
    assignment.save(update_fields=["valid_from", "valid_until", "version"])
    renew_rights(assignment.person_id)
    ledger.record(assignment, AssignmentEnded(target_id=assignment.target_id))
    if assignment.role == INSPECTOR:
        _end_inspections_of(assignment)
    return assignment


def _end_inspections_of(seat: Assignment) -> None:
    """End what an inspector's seat was given for, and tell the other party. Raises: Refused."""
    actor = current_action().actor
    if seat.target_id not in actor.seats:
        raise Refused("Only who is seated in the program ends what an inspector reads there.")
    for each in Inspection.objects.visible_to(actor).select_for_update().filter(assignment_id=seat.pk):
        end_inspection(each)


def end_inspection(inspection: Inspection) -> None:
    """End a locked inspection whose seat has ended; a shared step. Records: inspection.closed v1."""
    actor, now = current_action().actor, instant()
    inspection.valid_from = min(inspection.valid_from, now)
    inspection.valid_until = max(now, inspection.valid_from + timedelta(microseconds=1))
    inspection.bump()
    inspection.save(update_fields=["valid_from", "valid_until", "version"])
    closed = InspectionClosed(side=str(inspection.audience), code=inspection.code)
    ledger.record(get_program(actor, inspection.space_id), closed)


def fresh_token() -> str:
    """Return a new key token of 256 bits; it is shown once and stored as its SHA-256."""
    return f"cov_{secrets.token_urlsafe(32)}"


@action("key.issue")
def issue_key(
    actor: Actor,
    organisation_id: UUID,
    *,
    person_id: UUID,
    label: str,
    token: str,
    scopes: Collection[str],
    program_ids: Collection[UUID],
    expires_at: datetime,
    shows: Collection[str] = (),
) -> ApiKey:
    """Issue a key to a service account of the organisation, bound to programs it is a party of.

    It opens no more than the account's seats in these programs, narrowed to its scopes. `token` comes from
    `fresh_token()` and is not kept. `shows` are the numbers of the batches a display key shows, none for all.
    Raises: Refused, Invalid. Records: key.issued v1.
    """
    require_role(actor, organisation_id, *ADMINISTRATORS, to="issue keys")
    if takes_two_to_key(scopes):
        require_set_up(actor, "issue_key")
    return make_key(
        actor,
        organisation_id,
        person_id,
        label=label,
        hint=token[:8],
        token_hash=hashlib.sha256(token.encode()).digest(),
        scopes=scopes,
        program_ids=program_ids,
        expires_at=expires_at,
        shows=shows,
    )


def make_key(
    _actor: Actor,
    organisation_id: UUID,
    person_id: UUID,
    *,
    label: str,
    hint: str,
    token_hash: bytes,
    scopes: Collection[str],
    program_ids: Collection[UUID],
    expires_at: datetime,
    shows: Collection[str] = (),
) -> ApiKey:
    """Make a key; a shared step. Raises: Invalid."""
    current_action()
    service = require_key(organisation_id, person_id, scopes, program_ids, expires_at)
    key = ApiKey.objects.create(
        space_id=organisation_id,
        person=service,
        label=label,
        hint=hint,
        token_hash=token_hash,
        scopes=sorted(scopes),
        program_ids=sorted(str(each) for each in program_ids),
        shows=sorted(shows),
        expires_at=expires_at,
    )
    ledger.record(key, KeyIssued(person_id=service.pk, scopes=tuple(sorted(scopes)), expires_at=expires_at))
    return key


def require_key(
    organisation_id: UUID,
    person_id: UUID,
    scopes: Collection[str],
    program_ids: Collection[UUID],
    expires_at: datetime,
) -> Person:
    """Return the service account a key may be issued to so. Raises: Invalid."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Invalid("Unknown scope.", errors={"scopes": [f"Choose from: {', '.join(SCOPES)}."]})
    if DISPLAY in scopes and len(scopes) > 1:
        words = "A display key stands open on a wall: it may do nothing else."
        raise Invalid("A display key is for the wall alone.", errors={"scopes": [words]})
    now = instant()
    if not now < expires_at <= now + timedelta(days=KEY_DAYS_MAX):
        raise Invalid(
            "A key ends.", errors={"expires_at": [f"Between now and {KEY_DAYS_MAX} days from now."]}
        )
    service = Person.objects.filter(
        pk=person_id, kind=PersonKind.SERVICE, organisation_id=organisation_id
    ).first()
    if service is None:
        raise Invalid(
            "Keys belong to service accounts of your organisation.", errors={"person": ["Not one."]}
        )
    own = {each.id for each in list_places(organisation_id) if each.is_program}
    if not own.issuperset(program_ids):
        raise Invalid(
            "A key is bound to programs of your organisation.", errors={"programs": ["Not one of yours."]}
        )
    return service


@action("key.revoke")
def revoke_key(actor: Actor, key_id: UUID, *, reason: str) -> ApiKey:
    """Withdraw a key at once.

    Raises: NotFound, Refused. Records: key.revoked v1. Source: 21 CFR 11.300(c).
    """
    key = ApiKey.objects.visible_to(actor).select_for_update().with_id(key_id)
    if key is None:
        raise NotFound
    require_role(actor, key.space_id, *ADMINISTRATORS, to="revoke keys")
    return end_key(key, reason)


def end_key(key: ApiKey, reason: str) -> ApiKey:
    """Withdraw a locked key, if nobody has; a shared step."""
    current_action()
    if key.revoked_at is None:
        ledger.give_reason(key, reason)
        key.revoked_at = instant()
        key.bump()
        key.save(update_fields=["revoked_at", "version"])
        renew_rights(key.person_id)
        ledger.record(key, KeyRevoked(person_id=key.person_id))
    return key
