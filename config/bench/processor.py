"""How long something took, and how long processors worked on it: machines of a bench have other work, too."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from django.db import connection

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")


class Busy:
    """Seconds of a block, and those in which this process or its database session had a processor."""

    took_s = 0.0
    busy_s = 0.0

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            self._backend = cursor.fetchone()[0]
        self._began = time.perf_counter()
        self._ours, self._theirs = time.process_time(), _of_process(self._backend)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.took_s = time.perf_counter() - self._began
        self.busy_s = time.process_time() - self._ours + _of_process(self._backend) - self._theirs


def _of_process(pid: int) -> float:
    # What follows the name in brackets; the name may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / TICKS_A_SECOND
