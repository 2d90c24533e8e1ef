"""The keys that sign checkpoints: outside the database, rotated with overlap, named after each chain."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from portal.notes import Signer, Verifier
from portal.streams import ChainKey

SEED_BYTES: Final = 32


class LogKeyError(RuntimeError):
    """The key file of the log is gone or is not one: nothing can be signed here."""


def origin_of(chain: ChainKey) -> str:
    """Return the name under which a chain is known as a log, which is also the name of its keys."""
    return f"{urlsplit(settings.SITE_URL).hostname}/{chain.space_id}/{chain.audience}"


def signers(chain: ChainKey) -> list[Signer]:
    """Return the signers of a chain's checkpoints: the present key first, then those it takes over from.

    The file (`COVALENT_LEDGER_KEY`) holds base64 seeds of 32 bytes, one a line. Raises: LogKeyError.
    """
    return [Signer(origin_of(chain), key) for key in _keys()]


def verifiers(chain: ChainKey) -> list[Verifier]:
    """Return the public keys of a chain in the order of `signers`. Raises: LogKeyError."""
    return [each.verifier for each in signers(chain)]


def _keys() -> list[Ed25519PrivateKey]:
    # Read anew for every checkpoint: a rotated key is used without a restart.
    try:
        lines = Path(settings.LEDGER_KEY_FILE).read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise LogKeyError("the key file of the log cannot be read") from error
    keys = [_key(line) for line in lines]
    if not keys:
        raise LogKeyError("the key file of the log is empty")
    return keys


def _key(line: str) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(line, validate=True))
    except ValueError as error:
        raise LogKeyError(f"a key of the log is base64 of {SEED_BYTES} bytes") from error
