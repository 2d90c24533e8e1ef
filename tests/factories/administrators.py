"""Administrators beside the one of the cast: steps that take two need a second one."""

from __future__ import annotations

from portal.actions import people
from portal.actor import Actor, Side, seats_of, system_actor
from tests.factories import cast


def administrator(employer, key, *, role="org_admin") -> Actor:
    """A new administrator of a company, with a second factor, as the set-up gives one."""
    setup = system_actor("setup", employer)
    member = people.add_member(
        setup, employer, email=f"{key}@example.com", name=f"Name of {key}", password=cast.PASSWORD
    )
    cast.add_totp(member.person)
    people.give_assignment(
        setup,
        employer,
        person_id=member.person_id,
        target_id=employer,
        side=Side.BOTH,
        role=role,
        code=key,
    )
    return Actor(member.person_id, "human", employer, seats_of(member.person_id))


def client_of(actor: Actor):
    """A browser that is signed in as the person."""
    from django.test import Client

    from portal.models import Person

    found = Client()
    found.force_login(
        Person.objects.get(pk=actor.person_id),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return found
