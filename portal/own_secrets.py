"""Secrets that this installation itself must read, encrypted at rest under keys from SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES: Final = 12


def _ciphers() -> list[AESGCM]:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        AESGCM(hmac.new(key.encode(), b"covalent.second-factor.1", hashlib.sha256).digest()) for key in keys
    ]


def hide(text: str, purpose: bytes) -> str:
    """Return the text encrypted for one purpose; what was hidden for another does not open."""
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + _ciphers()[0].encrypt(nonce, text.encode(), purpose)).decode()


def reveal(hidden: str, purpose: bytes) -> str:
    """Return the clear text, trying the fallback keys of a rotation in order. Raises: RuntimeError."""
    raw = base64.b64decode(hidden)
    for cipher in _ciphers():
        try:
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose).decode()
        except InvalidTag:
            continue
    msg = "no key of this installation reads this secret"
    raise RuntimeError(msg)


def is_present(hidden: str, purpose: bytes) -> bool:
    """Say whether a secret is hidden under the present key, not one of the fallbacks."""
    raw = base64.b64decode(hidden)
    try:
        _ciphers()[0].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose)
    except InvalidTag:
        return False
    return True
