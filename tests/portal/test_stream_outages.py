"""What breaks between ledger and socket: nothing is lost, doubled or out of order."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests import database as databases
from tests.sockets import Listener, news

# Far from the five seconds of who only looks from time to time, also on a busy machine.
SOON_S = 2


def heard_in_time(listener, head, within):
    began = time.monotonic()
    news()
    assert listener.numbers(1, within=within) == [head + 1]
    return time.monotonic() - began


@pytest.fixture
def followed(stack):
    with Listener(stack, "sponsor_system") as listener:
        listener.head = listener.subscribe()["shared"]
        yield listener


def test_after_flushall_delivery_goes_on(stack, followed):
    stack.redis().flushall()
    assert heard_in_time(followed, followed.head, 5) < SOON_S


def test_without_redis_news_arrives_within_five_seconds_and_soon_again_after_it(stack, followed):
    stack.kill("valkey")
    for number in range(3):
        assert heard_in_time(followed, followed.head + number, 5) < 5
    stack.restart("valkey")
    until = time.monotonic() + 15
    number = 3
    while heard_in_time(followed, followed.head + number, 5) > SOON_S:
        number += 1
        assert time.monotonic() < until, "the direct way does not come back"


def test_without_a_relay_news_arrives_within_five_seconds(stack, followed):
    stack.kill("relay")
    try:
        assert heard_in_time(followed, followed.head, 5) < 5
        news(times=150)
        assert followed.numbers(150) == list(range(followed.head + 2, followed.head + 152))
    finally:
        stack.start("relay")
    until, number = time.monotonic() + 15, 151
    while heard_in_time(followed, followed.head + number, 5) > SOON_S:
        number += 1
        assert time.monotonic() < until, "the direct way does not come back"


def test_two_relays_share_the_shards_and_one_takes_all_when_the_other_dies(stack, module_database):
    stack.start("relay-2", wait=False)
    assert shards_held(module_database, lambda held: sorted(held) == [8, 8])
    stack.kill("relay-2")
    with Listener(stack, "sponsor_system") as listener:
        head = listener.subscribe()["shared"]
        for number in range(4):
            assert heard_in_time(listener, head + number, 5) < 5
    assert shards_held(module_database, lambda held: held == [16])


def shards_held(database, is_right):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with database.connect() as raw:
            rows = raw.execute(
                "select count(*) from portal_relayshard where leased_until > portal.instant() group by holder"
            )
            if is_right([row[0] for row in rows]):
                return True
        time.sleep(0.3)
    return False


def test_connections_of_the_database_that_break_are_not_noticed(stack, followed, module_database):
    for number in range(3):
        with psycopg.connect(databases.CLUSTER["admin"], autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and application_name <> 'pytest' and pid <> pg_backend_pid()",
                [module_database.name],
            )
        from django.db import connections

        connections.close_all()
        assert heard_in_time(followed, followed.head + number, 8) < 8


@pytest.mark.chaos
def test_under_load_and_kills_each_client_hears_each_entry_once_in_order(stack):
    amount = 300
    with Listener(stack, "sponsor_system") as first, Listener(stack, "cdmo_system") as second:
        head = first.subscribe()["shared"]
        second.subscribe()

        def write():
            for _ in range(amount):
                news()
                time.sleep(0.02)

        with ThreadPoolExecutor(3) as pool:
            writing = pool.submit(write)
            heard = [pool.submit(each.numbers, amount, within=40) for each in (first, second)]
            time.sleep(1)
            stack.restart("relay")
            stack.kill("valkey")
            time.sleep(0.5)
            stack.restart("valkey")
            stack.redis().flushall()
            writing.result(60)
            expected = list(range(head + 1, head + amount + 1))
            assert [each.result(45) for each in heard] == [expected, expected]


def test_a_web_process_that_dies_is_resumed_from_the_last_number(stack):
    with Listener(stack, "sponsor_system") as listener:
        head = listener.subscribe()["shared"]
        news(times=2)
        assert listener.numbers(2) == [head + 1, head + 2]
        stack.kill("web")
    news(times=3)
    stack.start("web")
    with Listener(stack, "sponsor_system") as listener:
        listener.subscribe(after={"shared": head + 2})
        assert listener.numbers(3) == [head + 3, head + 4, head + 5]


def test_sigterm_ends_the_relay_and_gives_its_shards_back(stack, module_database):
    process = stack.processes["relay"]
    process.terminate()
    assert process.wait(5) == 0
    with module_database.connect() as raw:
        held = raw.execute("select count(*) from portal_relayshard where holder is not null").fetchone()
    assert held == (0,)
    stack.start("relay")
