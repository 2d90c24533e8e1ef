"""Run a tool quietly; show what it said only when it failed."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

SHOWN_LINES: Final = 25
SHOWN_WORDS: Final = 4


class ToolFailed(Exception):
    """A tool of the set-up ended with an error; the message carries the end of its output."""


def run(command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> None:
    """Run to the end. Raises: ToolFailed, also when the program does not exist."""
    try:
        ran = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ToolFailed(f"{command[0]}: {error.strerror}") from error
    if ran.returncode != 0:
        tail = "\n".join(ran.stdout.splitlines()[-SHOWN_LINES:])
        shown = " ".join(command[:SHOWN_WORDS])
        raise ToolFailed(f"{shown} ... ended with code {ran.returncode}:\n{tail}")
