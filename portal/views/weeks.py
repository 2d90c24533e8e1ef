"""The week view: seven days in quarters, a bar for each turn, so that a table can draw it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.actor import Side
from portal.models import Program
from portal.queries.duty import SIDES, RosterWeek, weeks
from portal.rosters.cover import covers_of
from portal.rosters.duty import Span
from portal.rosters.hours import instant_of
from portal.views.ladders import roles_words

DAYS: Final = 7
QUARTERS: Final = 4
HOURS_A_QUARTER: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A turn as so many quarters of a day; no code is a gap in cover."""

    quarters: int
    code: str
    backup: str
    is_mine: bool
    begins_at: datetime
    is_cut: bool


def week_of(programs: Collection[Program], at: datetime, *, reader: UUID) -> list[dict[str, Any]]:
    """Return the coming seven days of each side that keeps rosters: its days, and a row of bars a roster."""
    zones = _zones(programs)
    first = {side: at.astimezone(ZoneInfo(zones.get(side, "UTC"))).date() for side in SIDES}
    begins = {str(side): at for side in SIDES}
    ends = {
        str(side): _midnight(first[side] + timedelta(days=DAYS), zones.get(side, "UTC")) for side in SIDES
    }
    found = weeks(programs, begins, ends)
    return [
        {
            "side": side,
            "name": _name(side, programs),
            "zone": zones.get(side, "UTC"),
            "days": [first[side] + timedelta(days=ahead) for ahead in range(DAYS)],
            "rows": [
                _row(each, first[side], zones.get(side, "UTC"), reader) for each in found if each.side == side
            ],
        }
        for side in SIDES
        if any(each.side == side for each in found)
    ]


def _zones(programs: Collection[Program]) -> dict[Side, str]:
    found: dict[Side, str] = {}
    for cover in covers_of([each.pk for each in programs]).values():
        for side, zone in cover.zones.items():
            found.setdefault(Side(side), zone)
    return found


def _midnight(day: date, zone: str) -> datetime:
    return instant_of(day, time(0), zone)


def _name(side: Side, programs: Collection[Program]) -> str:
    names = {each.sponsor_name if side == Side.SPONSOR else each.manufacturer_name for each in programs}
    return ", ".join(sorted(names))


def _row(week: RosterWeek, first: date, zone: str, reader: UUID) -> dict[str, Any]:
    return {
        "roster_id": week.roster_id,
        "role": roles_words([week.role]),
        "programs": ", ".join(week.programs),
        "past": _quarter(week.spans[0].begins_at, first, zone),
        "bars": bars(week.spans, first, zone, reader),
    }


def bars(spans: Sequence[Span], first: date, zone: str, reader: UUID) -> list[Bar]:
    """Return the spans as bars over the quarters of seven days, none lost: the shortest takes one quarter."""
    found: list[Bar] = []
    taken, whole = _quarter(spans[0].begins_at, first, zone), DAYS * QUARTERS
    for number, span in enumerate(spans):
        left = len(spans) - number - 1
        end = min(max(_quarter(span.ends_at, first, zone), taken + 1), whole - left)
        if number == len(spans) - 1:
            end = whole
        primary, backup = span.duty.primary, span.duty.backup
        found.append(
            Bar(
                quarters=max(end - taken, 1),
                code=primary.code if primary else "",
                backup=backup.code if backup else "",
                is_mine=primary is not None and primary.person_id == reader,
                begins_at=span.begins_at,
                is_cut=number == 0,
            )
        )
        taken = max(end, taken + 1)
    return found


def _quarter(at: datetime, first: date, zone: str) -> int:
    local = at.astimezone(ZoneInfo(zone))
    return (local.date() - first).days * QUARTERS + local.hour // HOURS_A_QUARTER
