"""Clocks: how their time is worked out, how they start and end, and who acts when one is due."""

from portal.clocks.extending import Extensions, MoreTime
from portal.clocks.running import (
    ClockHandler,
    end_clocks,
    handler_of,
    many_handler_of,
    note_step,
    on_clock,
    on_clocks,
    start_clock,
)
from portal.clocks.timing import Timing, calendar_at, calendar_of, calendar_side, duration_of, time_out

__all__ = [
    "ClockHandler",
    "Extensions",
    "MoreTime",
    "Timing",
    "calendar_at",
    "calendar_of",
    "calendar_side",
    "duration_of",
    "end_clocks",
    "handler_of",
    "many_handler_of",
    "note_step",
    "on_clock",
    "on_clocks",
    "start_clock",
    "time_out",
]
