"""How long a clause gives: an amount in one of the units that agreements use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

Unit = Literal["minutes", "hours", "calendar_days", "business_hours", "business_days"]
Calendar = Literal["site", "sponsor"]

UNITS: Final[tuple[Unit, ...]] = ("minutes", "hours", "calendar_days", "business_hours", "business_days")
CALENDARS: Final[tuple[Calendar, ...]] = ("site", "sponsor")
BUSINESS: Final = frozenset(("business_hours", "business_days"))
_EXACT: Final[Mapping[str, timedelta]] = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of one unit; business time is counted by the calendar of the site or of the sponsor.

    Hours and minutes run through nights and weekends; a calendar day ends at the same local time.
    """

    amount: int
    unit: Unit
    calendar: Calendar = "site"

    @property
    def is_business(self) -> bool:
        """Say whether a calendar decides."""
        return self.unit in BUSINESS

    @property
    def exact(self) -> timedelta:
        """Return minutes or hours as they are; raises KeyError for days and business time."""
        return self.amount * _EXACT[self.unit]

    def plain(self) -> dict[str, Any]:
        """Return it as rules hold it: `{"hours": 24}`, `{"business_days": 1, "calendar": "site"}`."""
        plain: dict[str, Any] = {self.unit: self.amount}
        return {**plain, "calendar": self.calendar} if self.is_business else plain

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Duration:
        """Return what `plain` holds; it was validated by the schema before."""
        (unit,) = (each for each in UNITS if each in plain)
        return cls(plain[unit], unit, plain.get("calendar", "site"))
