"""The rosters of programs as both sides may use them: read through doors, as ids, codes and instants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from portal.actor import Side
from portal.rosters.days_off import EarlyEnd, no_days_off
from portal.rosters.duty import Duty, Holder, duty_at
from portal.rosters.hours import DutyHours
from portal.rosters.plan import Plan

RoleKey = tuple[str, str]
NOBODY: Final = Duty(None, None)


@dataclass(frozen=True, slots=True)
class Kept:
    """A roster as it stands; `is_own` is false for one that serves the whole partnership."""

    roster_id: UUID
    plan: Plan
    is_own: bool


@dataclass(frozen=True, slots=True)
class Listener:
    """A person who is to be told, in the role for which they are."""

    person_id: UUID
    role: str
    code: str


@dataclass(frozen=True, slots=True)
class Cover:
    """Who has duty in one program: rosters and holders of roles by (side, role), and each side's zone."""

    rosters: Mapping[RoleKey, Kept] = field(default_factory=dict)
    holders: Mapping[RoleKey, Sequence[Holder]] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)

    def duty(self, side: Side | str, role: str, at: datetime) -> Duty | None:
        """Return who has duty in a role, None where no roster says."""
        kept = self.rosters.get((str(side), role))
        return None if kept is None else duty_at(kept.plan, self.holders.get((str(side), role), ()), at)

    def present(self, side: Side | str, role: str, at: datetime) -> list[Holder]:
        """Return everybody who holds the role at an instant, by code."""
        held = [each for each in self.holders.get((str(side), role), ()) if each.holds(at)]
        return sorted(held, key=lambda each: (each.code, str(each.person_id)))

    def listeners(self, side: Side | str, roles: Sequence[str], at: datetime) -> list[Listener]:
        """Return whom a step tells: of each role who has duty, or everybody where no roster or nobody has.

        Each person once, in the first role of the step's order.
        """
        found: dict[UUID, Listener] = {}
        for role in roles:
            primary = (self.duty(side, role, at) or NOBODY).primary
            for each in [primary] if primary is not None else self.present(side, role, at):
                found.setdefault(each.person_id, Listener(each.person_id, role, each.code))
        return list(found.values())

    def opens_at(
        self, side: Side | str, roles: Sequence[str], at: datetime, early_end: EarlyEnd = no_days_off
    ) -> datetime:
        """Return the instant itself in the duty hours of one of the roles, else when the first begin.

        `early_end` are the days off by the side's calendar; hours that go through the week have none.
        """
        found = (self._hours(str(side), role) for role in roles)
        return min(hours.opens_at(at, zone, early_end) for hours, zone in found)

    def _hours(self, side: str, role: str) -> tuple[DutyHours, str]:
        kept = self.rosters.get((side, role))
        if kept is None:
            return DutyHours.parse(settings.DUTY_HOURS), self.zones.get(side, "UTC")
        return kept.plan.rotation.hours, kept.plan.rotation.zone


def covers_of(space_ids: Collection[UUID]) -> dict[UUID, Cover]:
    """Return the cover of each space in which the open context sits; three queries."""
    rosters: dict[UUID, dict[RoleKey, Kept]] = {each: {} for each in space_ids}
    holders: dict[UUID, dict[RoleKey, list[Holder]]] = {each: {} for each in space_ids}
    zones: dict[UUID, dict[str, str]] = {each: {} for each in space_ids}
    asked = [list(space_ids)]
    with connection.cursor() as cursor:
        cursor.execute(
            "select space_id, roster_id, side, role, plan::text, is_own from door.rosters_of(%s)", asked
        )
        for space_id, roster_id, side, role, plan, is_own in cursor.fetchall():
            rosters[space_id][side, role] = Kept(roster_id, Plan.read(plan), is_own)
        cursor.execute(
            "select space_id, side, role, person_id, code, begins_at, ends_at, lender"
            " from door.holders_of(%s)",
            asked,
        )
        for space_id, side, role, *held in cursor.fetchall():
            holders[space_id].setdefault((side, role), []).append(Holder(*held))
        cursor.execute("select space_id, side, zone from door.zones_of(%s)", asked)
        for space_id, side, zone in cursor.fetchall():
            zones[space_id][side] = zone
    return {each: Cover(rosters[each], holders[each], zones[each]) for each in space_ids}


def cover_of(space_id: UUID) -> Cover:
    """Return the cover of one space in which the open context sits."""
    return covers_of([space_id])[space_id]
