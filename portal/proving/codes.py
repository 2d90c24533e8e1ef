"""One-time codes of an authenticator app."""

from __future__ import annotations

import hmac
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt


def counter_of(person_id: UUID, code: str) -> int | None:
    """Return the counter of the one-time code of this moment, None for any other."""
    found = Authenticator.objects.filter(user_id=person_id, type=Authenticator.Type.TOTP).first()
    if found is None:
        return None
    secret, given = decrypt(found.data["secret"]), code.replace(" ", "").encode()
    fits = [
        counter
        for counter in yield_hotp_counters_from_time()
        if hmac.compare_digest(format_hotp_value(hotp_value(secret, counter)).encode(), given)
    ]
    return fits[0] if fits else None
