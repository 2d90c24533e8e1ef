"""A progress bar for a terminal, and a few plain lines where there is none."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

WIDTH: Final = 30
REFRESH_S: Final = 0.1
PLAIN_STEPS: Final = 10


class Screen(Protocol):
    """What the bar needs of a stream."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...
    def isatty(self) -> bool: ...


@dataclass(slots=True)
class Progress:
    """Counts rows up to a total and shows it."""

    screen: Screen
    total: int
    clock: Callable[[], float] = time.monotonic
    rows: int = 0
    _begun: float = field(init=False)
    _shown_at: float = float("-inf")
    _steps: int = 0

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def advance(self, rows: int) -> None:
        """Add rows, and redraw if it is time to."""
        self.rows += rows
        now = self.clock()
        if not self.screen.isatty():
            step = PLAIN_STEPS * self.rows // max(self.total, 1)
            if step > self._steps:
                self._steps = step
                self._write(f"{self.line(now)}\n")
        elif now - self._shown_at >= REFRESH_S or self.rows >= self.total:
            self._shown_at = now
            self._write(f"\r{self.line(now)}\x1b[K")

    def close(self) -> None:
        """Leave the bar standing and go to the next line."""
        if self.screen.isatty():
            self._write(f"\r{self.line(self.clock())}\x1b[K\n")

    def line(self, now: float) -> str:
        """Give the bar as text."""
        share = min(1.0, self.rows / self.total) if self.total else 1.0
        full = round(share * WIDTH)
        rate = self.rows / max(now - self._begun, 1e-9)
        bar = "#" * full + "." * (WIDTH - full)
        return f"[{bar}] {share:4.0%}  {self.rows:,} of {self.total:,} rows  {rate:,.0f} rows/s"

    def _write(self, text: str) -> None:
        self.screen.write(text)
        self.screen.flush()
