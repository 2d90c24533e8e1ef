"""The people of the demo as actors, and the named set-up process that moves them in."""

from __future__ import annotations

from typing import Final

from config.demo.companies import COMPANIES, PARTNERSHIPS, PROGRAMS
from config.demo.people import PEOPLE, SERVICES
from portal.actor import Actor, seats_of, system_actor
from portal.models import Person

EMAILS: Final = {each.key: each.email for each in (*PEOPLE, *SERVICES)}


def setup_actor() -> Actor:
    """Return the set-up process, seated in every space of the demo."""
    return system_actor("setup", *(each.id for each in (*COMPANIES, *PARTNERSHIPS, *PROGRAMS)))


def find_person(key: str) -> Person | None:
    """Return the account of a key of the demo, None before it was made."""
    return Person.objects.filter(email__iexact=EMAILS[key]).first()


class Crew:
    """The actors by key, each with the seats held when first asked for."""

    def __init__(self) -> None:
        self._known: dict[str, Actor] = {}

    def __getitem__(self, key: str) -> Actor:
        """Return an actor; raises LookupError before the person moved in."""
        if key not in self._known:
            person = find_person(key)
            if person is None:
                raise LookupError(key)
            self._known[key] = Actor(person.pk, person.kind, person.organisation_id, seats_of(person.pk))
        return self._known[key]
