"""G9: writers that wait and roll back at random; a follower by number misses nothing, repeats nothing."""

import random
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections

from portal import ledger
from portal.access import get_program
from portal.action import action, reading
from portal.actor import system_actor
from portal.facts import ProgramOpened
from portal.streams import ChainKey, look_at_heads, read_entries
from tests.factories import cast

WRITERS = 8
PROGRAMS = (cast.PROGRAM, cast.SECOND_PROGRAM)
CHAINS = [ChainKey(program, audience) for program in PROGRAMS for audience in ("shared", "manufacturer")]


class ChangedMind(Exception):
    """The transaction is to be rolled back after it was sealed."""


@action("test.raced")
def write(actor, key, *, code, dice):
    program = get_program(actor, key.space_id)
    ledger.record(program, ProgramOpened(code=code), audience=key.audience)
    if dice.random() < 0.3:
        # A second chain in one transaction: locks are taken in one fixed order, or this would deadlock.
        ledger.record(program, ProgramOpened(code=code), audience="shared")
    time.sleep(dice.random() * 0.004)
    if dice.random() < 0.2:
        raise ChangedMind
    return program


def run_writer(number, amount, seed, written):
    dice = random.Random(seed * 100 + number)  # noqa: S311 - dice, not a secret
    for turn in range(amount):
        key = dice.choice(CHAINS)
        try:
            write(system_actor("setup", key.space_id), key, code=f"{number}.{turn}", dice=dice)
            written.append((number, turn))
        except ChangedMind:
            pass
    connections.close_all()


class Follower:
    """Follows by number alone, from pages of random size."""

    def __init__(self, seed):
        self.dice = random.Random(seed)  # noqa: S311 - dice, not a secret
        self.seen = {key: [] for key in CHAINS}

    def step(self):
        key = self.dice.choice(CHAINS)
        actor = system_actor("relay", key.space_id)
        seen = self.seen[key]
        after = seen[-1] if seen else self.start[key]
        with reading(actor):
            seen += [each.seq for each in read_entries(actor, key, after, self.dice.randint(1, 50))]


def heads():
    _, grown = look_at_heads(None, timedelta(days=1))
    found = dict.fromkeys(CHAINS, 0)
    return found | {key: head for key, head in grown if key in found}


def race(amount, seed):
    written, follower = [], Follower(seed)
    follower.start = heads()
    writers = [
        threading.Thread(target=run_writer, args=(number, amount, seed, written)) for number in range(WRITERS)
    ]
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        follower.step()
    end = heads()
    for key in CHAINS:
        while (follower.seen[key] or [follower.start[key]])[-1] < end[key]:
            follower.step()
    return written, follower, end


def assert_nothing_missed(written, follower, end, as_owner):
    for key in CHAINS:
        assert follower.seen[key] == list(range(follower.start[key] + 1, end[key] + 1)), key
    sealed = as_owner.execute(
        "select count(distinct payload.code) from (select convert_from(i.body, 'UTF8')::json"
        " -> 'payload' ->> 'code' as code from ledger.item i join ledger.entry e on e.marker_id = i.marker_id"
        " and e.space_id = i.space_id and e.audience = i.audience"
        " where i.class = 'fact' and i.name = 'program.opened') payload where payload.code like '%.%'"
    ).fetchone()[0]
    assert sealed == len(written)
    times = as_owner.execute(
        "select bool_and(later) from (select sealed_at > lag(sealed_at) over"
        " (partition by space_id, audience order by seq) as later from ledger.entry) each"
    ).fetchone()[0]
    assert times


def test_followers_of_eight_writers_miss_nothing(own_database):
    written, follower, end = race(amount=60, seed=uuid4().int % 10_000)
    with own_database.connect("owner") as owner:
        assert_nothing_missed(written, follower, end, owner)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_followers_of_eight_writers_with_ten_thousand_each_miss_nothing(own_database):
    written, follower, end = race(amount=10_000, seed=uuid4().int % 10_000)
    with own_database.connect("owner") as owner:
        assert_nothing_missed(written, follower, end, owner)
