"""What is written anywhere in a working day, searched for private words and secrets (goal G38).

Real processes, a real mail server; afterwards everything that was stored, logged, sent or shown to others is
searched for each secret in several spellings. `ALLOWED` says where one may be, and why; equality with it also
proves that the search finds what is there.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psycopg
import pytest
import redis
from django.conf import settings

from config.supervisor.postgres_files import INSTALLATION, PACKAGE
from deviations.models import Deviation
from portal import keyring
from portal.action import reading
from portal.states import Meaning
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.signing import code_at, make_signer, sign
from tests.servers import bearer, start_stack
from tests.sockets import Listener

pytestmark = pytest.mark.slow

RUN = uuid4().hex


def canary(name):
    """A word that stands nowhere else."""
    return f"CANARY{name}{RUN}"


# Of the manufacturer alone, for nothing is released.
PRIVATE = ("title", "description", "action", "rationale", "filename", "content", "reason", "late")
TYPED = ("mistyped",)
SHARED = ("disclosed",)
ROLES = ("app", "owner", "backup", "admin")
PNG = b"\x89PNG\r\n\x1a\n "
ALLOWED = {
    ("disclosed", "database"): "shared between the two sides: who runs the database reads it",
    ("disclosed", "database files"): "as above",
    ("disclosed", "valkey"): "the public summary of a shared entry, on its way to the sockets of both sides",
    ("disclosed", "sponsor"): "it was disclosed to them",
}


def secrets_of(stack):
    """Each secret by name: private words and what was typed, keys in the form they lie in."""
    found = {name: canary(name) for name in (*PRIVATE, *TYPED, *SHARED)}
    found |= {f"token of {key}": token for key, token in cast.TOKENS.items()}
    found |= {"password": cast.PASSWORD, "second factor": cast.TOTP_SECRET}
    found |= {
        "SECRET_KEY": settings.SECRET_KEY,
        "ledger key": Path(settings.LEDGER_KEY_FILE).read_text().strip(),
    }
    for organisation in keyring.list_organisations():
        found[f"key of {organisation}"] = keyring.list_keys(organisation)[0].wrapped
    for name, url in {
        "valkey": stack.valkey.url(),
        **{role: stack.database.url(role) for role in ROLES},
    }.items():
        found[f"login of {name}"] = urlsplit(url).password
    return found


def spellings(secret):
    """A secret as it is, in hex and in base64 wherever it begins; of base64 also what it stands for."""
    raw = [secret.encode()]
    if re.fullmatch(r"[A-Za-z0-9+/]{42,}=", secret):
        raw.append(base64.b64decode(secret))
    for each in raw:
        yield each
        yield each.hex().encode()
        yield each.hex().upper().encode()
        yield from (base64.b64encode(b" " * at + each)[4 if at else 0 : -4] for at in range(3))


def found_in(places, secrets):
    """Which secret stands where: {(secret, place)}."""
    return {
        (name, place)
        for name, secret in secrets.items()
        for place, content in places.items()
        if any(each in content for each in spellings(secret))
    }


class Monitor:
    """Every command that a Valkey is sent, Celery's messages and the way to the sockets among them."""

    def __init__(self, client):
        self.heard = b""
        self._client = client
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        # It ends with the server.
        with suppress(redis.ConnectionError), self._client.monitor() as monitor:
            for command in monitor.listen():
                self.heard += command["command"].encode(errors="surrogateescape") + b"\n"

    def kept(self):
        """What lies in it now, by the keys' own dumps."""
        lying = [b"%s %s" % (key, self._client.dump(key) or b"") for key in self._client.scan_iter()]
        return self.heard + b"\n".join(lying)


