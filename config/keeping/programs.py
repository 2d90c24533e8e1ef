"""The programs that write and read dumps: those of the embedded server, on whichever server is meant."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from config.keeping.errors import KeepingFailed
from config.supervisor.postgres_files import client_program


@contextmanager
def running(command: Sequence[str], url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program on a database, its input and output ours. Raises: KeepingFailed with its own words.

    The password goes by environment: arguments can be read by every user of the machine.
    """
    place = conninfo_to_dict(url)
    password = str(place.pop("password", ""))
    name, *arguments = command
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 - PostgreSQL's own programs
            [client_program(name), *arguments, "--no-password", f"--dbname={make_conninfo('', **place)}"],
            env={**os.environ, "PGPASSWORD": password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as program,
    ):
        yield program
        if program.wait() != 0:
            said.seek(0)
            raise KeepingFailed(f"{name} failed: {said.read().decode(errors='replace').strip()}")
