"""Sessions whose rows open nothing: who reads the table, or copies a row in it, is signed in as nobody.

A row stands under the digest of its key, and what it holds is signed for that key alone.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

# As many characters as the column has: 160 bits.
ROW_KEY_CHARS: Final = 40


def row_key_of(session_key: str | None) -> str:
    """Return under what a session stands in the table."""
    return hashlib.sha256(f"covalent.session.1\n{session_key}".encode()).hexdigest()[:ROW_KEY_CHARS]


class SessionStore(db.SessionStore):
    """Django's, with another key in the row than in the cookie."""

    @property
    def key_salt(self) -> str:
        """Sign for this session alone: a copied row reads as empty."""
        return f"covalent.session.1.{self.session_key}"

    def _get_session_from_db(self) -> Session | None:
        found: Session | None = self._rows().first()
        if found is None:
            self._session_key = None
        return found

    async def _aget_session_from_db(self) -> Session | None:
        found: Session | None = await self._rows().afirst()
        if found is None:
            self._session_key = None
        return found

    def _rows(self) -> Any:
        own = self.model.objects.filter(session_key=row_key_of(self.session_key))
        return own.filter(expire_date__gt=timezone.now())

    def exists(self, session_key: str) -> bool:
        """Say whether there is a session of this key."""
        return super().exists(row_key_of(session_key))

    async def aexists(self, session_key: str) -> bool:
        """Say whether there is a session of this key."""
        return await super().aexists(row_key_of(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row."""
        return _put_away(super().create_model_instance(data))

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        """Return the row."""
        return _put_away(await super().acreate_model_instance(data))

    def delete(self, session_key: str | None = None) -> None:
        """End a session, this one unless told otherwise."""
        if key := session_key or self.session_key:
            super().delete(row_key_of(key))

    async def adelete(self, session_key: str | None = None) -> None:
        """End a session, this one unless told otherwise."""
        if key := session_key or self.session_key:
            await super().adelete(row_key_of(key))


def _put_away(row: Any) -> Any:
    row.session_key = row_key_of(row.session_key)
    return row
