"""The own organisation's fresh word in the place of a password, for one signature (11.200(a)(1))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portal.proving.ceremonies import Ceremony

LASTS: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class CompanyWord:
    """That a person signed in at the own organisation anew, for this ceremony, to sign this."""

    token: str
    what: str


def number_of(person_id: UUID, word: CompanyWord, what: str, now: datetime) -> int | None:
    """Return the number of the ceremony the word was given for, None for any other or an old one."""
    ceremony = Ceremony.of(word.token)
    if ceremony is None or word.what != what or not ceremony.is_open(person_id, now, LASTS):
        return None
    return ceremony.number
