"""An installation with records to keep, and empty ones to restore into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from config.keeping.making import SCHEMAS, TABLES
from config.supervisor.notes import Notes
from config.supervisor.postgres import Postgres
from portal.states import Meaning
from tests import database as databases
from tests.conftest import _point_to, actor, own_clone
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.chains import PRIVATE, SHARED, newest, publish
from tests.factories.signing import make_signer, sign

ROOT = Path(__file__).resolve().parents[3]
# What says where an installation is; each command of a test says it anew.
OWN = ("DATABASE_", "COVALENT_", "SECRET_KEY", "REDIS_URL")


def manage(*arguments, **environment):
    """A command of the product in a process of its own."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=ROOT,
        env=plain | {name: str(value) for name, value in environment.items()},
        capture_output=True,
        text=True,
        check=False,
    )


def contents(url):
    """Every row of every table as text, so that two databases can be compared."""
    with psycopg.connect(url) as raw:
        tables = raw.execute(TABLES, [list(SCHEMAS)]).fetchall()
        return {
            f"{schema}.{name}": sorted(
                row[0]
                for row in raw.execute(
                    sql.SQL("select t::text from {} t").format(sql.Identifier(schema, name))
                )
            )
            for schema, name in tables
        }


@dataclass
class Installation:
    """One on the tests' server, with its own database and the folders of the run."""

    database: object

    @property
    def environment(self):
        return self.database.environment() | {"DATABASE_BACKUP_URL": self.database.url("backup")}

    def backup(self, *arguments):
        return manage("backup", *arguments, **self.environment)

    def contents(self):
        return contents(self.database.url("backup"))


@pytest.fixture(scope="module")
def filled():
    """A database with records, a file, a signature and checkpoints of both chains, for cloning."""
    with own_clone() as database:
        operator, qa = actor("cdmo_operator"), actor("cdmo_qa")
        make_signer(operator, cast.CDMO)
        found = make.report(operator)
        make.attach(operator, found)
        sign(operator, found, Meaning.AUTHORED)
        make.release(qa, make.triage(qa, found, version=found.version + 1))
        for chain in (SHARED, PRIVATE):
            publish(chain)
        _point_to(databases.OWN)
        yield database
        _point_to(database.name)


@pytest.fixture
def lived_in(filled):
    """An installation with records, a file, a signature and checkpoints of both chains."""
    with own_clone(filled.name) as database:
        yield Installation(database)


@dataclass
class Kept:
    """A backup, and the keys it was made with in another place."""

    backup: Path
    safe: Path

    def copied_to(self, folder):
        (folder / "store").mkdir()
        (folder / "safe").mkdir()
        return Kept(
            Path(shutil.copy2(self.backup, folder / "store" / "one.backup")),
            Path(shutil.copy2(self.safe, folder / "safe" / "one.keys")),
        )


@pytest.fixture(scope="module")
def kept_first(filled, tmp_path_factory):
    """The backup of the filled database, made once."""
    store, safe = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("safe")
    kept = Kept(store / "one.backup", safe / "one.keys")
    made = Installation(filled).backup(kept.backup, "--keys", kept.safe)
    assert made.returncode == 0, made.stderr
    return kept


@dataclass
class Folder:
    """An embedded installation that does not run."""

    data: Path

    def __call__(self, *arguments):
        return manage(*arguments, COVALENT_DATA=self.data)

    def started(self):
        """Its server, for looking at what is there; the caller stops it."""
        postgres = Postgres(self.data)
        postgres.start()
        return postgres

    def contents(self):
        postgres = self.started()
        try:
            return contents(postgres.url("covalent_backup", "covalent"))
        finally:
            postgres.stop()

    def noted(self, name):
        return Notes(self.data / "secrets.json").find(name)


@pytest.fixture
def empty(tmp_path):
    """An empty embedded installation; what it came to is deleted afterwards."""
    folder = Folder(tmp_path / "restored")
    yield folder
    if folder.data.exists():
        Postgres(folder.data).destroy()


def checkpoint_of(folder, chain=SHARED):
    """The newest checkpoint of a chain as a file, as somebody outside keeps it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{chain.space_id}.{chain.audience}.checkpoint"
    path.write_text(newest(chain).note)
    return path
