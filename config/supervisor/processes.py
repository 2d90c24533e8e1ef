"""Start, stop and recognise operating-system processes."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from config.supervisor.errors import StartFailed

LEASH: Final = Path(__file__).with_name("leash.py")
LOOPBACK: Final = "127.0.0.1"
FIRST_PORT: Final = 15_000
PORTS: Final = 15_000

Process = subprocess.Popen[bytes]


def spawn(
    command: Sequence[str],
    *,
    log: Path | None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: str | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    pass_fds: Sequence[int] = (),
) -> Process:
    """Start a command in a session of its own that ends when this process does; without a log it speaks here.

    Call it from a thread that lives as long as the child shall: the kernel sends the death
    signal when the *thread* that started a child is gone.
    """
    leashed = (sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), str(int(death_signal)), user or "-")
    with _appending(log) as out:
        return subprocess.Popen(
            [*leashed, *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=None if out is None else subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            pass_fds=pass_fds,
        )


@contextmanager
def _appending(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        yield out


def ask_to_end(process: Process, number: signal.Signals = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(number)


def see_it_end(process: Process, patience_s: float = 8.0) -> None:
    """Wait for a process that was asked to end, and insist after `patience_s`."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience_s)
    # Grandchildren (a worker's pool) must not outlive the one that was asked.
    clear_away(process)


def clear_away(process: Process) -> None:
    """Kill what is left of a process and of those it started."""
    _signal_group(process.pid, signal.SIGKILL)
    process.wait()


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def is_alive(pid: int) -> bool:
    return command_name(pid) != ""


def command_name(pid: int) -> str:
    """Name the program behind a process id; empty when there is none, or only its remains."""
    if Path("/proc/self/comm").exists():
        with suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
            name = state[0].partition("(")[2]
            return "" if state[2].split()[0] == "Z" else name
        return ""
    shown = subprocess.run(
        ["/bin/ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return Path(shown.stdout.strip()).name


def stop_stranger(pid: int, signals: Sequence[signal.Signals], patience_s: float = 10.0) -> None:
    """Stop a process that is not our child, each signal stronger than the one before."""
    for number in signals:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        until = time.monotonic() + patience_s
        while is_alive(pid) and time.monotonic() < until:
            time.sleep(0.02)
        if not is_alive(pid):
            return
    raise StartFailed(f"process {pid} is left over from an earlier run and does not stop")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(preferred: int | None = None) -> int:
    """Give the preferred port when nobody listens there, else any free one on loopback.

    It lies below those that outgoing connections take, so that none of them has it before its server does.
    """
    if preferred and is_free(preferred):
        return preferred
    while not is_free(port := FIRST_PORT + secrets.randbelow(PORTS)):
        pass
    return port
