"""Keep the children's log files from growing without end."""

import shutil
from pathlib import Path
from typing import Final

LARGEST: Final = 20 * 1024 * 1024
KEPT: Final = 3


def rotate(folder: Path, largest: int = LARGEST) -> None:
    """Move the content of each log that is too large to `.1`, and what was there one further.

    By copy and truncation, since the children hold their files open; they append, so they go on
    at the start. A line written between the two is lost.
    """
    for log in sorted(folder.glob("*.log")):
        if log.stat().st_size <= largest:
            continue
        for number in range(KEPT - 1, 0, -1):
            older = log.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(log.with_suffix(f".log.{number + 1}"))
        shutil.copyfile(log, log.with_suffix(".log.1"))
        with log.open("r+b") as held:
            held.truncate()
