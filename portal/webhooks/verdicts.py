"""What an answer means for the message: taken, to be tried again and when, or the end of the webhook."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final

# After each failed try; those of Standard Webhooks. Together they last 75 hours.
RESTS: Final = tuple(
    timedelta(seconds=each)
    for each in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)  # fmt: skip
ATTEMPTS_MAX: Final = len(RESTS) + 1
# A rest is this much longer at most, so that many that failed together do not come back together.
JITTER: Final = 0.1
# What a receiver may ask for; who wants nothing for longer switches the webhook off.
RETRY_AFTER_MOST: Final = timedelta(hours=24)
ASKS_TO_WAIT: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class Outcome(StrEnum):
    """What comes of one try."""

    TAKEN = "taken"
    AGAIN = "again"
    GONE = "gone"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Answered:
    """How a try ended: a status, or a code of ours when there was none; the receiver's words are not kept."""

    status: int | None
    error: str
    ms: int
    retry_after: str = ""

    @property
    def is_taken(self) -> bool:
        """Say whether the receiver took it: any 2xx, and nothing else."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def judge(answered: Answered, attempt: int) -> Outcome:
    """Return what a try means that was the given one in a row, counted from 1."""
    if answered.is_taken:
        return Outcome.TAKEN
    if answered.status == HTTPStatus.GONE:
        return Outcome.GONE
    return Outcome.EXHAUSTED if attempt >= ATTEMPTS_MAX else Outcome.AGAIN


def rest_after(answered: Answered, attempt: int, *, now: datetime) -> timedelta:
    """Return how long to wait after a failed try: by the schedule, or longer when asked for."""
    rest = RESTS[min(attempt, len(RESTS)) - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - jitter, not a secret
    if answered.status not in ASKS_TO_WAIT:
        return rest
    return max(rest, min(_asked_for(answered.retry_after, now), RETRY_AFTER_MOST))


def _asked_for(retry_after: str, now: datetime) -> timedelta:
    """Return what a Retry-After header asks for: seconds or a date; nothing for anything else."""
    given = retry_after.strip()
    if given.isascii() and given.isdigit() and len(given) <= 9:  # noqa: PLR2004 - fits a timedelta
        return timedelta(seconds=int(given))
    try:
        until = parsedate_to_datetime(given)
    except ValueError:
        return timedelta(0)
    return max(until.replace(tzinfo=until.tzinfo or UTC) - now, timedelta(0))


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header of an answer whatever its case, empty when it has none."""
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")
