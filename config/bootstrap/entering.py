"""Bring any command into a virtual environment that holds what it needs."""

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from config.bootstrap.assets import install_assets
from config.bootstrap.packages import install_packages, make_environment
from config.bootstrap.places import Places, has_assets, has_packages
from config.bootstrap.progress import say, step
from config.bootstrap.running import ToolFailed

# What a command needs; `up` serves before it has the rest, and then has `prepare` bring it.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {"test": ("test",), "prepare": ("base", "extra")}


def enter(arguments: Sequence[str], places: Places) -> None:
    """Return once this process runs on complete packages; replaces the process when it must.

    A command whose locks are already installed passes in a few milliseconds.
    """
    command = arguments[1] if len(arguments) > 1 else ""
    try:
        for requirements in NEEDS.get(command, ("base",)):
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
    make_environment(places)
    # Both wait for the network most of the time.
    with ThreadPoolExecutor(max_workers=1) as beside:
        assets = None if has_assets(places) else beside.submit(install_assets, places)
        if not has_packages(places, requirements):
            install_packages(places, requirements)
        if assets is not None:
            with step("front-end assets"):
                assets.result()


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    places.venv.mkdir(exist_ok=True)
    with (places.venv / ".setting-up").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
