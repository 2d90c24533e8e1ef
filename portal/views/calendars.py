"""Calendars: how each side of a program works, a year at a sight, and setting the own side's next version."""

from __future__ import annotations

import calendar as months
from datetime import date, timedelta
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.access import administers, get_program
from portal.action import instant, reading
from portal.actions.calendars import REASON_MAX, REASON_MIN, parse_calendar, set_calendar
from portal.actor import Actor
from portal.business_time import Calendar
from portal.business_time.calendars import DAYS
from portal.business_time.holidays import FIRST_YEAR, LAST_YEAR, countries
from portal.errors import DomainError, Refused
from portal.forms import explain
from portal.models import BusinessCalendar, Program
from portal.pages import Page, PageRequest
from portal.queries.clocks import list_calendars
from portal.queries.rooms import list_rooms
from portal.states import CALENDAR_KEEPERS

DAY_NAMES: Final = dict(zip(DAYS, months.day_name, strict=True))


class CalendarForm(forms.Form):
    """The next version of a side's calendar."""

    effective_on = forms.DateField(
        label=gettext_lazy("In force from"), widget=forms.DateInput(attrs={"type": "date"})
    )
    zone = forms.CharField(label=gettext_lazy("Time zone"), max_length=60)
    country = forms.ChoiceField(label=gettext_lazy("Public holidays of"), required=False)
    subdivision = forms.CharField(
        label=gettext_lazy("Part of the country"),
        max_length=10,
        required=False,
        help_text=gettext_lazy("Its code, like BY for Bavaria."),
    )
    hours = forms.CharField(
        label=gettext_lazy("Hours of the week"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=gettext_lazy("A line for each working day, like: monday 08:00-12:00, 13:00-17:00"),
    )
    closures = forms.CharField(
        label=gettext_lazy("Own closures"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("A line for each day, like: 2026-12-24 Stocktaking"),
    )
    half_days = forms.CharField(
        label=gettext_lazy("Own half days"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("A line for each day, like: 2026-12-31 08:00-12:00"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    after = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the countries that have a list of holidays."""
        super().__init__(*args, **kwargs)
        offered = [("", _("none")), *((code, code) for code in countries())]
        self.fields["country"].choices = offered  # type: ignore[attr-defined]  # a choice

    def plain(self) -> dict[str, Any]:
        """Return the calendar in its plain form."""
        given = self.cleaned_data
        return {
            "zone": given["zone"],
            "country": given["country"],
            "subdivision": given["subdivision"],
            "hours": _by_line(given["hours"].lower()),
            "closures": _by_line(given["closures"]),
            "half_days": _by_line(given["half_days"]),
        }


def _by_line(text: str) -> dict[str, str]:
    lines = (each.strip().partition(" ") for each in text.splitlines() if each.strip())
    return {first.rstrip(":"): rest.strip() for first, _space, rest in lines}


class CalendarsPage(Page):
    """Both sides' calendars of a program in force now, their year, their versions, and the own next one."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/calendars.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the calendars and, for who may set one, the form."""
        actor = request.actor
        program = get_program(actor, kwargs["program_id"])
        today = instant().astimezone(ZoneInfo(program.zone)).date()
        year = _year(request.GET.get("year", ""), today.year)
        rows = list(list_calendars(actor, program_id=program.pk).order_by("-number", "pk"))
        return {
            "program": program,
            "rooms": sorted(list_rooms(actor).values(), key=lambda each: each.program.code),
            "year": year,
            "years": (year - 1, year + 1),
            "sides": [_side(program, side, rows, year, today) for side in ("manufacturer", "sponsor")],
            "form": _form(actor, program, rows, today),
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Set the next version of the own side."""
        asked, program_id = cast("PageRequest", request), kwargs["program_id"]
        with reading(asked.actor):
            get_program(asked.actor, program_id)
            if not may_set(asked.actor, program_id):
                raise Refused(
                    _("A calendar is set by the heads of quality and the administrators of a side.")
                )
        form = CalendarForm(asked.POST)
        if form.is_valid() and _was_set(asked.actor, program_id, form):
            messages.success(asked, _("The calendar is set. Clocks that run keep theirs."))
            return HttpResponseRedirect(reverse("calendars", args=[program_id]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form}, **kwargs)


def may_set(actor: Actor, program_id: UUID) -> bool:
    """Say whether the reader sets the calendar of the own side."""
    return actor.holds(program_id, *CALENDAR_KEEPERS) or administers(actor, program_id)


def _was_set(actor: Actor, program_id: UUID, form: CalendarForm) -> bool:
    given = form.cleaned_data
    try:
        set_calendar(
            actor,
            program_id,
            calendar=parse_calendar(form.plain()),
            effective_on=given["effective_on"],
            reason=given["reason"],
            after=given["after"],
        )
    except DomainError as error:
        explain(form, error)
        return False
    return True


def _form(actor: Actor, program: Program, rows: list[BusinessCalendar], today: date) -> CalendarForm | None:
    if not may_set(actor, program.pk):
        return None
    own = [each for each in rows if each.side == actor.side(program.pk) and each.site_id is None]
    numbers = [each.number for each in rows if each.side == actor.side(program.pk)]
    plain = own[0].content if own else Calendar(program.zone).plain()
    initial = {
        "effective_on": today,
        "zone": plain["zone"],
        "country": plain["country"],
        "subdivision": plain["subdivision"],
        "hours": _lines({day: hours for day, hours in plain["hours"].items() if hours}),
        "closures": _lines(plain["closures"]),
        "half_days": _lines(plain["half_days"]),
        "after": max(numbers, default=0),
    }
    return CalendarForm(initial=initial)


def _lines(found: dict[str, str]) -> str:
    return "\n".join(f"{first} {rest}".strip() for first, rest in found.items())


def _side(
    program: Program, side: str, rows: list[BusinessCalendar], year: int, today: date
) -> dict[str, Any]:
    own = [each for each in rows if each.side == side]
    now = next((each for each in own if each.site_id is None and each.effective_on <= today), None)
    found = Calendar(program.zone) if now is None else Calendar.of(now.content, number=now.number)
    return {
        "name": program.manufacturer_name if side == "manufacturer" else program.sponsor_name,
        "number": found.number,
        "calendar": found,
        "hours": _hours(found),
        "months": [_month(found, year, month, today) for month in range(1, 13)],
        "closed": _closed(found, year),
        "versions": own,
    }


def _hours(found: Calendar) -> list[tuple[str, str]]:
    """Return the hours of the week, days that follow each other with the same hours as one."""
    open_days = [(day, text) for day, text in found.plain()["hours"].items() if text]
    names = list(DAY_NAMES)
    spans: list[tuple[list[str], str]] = []
    for day, text in open_days:
        if spans and spans[-1][1] == text and names.index(day) == names.index(spans[-1][0][-1]) + 1:
            spans[-1][0].append(day)
        else:
            spans.append(([day], text))
    return [(_days(each), text) for each, text in spans]


def _days(days: list[str]) -> str:
    first, last = _(DAY_NAMES[days[0]]), _(DAY_NAMES[days[-1]])
    return first if len(days) == 1 else _("%(first)s to %(last)s") % {"first": first, "last": last}


def _month(found: Calendar, year: int, month: int, today: date) -> dict[str, Any]:
    weeks = months.Calendar().monthdatescalendar(year, month)
    return {
        "name": formats.date_format(date(year, month, 1), "F"),
        "weeks": [
            [_day(found, day, today) if day.month == month else None for day in week] for week in weeks
        ],
    }


def _day(found: Calendar, day: date, today: date) -> dict[str, Any]:
    because = found.closed_because(day)
    kind = (
        "closed"
        if because
        else "half"
        if day in found.half_days
        else ""
        if found.is_business_day(day)
        else "off"
    )
    return {"number": day.day, "kind": kind, "because": because, "is_today": day == today}


def _closed(found: Calendar, year: int) -> list[tuple[date, str]]:
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return [(day, because) for day in days if day.year == year and (because := found.closed_because(day))]


def _year(given: str, now: int) -> int:
    return int(given) if given.isdecimal() and FIRST_YEAR <= int(given[:6]) <= LAST_YEAR else now
