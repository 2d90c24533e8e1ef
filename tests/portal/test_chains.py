"""A chain as a web process holds it, and a title that cannot be read."""

import asyncio

import orjson

from portal.chains import KEPT, LiveChain
from portal.sealing import SEALED
from portal.streams import SHARDS, ChainKey, Entry, audiences_of, message
from tests.factories import cast

KEY = ChainKey(cast.PROGRAM, "shared")


def entry(seq, **given):
    values = {
        "seq": seq,
        "at": "2026-01-01T00:00:00Z",
        "kind": "program.opened",
        "is_news": True,
        "subject": {"type": "program", "id": str(cast.PROGRAM), "number": "", "version": 1},
        "classification": None,
        "title": "words",
        "has_alert": False,
    }
    return Entry(**(values | given))


def seqs(frames):
    return [each.seq for each in frames]


def test_it_takes_what_follows_on_and_wants_what_is_missing():
    chain = LiveChain(KEY)
    chain.take([entry(9)])
    assert (chain.head, chain.wanted, chain.is_behind) == (None, 9, False)
    chain.learn(7)
    assert chain.is_behind
    chain.take([entry(9), entry(8), entry(8), entry(9), entry(11)])
    assert (chain.head, chain.wanted) == (9, 11)
    assert seqs(chain.after(7, 10)) == [8, 9]
    assert seqs(chain.after(7, 1)) == [8]
    assert chain.after(9, 10) == []
    assert chain.after(6, 10) is None


def test_it_keeps_the_last_thousand():
    chain = LiveChain(KEY)
    chain.learn(0)
    chain.take(entry(seq) for seq in range(1, KEPT + 6))
    assert chain.after(4, 5) is None
    assert seqs(chain.after(5, 2)) == [6, 7]
    chain.skip_to(5000)
    assert chain.after(4999, 1) is None
    assert chain.after(5000, 1) == []


async def test_it_wakes_who_listens_only_when_it_grows():
    chain, woken = LiveChain(KEY), asyncio.Event()
    chain.listeners.add(woken)
    chain.learn(3)
    chain.take([entry(3), entry(5)])
    assert not woken.is_set()
    chain.take([entry(4)])
    assert woken.is_set()


def test_an_entry_that_is_no_news_says_nothing_but_its_place():
    frame = message(KEY, entry(4, is_news=False, title="not for people"))
    assert frame == {"type": "skip", "program": str(cast.PROGRAM), "audience": "shared", "seq": 4}


def test_a_sealed_title_that_cannot_be_read_holds_nothing_up():
    key = ChainKey(cast.PROGRAM, "manufacturer")
    for title in (
        f"{SEALED}{cast.fixed('nobody')}:{cast.PROGRAM}:manufacturer:AAAA",
        f"{SEALED}broken",
        f"{SEALED}{cast.CDMO}:{cast.PROGRAM}:manufacturer:" + "A" * 64,
    ):
        assert message(key, entry(1, title=title))["title"] == ""


def test_a_shared_title_that_looks_sealed_is_shown_as_it_is():
    assert message(KEY, entry(1, title=f"{SEALED}x"))["title"] == f"{SEALED}x"


def test_packed_and_unpacked_is_the_same_entry():
    first = entry(5)
    assert Entry.unpacked(orjson.loads(orjson.dumps(first.packed()))) == first


def test_chains_spread_over_all_shards():
    shards = {ChainKey(cast.fixed(str(n)), "shared").shard for n in range(500)}
    assert shards == set(range(SHARDS))


def test_who_follows_what(database, cdmo_qa, sponsor_qa, cdmo_admin):
    assert audiences_of(cdmo_qa, cast.PROGRAM) == ("shared", "manufacturer")
    assert audiences_of(sponsor_qa, cast.PROGRAM) == ("shared", "sponsor")
    assert audiences_of(cdmo_admin, cast.CDMO) == ("shared",)
