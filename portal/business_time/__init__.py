"""Business time: when a duration is over by somebody's calendar, and how much working time lies between.

The rule, in words:

1. An instant is *open* when the wall clock of the calendar's zone then shows a time within the hours of that
   local date. Hours are half-open: `08:00-17:00` holds 08:00 and not 17:00. What the clock skips in spring is
   not open, what it shows twice in autumn is open twice.
2. The hours of a date are those of its weekday; none on a closure or a public holiday; on a half day those
   of it, which win over a holiday, and a closure wins over all.
3. A *business day* is a date with hours.
4. Hours and minutes run through nights and weekends. Business hours are over at the first instant before
   which that much open time lay since the start.
5. A calendar day is over at the same local time on the next date, a business day at the same local time on
   the next business day; a start on another day counts from that day. A local time that the clock skips is
   the first after the gap; one that it shows twice is the first of the two.
"""

from portal.business_time.calendars import ALWAYS, WORKING_WEEK, Calendar, CalendarFault, Hours, parse_hours
from portal.business_time.counting import (
    add_business_days,
    add_business_hours,
    business_time_between,
    due_after_pause,
    due_at,
)

__all__ = [
    "ALWAYS",
    "WORKING_WEEK",
    "Calendar",
    "CalendarFault",
    "Hours",
    "add_business_days",
    "add_business_hours",
    "business_time_between",
    "due_after_pause",
    "due_at",
    "parse_hours",
]
