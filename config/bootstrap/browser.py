"""A Chromium for the tests that drive the pages."""

import os
import shutil
from pathlib import Path
from typing import Final

from config.bootstrap.packages import apt_install
from config.bootstrap.progress import say, step
from config.bootstrap.running import ToolFailed

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    found = (shutil.which(name) for name in NAMES)
    return next((path for path in found if path), None)


def bring_browser() -> str | None:
    """Return a Chromium, installed where the machine allows it; without one the browser tests skip."""
    browser = find_browser()
    if browser is None and os.geteuid() == 0 and _is_debian():
        try:
            with step("browser (chromium)"):
                apt_install("chromium")
        except ToolFailed as failure:
            say(f"  {failure}")
        browser = find_browser()
    if browser is None:
        say("  No Chromium here: the browser tests will be skipped. Install chromium to run them.")
    return browser


def _is_debian() -> bool:
    # Ubuntu's chromium package is a stub that asks for snap.
    try:
        release = Path("/etc/os-release").read_text()
    except OSError:
        return False
    return "\nID=debian" in f"\n{release}" and shutil.which("apt-get") is not None
