"""The days on which a side's people are not asked: closures, holidays and half days of its calendar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from portal.action import current_action
from portal.business_time import Calendar
from portal.models import BusinessCalendar

# The minute of a day at which work ends: 0 when there is none that day, None when the calendar leaves it be.
EarlyEnd = Callable[[date], int | None]


def no_days_off(_day: date) -> int | None:
    """Leave every day be: where no calendar is kept."""
    return None


def early_end(calendars: Sequence[tuple[date, Calendar]]) -> EarlyEnd:
    """Return when work ends early, by versions with the date each is in force from, the newest first."""

    def ends(day: date) -> int | None:
        calendar = next((each for since, each in calendars if since <= day), None)
        if calendar is None:
            return None
        if calendar.closed_because(day):
            return 0
        hours = calendar.half_days.get(day)
        return None if hours is None else hours[-1][1]

    return ends


def days_off(space_id: UUID, side: str, at: datetime, *, site_id: UUID | None = None) -> EarlyEnd:
    """Return when a side's work ends early, by the versions of its calendar that are set at an instant.

    Each day is looked up in the version in force then, the site's own before the side's. The calendar is read
    when it is first asked: hours that go through the week ask for none.
    """
    actor, kept = current_action().actor, list[EarlyEnd]()

    def ends(day: date) -> int | None:
        if not kept:
            rows = BusinessCalendar.objects.visible_to(actor).filter(space_id=space_id, side=side)
            rows = rows.filter(Q(site=None) | Q(site_id=site_id), set_at__lte=at).order_by("-number")
            found = sorted(rows, key=lambda each: each.site_id is None)
            kept.append(
                early_end(
                    [(each.effective_on, Calendar.of(each.content, number=each.number)) for each in found]
                )
            )
        return kept[0](day)

    return ends
