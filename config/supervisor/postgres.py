"""The embedded PostgreSQL: our own launcher of the server that a wheel brings along."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg

from config.supervisor import processes
from config.supervisor.errors import StartFailed
from config.supervisor.notes import Notes
from config.supervisor.postgres_files import PostgresFiles, lay_out
from config.supervisor.processes import LOOPBACK, Process

ADMIN: Final = "covalent_admin"
LOGINS: Final = ("covalent_migrate", "covalent_app", "covalent_backup")
ROLES_SQL: Final = Path(__file__).with_name("roles.sql")
READY_WITHIN_S: Final = 60.0
PID_FILE_STATUS_LINE: Final = 7

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    # Two cores: a query that takes both makes every other one wait, and so does compiling it.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "io_workers": "2",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_lock_waits": "on",
    "log_min_duration_statement": "1s",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
NOT_DURABLE: Final[Mapping[str, str]] = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class Postgres:
    """One cluster with the roles of `roles.sql`, on loopback, kept in a data folder.

    `durable=False` gives up crash safety for speed and is meant for tests.
    The server dies with the thread that called `start`.
    """

    name = "postgres"

    def __init__(self, data: Path, *, durable: bool = True, port: int | None = None) -> None:
        self.data = data.absolute()
        self._durable = durable
        self._wanted_port = port
        self._secrets = Notes(self.data / "secrets.json")
        self._notes = Notes(self.data / "postgres.json")
        self._files: PostgresFiles | None = None
        self._process: Process | None = None
        self.port = 0
        self.is_new = False

    def start(self) -> None:
        """Make the cluster if there is none, start the server and bring the roles up to date.

        A server left over from a supervisor that was killed is stopped first.
        Raises: StartFailed.
        """
        files = self._files = lay_out(self.data, self._notes, durable=self._durable)
        if not (files.cluster / "PG_VERSION").exists():
            self._make_cluster(files)
        stop_left_over(files.cluster)
        noted = self._notes.find("port")
        self.port = self._wanted_port or self.port or processes.free_port(int(noted) if noted else None)
        self._process = processes.spawn(
            [files.program("postgres"), "-D", str(files.cluster), *self._settings()],
            log=self._log,
            cwd=files.home,
            env=_plain_environment(),
            user=files.user,
            death_signal=signal.SIGINT,
        )
        self._wait_until_ready(files)
        self._notes.put("port", str(self.port))
        self.ensure_database("covalent")

    def find_running(self) -> None:
        """Take the address of the server that another process started on this data folder."""
        self.port = int(self._notes.find("port") or 0)

    def ask_to_end(self) -> None:
        if self._process is not None:
            processes.ask_to_end(self._process, signal.SIGINT)

    def stop(self) -> None:
        """End all sessions and the server; committed work stays."""
        if self._process is not None:
            self.ask_to_end()
            processes.see_it_end(self._process, patience_s=15.0)
            self._process = None

    def destroy(self) -> None:
        """Stop the server and delete its cluster for good."""
        self.stop()
        files = self._files or lay_out(self.data, self._notes, durable=self._durable)
        stop_left_over(files.cluster)
        shutil.rmtree(files.home, ignore_errors=True)

    @property
    def process(self) -> Process | None:
        return self._process

    def url(self, role: str, database: str) -> str:
        """Return the address by which one role (`covalent_admin` included) reaches one database."""
        password = self._secrets.secret(f"postgres_{role}")
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database}"

    def is_ready(self) -> bool:
        """Say whether the server takes connections now."""
        with suppress(psycopg.Error), psycopg.connect(self.url(ADMIN, "postgres"), connect_timeout=2):
            return True
        return False

    def ensure_database(self, name: str) -> None:
        """Make the database if it is missing, owned by covalent_owner, closed to all but our roles."""
        if self._files is None:
            raise StartFailed("PostgreSQL was not started")
        passwords = {
            f"{login.upper()}_PASSWORD": self._secrets.secret(f"postgres_{login}") for login in LOGINS
        }
        ran = subprocess.run(
            [self._files.program("psql"), "-X", "-d", self.url(ADMIN, "postgres"), "-f", str(ROLES_SQL)],
            env={**_plain_environment(), **passwords, "COVALENT_DATABASE": name},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            raise StartFailed(f"roles.sql failed on database {name}: {ran.stderr.strip()}")

    @property
    def _log(self) -> Path:
        return self.data / "log" / "postgres.log"

    def _settings(self) -> list[str]:
        chosen = dict(SETTINGS) if self._durable else {**SETTINGS, **NOT_DURABLE}
        chosen["port"] = str(self.port)
        return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]

    def _make_cluster(self, files: PostgresFiles) -> None:
        # A crash in initdb leaves a folder without PG_VERSION or with half of its files.
        shutil.rmtree(files.cluster, ignore_errors=True)
        unfinished = files.home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = files.hand_over("password", self._secrets.secret(f"postgres_{ADMIN}"))
        try:
            made = processes.spawn(
                [files.program("initdb"), *_initdb_options(unfinished, password_file, durable=self._durable)],
                log=self._log,
                cwd=files.home,
                env=_plain_environment(),
                user=files.user,
            ).wait()
        finally:
            password_file.unlink()
        if made != 0:
            raise StartFailed(f"initdb failed; see {self._log}")
        unfinished.rename(files.cluster)
        self.is_new = True

    def _wait_until_ready(self, files: PostgresFiles) -> None:
        process, until = self._process, time.monotonic() + READY_WITHIN_S
        while process is not None and time.monotonic() < until:
            if process.poll() is not None:
                raise StartFailed(f"PostgreSQL ended at once ({process.returncode}); see {self._log}")
            if _status_of(files.cluster, process.pid) == "ready":
                return
            time.sleep(0.01)
        self.stop()
        raise StartFailed(f"PostgreSQL was not ready within {READY_WITHIN_S:.0f} s; see {self._log}")


def _initdb_options(cluster: Path, password_file: Path, *, durable: bool) -> list[str]:
    return [
        f"--pgdata={cluster}",
        f"--username={ADMIN}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        # Byte order everywhere, whatever the machine's language; the same in the compose file.
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--builtin-locale=C.UTF-8",
        *([] if durable else ["--no-sync"]),
    ]


def _plain_environment() -> dict[str, str]:
    # PGDATA, PGHOST and their like in the caller's environment belong to another server.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _pid_file_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def _status_of(cluster: Path, pid: int) -> str:
    lines = _pid_file_lines(cluster)
    if len(lines) <= PID_FILE_STATUS_LINE or lines[0].strip() != str(pid):
        return ""
    return lines[PID_FILE_STATUS_LINE].strip()


def stop_left_over(cluster: Path) -> None:
    """Stop a server that outlived its supervisor, and remove a pid file that names nobody.

    Taking it over instead would leave a server that neither dies with us nor can be waited for.
    """
    lines = _pid_file_lines(cluster)
    if not lines:
        return
    pid = int(lines[0])
    if processes.command_name(pid) != "postgres":
        # The number may belong to a stranger by now, and PostgreSQL would take him for its twin.
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        return
    processes.stop_stranger(pid, (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))
