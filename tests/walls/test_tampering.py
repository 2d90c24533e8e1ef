"""Goal G40: what a superuser changes behind the product is found by a verifier that holds only checkpoints.

Blind is the verifier for what is newer than its last checkpoint, at most a minute; and a body that is blanked
(erased as law orders) is seen as such, not as an attack: its digest stays.
"""

import hashlib
import json
import random

import psycopg
import pytest

from portal.checkpoints import Published
from portal.exports import line_of
from portal.offline import verify_export as offline
from portal.proofs import SealedEntry, SealedItem
from tests.factories.chains import SHARED, grow, publish

PLACE = "space_id = %(space)s and audience = %(audience)s"
CHAIN = SHARED._asdict() | {"space": SHARED.space_id}


class Superuser:
    """A connection past every wall, and what one may do with it."""

    def __init__(self, raw, dice):
        self.raw, self.dice = raw, dice

    def run(self, query, **values):
        return self.raw.execute(query.replace("PLACE", PLACE), CHAIN | values)

    def seq(self, most):
        return self.dice.randrange(1, most + 1)

    def header(self, seq):
        row = self.run(
            "select header, marker_id from ledger.entry where PLACE and seq = %(seq)s", seq=seq
        ).fetchone()
        return bytes(row[0]), row[1]

    def put(self, seq, header):
        """Write a header with a leaf hash that fits."""
        leaf = hashlib.sha256(b"\x00" + header).digest()
        query = (
            "update ledger.entry set header = %(header)s, leaf_hash = %(leaf)s where PLACE and seq = %(seq)s"
        )
        self.run(query, header=header, leaf=leaf, seq=seq)

    def item(self, seq):
        _, marker = self.header(seq)
        rows = self.run(
            "select id, salt, body, hash from ledger.item where PLACE and marker_id = %(m)s", m=marker
        )
        return self.dice.choice([(each[0], *map(bytes, each[1:])) for each in rows.fetchall()])


def _flipped(dice, data):
    changed = bytearray(data)
    changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def flip_header(su, size):
    seq = su.seq(size)
    header = _flipped(su.dice, su.header(seq)[0])
    su.run(
        "update ledger.entry set header = %(header)s where PLACE and seq = %(seq)s", header=header, seq=seq
    )


def flip_leaf_hash(su, size):
    seq = su.seq(size)
    su.run("update ledger.entry set leaf_hash = sha256(leaf_hash) where PLACE and seq = %(seq)s", seq=seq)


def flip_body(su, size):
    row, _, body, _ = su.item(su.seq(size))
    su.run("update ledger.item set body = %(body)s where id = %(row)s", body=_flipped(su.dice, body), row=row)


def flip_salt(su, size):
    row, salt, _, _ = su.item(su.seq(size))
    su.run("update ledger.item set salt = %(salt)s where id = %(row)s", salt=_flipped(su.dice, salt), row=row)


def edit_and_rehash_the_item(su, size):
    row, salt, body, _ = su.item(su.seq(size))
    body = body.replace(b'"', b"'", 1)
    digest = hashlib.sha256(salt + body).digest()
    su.run(
        "update ledger.item set body = %(body)s, hash = %(d)s where id = %(row)s",
        body=body,
        d=digest,
        row=row,
    )


def edit_and_rehash_the_leaf(su, size):
    seq = su.seq(size)
    row, salt, body, old = su.item(seq)
    body += b" "
    digest = hashlib.sha256(salt + body).digest()
    su.run(
        "update ledger.item set body = %(body)s, hash = %(d)s where id = %(row)s",
        body=body,
        d=digest,
        row=row,
    )
    su.put(seq, su.header(seq)[0].replace(old.hex().encode(), digest.hex().encode()))


def edit_header_and_rehash(su, size):
    seq = su.seq(size)
    header = json.loads(su.header(seq)[0])
    header[su.dice.choice(["kind", "seat", "schema", "mac"])] += "x"
    su.put(seq, json.dumps(header).encode())


def back_date(su, size):
    seq = su.seq(size)
    header = json.loads(su.header(seq)[0])
    header["sealed_at"] = "2020-01-01T00:00:00.000000Z"
    su.put(seq, json.dumps(header).encode())


def delete_entry(su, size):
    su.run("delete from ledger.entry where PLACE and seq = %(seq)s", seq=su.seq(size))


def delete_entry_and_close_the_gap(su, size):
    seq = su.seq(size)
    delete = "delete from ledger.entry where PLACE and seq = %(seq)s"
    su.run(delete, seq=seq)
    su.run("update ledger.entry set seq = seq + 1000000 where PLACE and seq > %(seq)s", seq=seq)
    su.run("update ledger.entry set seq = seq - 1000001 where PLACE and seq > 1000000")


def delete_item(su, size):
    su.run("delete from ledger.item where id = %(row)s", row=su.item(su.seq(size))[0])


def insert_item(su, size):
    row = su.item(su.seq(size))[0]
    su.run(
        "insert into ledger.item (marker_id, space_id, audience, class, name, salt, body, hash)"
        " select marker_id, space_id, audience, class, name, salt, body, hash"
        " from ledger.item where id = %(row)s",
        row=row,
    )


