"""Goals G25 and G26 in short form: every route, method and person, with each wall alone."""

from __future__ import annotations

import uuid
from collections import defaultdict

import pytest
from django.db import connection, connections
from django.test import Client

from portal.models import Person
from portal.models.base import RecordQuerySet
from tests import database as databases
from tests.conftest import _point_to
from tests.factories import cast, world
from tests.walls import routes

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Who must never read which words. The manufacturer's own people work for both programs.
FORBIDDEN = {
    "sponsor_qa": ("CANARY", "INTERNAL"),
    "sponsor_viewer": ("CANARY", "INTERNAL"),
    "sponsor_quality_head": ("CANARY", "INTERNAL"),
    "inspector": ("CANARY", "INTERNAL"),
    "sponsor_system": ("CANARY", "INTERNAL"),
    "rival_sponsor_qa": ("OURS", "INTERNAL"),
    "rival_system": ("OURS", "INTERNAL"),
    "cdmo_system": ("CANARY",),
    "gateway": ("CANARY",),
    "cdmo_shift_lead": ("CANARY",),
    # Codes of programs and of its own people in them are the administrator's business; what they hold is not.
    "cdmo_admin": ("OURS", "INTERNAL"),
    "stranger": ("OURS", "CANARY", "INTERNAL"),
}
# With one wall down the short form asks as those who have most to find.
FEW = ("sponsor_viewer", "sponsor_system", "inspector", "rival_sponsor_qa")
OWN = {"rival_sponsor_qa": "theirs", "rival_system": "theirs"}


@pytest.fixture(scope="module")
def filled():
    """One committing clone for the module with both programs filled."""
    name = f"matrix_{uuid.uuid4().hex[:12]}"
    databases.clone(name)
    _point_to(name)
    ids = world.build()
    ids["organisations"] = {
        each: world.organisation_records(each) for each in (cast.CDMO, cast.ARVO, cast.TESSEL)
    }
    yield name, ids
    _point_to(databases.OWN)
    databases.drop(name)


@pytest.fixture(params=["both walls", "row security alone", "application alone"])
def walls(request, filled, monkeypatch):
    name, ids = filled
    _point_to(name)
    if request.param == "row security alone":
        monkeypatch.setattr(RecordQuerySet, "visible_to", lambda self, actor: self)
    if request.param == "application alone":
        _connect_past_row_security(monkeypatch, name)
    yield request.param, ids
    monkeypatch.undo()
    _point_to(databases.OWN)


def _connect_past_row_security(monkeypatch, name):
    from urllib.parse import urlsplit

    parts = urlsplit(databases.url("admin", name))
    settings = connections["default"].settings_dict
    connections.close_all()
    if connection.pool is not None:
        connection.close_pool()
    monkeypatch.setitem(settings, "USER", parts.username)
    monkeypatch.setitem(settings, "PASSWORD", parts.password)


def client_of(key):
    if key == "stranger":
        return Client(raise_request_exception=False)
    if key in cast.TOKENS:
        return Client(headers={"Authorization": f"Bearer {cast.TOKENS[key]}"}, raise_request_exception=False)
    found = Client(raise_request_exception=False)
    found.force_login(
        Person.objects.get(pk=cast.person_id(key)),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    return found


def test_every_route_is_known_to_the_matrix():
    ids = defaultdict(uuid.uuid4)
    for address, _ in routes.probed():
        routes.fill(address, ids, ids)


def _ask(client, method, address, body=None):
    if method in ("POST", "PUT", "PATCH") and address.startswith("/api/"):
        return client.generic(method, address, routes.as_json(body or {}), content_type="application/json",
                              headers={"If-Match": '"1"'})  # fmt: skip
    if method == "POST":
        return client.post(address, {key: str(value) for key, value in (body or {}).items()})
    return client.generic(method, address)


def _text(response):
    content = b"".join(response) if response.streaming else response.content
    return content.decode("utf-8", "replace") + str(dict(response.headers))


def test_nobody_reads_what_is_not_theirs_by_any_route(walls):
    which, ids = walls
    leaks, faults, probes = [], [], 0
    for key, forbidden in FORBIDDEN.items():
        if which != "both walls" and key not in FEW:
            continue
        client = client_of(key)
        for address, _name in routes.probed():
            for whose in ("ours", "theirs"):
                organisation = ids["organisations"][cast.TESSEL if whose == "theirs" else cast.ARVO]
                path = routes.fill(address, ids[whose], organisation)
                for query in routes.queries(address, ids[whose]):
                    response = _ask(client, "GET", path + query)
                    probes += 1
                    found = [word for word in forbidden if word in _text(response).replace(f"q={word}", "")]
                    found = [word for word in found if f'value="{word}"' not in _text(response)]
                    if found:
                        leaks.append((key, path + query, response.status_code, found))
                    if response.status_code >= 500:
                        faults.append((key, path + query, response.status_code))
    assert leaks == []
    assert faults == []
    assert probes > 500


def test_nobody_writes_into_what_is_not_theirs(walls, as_owner_of):
    which, ids = walls
    before = _fingerprint(as_owner_of, ids)
    for key in ("rival_sponsor_qa", "rival_system", "stranger"):
        client = client_of(key)
        for address, _name in routes.probed():
            path = routes.fill(address, ids["ours"], ids["organisations"][cast.ARVO])
            for method in METHODS[2:]:
                response = _ask(client, method, path, routes.body(address, ids["ours"]))
                assert response.status_code < 500, (key, method, path)
                assert not any(word in _text(response) for word in FORBIDDEN[key]), (key, method, path)
    assert _fingerprint(as_owner_of, ids) == before, which


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
            foreign = _ask(
                client, "GET", routes.fill(address, ids["theirs"], ids["organisations"][cast.TESSEL])
            )
            nothing = _ask(client, "GET", routes.fill(address, unknown, unknown))
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
            _ask(client, "GET", path + query).status_code
            for client in clients
            for query in routes.queries(address, ids["ours"])
        ]
        if not any(status < 400 for status in tries) and not all(status == 405 for status in tries):
            unanswered.append((route, sorted(set(tries))))
    _point_to(databases.OWN)
    assert unanswered == []
