"""Bring any command into a virtual environment that holds what it needs."""

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from config.bootstrap.assets import find_npm, install_assets
from config.bootstrap.packages import install_packages
from config.bootstrap.places import Places, has_assets, has_packages
from config.bootstrap.progress import say
from config.bootstrap.running import ToolFailed

NEEDS_TESTS: Final = frozenset({"test"})


def enter(arguments: Sequence[str], places: Places) -> None:
    """Return once this process runs on complete packages; replaces the process when it must.

    A command whose locks are already installed passes in a few milliseconds.
    """
    command = arguments[1] if len(arguments) > 1 else ""
    requirements = "test" if command in NEEDS_TESTS else "base"
    try:
        prepare(places, requirements)
    except ToolFailed as failure:
        raise SystemExit(f"\nThe set-up failed. {failure}") from failure
    if not places.is_inside():
        os.execv(places.python, [str(places.python), *arguments])  # noqa: S606  the same command, in the right Python


def prepare(places: Places, requirements: str) -> None:
    """Install what is missing; two commands at once do it one after the other. Raises: ToolFailed."""
    if has_packages(places, requirements) and has_assets(places):
        return
    with _alone(places):
        _install_missing(places, requirements)


def _install_missing(places: Places, requirements: str) -> None:
    say("Covalent: setting up (only at the first start and after an update)")
    wants_packages, wants_assets = not has_packages(places, requirements), not has_assets(places)
    if wants_packages and wants_assets and find_npm():
        _install_both(places, requirements)
        return
    if wants_packages:
        install_packages(places, requirements)
    if wants_assets:
        install_assets(places)


def _install_both(places: Places, requirements: str) -> None:
    # npm waits for the network most of the time, and so does uv.
    failures: list[ToolFailed] = []

    def fetch_assets() -> None:
        try:
            install_assets(places)
        except ToolFailed as failure:
            failures.append(failure)

    beside = threading.Thread(target=fetch_assets)
    beside.start()
    try:
        install_packages(places, requirements)
    finally:
        beside.join()
    if failures:
        raise failures[0]


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    places.venv.mkdir(exist_ok=True)
    with (places.venv / ".setting-up").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
