import json
import threading
import time
from email.utils import format_datetime

import httpx
import pytest

from batches.rest_client import (
    Access,
    NoAccess,
    RequestRefused,
    RestClient,
    ServerAway,
    Stopped,
    default_data,
    retry_after,
)
from tests.batches.replay.conftest import NOW
from tests.batches.replay.small_portal import KEY

READINGS = {"readings": [{"parameter": "TEMP", "at": "2026-03-20T11:00:00Z", "value": 24.9}]}


@pytest.fixture
def post(add_batch, client):
    batch_id = add_batch({"TEMP": "degC"})
    return lambda: client.post(f"batches/{batch_id}/readings/", READINGS)


def test_a_post_carries_the_key_and_an_idempotency_key(post, portal):
    assert post() == {"accepted": 1, "duplicates": 0, "refused": []}
    ((_, _, headers),) = portal.requests
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert len(headers["Idempotency-Key"]) == 36


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_with_time_is_tried_again_with_the_same_idempotency_key(post, portal, status):
    portal.troubles.append((status, {"Retry-After": "0"}, {"code": "busy"}))
    assert post()["accepted"] == 1
    first, second = (headers["Idempotency-Key"] for _, _, headers in portal.requests)
    assert first == second


def test_two_posts_have_keys_of_their_own(post, portal):
    post()
    post()
    first, second = (headers["Idempotency-Key"] for _, _, headers in portal.requests)
    assert first != second


def test_a_request_still_in_flight_is_waited_for_and_any_other_conflict_is_not(post, portal):
    portal.troubles.append((409, {"Retry-After": "0"}, {"code": "in_flight"}))
    assert post()["accepted"] == 1
    portal.troubles.append((409, {}, {"code": "invalid_transition", "detail": "The batch is complete."}))
    with pytest.raises(RequestRefused, match="The batch is complete") as refused:
        post()
    assert (refused.value.status, refused.value.code) == (409, "invalid_transition")


def test_the_wait_that_the_server_asks_for_is_kept(post, portal):
    portal.troubles.append((429, {"Retry-After": "1"}, None))
    begun = time.monotonic()
    post()
    assert time.monotonic() - begun >= 1


def test_waiting_ends_when_the_patience_would(post, portal):
    portal.troubles.append((503, {"Retry-After": "60"}, {"code": "unavailable"}))
    begun = time.monotonic()
    with pytest.raises(ServerAway, match="503 unavailable, for 2 s"):
        post()
    assert time.monotonic() - begun < 1


def test_a_server_that_does_not_listen_is_away():
    with RestClient(Access("http://127.0.0.1:9", KEY), patience_s=0.1) as client, pytest.raises(ServerAway):
        client.get("batches/")


def test_a_stop_ends_the_waiting(portal):
    stop = threading.Event()
    portal.troubles.append((503, {"Retry-After": "30"}, None))
    with RestClient(Access(portal.url, KEY), patience_s=60, stop=stop) as client:
        threading.Timer(0.2, stop.set).start()
        with pytest.raises(Stopped):
            client.get("batches/")


@pytest.mark.parametrize(
    ("body", "code", "detail"),
    [
        ({"code": "no_scope", "detail": "The key may not."}, "no_scope", "The key may not."),
        ({"title": "Refused"}, "http_403", "Refused"),
        (b"<html>", "http_403", "Forbidden"),
        (b"[1]", "http_403", "Forbidden"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_the_server(client, portal, body, code, detail):
    portal.troubles.append((403, {}, body))
    with pytest.raises(RequestRefused) as refused:
        client.get("batches/")
    assert (refused.value.status, refused.value.code, refused.value.detail) == (403, code, detail)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff"])
def test_an_answer_that_is_no_object_is_refused(client, portal, body):
    portal.troubles.append((200, {}, body))
    with pytest.raises(RequestRefused, match="not what this interface promises"):
        client.get("batches/")


def test_pages_are_followed_on_the_portal_and_the_key_goes_nowhere_else(client, portal, add_batch):
    portal.page_size = 2
    for index in range(5):
        add_batch({"TEMP": "degC"}, batch_id=f"b{index}", number=f"B-{index}")
    assert [row["number"] for row in client.rows("batches/")] == [f"B-{index}" for index in range(5)]
    assert len(portal.requests) == 3


def test_a_redirect_is_not_followed(client, portal):
    portal.troubles.append((302, {"Location": "http://elsewhere.invalid/"}, None))
    with pytest.raises(RequestRefused, match="302"):
        client.get("batches/")


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-3", None)])
def test_the_wait_is_read_in_seconds(text, seconds):
    assert retry_after(httpx.Response(503, headers={"Retry-After": text})) == seconds


def test_the_wait_is_read_as_a_date():
    past = httpx.Response(503, headers={"Retry-After": format_datetime(NOW.replace(year=2020), usegmt=True)})
    assert retry_after(past) == 0.0


def test_access_comes_from_demo_json_unless_given(tmp_path):
    demo = {"url": "http://127.0.0.1:8000/", "keys": {"gateway": {"token": "t0ken", "scopes": []}}}
    (tmp_path / "demo.json").write_text(json.dumps(demo))
    assert Access.find(url=None, key=None, data=tmp_path) == Access("http://127.0.0.1:8000", "t0ken")
    assert Access.find(url="http://x:1", key=None, data=tmp_path) == Access("http://x:1", "t0ken")
    assert Access.find(url=None, key="own", data=tmp_path) == Access("http://127.0.0.1:8000", "own")
    assert Access.find(url="http://x:1", key="own", data=tmp_path / "none") == Access("http://x:1", "own")


def test_missing_access_says_what_would_help(tmp_path):
    with pytest.raises(NoAccess, match="start the demo first, or give --url and --key"):
        Access.find(url=None, key=None, data=tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": "x", "keys": {}}', '{"url": 1, "keys": null}'])
def test_a_broken_demo_json_is_named(tmp_path, text):
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(NoAccess, match=r"demo\.json gives no address and key named 'gateway'"):
        Access.find(url=None, key=None, data=tmp_path)


def test_the_data_folder_is_the_one_of_the_product(monkeypatch):
    monkeypatch.delenv("COVALENT_DATA", raising=False)
    assert str(default_data()) == "var"
    monkeypatch.setenv("COVALENT_DATA", "elsewhere")
    assert str(default_data()) == "elsewhere"
