"""The secrets of the demo's logins and keys, derived from this installation's own, so that none is stored.

`demo.json` can be written again at any time, and a load that was cut short goes on with the same ones.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Final

from django.conf import settings

KEY_LASTS: Final = timedelta(days=365)
TOTP_BYTES: Final = 20


def _derive(purpose: str) -> bytes:
    key = hmac.new(settings.SECRET_KEY.encode(), b"covalent.demo.1", hashlib.sha256).digest()
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()


def totp_secret_of(key: str) -> str:
    """Return the secret of a person's second factor, in base 32."""
    return base64.b32encode(_derive(f"totp {key}")[:TOTP_BYTES]).decode()


def token_of(key: str) -> str:
    """Return the token of a system's key."""
    return "cov_" + base64.urlsafe_b64encode(_derive(f"token {key}")).decode().rstrip("=")


def token_digest(key: str) -> bytes:
    """Return what the product keeps of a token."""
    return hashlib.sha256(token_of(key).encode()).digest()
