"""Run a command that dies with the supervisor: `python -I -S leash.py PARENT SIGNAL USER COMMAND ...`.

A program of its own, because `preexec_fn` would run Python between fork and exec of a process that
may have threads, and because the death signal is forgotten when the user changes: first drop, then ask.
"""

import ctypes
import os
import pwd
import sys
from collections.abc import Sequence
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def _drop_to(user: str) -> None:
    account = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _die_with(parent: int, death_signal: int) -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal)
    # The parent may have gone before the request reached the kernel.
    if os.getppid() != parent:
        raise SystemExit(1)


def main(arguments: Sequence[str]) -> None:
    parent, death_signal, user, *command = arguments
    if user != "-":
        _drop_to(user)
    _die_with(int(parent), int(death_signal))
    os.execvp(command[0], command)  # noqa: S606  replacing this process is the purpose


if __name__ == "__main__":
    main(sys.argv[1:])
