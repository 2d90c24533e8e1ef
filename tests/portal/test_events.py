"""The stream by polling and long polling."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from portal.actions import people
from portal.actor import system_actor
from portal.api import events
from portal.models import ApiKey
from tests.factories import cast
from tests.servers import bearer
from tests.sockets import news

URL = "/api/v1/events/"


def poll(stack, key, **query):
    return httpx.get(
        stack.url + URL, params={"program": str(cast.PROGRAM)} | query, headers=bearer(key), timeout=40
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "program"),
        ({"program": "x"}, "program"),
        ({"program": str(cast.PROGRAM), "audience": "public"}, "audience"),
        ({"program": str(cast.PROGRAM), "after": "-1"}, "after"),
        ({"program": str(cast.PROGRAM), "after": "1e3"}, "after"),
        ({"program": str(cast.PROGRAM), "after": "9" * 30}, "after"),
        ({"program": str(cast.PROGRAM), "wait": "soon"}, "wait"),
        ({"program": str(cast.PROGRAM), "wait": "nan"}, "wait"),
    ],
)
def test_a_bad_question_names_its_field(stack, query, field):
    answer = httpx.get(stack.url + URL, params=query, headers=bearer("sponsor_system"))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert list(answer.json()["errors"]) == [field]


def test_without_a_key_nothing_is_told(stack):
    answer = httpx.get(stack.url + URL, params={"program": str(cast.PROGRAM), "wait": 20})
    assert answer.status_code == 401


@pytest.mark.parametrize("wait", ["0", "20"])
def test_a_foreign_program_an_unknown_one_and_the_other_sides_chain_are_not_found(stack, wait):
    answers = [
        poll(stack, "rival_system", wait=wait),
        poll(stack, "rival_system", wait=wait, program=str(cast.fixed("nothing"))),
        poll(stack, "sponsor_system", wait=wait, audience="manufacturer"),
    ]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1


def test_pages_follow_each_other_to_the_head(stack):
    news(times=510)
    first = poll(stack, "sponsor_system").json()
    assert (len(first["results"]), first["previous"]) == (500, None)
    assert urlsplit(first["next"]).query.endswith("after=500")
    second = httpx.get(first["next"], headers=bearer("sponsor_system")).json()
    numbers = [each["seq"] for each in first["results"] + second["results"]]
    assert numbers == list(range(1, second["head"] + 1))
    assert second["next"] is None


def test_it_says_the_same_as_the_socket(stack):
    from tests.sockets import Listener

    with Listener(stack, "sponsor_system") as listener:
        head = listener.subscribe()["shared"]
        news()
        event = listener.next("event")
    assert poll(stack, "sponsor_system", after=head).json()["results"] == [event]


def test_a_long_poll_is_answered_as_soon_as_there_is_news(stack):
    head = poll(stack, "sponsor_system").json()["head"]
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(poll, stack, "sponsor_system", after=head, wait=20)
        time.sleep(0.7)
        assert not asked.done()
        began = time.monotonic()
        news()
        answer = asked.result(5)
    assert time.monotonic() - began < 2
    assert [each["seq"] for each in answer.json()["results"]] == [head + 1]


def test_a_long_poll_without_news_ends_empty(stack):
    head = poll(stack, "sponsor_system").json()["head"]
    began = time.monotonic()
    answer = poll(stack, "sponsor_system", after=head, wait=1)
    assert 0.9 < time.monotonic() - began < 5
    assert answer.json() == {"results": [], "next": None, "previous": None, "head": head}


def test_many_may_wait_without_a_connection_of_the_database(stack):
    head = poll(stack, "sponsor_system").json()["head"]
    with ThreadPoolExecutor(40) as pool:
        asked = [
            pool.submit(poll, stack, "sponsor_system", after=head, wait=15, audience="shared")
            for _ in range(40)
        ]
        time.sleep(3)
        # More wait than the pool has connections, and the process still answers.
        assert poll(stack, "cdmo_system").status_code == 200
        news()
        assert {len(each.result(10).json()["results"]) for each in asked} == {1}


def test_a_key_that_is_revoked_while_it_waits_is_told_nothing(stack):
    head = poll(stack, "cdmo_system").json()["head"]
    setup = system_actor("setup", cast.CDMO)
    from portal.action import reading

    with reading(setup):
        key = ApiKey.objects.visible_to(setup).get(label="cdmo_system")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(poll, stack, "cdmo_system", after=head, wait=10)
        time.sleep(0.7)
        people.revoke_key(setup, key.pk, reason="lost")
        news()
        assert asked.result(12).status_code == 401


def test_when_too_many_wait_the_next_is_sent_away(database, monkeypatch, api):
    monkeypatch.setattr(events, "WAITERS_MAX", 0)
    head = api("sponsor_system").get(URL, {"program": str(cast.PROGRAM)}).json()["head"]
    query = {"program": str(cast.PROGRAM), "after": head, "wait": 5}
    answer = api("sponsor_system").get(URL, query)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["code"] == "too_many_waiting"
