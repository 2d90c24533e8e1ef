"""Make a backup: one snapshot of the database, the files it names, and what its ledger came to."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

import psycopg
from psycopg import sql

from config.bootstrap.places import ROOT
from config.keeping.bundle import Writer, written
from config.keeping.errors import KeepingFailed
from config.keeping.ledger_state import Ledger, Reader, read_ledger, single
from config.keeping.outside import judge
from config.keeping.programs import running
from config.keeping.reaching import Logins

FORMAT: Final = "covalent-backup/1"
DUMP: Final = "database.dump"
FILES: Final = "attachments/"
SCHEMAS: Final = ("public", "portal", "ledger", "door")

TABLES: Final = """
    select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (%s) and c.relkind in ('r', 'p') and not c.relispartition order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What went into a backup."""

    path: Path
    rows: int
    files: int
    entries: int
    chains: int


def make_backup(logins: Logins, path: Path, *, attachments: Path) -> Made:
    """Write a backup of everything but keys; it appears under its name when it is whole.

    Raises: KeepingFailed, also when a file that a record names is gone, or the ledger is damaged: such a
    backup would be found wanting on the day it is needed.
    """
    with written(path) as bundle, psycopg.connect(logins.backup) as raw:
        raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        raw.read_only = True
        snapshot = str(single(raw, sql.SQL("select pg_export_snapshot()")))
        _dump(bundle, logins, snapshot)
        blobs = [row[0] for row in raw.execute("select distinct blob from portal_attachment order by 1")]
        _add_files(bundle, blobs, attachments)
        rows, chains = count_rows(raw), list_chains(_sound_ledger(raw))
        bundle.finish({**_about(raw), "rows": rows, "chains": chains})
    return Made(path, sum(rows.values()), len(blobs), sum(each["size"] for each in chains), len(chains))


def count_rows(raw: Reader) -> dict[str, int]:
    """Return the number of rows of each table."""
    found = {}
    for schema, table in raw.execute(TABLES, [list(SCHEMAS)]).fetchall():
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
        found[f"{schema}.{table}"] = int(single(raw, query))
    return found


def list_chains(ledger: Ledger) -> list[dict[str, Any]]:
    """Return size, root and newest checkpoint of each chain, as the manifest keeps them."""
    return [
        {
            "chain": chain.name,
            "size": chain.size,
            "root": chain.root(chain.size).hex(),
            "checkpoint": ledger.notes[chain.key][1] if chain.key in ledger.notes else None,
        }
        for chain in ledger.chains
    ]


def list_migrations(raw: Reader) -> list[str]:
    """Return the migrations that made the tables."""
    rows = raw.execute("select app, name from django_migrations order by 1, 2").fetchall()
    return [f"{app}.{name}" for app, name in rows]


def _sound_ledger(raw: Reader) -> Ledger:
    ledger = read_ledger(raw)
    faults = [each.text for each in judge(ledger, []) if each.fault]
    if faults:
        raise KeepingFailed(f"the ledger is damaged: {faults[0]}")
    return ledger


def _about(raw: Reader) -> dict[str, Any]:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "covalent": version,
        "postgresql": str(single(raw, sql.SQL("show server_version"))),
        "migrations": list_migrations(raw),
    }


def _dump(bundle: Writer, logins: Logins, snapshot: str) -> None:
    command = ["pg_dump", "--format=custom", f"--snapshot={snapshot}"]
    with running(command, logins.backup) as program:
        bundle.add(DUMP, cast("IO[bytes]", program.stdout))


def _add_files(bundle: Writer, blobs: Sequence[str], attachments: Path) -> None:
    for blob in blobs:
        try:
            with (attachments / blob[:2] / blob).open("rb") as source:
                digest = bundle.add(FILES + blob, source)
        except FileNotFoundError as error:
            raise KeepingFailed(f"a record names the file {blob}, which is not in {attachments}") from error
        if digest != blob:
            raise KeepingFailed(f"the file {blob} in {attachments} has other bytes than its name says")
