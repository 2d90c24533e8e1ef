"""Signatures over messages, by the Standard Webhooks specification: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

PREFIX: Final = "whsec_"
SCHEME: Final = "v1"
SECRET_BYTES: Final = 32
TOLERANCE_S: Final = 300


def make_secret() -> str:
    """Return a new secret as receivers take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return one signature. Raises: ValueError for a secret that is none."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(_key_of(secret), content, hashlib.sha256).digest()
    return f"{SCHEME},{base64.b64encode(digest).decode()}"


def headers_of(secrets_held: Iterable[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers; while a secret is being replaced there is a signature by each."""
    signatures = (sign(each, message_id, timestamp, body) for each in secrets_held)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def verify(secret: str, headers: dict[str, str], body: bytes, *, at: int) -> bool:
    """Say whether one of the signatures is by this secret, over this body, and fresh at an instant."""
    given = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, timestamp = given["webhook-id"], int(given["webhook-timestamp"])
        expected = sign(secret, message_id, timestamp, body)
        signatures = given["webhook-signature"].split(" ")
    except (KeyError, ValueError):
        return False
    # All are compared, each in constant time: how long it takes tells nothing.
    matches = [hmac.compare_digest(each.encode(), expected.encode()) for each in signatures]
    return abs(at - timestamp) <= TOLERANCE_S and any(matches)


def _key_of(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is base64 after whsec_") from error
