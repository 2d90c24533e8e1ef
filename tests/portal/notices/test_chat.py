"""Teams, Slack and SMS: an optional package, the operator's addresses, nothing of the product."""

from __future__ import annotations

import http.server
import json
import threading
import time

import pytest

from portal.actor import Side
from portal.notices import chat
from portal.notices.carrying import carry_channel
from tests.factories import cast
from tests.factories.alerts import raised, rows_of

QA = cast.EMAILS["sponsor_qa"]


@pytest.fixture
def receiver():
    """What apprise's JSON service posts to, as a Teams or Slack would be."""
    came = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if self.path.startswith("/broken") else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield came, f"json://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def chats(settings, tmp_path):
    def write(given):
        path = tmp_path / "chat.json"
        path.write_text(given if isinstance(given, str) else json.dumps(given))
        settings.CHAT_FILE = str(path)

    return write


def chat_of(alert):
    found = (each for each in rows_of(alert)["deliveries"] if each.channel == "chat")
    return [(str(each.state), each.attempts, each.error) for each in found]


def test_a_person_is_told_where_the_operator_says(database, chats, receiver):
    came, url = receiver
    chats({"people": {QA.upper(): [url]}})
    alert = raised(title="CANARY TEMP 37.9 on B-2417")
    carry_channel("chat", until=time.monotonic() + 20)
    assert chat_of(alert) == [("sent", 1, "")]
    (said,) = came
    assert said["title"] == "Covalent"
    assert said["message"] == f"One notification waits in Covalent.\nhttp://testserver/alerts/{alert.pk}/"
    assert "CANARY" not in json.dumps(came)


def test_an_organisation_is_told_as_one_and_the_other_one_is_not(database, chats, receiver):
    _came, url = receiver
    chats({"organisations": {str(cast.ARVO): [url]}})
    assert len(chat_of(raised(Side.SPONSOR))) == 2
    assert chat_of(raised(Side.MANUFACTURER)) == []


def test_one_address_that_takes_it_is_enough_and_none_is_tried_again(database, chats, receiver):
    came, url = receiver
    chats({"people": {QA: [f"{url}/broken", url]}})
    alert = raised()
    carry_channel("chat", until=time.monotonic() + 20)
    assert (chat_of(alert), len(came)) == ([("sent", 1, "")], 2)
    chats({"people": {QA: [f"{url}/broken"]}})
    alert = raised()
    carry_channel("chat", until=time.monotonic() + 20)
    assert chat_of(alert) == [("waiting", 1, "not_taken")]


def test_without_the_package_the_page_says_so_and_the_message_waits(
    database, chats, receiver, monkeypatch, signed_in
):
    _came, url = receiver
    chats({"people": {QA: [url]}})
    monkeypatch.setattr(chat, "is_installed", lambda: False)
    alert = raised()
    carry_channel("chat", until=time.monotonic() + 20)
    assert chat_of(alert) == [("waiting", 1, "not_installed")]
    page = "/notices/settings/"
    mine, others = (signed_in(key).get(page).content.decode() for key in ("sponsor_qa", "sponsor_viewer"))
    assert "package that speaks to them is not installed" in mine
    assert "Not set up for you" in others


@pytest.mark.parametrize("fault", ["{", "[]", '{"people": {"a@b.c": "not a list"}}', '{"people": []}'])
def test_a_file_with_a_fault_keeps_nobody_from_their_mail(database, chats, fault):
    chats(fault)
    assert [each.channel for each in rows_of(raised())["deliveries"]] == ["email", "email"]


def test_an_address_that_is_none_is_said_as_such(database, chats):
    chats({"people": {QA: ["nonsense"]}})
    alert = raised()
    carry_channel("chat", until=time.monotonic() + 20)
    assert chat_of(alert) == [("waiting", 1, "address_unknown")]
