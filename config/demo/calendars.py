"""How each side of the demo works: both plants of Norrsund by their own country, the sponsors by theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from config.demo.companies import AV101, CORK, MALMO, PROGRAMS, TB22, Project, Site
from config.demo.crew import Crew
from portal.action import reading
from portal.actions.calendars import set_calendar
from portal.business_time import Calendar
from portal.business_time.calendars import DAYS
from portal.models import BusinessCalendar, ProgramSite

MONDAY_TO_FRIDAY: Final = DAYS[:5]
REASON: Final = "As the quality agreement counts business days, annex 3."


@dataclass(frozen=True, slots=True)
class Week:
    """How a side works: whose holidays, which hours; `extra` is the month, day and name of own closures."""

    zone: str
    country: str
    subdivision: str
    hours: str
    extra: Mapping[tuple[int, int], str] = field(default_factory=dict)
    half: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def in_year(self, year: int) -> Calendar:
        """Return it as the product keeps it, with the own days of one year."""
        return Calendar.of(
            {
                "zone": self.zone,
                "country": self.country,
                "subdivision": self.subdivision,
                "hours": dict.fromkeys(MONDAY_TO_FRIDAY, self.hours),
                "closures": {f"{year}-{m:02}-{d:02}": why for (m, d), why in self.extra.items()},
                "half_days": {f"{year}-{m:02}-{d:02}": hours for (m, d), hours in self.half.items()},
            }
        )


_MALMO: Final = Week(MALMO.zone, MALMO.calendar, "", "08:00-17:00", half={(12, 30): "08:00-12:00"})
_CORK: Final = Week(CORK.zone, CORK.calendar, "", "08:30-17:30", extra={(12, 29): "Media fill of line 4"})
_ARVO: Final = Week("America/New_York", "US", "MA", "09:00-17:00", extra={(12, 24): "Company holiday"})
_TESSEL: Final = Week("Europe/Zurich", "CH", "BS", "08:00-17:00")


def has_calendars(crew: Crew) -> bool:
    """Say whether a load before has set them."""
    reader = crew["cdmo_quality_head"]
    with reading(reader):
        return BusinessCalendar.objects.visible_to(reader).exists()


def set_calendars(crew: Crew, moment: datetime) -> None:
    """Set them for every program, by the heads of quality of each side; a plant of its own has its own."""
    for project in PROGRAMS:
        _set(crew, "cdmo_quality_head", project, _MALMO, moment)
        head, week = ("rival_quality_head", _TESSEL) if project is TB22 else ("sponsor_quality_head", _ARVO)
        _set(crew, head, project, week, moment)
    _set(crew, "cdmo_quality_head", AV101, _CORK, moment, site=CORK)


def _set(
    crew: Crew, key: str, project: Project, week: Week, moment: datetime, *, site: Site | None = None
) -> None:
    head = crew[key]
    site_id = None
    if site is not None:
        with reading(head):
            rows = ProgramSite.objects.visible_to(head).filter(space_id=project.id, name=site.name)
            site_id = rows.values_list("pk", flat=True).get()
    today = moment.astimezone(ZoneInfo(week.zone)).date()
    set_calendar(
        head,
        project.id,
        calendar=week.in_year(today.year),
        effective_on=today,
        reason=REASON,
        site_id=site_id,
    )
