"""One-time codes of an authenticator app, and recovery codes."""

from __future__ import annotations

import hmac

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.db import transaction

from portal.models import Person
from portal.proving.tries import use_number


def use_code(person: Person, code: str) -> Authenticator | None:
    """Use up a one-time or recovery code; returns the factor it is of, None for a wrong or used one.

    A one-time code serves once in all, for a signature as for signing in.
    """
    factors = Authenticator.objects.filter(user_id=person.pk)
    counter = counter_of(person, code)
    if counter is not None:
        is_fresh = use_number(person.pk, counter)
        return factors.filter(type=Authenticator.Type.TOTP).first() if is_fresh else None
    with transaction.atomic():
        # Held while it is judged and used up: of two who send one code at once, one comes in.
        recovery = factors.select_for_update().filter(type=Authenticator.Type.RECOVERY_CODES).first()
        is_right = recovery is not None and recovery.wrap().validate_code(code)
    return recovery if is_right else None


def counter_of(person: Person, code: str) -> int | None:
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
