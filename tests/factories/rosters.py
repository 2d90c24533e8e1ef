"""Rosters of the cast: who has duty on either side of the first partnership."""

from __future__ import annotations

from datetime import date, time, timedelta

from portal.action import reading
from portal.actions import people
from portal.actions.rostering import set_roster
from portal.actor import Actor, Side, seats_of, system_actor
from portal.models import Roster, RosterGap, RosterVersion
from portal.rosters.cover import cover_of
from portal.rosters.hours import ALWAYS, DutyHours
from portal.rosters.plan import Rotation
from tests.factories import cast

MONDAY = date(2026, 3, 2)


def rotation(*keys, days=7, zone="Europe/Stockholm", hours="", begins_on=MONDAY):
    """Turns of the people with these keys."""
    found = DutyHours.parse(hours) if hours else ALWAYS
    who = tuple(each.person_id if isinstance(each, Actor) else cast.person_id(each) for each in keys)
    return Rotation(who, zone, begins_on, time(7), days, found)


def kept(by, *keys, space=cast.PROGRAM, side=Side.MANUFACTURER, role="qa", version=None, **given) -> Roster:
    """A roster that a person of the side keeps."""
    return set_roster(by, space, side=side, role=role, rotation=rotation(*keys, **given), version=version)


def cover(space=cast.PROGRAM):
    """The cover as the system reads it."""
    with reading(system_actor("watchdog", space)):
        return cover_of(space)


def versions_of(roster) -> list[RosterVersion]:
    """Every version of a roster, oldest first."""
    watcher = system_actor("watchdog", roster.space_id)
    with reading(watcher):
        rows = RosterVersion.objects.visible_to(watcher).filter(roster_id=roster.pk)
        return list(rows.order_by("number"))


def gaps_of(roster) -> list[RosterGap]:
    """The gaps that were told of."""
    watcher = system_actor("watchdog", roster.space_id)
    with reading(watcher):
        rows = RosterGap.objects.visible_to(watcher).filter(roster_id=roster.pk)
        return list(rows.order_by("begins_at"))


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


def joined(
    key, *, employer=cast.CDMO, side=Side.MANUFACTURER, role="qa", target=cast.PARTNERSHIP, **dates
) -> Actor:
    """A further person with a seat, as the set-up gives one."""
    setup = system_actor("setup", employer)
    member = people.add_member(
        setup, employer, email=f"{key}@example.com", name=f"Name of {key}", password=cast.PASSWORD
    )
    people.give_assignment(
        setup,
        employer,
        person_id=member.person_id,
        target_id=target,
        side=side,
        role=role,
        code=key,
        **dates,
    )
    return Actor(member.person_id, "human", employer, seats_of(member.person_id))
