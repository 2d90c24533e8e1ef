"""Sealed text: private words are stored encrypted under a key of the side's own organisation (ground 4).

AES-256-GCM under an envelope key (`portal.keyring`), whose id stands in the stored form. Triggers, digests,
backups and whoever reads the database see what is stored; only a process that can open the key reads it.
"""

from __future__ import annotations

import base64
import functools
import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Self

import structlog
from cryptography.exceptions import InvalidTag
from django.db import connection, models
from django.utils.translation import gettext as _

from portal import keyring
from portal.errors import KeyUnavailable

MARK: Final = "\x01"
# Before keys had ids it was "s1:", without one: read for ever, since ledger bodies are written once.
SEALED: Final = MARK + "s2:"
CLEAR: Final = MARK + "c:"
NONCE_BYTES: Final = 12
log = structlog.get_logger(__name__)


class Unsealed(str):
    """Clear text that remembers how it is stored, so that an unchanged value is written back unchanged."""

    __slots__ = ("audience", "stored")
    stored: str
    audience: str


class Unreadable(Unsealed):
    """Words in the place of text that cannot be read now; what is stored stays as it is."""

    __slots__ = ()

    @classmethod
    def because(cls, why: KeyUnavailable) -> Self:
        """Return the words that say why."""
        return cls(_stand_ins()[why.problem_code])


def _stand_ins() -> dict[str, str]:
    return {
        "key_gone": _("(sealed; its key is not here)"),
        "key_away": _("(sealed; the service that holds its key does not answer)"),
    }


def seal(text: str, *, organisation_id: uuid.UUID, space_id: uuid.UUID, audience: str) -> str:
    """Return the stored form of private text; space, audience and key are bound as associated data.

    Raises: KeyUnavailable, also for words that stand in the place of text that cannot be read.
    """
    require_readable(text)
    key_id, cipher = keyring.present_cipher(organisation_id)
    nonce = os.urandom(NONCE_BYTES)
    where = f"{organisation_id}:{space_id}:{audience}:{key_id}"
    sealed = cipher.encrypt(nonce, text.encode(), where.encode())
    return f"{SEALED}{where}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(stored: str) -> str:
    """Return the clear text of a stored value. Raises: KeyUnavailable."""
    if not stored.startswith(MARK):
        return stored
    if stored.startswith(CLEAR):
        return stored[len(CLEAR) :]
    try:
        where, _colon, token = stored[len(SEALED) :].rpartition(":")
        organisation_id, _space_id, _audience, *key_id = where.split(":")
        cipher = keyring.cipher(uuid.UUID(organisation_id), key_id[0] if key_id else keyring.FOUNDING)
        raw = base64.b64decode(token, validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], where.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise KeyUnavailable.gone("it does not open with the key it names") from error


def read(stored: str) -> str:
    """Return the clear text of a stored value, or words that say why it cannot be read."""
    try:
        return unseal(stored)
    except KeyUnavailable as error:
        return Unreadable.because(error)


def is_readable(text: str) -> bool:
    """Say whether a text is what was written, and not, in part, what stands in the place of sealed words."""
    return not any(each in text for each in _stand_ins().values())


def require_readable(text: str) -> None:
    """Refuse to carry on words that stand in the place of text, alone or in a sentence with them.

    Else a record would be signed, copied or disclosed as saying them. Raises: KeyUnavailable.
    """
    if not is_readable(text):
        raise KeyUnavailable.gone("words that stand in the place of sealed text")


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

    The row must have `space_id` and `audience`. Reading gives `str`, with words in its place (`Unreadable`)
    when its key cannot be had; writing goes through `save()`: a bulk update, which cannot know the row's
    audience, is refused. A clear text that looks like a stored one is escaped.
    """

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Unseal what was stored."""
        if value is None or not value.startswith(MARK):
            return value
        try:
            text = Unsealed(unseal(value))
        except KeyUnavailable as error:
            # A record with one text that cannot be read is still a record.
            log.warning("text_unreadable", field=self.name, reason=error.reason)
            text = Unreadable.because(error)
        text.stored = value
        text.audience = "shared" if value.startswith(CLEAR) else _audience_of(value)
        return text

    def pre_save(self, model_instance: Any, add: bool) -> Any:  # noqa: FBT001 - Django's signature
        """Return the stored form for this row's audience."""
        value = super().pre_save(model_instance, add)
        if value is None or value == "":
            return value
        audience = str(model_instance.audience)
        if isinstance(value, Unsealed) and value.audience == audience:
            return _Stored(value.stored)
        require_readable(value)
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


def _audience_of(stored: str) -> str:
    # Damaged beyond that, it belongs to no side and is never written back as if it were whole.
    return next(iter(stored.split(":")[3:4]), "")


class _Stored(str):
    """The form that goes to the database."""

    __slots__ = ()
