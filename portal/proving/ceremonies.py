"""A ceremony: one question to a key or to an organisation's sign-in, for one signature of one person.

Its number is drawn here and travels signed, so that nothing is kept before the answer comes; it serves once.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from django.core.signing import BadSignature, Signer

_SALT: Final = "covalent.ceremony.1"


def binding(digest: str, meaning: str) -> str:
    """Return what a proof is good for: what was shown, by its digest, and what is said of it."""
    return f"{digest} {meaning}"


@dataclass(frozen=True, slots=True)
class Ceremony:
    """The number and instant of a question; `number` is below nought, where no one-time code's counter is."""

    number: int
    person_id: UUID
    at: datetime

    @classmethod
    def begin(cls, person_id: UUID, now: datetime) -> Self:
        """Draw a new one."""
        return cls(-1 - secrets.randbits(62), person_id, now)

    @property
    def token(self) -> str:
        """Return it for the browser to bring back."""
        return Signer(salt=_SALT).sign(f"{self.number}/{self.person_id}/{self.at.isoformat()}")

    @classmethod
    def of(cls, token: str) -> Self | None:
        """Return the ceremony of a token of ours, None for any other text."""
        try:
            number, person_id, at = Signer(salt=_SALT).unsign(token).split("/")
        except BadSignature:
            return None
        return cls(int(number), UUID(person_id), datetime.fromisoformat(at))

    def challenge(self, what: str) -> bytes:
        """Return what a key signs: this ceremony and what it is for."""
        return hashlib.sha256(f"covalent.signing-challenge.1\n{self.token}\n{what}".encode()).digest()

    def is_open(self, person_id: UUID, now: datetime, lasts: timedelta) -> bool:
        """Say whether it is this person's and not over."""
        return self.person_id == person_id and self.at <= now <= self.at + lasts
