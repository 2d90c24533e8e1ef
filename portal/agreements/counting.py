"""When a clause's time is over, counted from an instant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal.agreements.durations import Duration

SATURDAY: Final = 5


def due_at(duration: Duration, since: datetime, zone: str) -> datetime:
    """Return when it is over; a day ends at the same local time, a business day from Monday to Friday."""
    if duration.unit in ("minutes", "hours"):
        return since + duration.exact
    local = since.astimezone(ZoneInfo(zone))
    for _day in range(duration.amount):
        local += timedelta(days=1)
        while duration.is_business and local.weekday() >= SATURDAY:
            local += timedelta(days=1)
    return local
