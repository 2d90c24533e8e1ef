"""How allauth signs people in here: by invitation only, second-factor secrets stored encrypted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from contextlib import suppress
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.http import HttpRequest

NONCE_BYTES: Final = 12
LABEL: Final = b"mfa"
# Where allauth keeps what it had encrypted, in an authenticator's data.
SECRETS: Final = ("secret", "seed")


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by an organisation's administrator, never by sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Refuse sign-up."""
        return False


def _ciphers() -> list[AESGCM]:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        AESGCM(hmac.new(key.encode(), b"covalent.second-factor.1", hashlib.sha256).digest()) for key in keys
    ]


class SealedSecrets(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keep TOTP secrets and recovery seeds encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Return the text under a key derived from SECRET_KEY."""
        nonce = os.urandom(NONCE_BYTES)
        return base64.b64encode(nonce + _ciphers()[0].encrypt(nonce, text.encode(), LABEL)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the clear text, trying the fallback keys of a rotation in order."""
        raw = base64.b64decode(encrypted_text)
        for cipher in _ciphers():
            with suppress(InvalidTag, ValueError):
                return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], LABEL).decode()
        msg = "no key of this installation reads the second factor"
        raise RuntimeError(msg)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:  # noqa: ARG002 - as above
        """Keep the second factor: nobody works without one, so it is replaced by an administrator only."""
        return False

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Name the relying party."""
        return {"id": settings.SITE_URL.split("://")[-1].split(":")[0].split("/")[0], "name": "Covalent"}


def seal_factors_anew() -> int:
    """Encrypt every second factor under the present SECRET_KEY, unless it is; returns how many were not.

    Each is one guarded write, so that it may be stopped at any moment and run again, beside people who sign
    in. Until it went through once, the old key stays among the fallbacks.
    """
    adapter, count = SealedSecrets(), 0
    for each in Authenticator.objects.order_by("pk"):
        old = [name for name in SECRETS if name in each.data and not _is_present(each.data[name])]
        if old:
            anew = {name: adapter.encrypt(adapter.decrypt(each.data[name])) for name in old}
            rows = Authenticator.objects.filter(pk=each.pk, data=each.data)
            count += rows.update(data={**each.data, **anew})
    return count


def _is_present(encrypted: str) -> bool:
    raw = base64.b64decode(encrypted)
    try:
        _ciphers()[0].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], LABEL)
    except InvalidTag:
        return False
    return True
