"""What every test stands on: the database, the clock, the cast."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.test import Client

import config.celery  # noqa: F401 - tasks sent from a test go to the run's own broker
from portal import action as action_module
from portal.actor import Actor, seats_of
from portal.models import Person
from tests import database as databases
from tests.factories import cast


@pytest.fixture(scope="session", autouse=True)
def _doors_open(django_db_blocker):
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="session")
def django_db_setup():
    """pytest-django makes no database here: tests.database has cloned one already."""


@pytest.fixture
def database(clock):
    """The worker's clone, rolled back afterwards; on_commit calls do not run."""
    block = transaction.atomic()
    block._from_testcase = True  # lets durable actions nest, as in Django's own TestCase
    block.__enter__()
    try:
        yield connection
        assert action_module._open.get() is None, "a context was left open"
    finally:
        transaction.set_rollback(True)
        block.__exit__(None, None, None)


@dataclass
class OwnDatabase:
    """A clone for tests that commit: races, relay, browser."""

    name: str

    def url(self, role: str = "app") -> str:
        return databases.url(role, self.name)

    def environment(self) -> dict[str, str]:
        return databases.environment(self.name)

    @contextmanager
    def connect(self, role: str = "app"):
        options = "-c role=covalent_owner" if role == "owner" else ""
        with psycopg.connect(self.url(role), autocommit=True, options=options) as raw:
            yield raw


@contextmanager
def own_clone(source=databases.TEMPLATE):
    """A fresh clone that the default connection of every thread points to; dropped afterwards."""
    name, before = f"own_{uuid4().hex[:12]}", connection.settings_dict["NAME"]
    databases.clone(name, source)
    _point_to(name)
    yield OwnDatabase(name)
    # Not always the worker's: a module may have one of its own.
    _point_to(before)
    databases.drop(name)


@pytest.fixture
def own_database():
    """A fresh clone of the test's own."""
    with own_clone() as found:
        yield found


def _point_to(name: str) -> None:
    connections.close_all()
    for each in connections.all():
        if getattr(each, "pool", None) is not None:
            each.close_pool()
        each.settings_dict["NAME"] = name
    connections.databases["default"]["NAME"] = name


class Clock:
    """The database's clock, moved by its offset; only the owner can."""

    def __init__(self) -> None:
        self._moved: set[str] = set()

    def move(self, by: timedelta) -> None:
        """Let `portal.instant()` run ahead by this much."""
        name = connection.settings_dict["NAME"]
        self._set(name, by)
        self._moved.add(name)

    def reset(self) -> None:
        for name in self._moved & {databases.OWN}:
            self._set(name, timedelta(0))

    def _set(self, name: str, by: timedelta) -> None:
        with psycopg.connect(
            databases.url("owner", name), autocommit=True, options="-c role=covalent_owner"
        ) as raw:
            raw.execute("update portal.clock_offset set shift = %s", [by])


@pytest.fixture
def clock():
    moved = Clock()
    yield moved
    moved.reset()


def actor(key: str) -> Actor:
    """The cast member with the seats of this moment."""
    person = Person.objects.get(pk=cast.person_id(key))
    return Actor(person.pk, person.kind, person.organisation_id, seats_of(person.pk))


def _member(key: str):
    @pytest.fixture(name=key)
    def fixture() -> Actor:
        return actor(key)

    return fixture


for _key in (*cast.PEOPLE, *cast.SERVICES):
    globals()[_key] = _member(_key)


@pytest.fixture
def as_owner():
    """A connection of the owner to the database under test, for looking past the walls."""
    with psycopg.connect(
        databases.url("owner", connection.settings_dict["NAME"]),
        autocommit=True,
        options="-c role=covalent_owner",
    ) as raw:
        yield raw


@pytest.fixture
def api():
    """A client that speaks with a key of the cast: api("gateway").get(...)."""

    def client(key: str) -> Client:
        return Client(headers={"Authorization": f"Bearer {cast.TOKENS[key]}"})

    return client


@pytest.fixture
def signed_in():
    """A client that is signed in as a person of the cast, past the second factor."""

    def client(key: str) -> Client:
        found = Client()
        found.force_login(
            Person.objects.get(pk=cast.person_id(key)),
            backend="allauth.account.auth_backends.AuthenticationBackend",
        )
        return found

    return client


def entries_of(space_id, audience="shared", *, after=0):
    """The sealed entries of a chain as the system actor reads them: (kind, summary)."""
    from portal.action import reading
    from portal.actor import system_actor

    with reading(system_actor("relay", space_id)), connection.cursor() as cursor:
        cursor.execute(
            "select seq, kind, summary, is_news from ledger.entry"
            " where space_id = %s and audience = %s and seq > %s order by seq",
            [space_id, audience, after],
        )
        return cursor.fetchall()


def head_of(space_id, audience="shared") -> int:
    """The number of the last entry of a chain."""
    found = entries_of(space_id, audience)
    return found[-1][0] if found else 0
