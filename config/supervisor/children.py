"""Keep processes alive: whatever ends is started again with back-off, and the others stay up."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from config.bootstrap.progress import say
from config.supervisor import processes
from config.supervisor.errors import StartFailed
from config.supervisor.processes import Process

DELAYS_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0)
STEADY_AFTER_S: Final = 30.0


class Part(Protocol):
    """Something with a process behind it that can be started again: a server or a child."""

    name: str

    @property
    def process(self) -> Process | None: ...
    def start(self) -> None: ...
    def ask_to_end(self) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Child:
    """One process of the product; what it says goes to `log`, or to the terminal without one."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path | None
    pass_fds: Sequence[int] = ()
    process: Process | None = None
    is_asked: bool = False

    def start(self) -> None:
        if self.process is not None:
            # Of a worker that was killed the pool may be left.
            processes.clear_away(self.process)
        self.is_asked = False
        self.process = processes.spawn(
            self.command, log=self.log, env=self.env, cwd=self.cwd, pass_fds=self.pass_fds
        )

    def ask_to_end(self) -> None:
        # Once: a worker that is asked again drops what it is doing.
        if self.process is not None and not self.is_asked:
            self.is_asked = True
            processes.ask_to_end(self.process)

    def stop(self) -> None:
        if self.process is not None:
            self.ask_to_end()
            processes.see_it_end(self.process)
            self.process = None


@dataclass
class _Kept:
    part: Part
    started: float
    deaths: int = 0
    due: float | None = None


class Keeper:
    """The parts in the order of their start; `tick` is called again and again by the supervisor."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def start(self, part: Part) -> None:
        """Start a part now and keep it from here on. Raises: StartFailed."""
        self._kept.append(_Kept(part, time.monotonic()))
        part.start()

    def tick(self) -> None:
        """Notice what has ended and start again what is due."""
        now = time.monotonic()
        for kept in self._kept:
            if kept.due is None:
                self._notice_end(kept, now)
            elif kept.due <= now:
                self._start_again(kept, now)

    def __len__(self) -> int:
        return len(self._kept)

    def stop_all(self) -> None:
        """End everything, the last started first; the product's own processes at the same time."""
        own = [kept.part for kept in self._kept if isinstance(kept.part, Child)]
        for child in own:
            child.ask_to_end()
        for part in (*own, *self._servers_last_first()):
            part.stop()
        self._kept.clear()

    def kill_all(self) -> None:
        """End everything at once, for someone who does not want to wait."""
        for kept in self._kept:
            if kept.part.process is not None:
                processes.clear_away(kept.part.process)

    def _servers_last_first(self) -> list[Part]:
        return [kept.part for kept in reversed(self._kept) if not isinstance(kept.part, Child)]

    def _notice_end(self, kept: _Kept, now: float) -> None:
        process = kept.part.process
        if process is None or process.poll() is None:
            return
        if now - kept.started > STEADY_AFTER_S:
            kept.deaths = 0
        self._put_off(kept, now, f"ended with code {process.returncode}")

    def _start_again(self, kept: _Kept, now: float) -> None:
        kept.due, kept.started = None, now
        try:
            kept.part.start()
        except (StartFailed, OSError) as failure:
            self._put_off(kept, now, f"does not start ({failure})")
        else:
            say(f"  {kept.part.name} is up again")

    def _put_off(self, kept: _Kept, now: float, why: str) -> None:
        delay = DELAYS_S[min(kept.deaths, len(DELAYS_S) - 1)]
        kept.deaths += 1
        kept.due = now + delay
        say(f"  {kept.part.name} {why}; next start in {delay:g} s")
