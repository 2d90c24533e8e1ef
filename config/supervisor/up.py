"""`manage.py up`: everything that Covalent needs, from one terminal."""

import argparse
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

from config.bootstrap.places import ROOT, Places, digest, has_packages
from config.bootstrap.progress import say, step
from config.supervisor.children import Child, Keeper
from config.supervisor.data_folder import held
from config.supervisor.errors import StartFailed
from config.supervisor.logs import rotate
from config.supervisor.notes import Notes
from config.supervisor.postgres import Postgres
from config.supervisor.processes import LOOPBACK
from config.supervisor.surroundings import DEFAULT_DATA, Surroundings, given_database
from config.supervisor.valkey import Valkey

TICK_S: Final = 0.1
READY_POLL_S: Final = 0.3
READY_WITHIN_S: Final = 60.0
ROTATE_EVERY_S: Final = 60.0
SHOWN_LINES: Final = 30
QUIET_ROOT: Final = "ignore:You're running the worker with superuser privileges"


class Stopped(BaseException):
    """Someone asked the supervisor to end. Not an Exception: nothing but `up` may catch it."""


def up(arguments: Sequence[str]) -> int:
    """Start everything, keep it alive until asked to end, and return the exit code."""
    asked = parse(arguments)
    data = asked.data.absolute()
    url = f"http://{LOOPBACK}:{asked.port}"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    keeper = Keeper()
    try:
        with held(data, url), listen(asked.port) as sock:
            try:
                Run(asked, data, sock, keeper).go()
            finally:
                _stop(keeper)
    except StartFailed as failure:
        say(f"\nCovalent did not start: {failure}")
        return 1
    except Stopped:
        say("  stopped")
    return 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py up", description="Start Covalent from this terminal.")
    parser.add_argument("--demo", action="store_true", help="load the demo once and run a simulated plant")
    parser.add_argument("--port", type=int, default=8000, help="where the pages are served (8000)")
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(os.environ.get("COVALENT_DATA") or DEFAULT_DATA),
        help="where everything is kept (var)",
    )
    parser.add_argument("--web", type=int, default=1, metavar="N", help="number of web processes (1)")
    return parser.parse_args(arguments)


