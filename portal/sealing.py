"""Sealed text: private words are stored encrypted under a key of the side's own organisation (ground 4).

AES-256-GCM under one key file per organisation (`COVALENT_KEYS/<organisation id>.key`, 32 bytes, mode
0600). Triggers, digests, backups and whoever reads the database see what is stored; only a process that
holds the key files reads it.
"""

from __future__ import annotations

import base64
import functools
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, models

MARK: Final = "\x01"
SEALED: Final = MARK + "s1:"
CLEAR: Final = MARK + "c:"


class KeyMissingError(RuntimeError):
    """The key file of an organisation is gone: its private text cannot be read here."""


class Unsealed(str):
    """Clear text that remembers how it is stored, so that an unchanged value is written back unchanged."""

    __slots__ = ("audience", "stored")
    stored: str
    audience: str


def _key_path(organisation_id: uuid.UUID) -> Path:
    return Path(settings.KEYS_DIR) / f"{organisation_id}.key"


@functools.lru_cache(maxsize=4096)
def _cipher(organisation_id: uuid.UUID) -> AESGCM:
    path = _key_path(organisation_id)
    try:
        return AESGCM(base64.b64decode(path.read_bytes()))
    except FileNotFoundError as error:
        msg = f"no key file for organisation {organisation_id}"
        raise KeyMissingError(msg) from error


def make_key(organisation_id: uuid.UUID) -> None:
    """Create the key file of an organisation unless it exists; a key is never overwritten."""
    path = _key_path(organisation_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(AESGCM.generate_key(bit_length=256)))
        file.flush()
        os.fsync(file.fileno())


def seal(text: str, *, organisation_id: uuid.UUID, space_id: uuid.UUID, audience: str) -> str:
    """Return the stored form of private text; the space and audience are bound as associated data."""
    nonce = os.urandom(12)
    where = f"{organisation_id}:{space_id}:{audience}"
    sealed = _cipher(organisation_id).encrypt(nonce, text.encode(), where.encode())
    return f"{SEALED}{where}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(stored: str) -> str:
    """Return the clear text of a stored value; raises KeyMissingError, or InvalidTag when tampered with."""
    if not stored.startswith(MARK):
        return stored
    if stored.startswith(CLEAR):
        return stored[len(CLEAR) :]
    organisation_id, space_id, audience, token = stored[len(SEALED) :].split(":")
    raw = base64.b64decode(token)
    where = f"{organisation_id}:{space_id}:{audience}"
    return _cipher(uuid.UUID(organisation_id)).decrypt(raw[:12], raw[12:], where.encode()).decode()


@functools.lru_cache(maxsize=4096)
def owner_of(space_id: uuid.UUID, audience: str) -> uuid.UUID:
    """Return the organisation whose key seals this side's text in the space."""
    sides = {"manufacturer": "manufacturer_id", "sponsor": "sponsor_id"}
    with connection.cursor() as cursor:
        for table in ("portal_program", "portal_partnership"):
            query = f"select {sides[audience]} from {table} where id = %s"  # noqa: S608 - two fixed names
            cursor.execute(query, [space_id])
            row = cursor.fetchone()
            if row:
                owner: uuid.UUID = row[0]
                return owner
    msg = f"space {space_id} has no {audience} side"
    raise LookupError(msg)


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class SealedTextField(_TextField):
    """Text that is stored sealed while its row is private and clear once the row is shared.

    The row must have `space_id` and `audience`. Reading gives `str`; writing goes through `save()`: a bulk
    update, which cannot know the row's audience, is refused. A clear text that looks like a stored one is
    escaped.
    """

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Unseal what was stored."""
        if value is None or not value.startswith(MARK):
            return value
        text = Unsealed(unseal(value))
        text.stored = value
        text.audience = value.split(":")[3] if value.startswith(SEALED) else "shared"
        return text

    def pre_save(self, model_instance: Any, add: bool) -> Any:  # noqa: FBT001 - Django's signature
        """Return the stored form for this row's audience."""
        value = super().pre_save(model_instance, add)
        if value is None or value == "":
            return value
        audience = str(model_instance.audience)
        if isinstance(value, Unsealed) and value.audience == audience:
            return _Stored(value.stored)
        if audience == "shared":
            return _Stored(CLEAR + value if value.startswith(MARK) else str(value))
        space_id = model_instance.space_id
        owner = owner_of(space_id, audience)
        return _Stored(seal(str(value), organisation_id=owner, space_id=space_id, audience=audience))

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Refuse text that did not come through `pre_save`."""
        if (
            isinstance(value, str)
            and value
            and not isinstance(value, _Stored)
            and not hasattr(value, "as_sql")
        ):
            msg = f"{self.name} is sealed text and is written by save() alone"
            raise TypeError(msg)
        return super().get_db_prep_save(str(value) if isinstance(value, _Stored) else value, connection)


class _Stored(str):
    """The form that goes to the database."""

    __slots__ = ()
