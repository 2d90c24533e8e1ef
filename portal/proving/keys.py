"""A passkey or security key as the second component: it signs the ceremony, and so what is signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import get_credentials, get_server
from cryptography.exceptions import InvalidSignature
from fido2.utils import websafe_encode
from fido2.webauthn import UserVerificationRequirement

from portal.models import Person
from portal.proving.ceremonies import Ceremony

LASTS: Final = timedelta(minutes=2)
ANSWER_MAX: Final = 8_000


@dataclass(frozen=True, slots=True)
class KeyAnswer:
    """What a browser brought back: the token of the ceremony, and the key's answer as JSON."""

    token: str
    credential: str


def has_keys(person: Person) -> bool:
    """Say whether the person has a key that may be asked."""
    found: bool = Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.WEBAUTHN).exists()
    return found


def ask(person: Person, what: str, now: datetime) -> dict[str, Any]:
    """Return what the browser asks the person's keys, with the token of the ceremony."""
    ceremony = Ceremony.begin(person.pk, now)
    options, _ = get_server().authenticate_begin(
        credentials=get_credentials(person),
        user_verification=UserVerificationRequirement.PREFERRED,
        challenge=ceremony.challenge(what),
    )
    return {"request_options": dict(options), "ceremony": ceremony.token}


def number_of(person: Person, answer: KeyAnswer, what: str, now: datetime) -> int | None:
    """Return the number of the ceremony that one of the person's keys signed for this, None for any other."""
    ceremony = Ceremony.of(answer.token)
    if ceremony is None or not ceremony.is_open(person.pk, now, LASTS) or len(answer.credential) > ANSWER_MAX:
        return None
    asked = {
        "challenge": websafe_encode(ceremony.challenge(what)),
        "user_verification": UserVerificationRequirement.PREFERRED,
    }
    try:
        said = orjson.loads(answer.credential)
        used = get_server().authenticate_complete(asked, get_credentials(person), said)
    except (ValueError, TypeError, KeyError, AttributeError, InvalidSignature):
        # Whatever is wrong with an answer, it is no proof.
        return None
    for each in Authenticator.objects.filter(user_id=person.pk, type=Authenticator.Type.WEBAUTHN):
        if each.wrap().authenticator_data.credential_data.credential_id == used.credential_id:
            each.record_usage()
    return ceremony.number
