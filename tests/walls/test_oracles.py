"""Goals G28 and G29: no context is left to the next request, and a foreign id is like no id at all."""

from __future__ import annotations

import logging
import os
import random
import shutil
import socket
import statistics
import subprocess
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
import psycopg
import pytest
from django.db import DatabaseError, close_old_connections, connection, connections

from portal import tasks
from portal.models import Alert
from tests import database as databases
from tests.conftest import _point_to
from tests.factories import cast
from tests.walls import routes
from tests.walls.probing import FORBIDDEN, ask, client_of, say, text

SETTINGS = ("person", "organisation", "as_sponsor", "as_manufacturer", "action", "reason", "mac")
REQUESTS, REQUESTS_BEHIND, REQUESTS_IN_FULL = 600, 20_000, 100_000
PROBES, PROBES_IN_FULL = 60, 2_000
ATTEMPTS = 3
# What is likelier than this may be chance.
UNSURE = 0.01
# Who asks while others ask on the same few connections, and what they may all ask for.
ASKERS = (
    "sponsor_viewer",
    "sponsor_system",
    "rival_sponsor_qa",
    "rival_system",
    "stranger",
    "cdmo_shift_lead",
    "cdmo_system",
)
PLACES = (
    "/", "/board/", "/deviations/", "/escalations/", "/ledger/", "/api/v1/deviations/", "/api/v1/alerts/",
    "/api/v1/batches/", "/api/v1/programs/",
    # Answered by a coroutine, and while it is being read.
    f"/api/v1/events/?program={cast.PROGRAM}&wait=0.01&after=1000000",
    f"/api/v1/ledger/{cast.PROGRAM}/shared/export", f"/api/v1/ledger/{cast.RIVAL_PROGRAM}/shared/export",
)  # fmt: skip
WRITES_MOST, CUT_EVERY, SAID_EVERY = 120, 97, 5000
# Connections in all: one for each who asks at once, and one for the hub that an asker waits for.
POOL, THREADS, TASK_EVERY = 4, 3, 19
TASKS = (tasks.sweep, tasks.publish, tasks.find_gaps, tasks.heartbeat)
TIMED = (
    "api/v1/deviations/<uuid:deviation_id>/",
    "api/v1/batches/<uuid:batch_id>/",
    "api/v1/alerts/<uuid:alert_id>/",
)


@pytest.fixture
def ids(filled):
    name, ids = filled
    _point_to(name)
    # A line for every refusal would fill the memory.
    logging.disable(logging.CRITICAL)
    yield ids
    logging.disable(logging.NOTSET)
    _point_to(databases.OWN)


@contextmanager
def pooled(name, most, place=None):
    """At most so many connections in this process; `place` is a pooler to reach the database by."""
    before = {key: connections.databases["default"][key] for key in ("HOST", "PORT", "OPTIONS")}
    after = {**before, "OPTIONS": {"pool": {"min_size": 1, "max_size": most, "timeout": 60}}}
    after |= dict(zip(("HOST", "PORT"), place or (), strict=False))
    _reach(name, after)
    try:
        yield
    finally:
        _reach(name, before)


def _reach(name, settings):
    for each in (connections.databases["default"], *(each.settings_dict for each in connections.all())):
        each.update(settings)
    _point_to(name)


