"""When a clause's time is over: by the calendar in force when the clock starts, which it then keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from portal import business_time
from portal.action import instant
from portal.actor import Actor, Side
from portal.agreements.durations import Calendar as CalendarName
from portal.agreements.durations import Duration
from portal.business_time import Calendar
from portal.models import BusinessCalendar, Clock

_SIDES: Final[Mapping[CalendarName, Side]] = {"site": Side.MANUFACTURER, "sponsor": Side.SPONSOR}


@dataclass(frozen=True, slots=True)
class Timing:
    """When a duration is over, and what that was worked out from.

    `calendar` is the number of the calendar's version; None where none was set or none is asked.
    """

    since: datetime
    due_at: datetime
    duration: Duration
    zone: str
    calendar: int | None


def calendar_side(duration: Duration) -> Side:
    """Return the side by whose calendar a duration is counted."""
    return _SIDES[duration.calendar]


def calendar_at(
    actor: Actor, space_id: UUID, side: str, at: datetime, *, site_id: UUID | None = None
) -> BusinessCalendar | None:
    """Return the version of a side's calendar in force at an instant, the site's own before the side's.

    None where the side has set none. One query.
    """
    rows = BusinessCalendar.objects.visible_to(actor).filter(space_id=space_id, side=side, set_at__lte=at)
    rows = rows.filter(Q(site=None) | Q(site_id=site_id))
    inforce = [
        each
        for each in rows.order_by("-number")
        if each.effective_on <= at.astimezone(ZoneInfo(each.content["zone"])).date()
    ]
    return next((each for each in inforce if each.site_id is not None), next(iter(inforce), None))


def time_out(
    actor: Actor,
    space_id: UUID,
    duration: Duration,
    since: datetime,
    *,
    zone: str,
    site_id: UUID | None = None,
) -> Timing:
    """Return when a duration that began at `since` is over, by the calendar in force now.

    Where its side has set none, business time is Monday to Friday from 8 to 17 in `zone`, without holidays.
    """
    side = calendar_side(duration)
    row = calendar_at(actor, space_id, side, instant(), site_id=site_id)
    calendar = Calendar(zone) if row is None else Calendar.of(row.content, number=row.number)
    return Timing(
        since=since,
        due_at=business_time.due_at(duration, since, calendar),
        duration=duration,
        zone=calendar.zone,
        calendar=calendar.number,
    )


def duration_of(clock: Clock) -> Duration:
    """Return the duration that a clock was given; plain time where it was given an instant alone."""
    return Duration.of(clock.duration) if clock.duration else Duration(0, "hours")


def calendar_of(actor: Actor, clock: Clock) -> Calendar:
    """Return the calendar that a clock keeps, whatever has been set since."""
    zone = clock.zone or "UTC"
    if clock.calendar is None:
        return Calendar(zone)
    row = BusinessCalendar.objects.visible_to(actor).get(
        space_id=clock.space_id, side=calendar_side(duration_of(clock)), number=clock.calendar
    )
    return Calendar.of(row.content, number=row.number)
