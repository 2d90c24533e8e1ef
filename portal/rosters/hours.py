"""Duty hours: when a side's people are asked, where nothing is so grave that it wakes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT: Final = time(0)
LONGEST_DAYS: Final = 31


def instant_of(day: date, at: time, zone: str) -> datetime:
    """Return a local time as an instant; one that the clock skips in spring is taken as before the change."""
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class DutyHours:
    """The weekdays (Monday is 0) and local times between which people are asked; 00:00 ends a whole day."""

    days: tuple[int, ...]
    begins: time
    ends: time

    def __post_init__(self) -> None:
        """Raise ValueError for hours that never come."""
        if not self.days or not set(self.days) <= set(range(7)):
            msg = "duty hours have at least one day of the week"
            raise ValueError(msg)
        if self.ends != MIDNIGHT and self.ends <= self.begins:
            msg = "duty hours end after they begin, on the same day; 00:00 is its end"
            raise ValueError(msg)

    @property
    def is_always(self) -> bool:
        """Say whether they never end."""
        return len(set(self.days)) == len(WEEKDAYS) and self.begins == self.ends == MIDNIGHT

    @property
    def is_all_week(self) -> bool:
        """Say whether every day has hours; who keeps such hours has somebody there on holidays, too."""
        return len(set(self.days)) == len(WEEKDAYS)

    def opens_at(
        self, at: datetime, zone: str, early_end: Callable[[date], int | None] | None = None
    ) -> datetime:
        """Return the instant itself where it lies in duty hours, else when they next begin.

        `early_end` gives the minute at which work ends on a day, 0 when there is none, None for a day like
        others. Nobody is left alone for longer than a month of such days: then the hours count alone.
        """
        known = None if self.is_all_week else early_end
        first = at.astimezone(ZoneInfo(zone)).date()
        # Eight days reach from the end of a day's hours to the same weekday's next.
        for day in (first + timedelta(days=ahead) for ahead in range(8 if known is None else LONGEST_DAYS)):
            if day.weekday() not in self.days:
                continue
            begins, ends = instant_of(day, self.begins, zone), self._end(day, zone)
            early = known(day) if known is not None else None
            if early is not None:
                ends = min(ends, instant_of(day, MIDNIGHT, zone) + timedelta(minutes=early))
            if max(at, begins) < ends:
                return max(at, begins)
        return self.opens_at(at, zone)

    def _end(self, day: date, zone: str) -> datetime:
        last = day + timedelta(days=1) if self.ends == MIDNIGHT else day
        return instant_of(last, self.ends, zone)

    def plain(self) -> dict[str, Any]:
        """Return the hours as a roster keeps them."""
        return {
            "days": [WEEKDAYS[each] for each in sorted(set(self.days))],
            "begins": f"{self.begins:%H:%M}",
            "ends": f"{self.ends:%H:%M}",
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `plain` holds."""
        days = tuple(WEEKDAYS.index(each) for each in plain["days"])
        return cls(days, time.fromisoformat(plain["begins"]), time.fromisoformat(plain["ends"]))

    @classmethod
    def parse(cls, words: str) -> Self:
        """Return `mon-fri 08:00-18:00` as hours; nothing means always. Raises: ValueError."""
        if not words.strip():
            return cls(tuple(range(7)), MIDNIGHT, MIDNIGHT)
        days, times = words.lower().split()
        first, _, last = days.partition("-")
        begins, _, ends = times.partition("-")
        span = range(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
        return cls(tuple(span), time.fromisoformat(begins), time.fromisoformat(ends))


ALWAYS: Final = DutyHours.parse("")
