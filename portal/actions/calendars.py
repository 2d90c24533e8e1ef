"""Calendars: a side says how it works from a date on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from portal import ledger
from portal.access import administers, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.business_time import Calendar, CalendarFault
from portal.errors import Invalid, NotFound, StaleVersion
from portal.facts import CalendarSet
from portal.models import BusinessCalendar, Program, ProgramSite
from portal.states import CALENDAR_KEEPERS

REASON_MIN: Final = 10
REASON_MAX: Final = 4000
# What a calendar may hold of own days; two years of them, and a page that can be read.
OWN_DAYS_MAX: Final = 400


def parse_calendar(plain: Mapping[str, Any]) -> Calendar:
    """Return the calendar that somebody gave, in its plain form; raises Invalid."""
    try:
        return Calendar.of(plain)
    except CalendarFault as fault:
        raise Invalid(str(fault), errors={"calendar": [str(fault)]}) from fault


@action("calendar.set")
def set_calendar(
    actor: Actor,
    program_id: UUID,
    *,
    calendar: Calendar,
    effective_on: date,
    reason: str,
    site_id: UUID | None = None,
    after: int | None = None,
) -> BusinessCalendar:
    """Say how the actor's own side works from a date on, by a new version; nothing takes effect backwards.

    Clocks that run keep the version under which they started. `site_id` makes it the calendar of one site of
    the manufacturer. `after`, when given, is the newest number that the person saw. Raises: NotFound,
    Refused, Invalid, StaleVersion. Records: calendar.set v1.
    """
    program = Program.objects.visible_to(actor).select_for_update(no_key=True).with_id(program_id)
    if program is None:
        raise NotFound
    side = actor.side(program_id)
    if not administers(actor, program_id):
        require_role(actor, program_id, *CALENDAR_KEEPERS, to="set a calendar")
    if side is None:
        raise NotFound
    _check(calendar, effective_on, reason)
    if site_id is not None:
        site = ProgramSite.objects.visible_to(actor).with_id(site_id)
        if site is None or site.space_id != program_id or side != "manufacturer":
            words = "A site of the manufacturer in this program has a calendar of its own."
            raise Invalid(words, errors={"site": [words]})
    rows = BusinessCalendar.objects.visible_to(actor).filter(space_id=program_id, side=side)
    newest = rows.order_by("-number").values_list("number", flat=True).first() or 0
    if after is not None and after != newest:
        detail = f"Version {newest} was set meanwhile, you saw {after}. Read it again, then decide."
        raise StaleVersion(detail, version=newest)
    row = BusinessCalendar.objects.create(
        space_id=program_id,
        side=side,
        site_id=site_id,
        number=newest + 1,
        content=calendar.plain(),
        effective_on=effective_on,
        reason=reason.strip(),
        set_by=actor.person_id,
        set_code=actor.code(program_id),
        set_at=instant(),
    )
    ledger.record(row, CalendarSet(side=side, number=row.number, effective_on=effective_on))
    return row


def _check(calendar: Calendar, effective_on: date, reason: str) -> None:
    errors: dict[str, list[str]] = {}
    today = instant().astimezone(ZoneInfo(calendar.zone)).date()
    if effective_on < today:
        errors["effective_on"] = ["Today or later: nothing takes effect backwards."]
    if len(calendar.closures) + len(calendar.half_days) > OWN_DAYS_MAX:
        errors["closures"] = [f"At most {OWN_DAYS_MAX} closures and half days."]
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        errors["reason"] = [f"Say why, in {REASON_MIN} to {REASON_MAX} characters."]
    if errors:
        raise Invalid("This calendar cannot be set so.", errors=errors)
