"""The tests' database (ground 7): one template a run, one clone a worker, connected as covalent_app.

Loaded as a pytest plugin (`-p tests.database`) before Django reads its settings. The first process starts the
embedded servers, lets the owner migrate the template and the cast move in; each process then clones it.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "covalent_template"
OFFSET_CLOCK = """
create table portal.clock_offset (
    one boolean primary key default true check (one),
    shift interval not null default '0'
);
insert into portal.clock_offset default values;
grant select on portal.clock_offset to covalent_app;
create or replace function portal.instant() returns timestamptz
    language sql volatile set search_path = pg_catalog as
$$ select clock_timestamp() + (select shift from portal.clock_offset) $$;
"""


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _first_process() -> dict[str, str]:
    from config.supervisor.postgres import Postgres
    from config.supervisor.surroundings import make_ledger_key
    from config.supervisor.valkey import Valkey

    data = Path(tempfile.mkdtemp(prefix="covalent-test-"))
    postgres, valkey = Postgres(data, durable=False), Valkey(data)

    def end() -> None:
        postgres.destroy()
        valkey.stop()
        shutil.rmtree(data, ignore_errors=True)

    atexit.register(end)
    make_ledger_key(data / "ledger.key")
    postgres.start()
    valkey.start()
    postgres.ensure_database(TEMPLATE)
    found = {
        "data": str(data),
        "admin": postgres.url("covalent_admin", "postgres"),
        "app": postgres.url("covalent_app", TEMPLATE),
        "owner": postgres.url("covalent_migrate", TEMPLATE),
        "backup": postgres.url("covalent_backup", TEMPLATE),
        "redis": valkey.url(),
    }
    environment = os.environ | _settings(found, TEMPLATE)
    run = [sys.executable, "-m", "django"]
    subprocess.run(
        [*run, "migrate", "--skip-checks", "--verbosity", "0"],
        env=environment | {"COVALENT_AS_OWNER": "1"},
        cwd=ROOT,
        check=True,
    )
    with psycopg.connect(found["owner"], autocommit=True, options="-c role=covalent_owner") as owner:
        owner.execute(OFFSET_CLOCK)
    subprocess.run([sys.executable, "-m", "tests.factories.cast"], env=environment, cwd=ROOT, check=True)
    return found


def _settings(cluster: dict[str, str], database: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "tests-only-" + "k" * 40,
        "DATABASE_URL": _named(cluster["app"], database),
        "DATABASE_OWNER_URL": _named(cluster["owner"], database),
        "REDIS_URL": cluster["redis"],
        "COVALENT_DATA": cluster["data"],
        "COVALENT_KEYS": cluster["data"] + "/keys",
        "COVALENT_LEDGER_KEY": cluster["data"] + "/ledger.key",
        "COVALENT_LADDER_WAIT": "120",
        "COVALENT_DUTY_HOURS": "",
        "COVALENT_CHECKPOINT_MAIL": "",
        "COVALENT_QUIET": "",
        "COVALENT_URL": "http://testserver",
        "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
        "LOG_LEVEL": "WARNING",
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "COVALENT_WEBHOOK_ALLOW": "127.0.0.1",
    }


def clone(name: str) -> None:
    """Make a database from the template."""
    with psycopg.connect(CLUSTER["admin"], autocommit=True) as admin:
        # Two workers may clone at once; the template takes one at a time.
        admin.execute("select pg_advisory_lock(1)")
        admin.execute(
            sql.SQL("create database {} template {} owner covalent_owner").format(
                *map(sql.Identifier, (name, TEMPLATE))
            )
        )
        admin.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(name)))
        admin.execute(
            sql.SQL("grant connect, temporary on database {} to covalent_app").format(sql.Identifier(name))
        )
        admin.execute(
            sql.SQL("grant connect on database {} to covalent_migrate, covalent_backup").format(
                sql.Identifier(name)
            )
        )


def drop(name: str) -> None:
    """Drop a clone, whoever is connected."""
    with psycopg.connect(CLUSTER["admin"], autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def url(role: str, database: str) -> str:
    """Return the address of a clone for a role: app, owner, backup or admin."""
    return _named(CLUSTER[role], database)


def environment(database: str) -> dict[str, str]:
    """Return the environment of a child process that works on a clone."""
    return _settings(CLUSTER, database)


if "COVALENT_TEST_CLUSTER" not in os.environ:
    os.environ["COVALENT_TEST_CLUSTER"] = json.dumps(_first_process())
CLUSTER: dict[str, str] = json.loads(os.environ["COVALENT_TEST_CLUSTER"])
OWN = f"test_{os.getpid()}"
clone(OWN)
os.environ.update(_settings(CLUSTER, OWN))
atexit.register(drop, OWN)
