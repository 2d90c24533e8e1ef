"""Clocks that run for the program itself, dull on purpose, and their histories."""

from __future__ import annotations

from datetime import timedelta

from portal.access import get_program
from portal.action import action, instant, reading
from portal.actor import Side, system_actor
from portal.agreements.durations import Duration
from portal.clocks import start_clock, time_out
from portal.models import Clock, ClockMove
from tests.factories import cast

WORDS = "The sample is still at the laboratory in Lund."
FIVE_DAYS = Duration(5, "business_days")
DAY = Duration(24, "hours")


@action("test.start_clock")
def _start(actor, program_id, duration, *, side, audience, due_at=None, next_at=None, since=None, **given):
    program = get_program(actor, program_id)
    zone = "Europe/Stockholm"
    timing = time_out(actor, program_id, duration, since or instant(), zone=zone)
    return start_clock(
        program,
        kind=given.pop("kind", "test.reply"),
        clause="6.2",
        side=side,
        due_at=due_at or timing.due_at,
        next_at=next_at,
        audience=audience,
        timing=timing,
        **given,
    )


def started(
    duration=DAY, *, side=Side.MANUFACTURER, audience="shared", program=cast.PROGRAM, by=None, **given
) -> Clock:
    """A running clock."""
    by = by or system_actor("setup", program)
    return _start(by, program, duration, side=side, audience=audience, **given)


def seen(clock) -> Clock:
    """The clock as it stands."""
    watcher = system_actor("watchdog", clock.space_id)
    with reading(watcher):
        return Clock.objects.visible_to(watcher).get(pk=clock.pk)


def lines_of(clock):
    """Its history: what happened, by whom, whose ball it is then, and from which due time to which."""
    watcher = system_actor("watchdog", clock.space_id)
    with reading(watcher):
        rows = ClockMove.objects.visible_to(watcher).filter(clock_id=clock.pk).order_by("at", "pk")
        return [(each.step, each.code, each.side, each.due_before, each.due_after) for each in rows]


def hours(number):
    return timedelta(hours=number)
