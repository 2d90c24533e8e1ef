"""Two of everything behind a proxy with TLS: people and systems work, also when one of each is killed."""

import json
import re
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from websockets.sync.client import connect

from tests.factories import cast
from tests.factories.signing import code_at
from tests.production import HOST, Production
from tests.servers import bearer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    with Production(tmp_path_factory.mktemp("production")) as running:
        yield running


def report(client, title):
    """A deviation from the manufacturer's quality system, with its number."""
    at = datetime.now(UTC) - timedelta(hours=1)
    body = {
        "program": str(cast.PROGRAM),
        "title": title,
        "description": "The vessel temperature exceeded its range for 42 min.",
        "occurred_at": at.isoformat(),
        "detected_at": at.isoformat(),
    }
    headers = bearer("cdmo_system") | {"Idempotency-Key": title}
    answer = client.post("/api/v1/deviations/", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def socket(production):
    address = f"wss://{HOST}:{production.proxy.port}/ws/stream/"
    trust = ssl.create_default_context(cafile=production.home / "tls.pem")
    return connect(
        address,
        additional_headers=bearer("cdmo_system"),
        ssl=trust,
        proxy=None,
        compression=None,
        close_timeout=2,
    )


def heard(line, number, within=12.0):
    """The message about a record that a socket hears."""
    until = time.monotonic() + within
    while True:
        message = json.loads(line.recv(timeout=max(0.01, until - time.monotonic())))
        if message["type"] == "event" and message["subject"]["number"] == number:
            return message


def sign_in(client, key):
    page = client.get("/account/login/")
    form = {"login": cast.EMAILS[key], "password": cast.PASSWORD}
    where = {"Referer": str(page.url), "X-CSRFToken": client.cookies["csrftoken"]}
    answer = client.post("/account/login/", data=form, headers=where)
    assert answer.status_code == 302, answer.text
    step = client.get(answer.headers["location"])
    where = {"Referer": str(step.url), "X-CSRFToken": client.cookies["csrftoken"]}
    return client.post(step.url, data={"code": code_at(time.time())}, headers=where)


def test_every_web_process_is_ready_and_nobody_is_let_in_without_tls(production):
    for name in production.ports:
        assert production.ask(name, "/readyz").json() == {"status": "ready"}
        plain = production.ask(name, "/account/login/")
        assert (plain.status_code, plain.headers["location"].partition(":")[0]) == (301, "https")


def test_a_person_signs_in_over_tls_with_cookies_that_never_leave_it(production):
    with production.client() as client:
        answer = sign_in(client, "cdmo_qa")
        assert answer.status_code == 302, answer.text
        assert client.get("/").status_code == 200
        assert client.get("/").headers["Strict-Transport-Security"].startswith("max-age=31536000")
        kinds = {cookie.name.partition("_")[0]: cookie.secure for cookie in client.cookies.jar}
        assert kinds == {"csrftoken": True, "sessionid": True, "device": True}


def test_only_the_proxy_is_believed_about_where_a_request_came_from(production):
    claimed = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    for name in production.ports:
        assert production.ask(name, "/account/login/", **claimed).status_code == 301
    with production.client() as client:
        assert client.get("/account/login/", headers={"X-Forwarded-Proto": "http"}).status_code == 200
        assert client.get("/account/login/", headers={"Host": "evil.example"}).status_code == 400


def test_what_one_web_process_takes_the_other_shows_at_once_also_when_one_of_each_was_killed(production):
    with production.client() as client:
        production.proxy.only = "web-2"
        with socket(production) as line:
            line.send(json.dumps({"type": "subscribe", "program": str(cast.PROGRAM)}))
            production.proxy.only = "web-1"
            time.sleep(1)
            made = report(client, "Reported through the first process")
            assert heard(line, made["number"])["kind"] == "deviation.reported"
        production.proxy.only = None
        for name in ("web-1", "worker-1", "relay-1"):
            production.kill(name)
        production.wait_until_ready("web-2")
        with socket(production) as line:
            line.send(json.dumps({"type": "subscribe", "program": str(cast.PROGRAM)}))
            time.sleep(1)
            made = report(client, "Reported when one of each was gone")
            assert heard(line, made["number"])["kind"] == "deviation.reported"
        assert sign_in(client, "cdmo_shift_lead").status_code == 302
        assert client.get("/").status_code == 200
        triaged = client.post(
            f"/api/v1/deviations/{made['id']}/triage/",
            json={"classification": "major", "rationale": "Parameter outside its range, short."},
            headers=bearer("cdmo_system") | {"If-Match": f'"{made["version"]}"', "Idempotency-Key": "t"},
        )
        assert triaged.status_code == 200, triaged.text
        # The other worker and relay do the work of those that are gone.
        time.sleep(8)
        told = production.ask("web-2", "/metrics", Authorization="Bearer metrics").text
        ages = re.findall(r'covalent_heartbeat_age_seconds{process="(\w+)"} ([0-9.]+)', told)
        assert {process: float(age) < 8 for process, age in ages} == {"worker": True, "relay": True}
        for name in ("web-1", "worker-1", "relay-1"):
            production.start(name)
        production.wait_until_ready("web-1")


def test_each_relay_shows_its_life_to_the_health_check_of_its_container(production):
    shown = [production.home / f"{name}.alive" for name in ("relay-1", "relay-2")]
    until = time.monotonic() + 30
    while not all(path.exists() and time.time() - path.stat().st_mtime < 10 for path in shown):
        assert time.monotonic() < until
        time.sleep(0.5)


def test_from_inside_metrics_are_read_with_their_token_alone(production):
    for name in production.ports:
        assert production.ask(name, "/metrics").status_code == 404
        answer = production.ask(name, "/metrics", Authorization="Bearer metrics")
        assert "covalent_database_up 1.0" in answer.text
