"""The week view: seven days in quarters, a bar for each turn, so that a table can draw it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.actor import Side
from portal.models import Program
from portal.queries.duty import SIDES, RosterWeek, weeks
from portal.rosters.cover import Cover, covers_of
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
    """Return the coming seven days of each company that keeps rosters, and a row of bars a roster."""
    covers = covers_of([each.pk for each in programs])
    return [
        found
        for side in SIDES
        for company in _companies(side, programs)
        if (found := _week(side, company, covers, at, reader))["rows"]
    ]


def _companies(side: Side, programs: Collection[Program]) -> list[list[Program]]:
    """Return the programs of each company that is this side of some, by its name."""
    found: dict[tuple[str, UUID], list[Program]] = {}
    for each in programs:
        is_sponsor = side == Side.SPONSOR
        name = each.sponsor_name if is_sponsor else each.manufacturer_name
        found.setdefault((name, each.sponsor_id if is_sponsor else each.manufacturer_id), []).append(each)
    return [found[key] for key in sorted(found, key=str)]


def _week(
    side: Side, programs: Sequence[Program], covers: Mapping[UUID, Cover], at: datetime, reader: UUID
) -> dict[str, Any]:
    own = {each.pk: covers[each.pk] for each in programs}
    zone = next((each.zones[side] for each in own.values() if side in each.zones), "UTC")
    first = at.astimezone(ZoneInfo(zone)).date()
    ends_at = instant_of(first + timedelta(days=DAYS), time(0), zone)
    program = programs[0]
    return {
        "key": f"{side}-{program.sponsor_id if side == Side.SPONSOR else program.manufacturer_id}",
        "side": side,
        "name": program.sponsor_name if side == Side.SPONSOR else program.manufacturer_name,
        "zone": zone,
        "days": [first + timedelta(days=ahead) for ahead in range(DAYS)],
        "rows": [_row(each, first, zone, reader) for each in weeks(side, programs, own, at, ends_at)],
    }


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
