"""One supervisor at a time on one data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.supervisor.errors import StartFailed


@contextmanager
def held(data: Path, url: str) -> Iterator[None]:
    """Make the folder if needed and hold it as long as the context is open. Raises: StartFailed."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data / "up.lock").open("a+")
    except OSError as error:
        raise StartFailed(f"the data folder {data} cannot be used: {error.strerror}") from error
    with lock:
        try:
            # The kernel lets go of it when this process ends, however it ends.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise StartFailed(f"Covalent already runs on {data}: {lock.read().strip()}") from error
        lock.truncate(0)
        lock.write(f"{url} (process {os.getpid()})\n")
        lock.flush()
        yield
