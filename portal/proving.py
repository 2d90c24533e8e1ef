"""Proof that the person at the screen is the signer: password and one-time code, each time (11.200(a)(1)).

A live session alone never signs. Every try is counted; five wrong ones within 15 minutes lock signing until
they are over (11.300(d)).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from portal.errors import Refused
from portal.models import Person

TRIES_MAX: Final = 5
WITHIN: Final = timedelta(minutes=15)
VALID_FOR: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Proof:
    """Whose password and code were right, and when; `counter` is the code's, which is used once."""

    person_id: UUID
    counter: int
    at: datetime


def failures_of(person_id: UUID, now: datetime) -> int:
    """Return how many tries failed within the last 15 minutes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from portal_signingtry where person_id = %s and counter is null and at > %s",
            [person_id, now - WITHIN],
        )
        found: int = cursor.fetchone()[0]
    return found


def prove(person_id: UUID, password: str, code: str, now: datetime) -> Proof | None:
    """Return the proof, None when either is wrong; both are always looked at. Raises: Refused."""
    if failures_of(person_id, now) >= TRIES_MAX:
        minutes = int(WITHIN.total_seconds() // 60)
        detail = (
            f"Signing is locked after {TRIES_MAX} wrong tries. It opens {minutes} minutes after the first."
        )
        raise Refused(detail, code="signing_locked")
    person = Person.objects.get(pk=person_id)
    counter = _counter_of(person, code)
    is_right = person.is_active and person.check_password(password)
    return Proof(person_id, counter, now) if is_right and counter is not None else None


def use_code(person: Person, code: str) -> Authenticator | None:
    """Use up a one-time or recovery code; returns the factor it is of, None for a wrong or used one.

    A one-time code serves once in all, for a signature as for signing in.
    """
    factors = Authenticator.objects.filter(user_id=person.pk)
    counter = _counter_of(person, code)
    if counter is not None:
        with connection.cursor() as cursor:
            is_fresh = _use_counter(cursor, person.pk, counter)
        return factors.filter(type=Authenticator.Type.TOTP).first() if is_fresh else None
    with transaction.atomic():
        # Held while it is judged and used up: of two who send one code at once, one comes in.
        recovery = factors.select_for_update().filter(type=Authenticator.Type.RECOVERY_CODES).first()
        is_right = recovery is not None and recovery.wrap().validate_code(code)
    return recovery if is_right else None


def _use_counter(cursor: CursorWrapper, person_id: UUID, counter: int) -> bool:
    cursor.execute(
        "insert into portal_signingtry (person_id, at, counter) values (%s, portal.instant(), %s)"
        " on conflict do nothing",
        [person_id, counter],
    )
    return bool(cursor.rowcount == 1)


def _counter_of(person: Person, code: str) -> int | None:
    """Return the counter of the one-time code of this moment, None for any other."""
    found = Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.TOTP).first()
    if found is None:
        return None
    secret, given = decrypt(found.data["secret"]), code.replace(" ", "").encode()
    fits = [
        counter
        for counter in yield_hotp_counters_from_time()
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, counter)).encode(), given)
    ]
    return fits[0] if fits else None


def use_up(proof: Proof, now: datetime) -> None:
    """Use the code of a proof, in the transaction that signs. Raises: Refused when it was used or is old."""
    if now - proof.at > VALID_FOR:
        raise Refused("Prove yourself again: this took too long.", code="proof_over")
    with connection.cursor() as cursor:
        if not _use_counter(cursor, proof.person_id, proof.counter):
            detail = "This one-time code was used before. Wait for the next one."
            raise Refused(detail, code="code_used")
