"""Files on disk: encrypted each under its own key, named by the SHA-256 of what lies there (ground 4).

A file is written, flushed and put in its place before the action that names it runs: a record never
points at bytes that a power cut could take. An action that fails leaves an orphan, which is unreadable
without its key and harmless.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.disk import write_for_good

NONCE_BYTES: Final = 12


class BlobDamagedError(RuntimeError):
    """What lies on disk is gone or is not what was put there; it is not handed out."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file: digest of its clear bytes, name on disk, key."""

    sha256: str
    blob: str
    file_key: str
    size: int


def keep(data: bytes) -> Blob:
    """Encrypt bytes under a fresh key and put them on disk for good; returns where and how."""
    key, nonce = AESGCM.generate_key(bit_length=256), os.urandom(NONCE_BYTES)
    sha256 = hashlib.sha256(data).hexdigest()
    stored = nonce + AESGCM(key).encrypt(nonce, data, sha256.encode())
    blob = hashlib.sha256(stored).hexdigest()
    write_for_good(_path(blob), stored)
    return Blob(sha256=sha256, blob=blob, file_key=base64.b64encode(key).decode(), size=len(data))


def read(blob: str, *, file_key: str, sha256: str) -> bytes:
    """Return the clear bytes of a stored file; raises BlobDamagedError."""
    try:
        stored = _path(blob).read_bytes()
    except FileNotFoundError as error:
        raise BlobDamagedError(f"no blob {blob}") from error
    if hashlib.sha256(stored).hexdigest() != blob:
        raise BlobDamagedError(f"blob {blob} has other bytes than its name says")
    try:
        nonce, sealed = stored[:NONCE_BYTES], stored[NONCE_BYTES:]
        return AESGCM(base64.b64decode(file_key)).decrypt(nonce, sealed, sha256.encode())
    except InvalidTag as error:
        raise BlobDamagedError(f"blob {blob} does not open with the key of its record") from error


def _path(blob: str) -> Path:
    return Path(settings.ATTACHMENTS_DIR) / blob[:2] / blob
