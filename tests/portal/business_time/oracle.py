"""Business time a second time, from the words of the rule alone: every minute of six years, one by one.

It knows nothing of the product. Each minute of UTC has the wall clock's date and time of a zone; a minute is
open when that time lies within the hours of that date.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

EPOCH = datetime(2022, 12, 25, tzinfo=UTC)
DAYS = 366 * 6 + 20
MINUTES = DAYS * 1440
FIRST_DAY = date(2022, 12, 23)
QUARTER, STRETCH = 15, 360
# Nearly every answer lies within so many minutes; where it does not, all that follow are looked through.
NEARBY = 120 * 1440


def offsets(zone):
    """The offset of the wall clock in each minute; where six hours begin and end alike, in all of them."""
    info = ZoneInfo(zone)

    def at(minute):
        return (EPOCH + timedelta(minutes=minute)).astimezone(info).utcoffset() // timedelta(minutes=1)

    found, before = [], at(0)
    for start in range(0, MINUTES, STRETCH):
        after = at(start + STRETCH)
        quarters = range(start, start + STRETCH, QUARTER)
        found += [before] * len(quarters) if after == before else [at(minute) for minute in quarters]
        before = after
    return np.repeat(np.array(found, np.int32), QUARTER)


@functools.cache
def walls(zone):
    """What the wall clock shows in each minute of UTC: number of the date, minute of the day, and both."""
    local = np.arange(MINUTES, dtype=np.int32) + offsets(zone)
    local += (EPOCH.date() - FIRST_DAY).days * 1440
    return (local // 1440).astype(np.int16), (local % 1440).astype(np.int16), local


@dataclass
class Oracle:
    """One calendar: `hours` says of a date the stretches in which it is open, in minutes of the day."""

    zone: str
    hours: object

    def __post_init__(self):
        self.table = np.zeros((DAYS + 8, 1440), bool)
        for number in range(DAYS + 8):
            for opens, closes in self.hours(FIRST_DAY + timedelta(days=number)):
                self.table[number, opens:closes] = True
        self.business = self.table.any(axis=1)
        self.days, self.minutes, shown = walls(self.zone)
        self.open = self.table.ravel()[shown]

    def minute(self, at):
        return (at - EPOCH) // timedelta(minutes=1)

    def at(self, minute):
        return EPOCH + timedelta(minutes=int(minute))

    def open_minutes(self, since, until):
        return int(self.open[self.minute(since) : self.minute(until)].sum())

    def after_open(self, minutes, since):
        """The end of the `minutes`-th open minute from `since` on."""
        if minutes == 0:
            return since
        start = self.minute(since)
        for end in (start + NEARBY, MINUTES):
            found = np.flatnonzero(self.open[start:end])
            if len(found) >= minutes:
                break
        return self.at(start + found[minutes - 1] + 1)

    def same_time(self, since, number):
        """The first minute in which the wall clock shows the time of `since` on that date, or later."""
        start = self.minute(since)
        wanted = (int(number), int(self.minutes[start]))
        for end in (start + NEARBY, MINUTES):
            day, minute = self.days[start:end], self.minutes[start:end]
            late = (day > wanted[0]) | ((day == wanted[0]) & (minute >= wanted[1]))
            if late.any():
                break
        return self.at(start + int(np.argmax(late)))

    def due(self, amount, unit, since):
        today = int(self.days[self.minute(since)])
        if unit == "minutes":
            return since + timedelta(minutes=amount)
        if unit == "hours":
            return since + timedelta(minutes=60 * amount)
        if unit == "business_hours":
            return self.after_open(60 * amount, since)
        if amount == 0:
            return since
        if unit == "calendar_days":
            return self.same_time(since, today + amount)
        following = np.flatnonzero(self.business[today + 1 :]) + today + 1
        return self.same_time(since, following[amount - 1])

    def after_pause(self, due, paused, resumed, is_business):
        left = self.open_minutes(paused, due) if is_business else 0
        return self.after_open(left, resumed) if left else resumed + (due - paused)
