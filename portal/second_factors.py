"""What a person has to show besides the password, and what of it may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db import transaction

from portal.models import Person

# Recovery codes stand in for one of these; alone they are no second factor.
FACTORS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# In the session of who came in by the own organisation, which said that a second factor was shown there.
SHOWN_ELSEWHERE: Final = "second_factor_elsewhere"


def has_second_factor(person: Person) -> bool:
    """Say whether the person has a second factor; with one, nobody is signed in without having shown it."""
    found: bool = Authenticator.objects.filter(user_id=person.pk, type__in=FACTORS).exists()
    return found


def has_shown_one(person: Person, session: Mapping[str, Any]) -> bool:
    """Say whether who is signed in showed a second factor: ours, or one the own organisation vouched for."""
    return has_second_factor(person) or bool(session.get(SHOWN_ELSEWHERE))


@contextmanager
def one_removal_at_a_time(person: Person) -> Iterator[None]:
    """Hold the person's factors while one goes: of two removals at once, the second sees the first."""
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)
        yield


def may_go(factor: Authenticator) -> bool:
    """Say whether a factor may be removed: nobody works without one."""
    others = Authenticator.objects.filter(user_id=factor.user_id, type__in=FACTORS)
    found: bool = others.exclude(pk=factor.pk).exists()
    return found
