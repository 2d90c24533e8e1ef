"""Goals G25 and G26 in short form: every route, method and person, with each wall alone."""

from __future__ import annotations

import logging
import random
import uuid
from collections import defaultdict
from contextlib import nullcontext

import pytest
from django.conf import settings

from portal.models.base import RecordQuerySet
from tests import database as databases
from tests.conftest import _point_to
from tests.factories import cast
from tests.walls import routes
from tests.walls.probes import Matrix
from tests.walls.probing import FEW, FORBIDDEN, SOME, answers, ask, client_of, past_row_security, text

# How many in all, and as how many of each asker in the short form.
PROBES, SAMPLE = 250_000, 12
pytestmark = pytest.mark.timeout(600)
SERVER_FAULT = 500
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture(params=["both walls", "row security alone", "application alone"])
def walls(request, filled, monkeypatch):
    name, ids = filled
    _point_to(name)
    with past_row_security(name) if request.param == "application alone" else nullcontext():
        if request.param == "row security alone":
            monkeypatch.setattr(RecordQuerySet, "visible_to", lambda self, actor: self)
        yield request.param, ids
    _point_to(databases.OWN)


def test_every_route_is_known_to_the_matrix():
    ids = defaultdict(uuid.uuid4)
    for address, _ in routes.probed():
        routes.fill(address, ids, ids)


def test_nobody_reads_what_is_not_theirs_by_any_route(walls):
    which, ids = walls
    # Each route is asked for by two of them and more; all by all behind `-m matrix`.
    told = list(answers(ids, SOME, of=3) if which == "both walls" else answers(ids, FEW, of=2))
    assert [each for each in told if each[3]] == []
    assert [each for each in told if each[2] >= SERVER_FAULT] == []
    assert len(told) > 500


@pytest.mark.matrix
def test_nobody_at_all_reads_what_is_not_theirs_by_any_route(walls):
    _, ids = walls
    assert [each for each in answers(ids, FORBIDDEN) if each[3] or each[2] >= SERVER_FAULT] == []


def test_nobody_writes_into_what_is_not_theirs(walls, as_owner_of):
    which, ids = walls
    before = _fingerprint(as_owner_of, ids)
    for key in ("rival_sponsor_qa", "rival_system", "stranger")[: 3 if which == "both walls" else 1]:
        client = client_of(key)
        for address, _name in routes.probed():
            path = routes.fill(address, ids["ours"], ids["organisations"][cast.ARVO])
            for method in METHODS[2:]:
                response = ask(client, method, path, routes.body(address, ids["ours"]))
                assert response.status_code < 500, (key, method, path)
                assert not any(word in text(response) for word in FORBIDDEN[key]), (key, method, path)
    assert _fingerprint(as_owner_of, ids) == before, which


@pytest.fixture
def matrix(filled, monkeypatch):
    name, ids = filled
    _point_to(name)
    monkeypatch.setattr(settings, "RATE_LIMITS", dict.fromkeys(settings.RATE_LIMITS, 10**9))
    # A line for every refusal would fill the memory.
    logging.disable(logging.CRITICAL)
    yield Matrix(ids)
    logging.disable(logging.NOTSET)
    _point_to(databases.OWN)


def test_a_sample_of_all_probes_finds_nothing(matrix):
    dice = random.Random(25)  # noqa: S311 - dice, not a secret
    addresses = [address for address, _ in routes.probed()]
    wrong = []
    for key in SOME:
        some = list(matrix.probes(key, dice.sample(addresses, SAMPLE)))
        wrong += matrix.run(key, dice.sample(some, SAMPLE))
    assert wrong == []


@pytest.mark.matrix
@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("key", FORBIDDEN)
def test_none_of_a_quarter_of_a_million_probes_tells_or_moves_what_is_not_theirs(matrix, key):
    matrix.learn_etags(("cdmo_qa", "cdmo_system"))
    assert matrix.run(key, matrix.probes(key)) == []
    assert matrix.met.total() * len(FORBIDDEN) >= PROBES


@pytest.fixture
def as_owner_of(filled):
    import psycopg

    with psycopg.connect(
        databases.url("owner", filled[0]), autocommit=True, options="-c role=covalent_owner"
    ) as raw:
        yield raw


def _fingerprint(raw, ids):
    """Heads of the first program's and its parties' chains: nothing is written there without one growing."""
    spaces = [ids["ours"]["program_id"], cast.PARTNERSHIP, cast.ARVO, cast.CDMO]
    return raw.execute(
        "select space_id, audience, head from ledger.chain where space_id = any(%s) order by 1, 2", [spaces]
    ).fetchall()


def test_a_foreign_id_and_an_unknown_id_get_the_same_answer(walls):
    _, ids = walls
    unknown = defaultdict(uuid.uuid4)
    for key in ("sponsor_qa", "sponsor_system"):
        client = client_of(key)
        for address, _name in routes.probed():
            if "<" not in address:
                continue
            foreign = ask(
                client, "GET", routes.fill(address, ids["theirs"], ids["organisations"][cast.TESSEL])
            )
            nothing = ask(client, "GET", routes.fill(address, unknown, unknown))
            assert foreign.status_code == nothing.status_code, address
            if address.startswith("api/"):
                assert foreign.content == nothing.content, address


def test_each_route_answers_somebody_it_belongs_to(filled):
    name, ids = filled
    _point_to(name)
    unanswered = []
    clients = [client_of(key) for key in ("cdmo_qa", "cdmo_system", "cdmo_admin")]
    for address, route in routes.probed():
        path = routes.fill(address, ids["ours"], ids["organisations"][cast.CDMO])
        tries = [
            ask(client, "GET", path + query).status_code
            for client in clients
            for query in routes.queries(address, ids["ours"])
        ]
        if not any(status < 400 for status in tries) and not all(status == 405 for status in tries):
            unanswered.append((route, sorted(set(tries))))
    _point_to(databases.OWN)
    assert unanswered == []
