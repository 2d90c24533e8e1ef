"""Rows as they stand, held against what sealed entries say of them.

The ledger proves itself; this says whether the records that people read are still the ones it speaks of.
Found is what was changed, put in or taken out with the triggers away. Accounts and what proves them have
entries with digests of their secrets; what else is no record (tries, queues) has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from psycopg import sql

from config.keeping.contexts import judge_contexts
from config.keeping.keys import key_places, secret_keys
from config.keeping.ledger_state import BATCH, Reader
from config.keeping.outside import Verdict
from portal.record_table import IDENTITIES, WALLS_DOWN

TOLD_AT_MOST: Final = 20
TABLES: Final = sql.SQL(
    "select distinct name from ledger.item"
    " where class = 'change' and to_regclass(name) is not null order by 1"
)
# A table whose changes were noted once, and are no longer.
UNNOTED: Final = sql.SQL("""
    select count(*) < 3 from pg_trigger
    where tgrelid = {}::regclass and tgname like 'note\\_%' and tgenabled = 'O'
""")
CHANGES: Final = sql.SQL("""
    select i.row_id, i.body from ledger.item i
    join ledger.entry e on e.marker_id = i.marker_id and e.space_id = i.space_id and e.audience = i.audience
    where i.class = 'change' and i.name = {} order by i.row_id, i.id
""")
# As the triggers write an image: every number is text.
RECORDS: Final = sql.SQL("""
    select t.id, (
        select jsonb_object_agg(key, case jsonb_typeof(value) when 'number' then to_jsonb(value #>> '{{}}')
                                     else value end) from jsonb_each(to_jsonb(t)))
    from {} t order by t.id
""")
IDENTITY_ROWS: Final = {
    each.table: sql.SQL("select row_id, image from ({}) r").format(sql.SQL(each.rows()))
    for each in IDENTITIES
}
Image = Mapping[str, Any]


def judge_records(raw: Reader) -> list[Verdict]:
    """Say which records are not what the ledger says of them, and which entries the product did not write."""
    faults = [words for (words,) in raw.execute(WALLS_DOWN).fetchall()] + stray_rows(raw)
    found = [Verdict("changed", each) for each in faults] or [
        Verdict("", "every record is what its entries say")
    ]
    return found + judge_contexts(raw, secret_keys(key_places()))


def stray_rows(raw: Reader) -> list[str]:
    """Return in words which rows are not what their entries say, the first of them one by one."""
    raw.execute("set local timezone to 'UTC'")
    found: list[str] = []
    more = 0
    noted = {table for (table,) in raw.execute(TABLES).fetchall()}
    # Also those of which no entry speaks: a row may have been put in where none was.
    for table in sorted(noted | set(IDENTITY_ROWS)):
        row = raw.execute(UNNOTED.format(sql.Literal(table))).fetchone()
        if row and row[0]:
            found.append(f"{table}: its changes are no longer noted")
        for words in _strays(raw, table):
            if len(found) < TOLD_AT_MOST:
                found.append(f"{table} {words}")
            else:
                more += 1
    return [*found, f"and {more} further rows"] if more else found


def _strays(raw: Reader, table: str) -> Iterator[str]:
    """Merge what entries say with what stands there, both in the order of the rows' ids."""
    with raw.cursor(name="changes") as changes, raw.cursor(name="rows") as rows:
        changes.itersize = rows.itersize = BATCH
        changes.execute(CHANGES.format(sql.Literal(table)))
        rows.execute(IDENTITY_ROWS.get(table) or RECORDS.format(sql.Identifier(table)))
        standing: Iterator[tuple[UUID, Image]] = iter(rows)
        row = next(standing, None)
        for row_id, said in groupby(changes, key=lambda change: change[0]):
            while row is not None and row[0] < row_id:
                yield f"{row[0]}: no entry says that it is there"
                row = next(standing, None)
            is_there = row is not None and row[0] == row_id
            if fault := _fault(_image(body for _, body in said), row[1] if row and is_there else None):
                yield f"{row_id}: {fault}"
            row = next(standing, None) if is_there else row
        while row is not None:
            yield f"{row[0]}: no entry says that it is there"
            row = next(standing, None)


def _image(bodies: Iterator[bytes | None]) -> dict[str, Any] | None:
    """Return the row that the changes make, empty for one that was deleted; None where a body was erased."""
    image: dict[str, Any] = {}
    is_known = True
    for body in bodies:
        if body is None:
            is_known = False
            continue
        change = json.loads(bytes(body))
        image = {} if change["op"] == "delete" else {**image, **(change["new"] or {})}
    return image if is_known else None


def _fault(said: Image | None, stands: Image | None) -> str:
    if said is None:
        return ""
    if stands is None:
        return "it is gone, and no entry says so" if said else ""
    if not said:
        return "no entry says that it is there"
    # A column that came or went with a migration is in one of the two alone.
    other = [name for name in said if name in stands and not _same(said[name], stands[name])]
    return (
        f"{', '.join(sorted(other))} {'is' if len(other) == 1 else 'are'} not what its entries say"
        if other
        else ""
    )


def _same(said: Any, stands: Any) -> bool:
    if said == stands:
        return True
    # An instant is written in the zone of whoever wrote it.
    if not (isinstance(said, str) and isinstance(stands, str)):
        return False
    try:
        return datetime.fromisoformat(said) == datetime.fromisoformat(stands)
    except (ValueError, TypeError):
        return False
