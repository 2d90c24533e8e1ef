"""Goals G26 and G27, teeth: each policy alone stops a stranger, and once opened it is found open."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from tests import database as databases
from tests.factories import cast

POLICIES = """
select n.nspname, c.relname, p.polname,
       case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
where p.polroles = array['covalent_app'::regrole::oid] order by 1, 2, 3
"""
COLUMNS = """
select a.attname, format_type(a.atttypid, null), a.attidentity <> '' from pg_attribute a
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
order by a.attnum
"""
CHECKS = "select conname from pg_constraint where conrelid = %s::regclass and contype = 'c' and conislocal"
VALUES = {
    "uuid": "gen_random_uuid()",
    "boolean": "true",
    "bytea": "'x'::bytea",
    "jsonb": "'{}'::jsonb",
    "timestamp with time zone": "now()",
    "date": "current_date",
    "xid8": "pg_current_xact_id()",
    "inet": "'127.0.0.1'::inet",
}
OPENED = {
    "select": "using (true)",
    "insert": "with check (true)",
    "update": "using (true) with check (true)",
    "delete": "using (true)",
}


@dataclass(frozen=True)
class Stranger:
    """Somebody by the lists that the policies read, and the audience of a row they must not reach."""

    name: str
    audience: str
    as_sponsor: tuple[UUID, ...] = ()
    as_manufacturer: tuple[UUID, ...] = ()


STRANGERS = (
    Stranger("nobody", "shared"),
    Stranger("rival", "shared", as_sponsor=(cast.RIVAL_PROGRAM,)),
    Stranger("another manufacturer", "shared", as_manufacturer=(cast.RIVAL_PROGRAM,)),
    Stranger("sponsor", "manufacturer", as_sponsor=(cast.PROGRAM,)),
    Stranger("manufacturer", "sponsor", as_manufacturer=(cast.PROGRAM,)),
)


@pytest.fixture
def superuser(own_database):
    with psycopg.connect(databases.url("admin", own_database.name)) as raw:
        # Keys, guards and notes stand aside: the policy alone is tried.
        raw.execute("set session_replication_role = replica")
        yield raw


def policies(raw):
    found = raw.execute(POLICIES).fetchall()
    return [(sql.Identifier(schema, table), policy, command) for schema, table, policy, command in found]


def reached_by(raw, table, command):
    """The names of those who reach a row that they must not."""
    return [who.name for who in STRANGERS if _reaches(raw, table, command, who)]


def _reaches(raw, table, command, who):
    with raw.transaction(force_rollback=True):
        _empty(raw, table)
        if command != "insert":
            raw.execute(_insert(raw, table), {"space": cast.PROGRAM, "audience": who.audience})
        raw.execute("set local role covalent_app")
        for name, spaces in (("as_sponsor", who.as_sponsor), ("as_manufacturer", who.as_manufacturer)):
            listed = "{" + ",".join(map(str, spaces)) + "}" if spaces else ""
            raw.execute("select set_config(%s, %s, true)", [f"covalent.{name}", listed])
        try:
            with raw.transaction():
                return raw.execute(*_attempt(raw, table, command, who)).rowcount > 0
        except psycopg.errors.InsufficientPrivilege:
            return False


def _attempt(raw, table, command, who):
    if command == "insert":
        return (_insert(raw, table), {"space": cast.PROGRAM, "audience": who.audience})
    own = next(iter(who.as_sponsor or who.as_manufacturer), cast.SECOND_PROGRAM)
    # The update reads no column, so that the policy of `select` does not help.
    statement = {
        "select": "select 1 from {}",
        "update": "update {} set space_id = %(own)s",
        "delete": "delete from {}",
    }
    return (sql.SQL(statement[command]).format(table), {"own": own})


def _empty(raw, table):
    for (name,) in raw.execute(CHECKS, [table.as_string(raw)]).fetchall():
        raw.execute(sql.SQL("alter table {} drop constraint {}").format(table, sql.Identifier(name)))
    raw.execute(sql.SQL("delete from {}").format(table))


def _insert(raw, table):
    given = {"space_id": "%(space)s", "audience": "%(audience)s"}
    names, values = [], []
    for name, kind, is_identity in raw.execute(COLUMNS, [table.as_string(raw)]).fetchall():
        if not is_identity:
            names.append(sql.Identifier(name))
            usual = "'{}'" if kind.endswith("[]") else "'1'"
            values.append(sql.SQL(given.get(name) or VALUES.get(kind, usual)))
    listed, filled = sql.SQL(", ").join(names), sql.SQL(", ").join(values)
    return sql.SQL("insert into {} ({}) values ({})").format(table, listed, filled)


def test_each_policy_stops_every_stranger(superuser):
    tried = policies(superuser)
    holes = {
        (table.as_string(superuser), policy): found
        for table, policy, command in tried
        if (found := reached_by(superuser, table, command))
    }
    assert holes == {}
    assert len(tried) > 100


def test_each_policy_that_is_opened_is_found_open(superuser):
    toothless = []
    for table, policy, command in policies(superuser):
        with superuser.transaction(force_rollback=True):
            # Where a missing right is the first wall, the policy is tried without it.
            superuser.execute(sql.SQL("grant all on {} to covalent_app").format(table))
            superuser.execute(
                sql.SQL("alter policy {} on {} " + OPENED[command]).format(sql.Identifier(policy), table)
            )
            if len(reached_by(superuser, table, command)) < len(STRANGERS):
                toothless.append((table.as_string(superuser), policy))
    assert toothless == []


def test_a_policy_that_is_dropped_lets_nobody_in(superuser):
    # Policies that only add up: without one of them nobody reaches more than with it.
    assert superuser.execute("select polname from pg_policy where not polpermissive").fetchall() == []
    assert let_in_without(superuser, policies(superuser)[::20]) == []


@pytest.mark.matrix
def test_none_of_the_policies_lets_anybody_in_by_being_dropped(superuser):
    assert let_in_without(superuser, policies(superuser)) == []


def let_in_without(raw, tried):
    """The policies without which somebody reaches what they must not."""
    return [policy for policy in tried if _lets_in_without(raw, *policy)]


def _lets_in_without(raw, table, policy, command):
    with raw.transaction(force_rollback=True):
        raw.execute(sql.SQL("grant all on {} to covalent_app").format(table))
        raw.execute(sql.SQL("drop policy {} on {}").format(sql.Identifier(policy), table))
        return reached_by(raw, table, command)
