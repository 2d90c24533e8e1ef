"""A calendar of business time: a zone, the hours of each weekday, holidays, closures and half days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from portal.business_time.holidays import holidays_of, is_known

# Stretches of a day in minutes since local midnight, end not included, in order.
Hours = tuple[tuple[int, int], ...]

DAY_MINUTES: Final = 24 * 60
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STRETCH: Final = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


class CalendarFault(ValueError):
    """What somebody gave makes no calendar; the message says why."""


def parse_hours(text: str) -> Hours:
    """Return `08:00-12:00, 13:00-17:00` as stretches; nothing stands for a day without hours.

    Raises: CalendarFault.
    """
    hours: list[tuple[int, int]] = []
    for part in (each.strip() for each in text.split(",") if each.strip()):
        found = STRETCH.fullmatch(part)
        if found is None:
            raise CalendarFault(f"Hours are given like 08:00-17:00, not {part!r}.")
        opens_h, opens_m, closes_h, closes_m = map(int, found.groups())
        opens, closes = opens_h * 60 + opens_m, closes_h * 60 + closes_m
        after = hours[-1][1] if hours else 0
        if max(opens_m, closes_m) > 59 or not after <= opens < closes <= DAY_MINUTES:  # noqa: PLR2004 - minutes
            raise CalendarFault(f"{part} is no stretch of the day that follows the one before it.")
        hours.append((opens, closes))
    return tuple(hours)


def hours_text(hours: Hours) -> str:
    """Return hours as they are given; an empty text for none."""
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in hours)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


_EIGHT_TO_FIVE: Final[Hours] = ((8 * 60, 17 * 60),)
_WHOLE_DAY: Final[Hours] = ((0, DAY_MINUTES),)
WORKING_WEEK: Final[tuple[Hours, ...]] = (*(_EIGHT_TO_FIVE,) * 5, (), ())
ALWAYS: Final[tuple[Hours, ...]] = (_WHOLE_DAY,) * 7


@dataclass(frozen=True, slots=True)
class Calendar:
    """When somebody works; `number` is the version, None for the calendar nobody has set yet."""

    zone: str
    weekly: tuple[Hours, ...] = WORKING_WEEK
    country: str = ""
    subdivision: str = ""
    closures: Mapping[date, str] = field(default_factory=dict)
    half_days: Mapping[date, Hours] = field(default_factory=dict)
    number: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could never be counted by."""
        if len(self.weekly) != len(DAYS) or not any(self.weekly):
            raise CalendarFault("A week has seven days, and hours on at least one of them.")
        if self.country and not is_known(self.country, self.subdivision):
            raise CalendarFault(
                f"No list of holidays is known for {self.country} {self.subdivision}.".strip()
            )
        try:
            ZoneInfo(self.zone)
        except (LookupError, ValueError, OSError) as error:
            raise CalendarFault(f"{self.zone!r} is no time zone.") from error

    def closed_because(self, day: date) -> str:
        """Return the closure or the holiday of a date, an empty text when it is neither."""
        if day in self.closures:
            return self.closures[day] or "closed"
        return (
            ""
            if day in self.half_days
            else holidays_of(self.country, self.subdivision, day.year).get(day, "")
        )

    def hours_of(self, day: date) -> Hours:
        """Return the hours of a date; none on a closure or a public holiday."""
        if self.closed_because(day):
            return ()
        return self.half_days.get(day, self.weekly[day.weekday()])

    def is_business_day(self, day: date) -> bool:
        """Say whether the date has hours."""
        return bool(self.hours_of(day))

    def plain(self) -> dict[str, Any]:
        """Return the calendar as JSON: hours by weekday, dates as ISO text."""
        return {
            "zone": self.zone,
            "country": self.country,
            "subdivision": self.subdivision,
            "hours": {day: hours_text(hours) for day, hours in zip(DAYS, self.weekly, strict=True)},
            "closures": {day.isoformat(): why for day, why in sorted(self.closures.items())},
            "half_days": {
                day.isoformat(): hours_text(hours) for day, hours in sorted(self.half_days.items())
            },
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any], *, number: int | None = None) -> Calendar:
        """Return the calendar that `plain` holds; raises CalendarFault."""
        weekly = tuple(parse_hours(plain["hours"].get(day, "")) for day in DAYS)
        halves = {day: parse_hours(text) for day, text in _dated(plain.get("half_days", {}))}
        if not all(halves.values()):
            raise CalendarFault("A half day has hours; a day without any is a closure.")
        return cls(
            zone=plain["zone"],
            weekly=weekly,
            country=plain.get("country", ""),
            subdivision=plain.get("subdivision", ""),
            closures=dict(_dated(plain.get("closures", {}))),
            half_days=halves,
            number=number,
        )


def _dated(found: Mapping[str, str]) -> Iterable[tuple[date, str]]:
    for text, value in found.items():
        try:
            yield date.fromisoformat(text), value
        except ValueError as error:
            raise CalendarFault(f"{text!r} is no date; write it like 2026-12-24.") from error
