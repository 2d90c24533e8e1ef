"""How a backup reaches the database: as its own login, and the embedded server also when it does not run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.keeping.errors import KeepingFailed
from config.supervisor.data_folder import held
from config.supervisor.errors import StartFailed
from config.supervisor.postgres import ADMIN, Postgres
from config.supervisor.surroundings import OWNER_URL

BACKUP_URL: Final = "DATABASE_BACKUP_URL"
DATABASE: Final = "covalent"
# libpq's way to say that a migration's login becomes the owner.
AS_OWNER: Final = "-c role=covalent_owner"


@dataclass(frozen=True, slots=True)
class Logins:
    """Addresses of one database: to read all of it, to own it, and the embedded server's own."""

    backup: str
    owner: str
    admin: str = ""

    @property
    def is_embedded(self) -> bool:
        """Say whether the server is the one in the data folder."""
        return bool(self.admin)


@contextmanager
def reading_logins(data: Path) -> Iterator[Logins]:
    """Reach the installation's database while it runs or not. Raises: KeepingFailed."""
    if given := _given([BACKUP_URL]):
        yield given
        return
    if not (data / "secrets.json").exists():
        raise KeepingFailed(f"nothing ever ran on {data.absolute()}; set COVALENT_DATA to the data folder")
    try:
        with held(data, "a backup"), _started(data) as postgres:
            yield _embedded(postgres)
    except StartFailed as failure:
        if not isinstance(failure.__cause__, BlockingIOError):
            raise KeepingFailed(str(failure)) from failure
        # Somebody else holds the folder: the product runs, and with it the server.
        running = Postgres(data)
        running.find_running()
        yield _embedded(running)


@contextmanager
def writing_logins(data: Path) -> Iterator[Logins]:
    """Reach the database of an installation that does not run. Raises: KeepingFailed."""
    if given := _given([BACKUP_URL, OWNER_URL]):
        yield given
        return
    try:
        with held(data, "a restore"), _started(data) as postgres:
            yield _embedded(postgres)
    except StartFailed as failure:
        raise KeepingFailed(f"{failure}. A restore needs the product stopped") from failure


def _given(needed: Sequence[str]) -> Logins | None:
    """Return the logins of a separate server, None when the embedded one is meant."""
    if not {"DATABASE_URL", BACKUP_URL} & os.environ.keys():
        return None
    for name in needed:
        if not os.environ.get(name):
            raise KeepingFailed(f"on a separate server this needs {name} (see .env.example)")
    return Logins(os.environ[BACKUP_URL], os.environ.get(OWNER_URL, ""))


@contextmanager
def _started(data: Path) -> Iterator[Postgres]:
    postgres = Postgres(data)
    postgres.start()
    try:
        yield postgres
    finally:
        postgres.stop()


def _embedded(postgres: Postgres) -> Logins:
    return Logins(
        postgres.url("covalent_backup", DATABASE),
        postgres.url("covalent_migrate", DATABASE),
        postgres.url(ADMIN, "postgres"),
    )
