"""Who looks now is a count for each side: live, short-lived, kept nowhere else, and about nobody."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
import redis
from django.conf import settings as product

from portal import wake
from portal.actor import Side
from portal.presence import LASTS_S, key_of, look
from tests.factories import cast

PLACE = cast.PROGRAM


@pytest.fixture
def server():
    return redis.Redis.from_url(product.REDIS_URL)


@pytest.fixture
def away(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    wake._client.cache_clear()
    yield
    wake._client.cache_clear()
    wake._breaker.until = 0.0


def test_each_side_is_counted_for_itself(database, cdmo_qa, cdmo_operator, sponsor_qa):
    record = uuid4()
    assert look(sponsor_qa, {record: PLACE}) == {record: {"manufacturer": 0, "sponsor": 1}}
    look(cdmo_qa, {record: PLACE})
    assert look(cdmo_operator, {record: PLACE}) == {record: {"manufacturer": 2, "sponsor": 1}}


def test_somebody_who_looks_twice_is_counted_once(database, cdmo_qa):
    record = uuid4()
    look(cdmo_qa, {record: PLACE})
    assert look(cdmo_qa, {record: PLACE}) == {record: {"manufacturer": 1, "sponsor": 0}}


def test_another_record_has_a_count_of_its_own(database, cdmo_qa, sponsor_qa):
    first, second = uuid4(), uuid4()
    look(cdmo_qa, {first: PLACE})
    assert look(sponsor_qa, {first: PLACE, second: PLACE}) == {
        first: {"manufacturer": 1, "sponsor": 1},
        second: {"manufacturer": 0, "sponsor": 1},
    }


def test_an_inspector_counts_with_the_side_that_invited(database, inspector):
    record = uuid4()
    counts = look(inspector, {record: PLACE})[record]
    assert sum(counts.values()) == counts[str(inspector.side(PLACE))] == 1


def test_who_has_no_seat_there_neither_counts_nor_is_told(database, rival_sponsor_qa, sponsor_qa):
    record = uuid4()
    assert look(rival_sponsor_qa, {record: PLACE}) == {}
    assert look(sponsor_qa, {record: PLACE}) == {record: {"manufacturer": 0, "sponsor": 1}}


def test_what_was_said_is_over_after_fifteen_seconds(database, server, cdmo_qa, sponsor_qa):
    """A killed process takes nothing back: each word ends by itself, also while others go on looking."""
    record = uuid4()
    look(cdmo_qa, {record: PLACE})
    key = key_of(record, Side.MANUFACTURER)
    [(number, until)] = server.zrange(key, 0, -1, withscores=True)
    now_ms = server.time()[0] * 1000
    assert until - now_ms <= (LASTS_S + 1) * 1000
    assert 0 < server.pttl(key) <= LASTS_S * 1000
    server.zadd(key, {number: now_ms - 1000})
    assert look(sponsor_qa, {record: PLACE}) == {record: {"manufacturer": 0, "sponsor": 1}}
    assert not server.exists(key)


def test_looking_on_is_counted_on(database, server, cdmo_qa):
    record = uuid4()
    look(cdmo_qa, {record: PLACE})
    server.pexpire(key_of(record, Side.MANUFACTURER), 1000)
    look(cdmo_qa, {record: PLACE})
    assert server.pttl(key_of(record, Side.MANUFACTURER)) > (LASTS_S - 3) * 1000


def test_redis_does_not_know_who_looks(database, server, cdmo_qa):
    first, second = uuid4(), uuid4()
    look(cdmo_qa, {first: PLACE, second: PLACE})
    kept = [server.zrange(key_of(each, Side.MANUFACTURER), 0, -1) for each in (first, second)]
    assert kept[0] != kept[1]
    said = b"".join(each[0] for each in kept).decode()
    assert not any(word in said for word in (str(cdmo_qa.person_id), cdmo_qa.code(PLACE)))


def test_an_emptied_redis_is_filled_again_by_those_who_look(database, server, cdmo_qa):
    record = uuid4()
    look(cdmo_qa, {record: PLACE})
    server.script_flush()
    server.delete(key_of(record, Side.MANUFACTURER))
    assert look(cdmo_qa, {record: PLACE}) == {record: {"manufacturer": 1, "sponsor": 0}}


def test_without_redis_nothing_is_known_which_is_not_nought(database, away, cdmo_qa):
    assert look(cdmo_qa, {uuid4(): PLACE}) is None


def test_a_redis_that_is_away_is_not_asked_each_time(away):
    asked = []
    for _ in range(3):
        assert wake.over_redis(lambda client: asked.append(client) or client.ping()) is None
    assert len(asked) == 1


def test_two_web_processes_count_together(own_database, signed_in):
    """Also after one of them was killed: what it had counted is no longer there than its 15 s."""
    import httpx

    from tests.factories import batches
    from tests.servers import start_stack

    batch = batches.batch()
    with start_stack(own_database, ("web", "web-2")) as stack:

        def seen(name, key):
            answer = httpx.get(
                f"http://127.0.0.1:{stack.port_of(name)}/batches/{batch.pk}/looking/",
                cookies={product.SESSION_COOKIE_NAME: sessions[key]},
                timeout=60,
            )
            return json.loads(answer.content)["looking"]

        people = ("cdmo_qa", "sponsor_qa", "cdmo_operator")
        sessions = {key: signed_in(key).cookies[product.SESSION_COOKIE_NAME].value for key in people}
        seen("web", "cdmo_qa")
        assert seen("web-2", "sponsor_qa") == {str(batch.pk): {"manufacturer": 1, "sponsor": 1}}
        stack.kill("web-2")
        kept = stack.redis().zrange(key_of(batch.pk, Side.SPONSOR), 0, -1, withscores=True)
        assert all(until - stack.redis().time()[0] * 1000 <= (LASTS_S + 1) * 1000 for _, until in kept)
        stack.kill("valkey")
        assert seen("web", "cdmo_operator") is None
        stack.restart("valkey")
