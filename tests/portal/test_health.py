import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from portal.api import health

PRODUCTION = (
    "create or replace function portal.instant() returns timestamptz"
    " language sql volatile set search_path = pg_catalog as 'select clock_timestamp()'"
)
BEAT = (
    "insert into portal_heartbeat (process, seen_at)"
    " values (%s, clock_timestamp() - make_interval(secs => %s))"
    " on conflict (process) do update set seen_at = excluded.seen_at"
)


def beat(database, process, seconds_ago=0.0):
    with database.connect("owner") as raw:
        raw.execute(BEAT, [process, seconds_ago])


@pytest.fixture
def running(own_database):
    """A database as production has it, with a relay and a worker that beat just now."""
    with own_database.connect("owner") as raw:
        raw.execute(PRODUCTION)
    beat(own_database, "relay")
    beat(own_database, "worker")
    return own_database


def test_health_says_one_word_to_anybody(running, client):
    answer = client.get("/healthz")
    assert (answer.status_code, json.loads(answer.content)) == (200, {"status": "alive"})
    assert "no-store" in answer.headers["Cache-Control"]


def test_with_everything_in_place_work_may_come(running, client):
    assert health.faults() == []
    answer = client.get("/readyz")
    assert (answer.status_code, json.loads(answer.content)) == (200, {"status": "ready"})


@pytest.mark.parametrize("process", ["relay", "worker"])
def test_a_process_that_is_silent_for_15_seconds_makes_it_not_ready(running, client, process):
    beat(running, process, 16)
    assert health.faults() == [f"{process}_silent"]
    answer = client.get("/readyz")
    assert (answer.status_code, json.loads(answer.content)) == (503, {"status": "not_ready"})
    beat(running, process, 10)
    assert health.faults() == []


def test_a_process_that_never_came_makes_it_not_ready(own_database):
    with own_database.connect("owner") as raw:
        raw.execute(PRODUCTION)
    assert health.faults() == ["relay_silent", "worker_silent"]


def test_a_clock_that_somebody_replaced_makes_it_not_ready(running):
    with running.connect("owner") as raw:
        raw.execute(PRODUCTION.replace("clock_timestamp()", "clock_timestamp() - interval ''1 day''"))
    assert health.faults() == ["clock_replaced"]


@pytest.fixture
def other_role(running, monkeypatch):
    """A login of its own for this process: roles belong to the whole cluster, and tests run side by side."""
    role = f"readyz_{uuid4().hex[:8]}"
    with running.connect("admin") as raw:
        raw.execute(
            f"create role {role} login password 'readyz';"
            f"grant connect on database {running.name} to {role};"
            f"grant usage on schema portal to {role}; grant select on portal_heartbeat to {role}"
        )
        connection.close()
        connection.close_pool()
        monkeypatch.setitem(connection.settings_dict, "USER", role)
        monkeypatch.setitem(connection.settings_dict, "PASSWORD", "readyz")
        yield role, raw
        connection.close()
        connection.close_pool()
        raw.execute(f"reassign owned by {role} to covalent_owner; drop owned by {role}; drop role {role}")


def test_a_login_with_no_more_than_it_needs_is_ready(other_role):
    assert health.faults() == []


@pytest.mark.parametrize(
    "more",
    [
        "grant covalent_backup to {role}",
        "alter role {role} bypassrls",
        "alter role {role} superuser",
        "alter role {role} createrole",
        "alter role {role} createdb",
        "alter table portal_relayshard owner to {role}",
        "alter schema door owner to {role}",
        "alter function door.due(text, integer) owner to {role}",
    ],
)
def test_a_login_that_may_more_or_owns_something_makes_it_not_ready(other_role, more):
    role, raw = other_role
    raw.execute(more.format(role=role))
    assert health.faults() == ["role_too_strong"]


def test_without_redis_it_is_not_ready(running, settings, client):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert health.faults() == ["redis_away"]
    assert client.get("/readyz").status_code == 503


def test_without_a_database_it_is_alive_and_not_ready(running, monkeypatch, client):
    connection.close()
    connection.close_pool()
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    monkeypatch.setitem(connection.settings_dict["OPTIONS"]["pool"], "timeout", 0.5)
    assert health.faults() == ["database_away"]
    answer = client.get("/readyz")
    assert (answer.status_code, json.loads(answer.content)) == (503, {"status": "not_ready"})
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_takes_questions_only(running, path):
    assert Client().post(path).status_code == 405


@pytest.mark.parametrize(
    "switch",
    [
        "alter table portal_site disable trigger note_update",
        "alter table portal_site no force row level security",
    ],
)
def test_a_wall_that_is_switched_off_makes_it_not_ready(running, switch):
    with running.connect("owner") as raw:
        raw.execute(switch)
    assert health.faults() == ["walls_down"]
