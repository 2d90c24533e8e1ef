"""How much more time the clause of extensions gives a deadline, and how often. Nothing is written here.

The clause is that of the version under which the clock started. Each extension counts from the present due
time; what no clause lets be put off is due when it is due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from portal.actor import Actor
from portal.agreements.durations import Duration
from portal.agreements.rules import Timeline
from portal.agreements.terms import Applied, Terms
from portal.business_time import Calendar
from portal.business_time import due_at as over_at
from portal.clocks.names import is_extendable
from portal.clocks.timing import calendar_at, calendar_of, calendar_side, duration_of
from portal.models import Clock
from portal.terms import terms_of

EXTENSION: Final = "extension"


@dataclass(frozen=True, slots=True)
class MoreTime:
    """What a clause gives a deadline beyond its time: so many extensions, each to `latest` at most."""

    clause: str
    terms: int | None
    rounds: int
    used: int
    within: Duration
    latest: datetime

    @property
    def left(self) -> int:
        """Return how many extensions are left."""
        return max(0, self.rounds - self.used)

    def allows(self, due_before: datetime, due_at: datetime) -> bool:
        """Say whether a deadline may be put off to an instant."""
        return self.left > 0 and due_before < due_at <= self.latest


def more_time(
    found: Applied[Timeline], terms: int | None, *, used: int, due_at: datetime, calendar: Calendar
) -> MoreTime:
    """Return what a rule gives a deadline that was put off `used` times and is due at `due_at` now."""
    rule = found.rule
    latest = over_at(rule.within, due_at, calendar)
    return MoreTime(found.clause.code, terms, rule.rounds, used, rule.within, latest)


class Extensions:
    """Reads the rules of each version once, for many clocks of one page."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._terms: dict[tuple[UUID, int | None], Terms] = {}

    def of(self, clock: Clock) -> MoreTime | None:
        """Return what its clause gives a clock, None where no clause gives it more time."""
        if not clock.clause or clock.is_regulatory or not is_extendable(clock.kind):
            return None
        key = (clock.space_id, clock.terms)
        if key not in self._terms:
            self._terms[key] = terms_of(self._actor, *key)
        found = self._terms[key].timeline(EXTENSION, clock.inputs.get("classification"))
        if found is None:
            return None
        calendar = self._calendar(clock, found.rule.within)
        return more_time(
            found, self._terms[key].version, used=clock.extensions, due_at=clock.due_at, calendar=calendar
        )

    def _calendar(self, clock: Clock, within: Duration) -> Calendar:
        """Return the calendar the clock keeps, or of another side the one in force when it started."""
        zone = clock.zone or "UTC"
        if not within.is_business:
            return Calendar(zone)
        side = calendar_side(within)
        if clock.calendar is not None and calendar_side(duration_of(clock)) == side:
            return calendar_of(self._actor, clock)
        row = calendar_at(self._actor, clock.space_id, side, clock.started_at)
        return Calendar(zone) if row is None else Calendar.of(row.content, number=row.number)