class Browser:
    """A person at the pages, or a key at the API; keeps all that came back."""

    def __init__(self, stack, key=None):
        self.came = b""
        headers = bearer(key) if key else {}
        self._http = httpx.Client(base_url=stack.url, headers=headers, follow_redirects=True, timeout=30)

    def get(self, address):
        return self._kept(self._http.get(address))

    def post(self, address, **given):
        return self._kept(self._http.post(address, **given))

    def submit(self, address, **given):
        """Fill in the form of a page."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(address).text)[1]
        headers = {"Referer": str(self._http.base_url)}
        return self.post(address, data={"csrfmiddlewaretoken": token, **given}, headers=headers)

    def sign_in(self, key):
        """Mistype the password, then give it and the one-time code; returns the session."""
        self.submit("/account/login/", login=cast.EMAILS[key], password=canary("mistyped"))
        assert self.get("/").url.path == "/account/login/"
        self.submit("/account/login/", login=cast.EMAILS[key], password=cast.PASSWORD)
        self.submit("/account/2fa/authenticate/", code=code_at(time.time()))
        assert self.get("/").url.path == "/"
        return self._http.cookies["sessionid"]

    def _kept(self, answer):
        self.came += f"{answer.status_code} {answer.headers}\n".encode() + answer.content
        return answer


@pytest.fixture
def stack(own_database, mail_server, tmp_path):
    environment = {
        "COVALENT_DATA": str(tmp_path),
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
        "LOG_LEVEL": "DEBUG",
    }
    with start_stack(own_database, environment=environment) as started:
        yield started


def a_working_day(stack, quality, others):
    """A private deviation with all it may hold, a disclosed one, a file gone from the disk, a bad request."""
    plant = Browser(stack, "cdmo_system")
    stated = {
        "program": str(cast.PROGRAM),
        "occurred_at": "2026-01-01T08:00:00Z",
        "detected_at": "2026-01-01T09:00:00Z",
        "description": canary("description"),
        "immediate_action": canary("action"),
        "late_reason": canary("late"),
    }
    url = "/api/v1/deviations/"
    private = plant.post(url, json={**stated, "title": canary("title")}).json()
    picture = {"file": (f"{canary('filename')}.png", PNG + canary("content").encode())}
    file = plant.post(f"/api/v1/attachments/?subject={private['id']}", files=picture).json()
    triage = {"classification": "major", "rationale": canary("rationale")}
    headers = {"If-Match": f'"{plant.get(url + private["id"] + "/").json()["version"]}"'}
    assert plant.post(f"{url}{private['id']}/triage/", json=triage, headers=headers).status_code == 200
    make_signer(quality, cast.CDMO)
    sign(quality, seen(quality, private["id"]), Meaning.AUTHORED)

    gone = plant.post(url, json={**stated, "title": "Entered twice", "description": "By two people."}).json()
    refused = plant.post(f"{url}{gone['id']}/cancel/", json={"reason": canary("reason")})
    assert refused.status_code == 428
    headers = {"If-Match": '"1"'}
    plant.post(f"{url}{gone['id']}/cancel/", json={"reason": canary("reason")}, headers=headers)

    shared = make.report(quality, title=canary("disclosed"))
    make.release(quality, make.triage(quality, shared))

    person = Browser(stack)
    session = person.sign_in("cdmo_qa")
    assert canary("title") in person.get(f"/deviations/{private['id']}/").text
    assert canary("content").encode() in plant.get(file["content"]).content
    for path in (Path(stack.environment["COVALENT_DATA"]) / "attachments").rglob("*"):
        if path.is_file():
            path.unlink()
    assert plant.get(file["content"]).status_code == 500
    assert plant.post(url, json={**stated, "title": canary("title"), "batch": "no id"}).status_code == 400

    for browser, listener in others:
        for address in (
            url,
            f"{url}{private['id']}/",
            f"{url}{private['id']}/history/",
            f"{url}{shared.pk}/",
            file["content"],
            "/api/v1/attachments/",
            "/api/v1/alerts/",
            f"/api/v1/events/?program={cast.PROGRAM}&audience=shared",
            f"/api/v1/events/?program={cast.PROGRAM}&audience=manufacturer",
            f"/api/v1/ledger/{cast.PROGRAM}/shared/export",
            f"/api/v1/ledger/{cast.PROGRAM}/manufacturer/export",
            f"{url}?search={canary('title')[:6]}",
        ):
            browser.get(address)
        drain(listener)
    return session


def seen(person, deviation_id):
    with reading(person):
        return Deviation.objects.visible_to(person).get(pk=deviation_id)


def drain(listener):
    """Keep every message that is on its way."""
    with suppress(TimeoutError):
        while True:
            listener.next(within=1.5)


def dumped(database):
    """Everything in the database, as a backup writes it."""
    installed = Path(importlib.util.find_spec(PACKAGE).submodule_search_locations[0]) / INSTALLATION
    command = [installed / "bin" / "pg_dump", database.url("admin")]
    return subprocess.run(command, check=True, capture_output=True).stdout


def files_of_server(database):
    """The server's own files: tables, indexes, what was deleted but not cleared, the write-ahead log."""
    with psycopg.connect(database.url("admin"), autocommit=True) as admin:
        admin.execute("checkpoint")
        (place,) = admin.execute("select current_setting('data_directory')").fetchone()
    return read_all(Path(place))


def read_all(folder):
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def until_mailed(mail_server):
    until = time.monotonic() + 30
    while not mail_server.box.messages and time.monotonic() < until:
        time.sleep(0.2)
    assert mail_server.box.messages


def test_no_secret_stands_where_it_may_not(stack, mail_server, cdmo_qa):
    secrets = secrets_of(stack)
    monitor = Monitor(stack.redis())
    others = {key: (Browser(stack, key), Listener(stack, key)) for key in ("sponsor_system", "rival_system")}
    others["sponsor_system"][1].subscribe(after={"shared": 0})
    others["rival_system"][1].subscribe(cast.RIVAL_PROGRAM, after={"shared": 0})
    secrets["session"] = a_working_day(stack, cdmo_qa, others.values())
    until_mailed(mail_server)
    shown = {
        key: browser.came + json.dumps(listener.heard).encode() for key, (browser, listener) in others.items()
    }
    places = {
        "database": dumped(stack.database),
        "valkey": monitor.kept(),
        "logs": b"\n".join(stack.log(name).encode() for name in stack.processes),
        "data folder": read_all(Path(stack.environment["COVALENT_DATA"])),
        "mail": b"\n".join(message.as_bytes() for _to, message in mail_server.box.messages),
        "sponsor": shown["sponsor_system"],
        "rival": shown["rival_system"],
    }
    assert {name: len(content) for name, content in places.items() if len(content) < 200} == {}
    of_this_run = {name: secret for name, secret in secrets.items() if RUN in secret}
    found = found_in(places, secrets) | found_in(
        {"database files": files_of_server(stack.database)}, of_this_run
    )
    assert found == set(ALLOWED)


@pytest.mark.parametrize("written", ["plain", "hex", "base64 behind two others", "a key as bytes"])
def test_the_search_finds_a_secret_however_it_is_written(written):
    secret = base64.b64encode(bytes(range(32))).decode()
    content = {
        "plain": f"...{secret}...".encode(),
        "hex": secret.encode().hex().encode(),
        "base64 behind two others": base64.b64encode(b"ab" + secret.encode() + b"cd"),
        "a key as bytes": b"..." + bytes(range(32)),
    }[written]
    assert found_in({"place": content}, {"key": secret}) == {("key", "place")}
