"""Wrong tries, and numbers that serve once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

TRIES_MAX: Final = 5
WITHIN: Final = timedelta(minutes=15)


def failures_of(person_id: UUID, now: datetime) -> int:
    """Return how many tries failed within the last 15 minutes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from portal_signingtry where person_id = %s and counter is null and at > %s",
            [person_id, now - WITHIN],
        )
        found: int = cursor.fetchone()[0]
    return found


def locked_until(person_id: UUID, now: datetime) -> datetime | None:
    """Return when signing opens again for a person, None while it is not locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select at from portal_signingtry where person_id = %s and counter is null and at > %s"
            " order by at desc offset %s limit 1",
            [person_id, now - WITHIN, TRIES_MAX - 1],
        )
        row = cursor.fetchone()
    return row[0] + WITHIN if row else None


def use_number(person_id: UUID, number: int) -> bool:
    """Use up a number of a person; False for one that was used. It is kept far longer than it is good for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_signingtry (person_id, at, counter) values (%s, portal.instant(), %s)"
            " on conflict do nothing",
            [person_id, number],
        )
        return bool(cursor.rowcount == 1)
