"""Proof that the person at the screen is the signer: two components, each time anew (11.200(a)(1)).

The first is the password, or the own organisation's fresh word; the second a one-time code, or a key that
signs the ceremony. A live session alone never signs. Every try is counted; five wrong ones within 15 minutes
lock signing until they are over (11.300(d)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portal.errors import Refused
from portal.models import Person
from portal.proving import company, keys
from portal.proving.ceremonies import binding
from portal.proving.codes import counter_of
from portal.proving.company import CompanyWord
from portal.proving.keys import KeyAnswer
from portal.proving.tries import TRIES_MAX, WITHIN, failures_of, locked_until, use_number

__all__ = [
    "LOCKED",
    "TRIES_MAX",
    "WITHIN",
    "CompanyWord",
    "Given",
    "KeyAnswer",
    "Proof",
    "binding",
    "failures_of",
    "locked_until",
    "prove",
    "require_unlocked",
    "use_up",
]
VALID_FOR: Final = timedelta(seconds=60)
LOCKED: Final = (
    f"Signing is locked after {TRIES_MAX} wrong tries. It opens {WITHIN // timedelta(minutes=1)} minutes"
    " after the first. Your organisation's administrators and heads of quality are told."
)


@dataclass(frozen=True, slots=True)
class Given:
    """What a person shows to sign; empty is what was not given."""

    password: str = ""
    code: str = ""
    key: KeyAnswer | None = None
    word: CompanyWord | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Whose components were right, and when; each of `numbers` serves once."""

    person_id: UUID
    numbers: tuple[int, ...]
    at: datetime
    components: tuple[str, ...] = ("password", "one-time code")


def require_unlocked(person_id: UUID, now: datetime) -> None:
    """Raise Refused while signing is locked for a person."""
    if locked_until(person_id, now) is not None:
        raise Refused(LOCKED, code="signing_locked")


def prove(person_id: UUID, given: Given, what: str, now: datetime) -> Proof | None:
    """Return the proof for one thing to sign, None when a component is wrong; both are always looked at.

    Raises: Refused.
    """
    require_unlocked(person_id, now)
    person = Person.objects.get(pk=person_id)
    second, second_name = _second(person, given, what, now)
    first, first_name = _first(person, given, what, now)
    if first is None or second is None or not person.is_active:
        return None
    return Proof(person_id, (*first, *second), now, (first_name, second_name))


def _first(person: Person, given: Given, what: str, now: datetime) -> tuple[tuple[int, ...] | None, str]:
    if given.word is None:
        return () if person.check_password(given.password) else None, "password"
    number = company.number_of(person.pk, given.word, what, now)
    return None if number is None else (number,), "own organisation's sign-in"


def _second(person: Person, given: Given, what: str, now: datetime) -> tuple[tuple[int, ...] | None, str]:
    if given.key is None:
        number, name = counter_of(person.pk, given.code), "one-time code"
    else:
        number, name = keys.number_of(person, given.key, what, now), "security key"
    return None if number is None else (number,), name


def use_up(proof: Proof, now: datetime) -> None:
    """Use up the numbers of a proof, in the transaction that signs. Raises: Refused for a used or old one."""
    if now - proof.at > VALID_FOR:
        raise Refused("Prove yourself again: this took too long.", code="proof_over")
    if not all(use_number(proof.person_id, number) for number in proof.numbers):
        detail = "This one-time code or confirmation was used before. Take a new one."
        raise Refused(detail, code="code_used")
