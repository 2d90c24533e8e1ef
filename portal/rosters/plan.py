"""What a roster says, as plain values: a rotation, who stands in when, who is away when."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.rosters.hours import ALWAYS, DutyHours, instant_of

TURN_DAYS_MAX: Final = 28


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns of so many days, in order, handed over at one local time.

    The first of them has a turn that begins on `begins_on`; before and after, the same order goes on.
    """

    people: tuple[UUID, ...]
    zone: str
    begins_on: date
    handover_at: time
    days: int = 7
    hours: DutyHours = ALWAYS

    def turn_at(self, at: datetime) -> int:
        """Return the number of the turn in which an instant lies; the first person's is 0."""
        day = at.astimezone(ZoneInfo(self.zone)).date()
        number = (day - self.begins_on).days // self.days
        # Before the hour of the handover, and on either side of a clock change, it is still the turn before.
        return number if at >= self.handover(number) else number - 1

    def handover(self, turn: int) -> datetime:
        """Return the instant at which a turn begins."""
        return instant_of(self.begins_on + timedelta(days=turn * self.days), self.handover_at, self.zone)

    def order_at(self, at: datetime) -> tuple[UUID, ...]:
        """Return everybody, who has the turn first, then those who come after."""
        if not self.people:
            return ()
        first = self.turn_at(at) % len(self.people)
        return self.people[first:] + self.people[:first]

    def plain(self) -> dict[str, Any]:
        """Return the rotation as a version of a roster keeps it."""
        return {
            "people": [str(each) for each in self.people],
            "zone": self.zone,
            "begins_on": self.begins_on.isoformat(),
            "handover_at": f"{self.handover_at:%H:%M}",
            "days": self.days,
            "hours": self.hours.plain(),
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `plain` holds."""
        return cls(
            people=tuple(UUID(each) for each in plain["people"]),
            zone=plain["zone"],
            begins_on=date.fromisoformat(plain["begins_on"]),
            handover_at=time.fromisoformat(plain["handover_at"]),
            days=plain["days"],
            hours=DutyHours.of(plain["hours"]),
        )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A person from an instant to an instant: standing in, or away."""

    person_id: UUID
    begins_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Say whether an instant lies in it."""
        return self.begins_at <= at < self.ends_at

    def plain(self) -> dict[str, str]:
        """Return the stretch as a version of a roster keeps it."""
        return {
            "person": str(self.person_id),
            "begins_at": self.begins_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }

    @classmethod
    def of(cls, plain: Mapping[str, str]) -> Self:
        """Return what `plain` holds."""
        begins_at, ends_at = (datetime.fromisoformat(plain[each]) for each in ("begins_at", "ends_at"))
        return cls(UUID(plain["person"]), begins_at, ends_at)


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a roster: the rotation, stand-ins (a later one goes before an earlier), absences."""

    rotation: Rotation
    stand_ins: tuple[Stretch, ...] = ()
    away: tuple[Stretch, ...] = ()

    def since(self, at: datetime) -> Plan:
        """Return the plan without what was over by then."""
        return replace(
            self,
            stand_ins=tuple(each for each in self.stand_ins if each.ends_at > at),
            away=tuple(each for each in self.away if each.ends_at > at),
        )

    def without(self, person_id: UUID, begins_at: datetime) -> Plan:
        """Return the plan without what a person was said to do from an instant on."""
        said = (person_id, begins_at)
        return replace(
            self,
            stand_ins=tuple(each for each in self.stand_ins if (each.person_id, each.begins_at) != said),
            away=tuple(each for each in self.away if (each.person_id, each.begins_at) != said),
        )

    def plain(self) -> dict[str, Any]:
        """Return the plan as a version of a roster keeps it."""
        return {
            "rotation": self.rotation.plain(),
            "stand_ins": [each.plain() for each in self.stand_ins],
            "away": [each.plain() for each in self.away],
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `plain` holds."""
        return cls(
            Rotation.of(plain["rotation"]),
            tuple(Stretch.of(each) for each in plain["stand_ins"]),
            tuple(Stretch.of(each) for each in plain["away"]),
        )

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what `plain` holds, from its JSON."""
        return cls.of(json.loads(text))