def listen(port: int) -> socket.socket:
    """Take the address before anything is started, so that a clash is told at once."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        sock.close()
        raise StartFailed(f"port {port} is not free ({error}); choose another with --port") from error
    return sock


class Run:
    """One run of the product, from the first server to the last line of progress."""

    def __init__(self, asked: argparse.Namespace, data: Path, sock: socket.socket, keeper: Keeper) -> None:
        self._asked = asked
        self._data = data
        self._sock = sock
        self._keeper = keeper
        self._url = f"http://{LOOPBACK}:{asked.port}"
        self._rotated = time.monotonic()

    def go(self) -> None:
        say(f"Covalent: starting on the data in {self._data}")
        around = self._start_servers()
        around.write_down()
        self._start_processes(around.for_children())
        self._wait_until_ready()
        rest = Child(
            "setup", (sys.executable, "manage.py", "prepare"), around.for_children(), ROOT, self._log("setup")
        )
        if not has_packages(Places(), "extra"):
            rest.start()
        try:
            if self._asked.demo:
                self._load_demo(around.for_children())
            else:
                self._announce()
            while True:
                self._tick()
        finally:
            rest.stop()

    def _start_servers(self) -> Surroundings:
        given, redis_url = given_database(), os.environ.get("REDIS_URL")
        if not redis_url:
            valkey = Valkey(self._data)
            with step("queue (Valkey)"):
                self._keeper.start(valkey)
            redis_url = valkey.url()
        is_new = True
        if given is None:
            postgres = Postgres(self._data)
            with step("database (PostgreSQL)"):
                self._keeper.start(postgres)
            is_new = postgres.is_new
            given = (postgres.url("covalent_app", "covalent"), postgres.url("covalent_migrate", "covalent"))
        around = Surroundings(self._data, self._asked.port, self._asked.demo, *given, redis_url)
        self._migrate(around, is_known="DATABASE_URL" not in os.environ and not is_new)
        return around

    def _migrate(self, around: Surroundings, *, is_known: bool) -> None:
        notes, wanted = Notes(self._data / "migrated.json"), fingerprint(Places())
        if is_known and notes.find("migrations") == wanted:
            return
        with step("migrations"):
            ran = subprocess.run(
                [sys.executable, "manage.py", "migrate", "--no-input", "--skip-checks", "--verbosity", "0"],
                cwd=ROOT,
                env=around.for_migrations(),
                capture_output=True,
                text=True,
                check=False,
            )
            if ran.returncode != 0:
                tail = "\n".join((ran.stdout + ran.stderr).splitlines()[-SHOWN_LINES:])
                raise StartFailed(f"the migrations failed:\n{tail}")
        notes.put("migrations", wanted)

    def _start_processes(self, env: dict[str, str]) -> None:
        python, fd = sys.executable, self._sock.fileno()
        celery = (python, "-W", QUIET_ROOT, "-m", "celery", "-A", "config")
        worker = (
            *celery,
            "worker",
            "--loglevel=info",
            "--concurrency=2",
            "--without-gossip",
            "--without-mingle",
        )
        # Whichever web process is asked for metrics answers for all, and counts begin with this start.
        metrics = self._data / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        for_web = {**env, "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        for number in range(1, self._asked.web + 1):
            name = "web" if number == 1 else f"web-{number}"
            self._keep(name, (python, "-m", "config.supervisor.web", str(fd)), for_web, pass_fds=(fd,))
        self._keep("relay", (python, "manage.py", "relay"), env)
        self._keep("worker", worker, env)
        self._keep("auditor", (python, "manage.py", "auditor"), env)
        self._keep("beat", (*celery, "beat", "--loglevel=info", "--pidfile="), env)

    def _keep(
        self, name: str, command: Sequence[str], env: dict[str, str], *, pass_fds: Sequence[int] = ()
    ) -> None:
        self._keeper.start(Child(name, command, env, ROOT, self._log(name), pass_fds))

    def _log(self, name: str) -> Path:
        return self._data / "log" / f"{name}.log"

    def _wait_until_ready(self) -> None:
        with step("web, worker, beat, relay"):
            until = time.monotonic() + READY_WITHIN_S
            while not is_ready(self._url):
                if time.monotonic() > until:
                    raise StartFailed(f"not ready within {READY_WITHIN_S:.0f} s; see {self._data / 'log'}")
                self._tick()
                time.sleep(READY_POLL_S)

    def _load_demo(self, env: dict[str, str]) -> None:
        say(f"  serving at {self._url}; loading the demo")
        loading = Child("demo", (sys.executable, "manage.py", "load_demo"), env, ROOT, None)
        loading.start()
        is_open = False
        try:
            while loading.process is not None and loading.process.poll() is None:
                is_open = is_open or self._open_demo(env)
                self._tick()
        finally:
            code = loading.process.returncode if loading.process else None
            loading.stop()
        if not (is_open or self._open_demo(env)):
            self._announce()
        if code != 0:
            say(f"  the demo could not be loaded whole (code {code}); the next start goes on")

    def _open_demo(self, env: dict[str, str]) -> bool:
        """Start the plant and show the logins once what runs is there, before the history."""
        path = self._data / "demo.json"
        demo = json.loads(path.read_text()) if path.exists() else {}
        # One of an earlier start may name another port; it is about to be written again.
        if demo.get("url") != self._url:
            return False
        self._keep("plant", (sys.executable, "manage.py", "plant"), env)
        say(logins(demo))
        self._announce()
        return True

    def _announce(self) -> None:
        say(f"\nCovalent is running at {self._url}   (logs in {self._data / 'log'}; Ctrl-C stops it)")

    def _tick(self) -> None:
        self._keeper.tick()
        if time.monotonic() - self._rotated > ROTATE_EVERY_S:
            self._rotated = time.monotonic()
            rotate(self._data / "log")
        time.sleep(TICK_S)


def is_ready(url: str) -> bool:
    with suppress(OSError, urllib.error.URLError), urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310  our own address
        return True
    return False


def fingerprint(places: Places) -> str:
    """Return what changes whenever there may be something to migrate: ours and the packages'."""
    files = sorted(places.root.glob("*/migrations/**/*"))
    known = hashlib.sha256(digest(places.lock("base")).encode())
    for path in files:
        if path.suffix in {".py", ".sql"}:
            known.update(path.relative_to(places.root).as_posix().encode() + path.read_bytes())
    return known.hexdigest()


def logins(demo: dict[str, Any]) -> str:
    """Return the people of the demo as lines for the terminal."""
    lines = ["", "  Sign in as                              password"]
    for person in demo["people"].values():
        totp = f"   TOTP secret {person['totp_secret']}" if person["totp_secret"] else ""
        lines.append(f"  {person['email']:<40}{person['password']}{totp}")
    return "\n".join(lines)


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _stop(keeper: Keeper) -> None:
    def at_once(_number: int, _frame: FrameType | None) -> None:
        keeper.kill_all()
        os._exit(130)

    if len(keeper) > 0:
        say("  stopping (again to stop at once)")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, at_once)
    keeper.stop_all()
