"""How far from now the times of a batch may lie: beyond, a clock was wrong or a date mistyped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q

from portal.errors import refuse_field

OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks of sensors, systems and people run a little ahead of ours.
AHEAD: Final = timedelta(minutes=5)
PLANNED_AHEAD: Final = timedelta(days=20 * 365 + 5)
# The database knows no "now" in a constraint: its last word is a fixed day, far from where dates overflow.
BEYOND: Final = datetime(2200, 1, 1, tzinfo=UTC)


def check_happened(field: str, at: datetime, now: datetime) -> None:
    """Raise Invalid unless something can have happened then: from 2000 to five minutes from now."""
    if at > now + AHEAD:
        refuse_field(field, "This is recorded once it has happened; the time lies in the future.")
    _check_oldest(field, at)


def check_planned(field: str, at: datetime, now: datetime) -> None:
    """Raise Invalid unless something can be planned for then: from 2000 to twenty years from now."""
    if at > now + PLANNED_AHEAD:
        refuse_field(field, "Plans reach at most 20 years ahead.")
    _check_oldest(field, at)


def within_reach(*fields: str) -> Q:
    """Return the condition that each of these columns, where it is known, holds a time of our days."""
    condition = Q()
    for field in fields:
        condition &= Q(**{f"{field}__gte": OLDEST, f"{field}__lt": BEYOND})
    return condition


def _check_oldest(field: str, at: datetime) -> None:
    if at < OLDEST:
        refuse_field(field, "Not before 1 January 2000.")
