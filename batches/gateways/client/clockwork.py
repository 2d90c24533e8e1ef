"""The gateway's clock, and by how much it was put since a frame was recorded."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Self

from batches.columns import instant_of

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
# Counts on while the machine sleeps, where the system can say so.
STEADY: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant by the machine's clock, and by one that nobody can put, in this run of the machine."""

    wall_us: int
    steady_us: int
    boot: str

    @classmethod
    def now(cls) -> Self:
        """Read both clocks."""
        return cls(time.time_ns() // 1000, time.clock_gettime_ns(STEADY) // 1000, boot_id())

    def clock_now(self, now: Moment) -> datetime:
        """Return what the clock that this moment was read from would say now.

        A clock that was put since is not the one by which the frame was recorded. After a restart of the
        machine nothing is known of that, and the clock of now is what there is.
        """
        if self.boot != now.boot or not self.boot:
            return instant_of(now.wall_us)
        return instant_of(self.wall_us) + timedelta(microseconds=now.steady_us - self.steady_us)


def boot_id() -> str:
    """Return the name of this run of the machine, nothing where the system does not tell."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
