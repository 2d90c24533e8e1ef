"""How allauth signs people in here: by invitation only, second-factor secrets stored encrypted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.http import HttpRequest

from portal.metrics import sign_ins_refused


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by an organisation's administrator, never by sign-up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Refuse sign-up."""
        return False


def count_refused(**_: object) -> None:
    """Count a sign-in with a wrong password or code."""
    sign_ins_refused.labels("wrong").inc()


def count_locked(**_: object) -> None:
    """Count a sign-in that met a lock after too many wrong ones."""
    sign_ins_refused.labels("locked").inc()


def _ciphers() -> list[AESGCM]:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        AESGCM(hmac.new(key.encode(), b"covalent.second-factor.1", hashlib.sha256).digest()) for key in keys
    ]


class SealedSecrets(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Keep TOTP secrets and recovery seeds encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Return the text under a key derived from SECRET_KEY."""
        nonce = os.urandom(12)
        return base64.b64encode(nonce + _ciphers()[0].encrypt(nonce, text.encode(), b"mfa")).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the clear text, trying the fallback keys of a rotation in order."""
        raw = base64.b64decode(encrypted_text)
        failure: Exception | None = None
        for cipher in _ciphers():
            try:
                return cipher.decrypt(raw[:12], raw[12:], b"mfa").decode()
            except ValueError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - InvalidTag has no public base; tried again with the next key
                failure = error
        msg = "no key of this installation reads the second factor"
        raise RuntimeError(msg) from failure

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:  # noqa: ARG002 - as above
        """Keep the second factor: nobody works without one, so it is replaced by an administrator only."""
        return False

    def get_public_key_credential_rp_entity(self) -> dict[str, Any]:
        """Name the relying party."""
        return {"id": settings.SITE_URL.split("://")[-1].split(":")[0].split("/")[0], "name": "Covalent"}