def insert_entry(su, size):
    """A further entry in the middle; those after it are renumbered."""
    seq = su.seq(size)
    su.run("update ledger.entry set seq = seq + 1000000 where PLACE and seq > %(seq)s", seq=seq)
    su.run("update ledger.entry set seq = seq - 999999 where PLACE and seq > 1000000")
    su.run(
        "insert into ledger.entry select (jsonb_populate_record(e, jsonb_build_object('seq', e.seq + 1))).*"
        " from ledger.entry e where PLACE and seq = %(seq)s",
        seq=seq,
    )


def swap_entries(su, size):
    first, second = su.dice.sample(range(1, size + 1), 2)
    su.run(
        "update ledger.entry set seq = seq + 1000000 where PLACE and seq in (%(a)s, %(b)s)", a=first, b=second
    )
    su.run(
        "update ledger.entry set seq = %(a)s + %(b)s + 1000000 - seq where PLACE and seq > 1000000",
        a=first,
        b=second,
    )


def swap_items_of_entries(su, size):
    first, second = (su.header(seq)[1] for seq in su.dice.sample(range(1, size + 1), 2))
    su.run("update ledger.item set marker_id = -%(a)s where PLACE and marker_id = %(a)s", a=first)
    su.run("update ledger.item set marker_id = %(a)s where PLACE and marker_id = %(b)s", a=first, b=second)
    su.run("update ledger.item set marker_id = %(b)s where PLACE and marker_id = -%(a)s", a=first, b=second)


def truncate_tail(su, size):
    su.run("delete from ledger.entry where PLACE and seq > %(seq)s", seq=su.dice.randrange(1, size))


def rehash_tail(su, size):
    """Restore of an older state, then another history with the true numbers and fitting hashes."""
    first = su.dice.randrange(max(1, size - 30), size + 1)
    for seq in range(first, size + 1):
        header = json.loads(su.header(seq)[0])
        header["mac"] = "0" * 64
        su.put(seq, json.dumps(header).encode())


def empty_chain(su, size):
    su.run("delete from ledger.entry where PLACE")


MUTATIONS = [
    flip_header, flip_leaf_hash, flip_body, flip_salt, edit_and_rehash_the_item, edit_and_rehash_the_leaf,
    edit_header_and_rehash, back_date, delete_entry, delete_entry_and_close_the_gap, delete_item, insert_item,
    insert_entry, swap_entries, swap_items_of_entries, truncate_tail, rehash_tail, empty_chain,
]  # fmt: skip


def served(raw):
    """What the product would hand out now: entries with items, and the leaf hashes of its tiles."""
    items = {}
    query = "select marker_id, hash, salt, body from ledger.item where PLACE order by marker_id, id"
    for marker, *parts in raw.execute(query.replace("PLACE", PLACE), CHAIN, binary=True).fetchall():
        items.setdefault(marker, []).append(SealedItem(*map(bytes, parts)))
    query = "select seq, header, leaf_hash, marker_id from ledger.entry where PLACE order by seq"
    rows = raw.execute(query.replace("PLACE", PLACE), CHAIN, binary=True).fetchall()
    entries = [SealedEntry(seq, bytes(header), items.get(marker, [])) for seq, header, _, marker in rows]
    return entries, [bytes(leaf) for _, _, leaf, _ in rows]


def fault(raw, held: list[Published]):
    """What a verifier that holds these checkpoints says of the chain; empty when it has nothing to say."""
    newest = offline.Checkpoint.parse(held[-1].note)
    plan, found = offline.Plan("", 0, 0, newest, is_whole=True), offline.Found()
    entries, tiles = served(raw)
    try:
        for entry in entries[: newest.size]:
            offline.check_line(plan, line_of(entry, None), found)
    except (offline.Rejected, ValueError) as error:
        return str(error) or type(error).__name__
    if found.leaves != b"".join(tiles[: newest.size]):
        return "tiles are not of these entries"
    for each in held:
        covered = found.leaves[: each.size * offline.HASH_BYTES]
        if len(covered) < each.size * offline.HASH_BYTES or offline.root_of(covered) != each.root:
            return f"the checkpoint of {each.size} entries was signed for others"
    return ""


def _tamper(own_database, *, entries, rounds, seed):
    held = []
    for _ in range(4):
        grow(times=entries // 4)
        held.append(publish())
    dice = random.Random(seed)  # noqa: S311 - dice, not a secret
    missed = []
    with psycopg.connect(own_database.url("admin")) as raw:
        assert fault(raw, held) == ""
        for turn in range(rounds):
            mutate = MUTATIONS[turn % len(MUTATIONS)]
            mutate(Superuser(raw, dice), held[-1].size)
            if not fault(raw, held):
                missed.append((seed, turn, mutate.__name__))
            raw.rollback()
        assert fault(raw, held) == ""
    assert missed == []


@pytest.mark.slow
def test_some_hundred_tamperings_by_a_superuser_are_found(own_database):
    _tamper(own_database, entries=800, rounds=198, seed=20261122)


@pytest.mark.soak
@pytest.mark.timeout(36_000)
def test_ten_thousand_tamperings_on_five_thousand_entries_are_found(own_database):
    _tamper(own_database, entries=5000, rounds=10_000, seed=20261123)


def test_an_honest_chain_raises_no_alarm_however_often_it_was_signed(own_database):
    held = []
    for times in (1, 5, 250, 1):
        grow(times=times)
        held.append(publish())
        with psycopg.connect(own_database.url("admin")) as raw:
            assert fault(raw, held) == ""
