"""Counting with a calendar: when a duration is over, and how much open time lies between two instants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal.agreements.durations import Duration
from portal.business_time.calendars import Calendar, CalendarFault

# Zones lie from 12 hours behind to 14 hours ahead: where in UTC a local date may lie.
BEFORE: Final = timedelta(hours=14)
AFTER: Final = timedelta(hours=36)
# Ten years of closed days mean that nobody will ever open.
SEARCHED_DAYS: Final = 3660
SECOND: Final = timedelta(seconds=1)
NOTHING: Final = timedelta(0)
Span = tuple[datetime, datetime]


def due_at(duration: Duration, since: datetime, calendar: Calendar) -> datetime:
    """Return when a duration that began at `since` is over, in UTC; raises CalendarFault."""
    match duration.unit:
        case "minutes":
            return since.astimezone(UTC) + timedelta(minutes=duration.amount)
        case "hours":
            return since.astimezone(UTC) + timedelta(hours=duration.amount)
        case "calendar_days":
            return _same_time(since, calendar, _local(since, calendar).date() + timedelta(duration.amount))
        case "business_hours":
            return add_business_hours(duration.amount, since, calendar)
        case "business_days":
            return add_business_days(duration.amount, since, calendar)


def add_business_days(days: int, since: datetime, calendar: Calendar) -> datetime:
    """Return the same local time on the `days`-th business day after the date of `since`."""
    day = _local(since, calendar).date()
    for _nth in range(days):
        day = _next_business_day(day, calendar)
    return _same_time(since, calendar, day)


def add_business_hours(hours: int, since: datetime, calendar: Calendar) -> datetime:
    """Return the first instant before which that many open hours lay since `since`."""
    return add_open_time(timedelta(hours=hours), since, calendar)


def add_open_time(left: timedelta, since: datetime, calendar: Calendar) -> datetime:
    """Return the first instant before which `left` of open time lay since `since`."""
    reached = since.astimezone(UTC)
    day = _local(since, calendar).date()
    closed_days = 0
    while left > NOTHING:
        closed_days += 1
        for opens, closes in _spans(day, calendar):
            start = max(opens, since)
            if closes <= start:
                continue
            closed_days = 0
            if closes - start >= left:
                return start + left
            left -= closes - start
        if closed_days > SEARCHED_DAYS:
            raise CalendarFault("This calendar has no open time for years.")
        day += timedelta(days=1)
    return reached


def business_time_between(since: datetime, until: datetime, calendar: Calendar) -> timedelta:
    """Return the open time from `since` to `until`; nothing when that is not later."""
    total, day = NOTHING, _local(since, calendar).date()
    last = _local(until, calendar).date()
    while since < until and day <= last:
        for opens, closes in _spans(day, calendar):
            total += max(NOTHING, min(closes, until) - max(opens, since))
        day += timedelta(days=1)
    return total


def due_after_pause(
    due: datetime, paused_at: datetime, resumed_at: datetime, duration: Duration, calendar: Calendar
) -> datetime:
    """Return the due time of a clock that goes on: what was left when it paused, counted from now.

    What was left of business hours and days is open time; of other units, and where no open time was left, it
    is plain time.
    """
    left = business_time_between(paused_at, due, calendar) if duration.is_business else NOTHING
    if left > NOTHING:
        return add_open_time(left, resumed_at, calendar)
    return resumed_at.astimezone(UTC) + (due - paused_at)


def _local(at: datetime, calendar: Calendar) -> datetime:
    return at.astimezone(ZoneInfo(calendar.zone))


def _next_business_day(day: date, calendar: Calendar) -> date:
    for _searched in range(SEARCHED_DAYS):
        day += timedelta(days=1)
        if calendar.is_business_day(day):
            return day
    raise CalendarFault("This calendar has no business day for years.")


def _same_time(since: datetime, calendar: Calendar, day: date) -> datetime:
    local = _local(since, calendar)
    if day == local.date():
        return since.astimezone(UTC)
    zone = ZoneInfo(calendar.zone)
    wanted = datetime.combine(day, local.time())
    first = wanted.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wanted:
        return first
    # Skipped: the clock jumps over it between these two readings of the offset.
    return _change(wanted.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone)


def _spans(day: date, calendar: Calendar) -> Iterator[Span]:
    """Yield the stretches of UTC in which the wall clock shows a time within the hours of the date."""
    hours = calendar.hours_of(day)
    if not hours:
        return
    zone, midnight = ZoneInfo(calendar.zone), datetime.combine(day, datetime.min.time(), UTC)
    start, end = midnight - BEFORE, midnight + AFTER
    at_start, at_end = _offset(start, zone), _offset(end, zone)
    # The offset changes at most once within two days.
    change = end if at_start == at_end else _change(start, end, zone)
    for begins, ends, offset in ((start, change, at_start), (change, end, at_end)):
        for opens, closes in hours:
            first = max(midnight + timedelta(minutes=opens) - offset, begins)
            last = min(midnight + timedelta(minutes=closes) - offset, ends)
            if first < last:
                yield first, last


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or NOTHING


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the second at which the zone's offset changes between two instants."""
    offset, low = _offset(before, zone), before.replace(microsecond=0)
    seconds = (after - low) // SECOND + 1
    high = low + seconds * SECOND
    while high - low > SECOND:
        middle = low + (high - low) // SECOND // 2 * SECOND
        if _offset(middle, zone) == offset:
            low = middle
        else:
            high = middle
    return high
