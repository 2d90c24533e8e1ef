import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.gateways import chain, clocks

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHAIN = "0" * 32


def sent(**given):
    usual = {
        "device": "GW-1",
        "chain": CHAIN,
        "sequence": 1,
        "previous": chain.first_link(CHAIN),
        "recorded_at": NOON,
        "clock": NOON,
    }
    return chain.Sent(**usual | given)


def test_the_link_is_what_the_interface_says_it_is():
    body = b'{"readings": []}'
    line = b"covalent.gateway.1\n"
    first = hashlib.sha256(line + CHAIN.encode()).digest()
    us = int(NOON.timestamp() * 1_000_000)
    said = line + first + (1).to_bytes(8) + us.to_bytes(8) + b"" + b"\n" + hashlib.sha256(body).digest()
    assert sent().link(body) == hashlib.sha256(said).digest()


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=40))
def test_another_body_is_another_link(body, more):
    assert sent().link(body) != sent().link(body + more)


@pytest.mark.parametrize(
    "other",
    [
        {"sequence": 2},
        {"recorded_at": NOON + timedelta(microseconds=1)},
        {"mark": "1." + "0" * 32},
        {"previous": b"x" * 32},
    ],
    ids=lambda each: next(iter(each)),
)
def test_what_is_said_of_a_frame_is_part_of_its_link(other):
    assert sent(**other).link(b"body") != sent().link(b"body")


def test_a_mark_tells_its_portal_when_it_was_given_out_and_nobody_else_can_make_one():
    mark = chain.mark_of("secret", "feed", 12)
    assert chain.mark_given_us("secret", "feed", mark) == 12
    assert chain.mark_given_us("secret", "another feed", mark) is None
    assert chain.mark_given_us("another secret", "feed", mark) is None
    assert chain.mark_given_us("secret", "feed", "13" + mark[2:]) is None
    assert chain.mark_given_us("secret", "feed", "") is None


def test_a_clock_is_off_from_half_a_minute_and_right_again_a_little_closer():
    assert not clocks.is_off(timedelta(seconds=30), was_off=False)
    assert clocks.is_off(timedelta(seconds=-31), was_off=False)
    assert clocks.is_off(timedelta(seconds=21), was_off=True)
    assert not clocks.is_off(timedelta(seconds=-20), was_off=True)


def test_only_a_clock_that_is_ahead_widens_what_is_taken_and_no_further_than_a_wrong_date():
    assert clocks.allowed_ahead(timedelta(hours=1)) == timedelta(hours=1)
    assert clocks.allowed_ahead(timedelta(hours=-1)) == timedelta(0)
    assert clocks.allowed_ahead(timedelta(seconds=30)) == timedelta(0)
    assert clocks.allowed_ahead(timedelta(days=40)) == clocks.AHEAD_MOST


@pytest.mark.parametrize(
    ("late", "announced", "as_announced", "chained", "proof"),
    [
        (1, None, False, True, "at_once"),
        (60, None, False, True, "chained"),
        (60, 1, True, True, "witnessed"),
        (60, 50, True, True, "fixed"),
        (60, 1, False, True, "altered"),
        (1, 1, False, True, "altered"),
        (1, None, False, False, "broken"),
        (60, 1, True, False, "broken"),
    ],
)
def test_what_proves_a_frame(late, announced, as_announced, chained, proof):
    found = clocks.proof_of(
        recorded_at=NOON,
        received_at=NOON + late * MINUTE,
        announced_at=None if announced is None else NOON + announced * MINUTE,
        is_as_announced=as_announced,
        is_chained=chained,
    )
    assert found == proof
