"""Found the companies of the demo and let its people and systems move in; what is there is left alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone

from config.demo.companies import COMPANIES, PARTNERSHIPS, PROGRAMS, Company
from config.demo.crew import find_person, setup_actor
from config.demo.people import PASSWORD, PEOPLE, SERVICES, Login, Seat, Service
from config.demo.secrets import KEY_LASTS, token_digest, token_of, totp_secret_of
from portal.action import reading
from portal.actions import founding, people
from portal.actions.own_access import change_own_sign_in
from portal.actions.signing import enable_signer
from portal.actor import Actor, Role, Side, seats_of
from portal.models import ApiKey, Assignment, Organisation, Partnership, Person, Program, Signer, Site
from portal.states import PersonKind

SIGNING_ROLES: Final = ("qa", "quality_head", "qp", "cmc", "client_lead", "regulatory")
TRAINED_FOR: Final = timedelta(days=365)


def found_companies() -> None:
    """Enter organisations with their sites, partnerships and programs."""
    setup = setup_actor()
    with reading(setup):
        known = {
            *Organisation.objects.visible_to(setup).values_list("pk", flat=True),
            *Partnership.objects.visible_to(setup).values_list("pk", flat=True),
            *Program.objects.visible_to(setup).values_list("pk", flat=True),
        }
        sites = set(Site.objects.visible_to(setup).values_list("space_id", "name"))
    for company in COMPANIES:
        _found(setup, company, known, sites)
    for partners in PARTNERSHIPS:
        if partners.id not in known:
            founding.open_partnership(
                setup,
                partners.id,
                sponsor_id=partners.sponsor.id,
                sponsor_name=partners.sponsor.name,
                manufacturer_id=partners.manufacturer.id,
                manufacturer_name=partners.manufacturer.name,
            )
    for project in PROGRAMS:
        if project.id not in known:
            founding.open_program(
                setup,
                project.id,
                partnership_id=project.partners.id,
                code=project.code,
                title=project.title,
                sites=[(site.name, site.city, site.zone) for site in project.sites],
            )


def _found(setup: Actor, company: Company, known: set[UUID], sites: set[tuple[UUID, str]]) -> None:
    if company.id not in known:
        founding.found_organisation(setup, company.id, name=company.name, zone=company.zone)
    for site in company.sites:
        if (company.id, site.name) not in sites:
            founding.add_site(
                setup,
                company.id,
                name=site.name,
                city=site.city,
                zone=site.zone,
                calendar=site.calendar,
            )


def is_settled() -> bool:
    """Say whether all people and systems are there with their second factors, seats and keys."""
    setup = setup_actor()
    with reading(setup):
        keys = {bytes(each) for each in ApiKey.objects.visible_to(setup).values_list("token_hash", flat=True)}
        given = set(Assignment.objects.visible_to(setup).values_list("target_id", "code"))
    seats = [seat for login in PEOPLE for seat in login.seats] + [service.seat for service in SERVICES]
    emails = [login.email for login in PEOPLE]
    factors = Authenticator.objects.filter(user__email__in=emails, type=Authenticator.Type.TOTP)
    return (
        all((seat.target, seat.code) in given for seat in seats)
        and all(token_digest(service.key) in keys for service in SERVICES)
        and factors.count() == len(emails)
    )


def seat_people(logins: Iterable[Login]) -> None:
    """Make accounts with password and second factor, and give them their seats."""
    setup = setup_actor()
    for login in logins:
        person = find_person(login.key) or _join(setup, login)
        if not Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists():
            change_own_sign_in(setup, partial(TOTP.activate, person, totp_secret_of(login.key)))
        for seat in login.seats:
            _seat(setup, person, seat)
        if any(seat.role in SIGNING_ROLES for seat in login.seats):
            _let_sign(setup, login, person)


def install_services(services: Iterable[Service]) -> None:
    """Make service accounts and issue their keys."""
    setup = setup_actor()
    for service in services:
        person = find_person(service.key) or _install(setup, service)
        _seat(setup, person, service.seat)
        _issue(setup, person, service)


def _join(setup: Actor, login: Login) -> Person:
    member = people.add_member(
        setup,
        login.employer.id,
        email=login.email,
        name=login.name,
        title=login.name,
        password=PASSWORD,
        zone=login.zone or login.employer.zone,
    )
    return member.person


def _let_sign(setup: Actor, login: Login, person: Person) -> None:
    """Let a person sign; the statement is theirs to accept, under My security."""
    with reading(setup):
        if Signer.objects.visible_to(setup).filter(person_id=person.pk).exists():
            return
    enable_signer(
        setup,
        login.employer.id,
        person.pk,
        identity="Passport seen by the administrator.",
        trained_until=timezone.now() + TRAINED_FOR,
    )


def _install(setup: Actor, service: Service) -> Person:
    member = people.add_member(
        setup, service.employer.id, email=service.email, name=service.name, kind=PersonKind.SERVICE
    )
    return member.person


def _seat(setup: Actor, person: Person, seat: Seat) -> None:
    held = Actor(person.pk, person.kind, person.organisation_id, seats_of(person.pk))
    if held.holds(seat.target, Role(seat.side, seat.role)):
        return
    people.give_assignment(
        setup,
        _giver_of(seat),
        person_id=person.pk,
        target_id=seat.target,
        side=seat.side,
        role=seat.role,
        code=seat.code,
        valid_until=timezone.now() + seat.lasts if seat.lasts is not None else None,
    )


def _giver_of(seat: Seat) -> UUID:
    """Return the organisation that gives seats of this side there."""
    partners = {each.id: each for each in PARTNERSHIPS} | {each.id: each.partners for each in PROGRAMS}
    if seat.side == Side.BOTH:
        return seat.target
    found = partners[seat.target]
    return found.sponsor.id if seat.side == Side.SPONSOR else found.manufacturer.id


def _issue(setup: Actor, person: Person, service: Service) -> None:
    digest = token_digest(service.key)
    with reading(setup):
        if ApiKey.objects.visible_to(setup).filter(token_hash=digest).exists():
            return
    people.issue_key(
        setup,
        service.employer.id,
        person_id=person.pk,
        label=service.name,
        token=token_of(service.key),
        scopes=service.scopes,
        program_ids=service.programs,
        expires_at=timezone.now() + KEY_LASTS,
    )
