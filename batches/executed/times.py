"""The three times of what a person states: when it happened, was entered, and came here (ALCOA+)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from batches.reach import AHEAD, check_happened
from portal.action import instant
from portal.errors import Invalid

# Entered and received so long after it happened, an entry is late and needs a reason.
LATE_AFTER: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something happened, was entered on the device, and came here; late entries say why."""

    at: datetime
    entered_at: datetime
    recorded_at: datetime
    late_reason: str

    @property
    def is_late(self) -> bool:
        """Say whether it came later than the policy allows."""
        return self.recorded_at - self.at > LATE_AFTER


def stamp(at: datetime | None, entered_at: datetime | None, late_reason: str) -> Stamp:
    """Return the times of a statement made now. Raises: Invalid, for a late one without a reason too."""
    now = instant()
    happened = at or now
    check_happened("at", happened, now)
    entered = entered_at or now
    if entered > now + AHEAD or entered < happened - AHEAD:
        detail = "The time of entry lies between the time it happened and now."
        raise Invalid(detail, errors={"entered_at": [detail]})
    found = Stamp(happened, entered, now, late_reason.strip())
    if found.is_late and not found.late_reason:
        minutes = round(LATE_AFTER.total_seconds() / 60)
        detail = f"This happened more than {minutes} minutes ago. Say why it is entered late."
        raise Invalid(detail, code="late_without_reason", errors={"late_reason": [detail]})
    return found
