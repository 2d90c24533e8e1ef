"""Lines on the terminal that say what is being done and how long it took."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

TICK_S: Final = 1.0
WIDTH: Final = 34
START_OF_LINE: Final = "\r" if sys.stdout.isatty() else ""


def say(text: str) -> None:
    print(text, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show a step while it runs, with its seconds on a terminal, and its time when it is done."""
    started = time.monotonic()
    done = threading.Event()
    ticking = threading.Thread(target=_tick, args=(what, started, done), daemon=True)
    if sys.stdout.isatty():
        ticking.start()
    else:
        say(f"  {what} ...")
    outcome = "failed"
    try:
        yield
        outcome = "done"
    finally:
        done.set()
        if ticking.ident is not None:
            ticking.join()
        say(START_OF_LINE + f"  {what:<{WIDTH}} {outcome} in {time.monotonic() - started:.1f} s")


def _tick(what: str, started: float, done: threading.Event) -> None:
    while True:
        print(f"{START_OF_LINE}  {what:<{WIDTH}} {time.monotonic() - started:.0f} s ", end="", flush=True)
        if done.wait(TICK_S):
            return
