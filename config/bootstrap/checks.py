"""`manage.py test`: lint, types, architecture and tests, one line for each."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config.bootstrap.browser import bring_browser
from config.bootstrap.places import Places
from config.bootstrap.progress import WIDTH, say

# One more than the cores of the smallest machine: much of a test is waiting for another process.
WORKERS: Final = "3"
INNER_LOOP: Final = "not slow and not e2e and not chaos and not soak and not matrix"
# What needs an hour or several browsers runs only when asked for by name.
DEFAULT_RUN: Final = "not soak and not matrix"


@dataclass(frozen=True)
class Stage:
    """One check: its name on the terminal, and the arguments of the Python that runs it."""

    name: str
    python: tuple[str, ...]


LINT: Final = Stage("lint (ruff)", ("-m", "ruff", "check", "--quiet", "."))
FORMAT: Final = Stage("format (ruff)", ("-m", "ruff", "format", "--check", "--quiet", "."))
TYPES: Final = Stage("types (mypy)", ("-m", "mypy"))
# import-linter has no `-m` entry, and the scripts of a virtual environment break when it is moved.
IMPORTS: Final = Stage(
    "architecture (import-linter)",
    ("-c", "from importlinter.cli import lint_imports_command as run; run(['--no-logo'])"),
)


def plan(arguments: Sequence[str]) -> tuple[list[Stage], list[str]]:
    """Return the quiet stages and pytest's arguments for what the person asked.

    Arguments other than `--fast` are pytest's own, and then pytest runs alone.
    """
    is_fast = "--fast" in arguments
    own = [argument for argument in arguments if argument != "--fast"]
    spread = ["-n", WORKERS, "--dist", "loadfile"]
    if is_fast:
        return ([] if own else [LINT, FORMAT]), ["-q", "-m", INNER_LOOP, *spread, *own]
    if own:
        return [], own
    return [LINT, FORMAT, TYPES, IMPORTS], ["-m", DEFAULT_RUN, *spread]


def run_checks(arguments: Sequence[str], places: Places) -> int:
    """Run all stages, also after one failed, and return 0 only when every one passed."""
    stages, for_pytest = plan(arguments)
    env = {**os.environ, "PYTHONPATH": str(places.root)}
    if "--fast" not in arguments:
        browser = bring_browser()
        if browser:
            env["COVALENT_CHROMIUM"] = browser
    failed = [stage.name for stage in stages if not _passes(stage, places, env)]
    say(f"  tests (pytest {' '.join(for_pytest)})")
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", *for_pytest], cwd=places.root, env=env, check=False
    )
    if failed:
        say(f"  failed before the tests: {', '.join(failed)}")
    return tests.returncode or int(bool(failed))


def _passes(stage: Stage, places: Places, env: dict[str, str]) -> bool:
    started = time.monotonic()
    ran = subprocess.run(
        [sys.executable, *stage.python],
        cwd=places.root,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    outcome = "passed" if ran.returncode == 0 else "FAILED"
    if ran.returncode != 0:
        say(ran.stdout.rstrip())
    say(f"  {stage.name:<{WIDTH}} {outcome} in {time.monotonic() - started:.1f} s")
    return ran.returncode == 0
