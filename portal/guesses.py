"""How many guesses are judged: ten in a quarter of an hour for one account, from however many places (G36).

What is counted is the address that somebody wants to come in as, never where from: a thousand sources share
one budget, and an address that nobody has is counted, answered and timed like any other. A guess is claimed
before it is judged, so that a hundred at once are still ten; only the right one is given back, and being
right once does not clear what others guessed.

That lock would keep the owner out as well. Three ways lead past it, none of them open to who guesses:

- a browser in which the person came in before, with both components, has a budget of its own (`devices`);
- when the strangers' budget is used up, password and one-time code are judged together, within the budget of
  codes: without the right code nothing is learnt about the password;
- a passkey is nothing that can be guessed, and is not counted.

The budgets are rows, not a cache: two web processes share them, and a restart opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from portal.metrics import guesses

GUESSES_MAX: Final = 10
WITHIN: Final = timedelta(minutes=15)


class Guessed(StrEnum):
    """What is guessed; each has its own budget."""

    PASSWORD = "password"  # noqa: S105 - a name, no password
    CODE = "code"
    # Somebody who is signed in already and is asked again: a thief of the session, at worst.
    STEP_UP = "step_up"


def claim(what: Guessed, address: str, device: str = "") -> int | None:
    """Claim one judgement for an e-mail address on a known device, or among all strangers ("").

    Returns None when the budget is used up: then nothing may be judged.
    """
    subject = _subject(what, address, device)
    with transaction.atomic(), connection.cursor() as cursor:
        lock = int.from_bytes(subject[:8], "big", signed=True)
        cursor.execute("select pg_advisory_xact_lock(%s)", [lock])
        cursor.execute(
            "insert into portal_guess (subject, at) select %s, portal.instant()"
            " where (select count(*) from portal_guess"
            " where subject = %s and at > portal.instant() - %s * interval '1 second') < %s returning id",
            [subject, subject, WITHIN.total_seconds(), GUESSES_MAX],
        )
        row = cursor.fetchone()
    guesses.labels("judged" if row else "refused").inc()
    return row[0] if row else None


def give_back(guess: int) -> None:
    """Uncount a claim that turned out right: it was no guess."""
    with connection.cursor() as cursor:
        cursor.execute("delete from portal_guess where id = %s", [guess])
    guesses.labels("right").inc()


def _subject(what: Guessed, address: str, device: str) -> bytes:
    """Return whose budget it is, unreadable: the table tells nobody who was tried."""
    said = "\n".join((what, address.strip().casefold(), device))
    return hmac.digest(settings.SECRET_KEY.encode(), f"covalent.guess.1\n{said}".encode(), hashlib.sha256)
