"""Goals G28 and G29: no context is left to the next request, and a foreign id is like no id at all."""

from __future__ import annotations

import random
import statistics
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import numpy as np
import pytest
from django.db import close_old_connections, connection

from portal.models import Alert
from tests import database as databases
from tests.conftest import _point_to
from tests.factories import cast
from tests.walls import routes
from tests.walls.probing import FORBIDDEN, ask, client_of, text

SETTINGS = ("person", "organisation", "as_sponsor", "as_manufacturer", "action", "reason", "mac")
REQUESTS, REQUESTS_IN_FULL = 600, 100_000
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
)  # fmt: skip
TIMED = (
    "api/v1/deviations/<uuid:deviation_id>/",
    "api/v1/batches/<uuid:batch_id>/",
    "api/v1/alerts/<uuid:alert_id>/",
)


@pytest.fixture
def ids(filled):
    name, ids = filled
    _point_to(name)
    yield ids
    _point_to(databases.OWN)


class Broken(Exception):
    """A fault in the middle of a page."""


@pytest.mark.slow
def test_no_request_leaves_its_context_to_the_next_one(ids, monkeypatch):
    assert leaks(ids, monkeypatch, REQUESTS) == []


@pytest.mark.matrix
@pytest.mark.timeout(36_000)
def test_none_of_a_hundred_thousand_requests_leaves_its_context_to_the_next_one(ids, monkeypatch):
    assert leaks(ids, monkeypatch, REQUESTS_IN_FULL) == []


def leaks(ids, monkeypatch, requests):
    """People of three companies in turn on few connections; every seventh one breaks inside its context."""
    dice = random.Random(28)  # noqa: S311 - dice, not a secret
    turns = [(dice.choice(ASKERS), dice.choice(PLACES)) for _ in range(requests)]
    clients = {key: [client_of(key) for _ in range(4)] for key in ASKERS}
    keep = Alert.objects.get_queryset().__class__.visible_to
    asked = iter(range(1_000_000))

    def sometimes(self, actor):
        if next(asked) % 7 == 0:
            raise Broken
        return keep(self, actor)

    monkeypatch.setattr(Alert.objects.get_queryset().__class__, "visible_to", sometimes)

    def one(turn):
        number, (key, place) = turn
        try:
            told = text(clients[key][number % 4].get(place))
            if number % 5 == 0:
                # A write commits: what it set would outlive it.
                body = routes.body("deviations/", ids["ours"])
                ask(clients["cdmo_system"][number % 4], "POST", "/api/v1/deviations/", body)
        except Broken:
            told = ""
        left = _left_behind()
        close_old_connections()
        return [word for word in FORBIDDEN[key] if word in told], left

    with ThreadPoolExecutor(4) as pool:
        return [each for each in pool.map(one, enumerate(turns)) if each != ([], [])]


def _left_behind():
    with connection.cursor() as cursor:
        cursor.execute(
            "select name from unnest(%s::text[]) name"
            " where coalesce(current_setting('covalent.' || name, true), '') <> ''",
            [list(SETTINGS)],
        )
        return cursor.fetchall()


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
    chances = {
        address: chances_by_time(ids, address, PROBES_IN_FULL)
        for address, _ in routes.probed()
        if "<" in address and address.startswith("api/")
    }
    assert {address: found for address, found in chances.items() if max(found) <= UNSURE} == {}


def chances_by_time(ids, address, probes):
    """Mann-Whitney over paired probes in mixed order; noise may speak against it twice, not three times."""
    client = client_of("sponsor_system")
    organisation = ids["organisations"][cast.TESSEL]
    foreign = routes.fill(address, ids["theirs"], organisation)
    chances = []
    for _ in range(ATTEMPTS):
        times = {"foreign": [], "unknown": []}
        for _probe in range(probes):
            for which in random.sample(sorted(times), 2):
                unknown = defaultdict(uuid4)
                path = foreign if which == "foreign" else routes.fill(address, unknown, unknown)
                began = time.perf_counter()
                client.get(path)
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
