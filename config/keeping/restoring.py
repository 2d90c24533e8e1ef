"""Put a backup back: digests first, then files and rows, then the ledger against what others hold."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

import psycopg
from psycopg import sql

from config.keeping.bundle import Bundle, opened
from config.keeping.errors import KeepingFailed
from config.keeping.ledger_state import Ledger, read_ledger, single
from config.keeping.making import DUMP, FILES, FORMAT, SCHEMAS, count_rows, list_chains
from config.keeping.outside import Held, Verdict, judge, keep_contradicting
from config.keeping.programs import running
from config.keeping.reaching import AS_OWNER, DATABASE, Logins
from config.keeping.records import judge_records

IS_EMPTY: Final = sql.SQL("""
    select not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                       where n.nspname = any (%s) and c.relkind in ('r', 'p', 'v', 'm'))
""")
OTHERS: Final = sql.SQL(
    "select count(*) from pg_stat_activity where datname = current_database() and usename = 'covalent_app'"
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore came to; `verdicts` first those of the backup itself, then those of the ledger."""

    made_at: str
    rows: int
    files: int
    former: str
    verdicts: Sequence[Verdict]
    refused_chains: int


def restore(
    bundle: Bundle, logins: Logins, *, attachments: Path, held: Sequence[Held], replaces: bool
) -> Restored:
    """Restore a backup into an empty database, or beside the present one if told so; judge the result.

    The rows come in one transaction: a killed restore leaves an empty database. Raises: KeepingFailed.
    """
    former = _make_room(logins, replaces=replaces)
    files = _put_files(bundle, attachments)
    _put_rows(bundle, logins)
    with psycopg.connect(logins.backup) as raw:
        rows, ledger, records = count_rows(raw), read_ledger(raw), judge_records(raw)
    verdicts = [*_compare_with(bundle.manifest, rows, ledger), *judge(ledger, held), *records]
    return Restored(
        made_at=bundle.manifest["made_at"],
        rows=sum(rows.values()),
        files=files,
        former=former,
        verdicts=verdicts,
        refused_chains=keep_contradicting(logins.owner, verdicts),
    )


@contextmanager
def opened_backup(path: Path, known_migrations: set[str]) -> Iterator[Bundle]:
    """Open a backup that this product can read, every digest checked. Raises: KeepingFailed."""
    with opened(path, FORMAT) as bundle:
        if newer := sorted(set(bundle.manifest["migrations"]) - known_migrations):
            raise KeepingFailed(f"it is of a newer Covalent ({newer[0]} is not known here): update first")
        yield bundle


def _make_room(logins: Logins, *, replaces: bool) -> str:
    """Return the name under which the database that was here is kept, empty when there was none."""
    with psycopg.connect(logins.owner, options=AS_OWNER) as raw:
        is_empty, others = single(raw, IS_EMPTY, [list(SCHEMAS)]), single(raw, OTHERS)
    if is_empty:
        return ""
    if not replaces:
        raise KeepingFailed(
            "this installation is not empty: restore into an empty one, or say --replace to set the present"
            " database aside under another name"
        )
    if not logins.is_embedded:
        raise KeepingFailed(
            "a database on a separate server is not replaced: make an empty one with roles.sql, and point"
            " the DATABASE_ addresses at it"
        )
    if others:
        raise KeepingFailed("processes of Covalent are connected to this database: stop them first")
    former = f"{DATABASE}_before_{datetime.now(UTC):%Y%m%d_%H%M%S}"
    _set_aside(logins, former)
    return former


def _set_aside(logins: Logins, former: str) -> None:
    """Rename the database and make an empty one with the same owner and rights (roles.sql)."""
    name, other = sql.Identifier(DATABASE), sql.Identifier(former)
    with psycopg.connect(logins.admin, autocommit=True) as admin:
        admin.execute(sql.SQL("alter database {} rename to {}").format(name, other))
        admin.execute(sql.SQL("create database {} owner covalent_owner").format(name))
        admin.execute(sql.SQL("revoke all on database {} from public").format(name))
        admin.execute(
            sql.SQL("grant connect on database {} to covalent_migrate, covalent_backup").format(name)
        )
        admin.execute(sql.SQL("grant connect, temporary on database {} to covalent_app").format(name))


def _put_files(bundle: Bundle, attachments: Path) -> int:
    names = bundle.names(FILES)
    for name in names:
        blob = name.removeprefix(FILES)
        target = attachments / blob[:2] / blob
        if target.exists() and _digest(target) == blob:
            continue
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = target.with_name(f".new-{os.getpid()}")
        with bundle.open(name) as source, beside.open("wb") as out:
            shutil.copyfileobj(source, out)
            out.flush()
            os.fsync(out.fileno())
        if _digest(beside) != blob:
            beside.unlink()
            raise KeepingFailed(f"{name} in the backup has other bytes than its name says")
        beside.replace(target)
    return len(names)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put_rows(bundle: Bundle, logins: Logins) -> None:
    # Everything belongs to covalent_owner; row security and triggers come after the rows.
    command = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--role=covalent_owner"]
    with (
        running(command, logins.owner) as program,
        suppress(
            BrokenPipeError
        ),  # a program that ends early says why; what it no longer takes does not matter
        bundle.open(DUMP) as source,
        cast("IO[bytes]", program.stdin) as into,
    ):
        shutil.copyfileobj(source, into)


def _compare_with(manifest: Mapping[str, Any], found: Mapping[str, int], ledger: Ledger) -> list[Verdict]:
    """Hold what was restored against what the manifest counted when the backup was made."""
    wanted = manifest["rows"]
    verdicts = [
        Verdict("damaged", f"{name}: {found.get(name, 0)} rows, {wanted.get(name, 0)} when it was backed up")
        for name in sorted({*found, *wanted})
        if found.get(name) != wanted.get(name)
    ]
    if list_chains(ledger) != manifest["chains"]:
        verdicts.append(Verdict("damaged", "the chains are not those that the manifest lists"))
    return verdicts or [Verdict("", f"{sum(found.values())} rows and every chain as they were backed up")]