@contextmanager
def pgbouncer(program, folder):
    """A pooler in transaction mode with as few connections to the server."""
    server = urlsplit(databases.url("app", "x"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = "127.0.0.1", free.getsockname()[1]
    users, config = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text(f'"{server.username}" "{server.password or ""}"\n')
    config.write_text(
        f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\n"
        f"listen_addr = {place[0]}\nlisten_port = {place[1]}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\npool_mode = transaction\ndefault_pool_size = {THREADS}\n"
        + ("user = nobody\n" if os.geteuid() == 0 else "")
    )
    with subprocess.Popen([program, "--quiet", str(config)]) as running:
        try:
            for _ in range(100):
                with suppress(OSError), socket.create_connection(place, 1):
                    break
                time.sleep(0.05)
            yield place
        finally:
            running.terminate()


class Broken(Exception):
    """A fault in the middle of a page."""


@pytest.mark.slow
def test_no_request_leaves_its_context_to_the_next_one(filled, ids, monkeypatch):
    with pooled(filled[0], POOL):
        assert leaks(filled[0], ids, monkeypatch, REQUESTS) == []


@pytest.mark.matrix
@pytest.mark.timeout(36_000)
def test_none_of_a_hundred_thousand_requests_leaves_its_context_to_the_next_one(filled, ids, monkeypatch):
    with pooled(filled[0], POOL):
        assert leaks(filled[0], ids, monkeypatch, REQUESTS_IN_FULL) == []


@pytest.mark.matrix
@pytest.mark.timeout(36_000)
def test_none_does_behind_a_pooler_that_changes_the_connection_with_every_transaction(
    filled, ids, monkeypatch, tmp_path_factory
):
    if (program := shutil.which("pgbouncer")) is None:
        pytest.skip("pgbouncer is not installed here (Debian: apt install pgbouncer)")
    with pgbouncer(program, tmp_path_factory.mktemp("pgbouncer")) as place, pooled(filled[0], POOL, place):
        assert leaks(filled[0], ids, monkeypatch, REQUESTS_BEHIND) == []


def leaks(name, ids, monkeypatch, requests):
    """People of three companies in turn on few connections, and tasks of the worker between them.

    Every seventh look at records breaks inside its context, and now and then the server cuts a connection.
    """
    dice = random.Random(28)  # noqa: S311 - dice, not a secret
    turns = [(dice.choice(ASKERS), dice.choice(PLACES)) for _ in range(requests)]
    clients = {key: [client_of(key) for _ in range(4)] for key in ASKERS}
    keep = Alert.objects.get_queryset().__class__.visible_to
    asked, met, began = count(), Counter(), time.monotonic()

    def sometimes(self, actor):
        if next(asked) % 7 == 0:
            raise Broken
        return keep(self, actor)

    monkeypatch.setattr(Alert.objects.get_queryset().__class__, "visible_to", sometimes)

    def one(turn):
        number, (key, place) = turn
        answer = clients[key][number % 4].get(place)
        told = text(answer)
        met[answer.status_code] += 1
        if number % TASK_EVERY == 0:
            # For every space in turn, as system actors.
            met[f"task {TASKS[number // TASK_EVERY % len(TASKS)].apply().state}"] += 1
        if number % 5 == 0:
            # A write commits: what it set would outlive it.
            met[f"written {write(number)}"] += 1
        left = _left_behind()
        if number % CUT_EVERY == 0:
            _cut(name)
        close_old_connections()
        if number % SAID_EVERY == SAID_EVERY - 1:
            say(f"{number + 1} requests in {time.monotonic() - began:.0f} s: {dict(met)}")
        return [word for word in FORBIDDEN[key] if word in told], left

    def write(number):
        path, client = "/api/v1/deviations/", clients["cdmo_system"][number % 4]
        if number > 5 * WRITES_MOST:
            # Refused, and that is written down: the boards that are read must not grow with every write.
            path += f"{ids['ours']['deviation_id']}/triage/"
        address = "triage/" if path.endswith("triage/") else "deviations/"
        return ask(client, "POST", path, routes.body(address, ids["ours"])).status_code

    # What this thread holds is for those who ask.
    connections.close_all()
    with ThreadPoolExecutor(THREADS) as pool:
        found = [each for each in pool.map(one, enumerate(turns)) if each != ([], [])]
    assert met["task SUCCESS"] > 0
    say(f"{requests} requests, {len(found)} leaks, {time.monotonic() - began:.0f} s: {dict(met)}")
    return found


def _left_behind():
    try:
        return _settings_left()
    except DatabaseError:
        # It was cut, and nothing is left of it.
        connection.close()
        return _settings_left()


def _settings_left():
    with connection.cursor() as cursor:
        cursor.execute(
            "select name from unnest(%s::text[]) name"
            " where coalesce(current_setting('covalent.' || name, true), '') <> ''",
            [list(SETTINGS)],
        )
        return cursor.fetchall()


def _cut(name):
    """End one of the connections in the middle of whatever it does."""
    with psycopg.connect(databases.url("admin", name), autocommit=True) as raw:
        raw.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and usename = 'covalent_app' order by random() limit 1"
        )


def test_a_foreign_id_answers_with_the_headers_of_an_unknown_one(ids):
    unknown = defaultdict(uuid4)
    for key in ("sponsor_qa", "sponsor_system"):
        client = client_of(key)
        for address, _name in routes.probed():
            if "<" not in address or not address.startswith("api/"):
                continue
            organisation = ids["organisations"][cast.TESSEL]
            foreign = ask(client, "GET", routes.fill(address, ids["theirs"], organisation))
            nothing = ask(client, "GET", routes.fill(address, unknown, unknown))
            assert _headers(foreign) == _headers(nothing), address


def _headers(response):
    return {name: value for name, value in response.headers.items() if name != "X-Request-Id"}


@pytest.mark.slow
@pytest.mark.parametrize("address", TIMED)
def test_a_foreign_id_takes_as_long_as_an_unknown_one(ids, address):
    assert max(chances_by_time(ids, address, PROBES)) > UNSURE


@pytest.mark.matrix
@pytest.mark.timeout(36_000)
def test_no_route_tells_a_foreign_id_by_its_time_over_two_thousand_probes(ids):
    chances, began = {}, time.monotonic()
    for address, _ in routes.probed():
        if "<" in address and address.startswith("api/"):
            chances[address] = chances_by_time(ids, address, PROBES_IN_FULL)
            say(f"{address}: p {chances[address]}, {time.monotonic() - began:.0f} s")
    assert {address: found for address, found in chances.items() if max(found) <= UNSURE} == {}


def chances_by_time(ids, address, probes):
    """Mann-Whitney over paired probes in mixed order; noise may speak against it twice, not three times."""
    client = client_of("sponsor_system")
    organisation = ids["organisations"][cast.TESSEL]
    chances = []
    for _ in range(ATTEMPTS):
        unknown, times = defaultdict(uuid4), {"foreign": [], "unknown": []}
        # Each is asked for again and again: what a process remembers of an address it remembers of both.
        paths = {
            "foreign": routes.fill(address, ids["theirs"], organisation),
            "unknown": routes.fill(address, unknown, unknown),
        }
        for _probe in range(probes):
            for which in random.sample(sorted(times), 2):
                began = time.perf_counter()
                client.get(paths[which])
                times[which].append(time.perf_counter() - began)
        chances.append(chance_of_one_source(times["foreign"], times["unknown"]))
        if chances[-1] > UNSURE:
            break
    return chances


def chance_of_one_source(first, second):
    """The two-sided p of the Mann-Whitney test, by its normal approximation."""
    both = np.concatenate([first, second])
    ranks = np.empty(len(both))
    ranks[np.argsort(both)] = np.arange(1, len(both) + 1)
    n, m = len(first), len(second)
    u = ranks[:n].sum() - n * (n + 1) / 2
    z = (u - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5
    return 2 * (1 - statistics.NormalDist().cdf(abs(z)))


def test_the_clock_tells_a_slower_answer():
    dice = random.Random(29)  # noqa: S311 - dice, not a secret
    quick = [dice.gauss(10, 1) for _ in range(PROBES)]
    assert chance_of_one_source(quick, [dice.gauss(10, 1) for _ in range(PROBES)]) > 0.01
    assert chance_of_one_source(quick, [dice.gauss(11, 1) for _ in range(PROBES)]) < 0.01
