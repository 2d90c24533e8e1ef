"""How the walls are tried: who asks, what they must never read, and one wall taken down at a time."""

from __future__ import annotations

from contextlib import contextmanager
from urllib.parse import urlsplit

from django.db import connection, connections
from django.test import Client

from portal.models import Person
from tests import database as databases
from tests.factories import cast
from tests.walls import routes

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
# The short form asks as one of each sort.
SOME = ("sponsor_viewer", "inspector", "sponsor_system", "rival_sponsor_qa", "cdmo_admin", "stranger")
# With one wall down the short form asks as those who have most to find.
FEW = ("sponsor_viewer", "sponsor_system", "inspector", "rival_sponsor_qa")


def client_of(key):
    """A client of one of the cast: by key, or signed in past the second factor."""
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


def ask(client, method, address, body=None):
    """Send a request as the address wants it."""
    if method in ("POST", "PUT", "PATCH") and address.startswith("/api/"):
        return client.generic(method, address, routes.as_json(body or {}), content_type="application/json",
                              headers=routes.headers(address))  # fmt: skip
    if method == "POST":
        return client.post(address, {key: str(value) for key, value in (body or {}).items()})
    return client.generic(method, address)


def say(figures):
    """Tell what a long run has counted: the counts are the proof, and `-s` or a failure shows them."""
    print(figures, flush=True)  # noqa: T201 - as above


def text(response):
    """All that the asker is told, headers too."""
    content = b"".join(response) if response.streaming else response.content
    return content.decode("utf-8", "replace") + str(dict(response.headers))


def answers(ids, keys, *, of=1):
    """Ask every route as each of these; yields (key, path, status, forbidden words that were told).

    With `of` each of them asks for one route in so many, and what one leaves out the next ones ask for.
    """
    for turn, key in enumerate(keys):
        client = client_of(key)
        for place, (address, _name) in enumerate(routes.probed()):
            if (place + turn) % of:
                continue
            for whose in ("ours", "theirs"):
                organisation = ids["organisations"][cast.TESSEL if whose == "theirs" else cast.ARVO]
                path = routes.fill(address, ids[whose], organisation)
                for query in routes.queries(address, ids[whose]):
                    response = ask(client, "GET", path + query)
                    told = text(response)
                    found = [word for word in FORBIDDEN[key] if word in told]
                    yield key, path + query, response.status_code, found


@contextmanager
def past_row_security(name):
    """Connect as the administrator, whom no policy stops."""
    settings = connections["default"].settings_dict
    before = settings["USER"], settings["PASSWORD"]
    parts = urlsplit(databases.url("admin", name))
    try:
        _reconnect(settings, parts.username, parts.password)
        yield
    finally:
        _reconnect(settings, *before)


def _reconnect(settings, user, password):
    connections.close_all()
    if connection.pool is not None:
        connection.close_pool()
    settings["USER"], settings["PASSWORD"] = user, password
