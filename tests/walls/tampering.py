"""What a superuser may do to the ledger past the product: each kind of goal G40 as one function."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from psycopg import sql

from portal.blobs import keep
from portal.log_keys import origin_of, signers
from portal.merkle import root_of
from portal.notes import Checkpoint
from tests.factories.chains import SHARED

PLACE = "space_id = %(space)s and audience = %(audience)s"
CHAIN = SHARED._asdict() | {"space": SHARED.space_id}
NEWEST_NOTE = "select note from ledger.checkpoint where PLACE order by number desc limit 1"


@dataclass
class Superuser:
    """A connection past every wall and a hand on the disk, and what one may do with them."""

    raw: object
    dice: object
    overwritten: dict = field(default_factory=dict)

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

    def reseal(self, seq, item, body):
        """Write another body of an item, with hashes that fit all the way up to the leaf."""
        row, salt, _, old = item
        digest = hashlib.sha256(salt + body).digest()
        query = "update ledger.item set body = %(body)s, hash = %(digest)s where id = %(row)s"
        self.run(query, body=body, digest=digest, row=row)
        self.put(seq, self.header(seq)[0].replace(old.hex().encode(), digest.hex().encode()))

    def record(self, table):
        """One record of a table, with no trigger that would note what becomes of it."""
        self.raw.execute("set local session_replication_role = replica")
        query = sql.SQL("select to_jsonb(t) from {} t where space_id = %s order by id").format(
            sql.Identifier(table)
        )
        return self.dice.choice(self.raw.execute(query, [SHARED.space_id]).fetchall())[0]

    def change(self, table, record, **values):
        pairs = [sql.SQL("{} = {}").format(sql.Identifier(name), value) for name, value in values.items()]
        query = sql.SQL("update {} set {} where id = {}").format(
            sql.Identifier(table), sql.SQL(", ").join(pairs), record["id"]
        )
        self.raw.execute(query)

    def write(self, path, data):
        """Put other bytes on the disk, until they are put back."""
        self.overwritten.setdefault(path, path.read_bytes() if path.exists() else None)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def put_back(self):
        """Undo everything."""
        self.raw.rollback()
        for path, data in self.overwritten.items():
            path.unlink() if data is None else path.write_bytes(data)
        self.overwritten.clear()


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
    item = su.item(seq)
    su.reseal(seq, item, item[2] + b" ")


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


def fork_after_restore(su, size):
    """An older state with another history, signed by the log itself, which knows no better."""
    rehash_tail(su, size)
    leaves = su.run("select leaf_hash from ledger.entry where PLACE order by seq").fetchall()
    text = Checkpoint(origin_of(SHARED), len(leaves), root_of([bytes(leaf) for (leaf,) in leaves]), []).text
    _hand_out(su, f"{text}\n" + "".join(each.line(text) for each in signers(SHARED)))


def edit_checkpoint(su, _size):
    text, _, below = su.run(NEWEST_NOTE).fetchone()[0].partition("\n\n")
    origin, size, root = text.split("\n")[:3]
    root = base64.b64encode(_flipped(su.dice, base64.b64decode(root))).decode()
    _hand_out(su, f"{origin}\n{size}\n{root}\n\n{below}")


def edit_the_signature_of_a_checkpoint(su, _size):
    said, _, signature = su.run(NEWEST_NOTE).fetchone()[0].rstrip("\n").rpartition(" ")
    raw = base64.b64decode(signature)
    _hand_out(su, f"{said} {base64.b64encode(raw[:4] + _flipped(su.dice, raw[4:])).decode()}\n")


def _hand_out(su, note):
    newest = "(select max(number) from ledger.checkpoint where PLACE)"
    su.run(f"update ledger.checkpoint set note = %(note)s where number = {newest}", note=note)  # noqa: S608 - fixed


def flip_file(su, _size):
    path = _path(su.record("portal_attachment")["blob"])
    su.write(path, _flipped(su.dice, path.read_bytes()))


def lose_file(su, _size):
    su.write(_path(su.record("portal_attachment")["blob"]), b"")


def swap_file_under_its_key(su, _size):
    """Other bytes that open with the key of the record and are named as they should be."""
    record = su.record("portal_attachment")
    nonce, key = su.dice.randbytes(12), base64.b64decode(record["file_key"])
    stored = nonce + AESGCM(key).encrypt(nonce, b"other bytes", record["sha256"].encode())
    su.write(_path(blob := hashlib.sha256(stored).hexdigest()), stored)
    su.change("portal_attachment", record, blob=blob)


def swap_file_with_its_record(su, _size):
    record = su.record("portal_attachment")
    other = keep(su.dice.randbytes(20))
    su.change(
        "portal_attachment", record, blob=other.blob, file_key=other.file_key, sha256=other.sha256, size=20
    )


def edit_signature(su, _size):
    record = su.record("portal_signature")
    values = {
        "printed_name": "Somebody Else",
        "organisation": "Another company",
        "code": "QA 99",
        "meaning": "rejected",
        "subject_version": record["subject_version"] + 1,
        "signed_at": "2020-01-01T00:00:00Z",
        "zone": "UTC",
    }
    name = su.dice.choice(sorted(values))
    su.change("portal_signature", record, **{name: values[name]})


def edit_signature_and_what_was_signed(su, _size):
    """The whole row fits itself: name, manifest and digest."""
    record = su.record("portal_signature")
    manifest = record["manifest"].replace(record["printed_name"], "Somebody Else")
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    su.change("portal_signature", record, printed_name="Somebody Else", manifest=manifest, digest=digest)


def copy_signature(su, _size):
    """The same signature on another record."""
    record = su.record("portal_signature")
    copied = record | {"id": str(uuid4()), "subject_id": str(uuid4())}
    su.raw.execute(
        "insert into portal_signature select * from jsonb_populate_record(null::portal_signature, %s)",
        [json.dumps(copied)],
    )


def delete_signature(su, _size):
    su.raw.execute("delete from portal_signature where id = %s", [su.record("portal_signature")["id"]])


def edit_sealed_signature(su, size):
    """The entry itself says another name, and its hashes fit."""
    rows = su.run(
        "select e.seq, i.id, i.salt, i.body, i.hash from ledger.item i"
        " join ledger.entry e using (marker_id, space_id, audience)"
        " where PLACE and i.name = 'portal_signature' and e.seq <= %(size)s order by i.id",
        size=size,
    ).fetchall()
    seq, row, *parts = su.dice.choice(rows)
    salt, body, digest = map(bytes, parts)
    su.reseal(seq, (row, salt, body, digest), body.replace(b"Name of", b"Game of"))


def _path(blob):
    return Path(settings.ATTACHMENTS_DIR) / blob[:2] / blob


MUTATIONS = [
    flip_header, flip_leaf_hash, flip_body, flip_salt, edit_and_rehash_the_item, edit_and_rehash_the_leaf,
    edit_header_and_rehash, back_date, delete_entry, delete_entry_and_close_the_gap, delete_item, insert_item,
    insert_entry, swap_entries, swap_items_of_entries, truncate_tail, rehash_tail, empty_chain,
    fork_after_restore, edit_checkpoint, edit_the_signature_of_a_checkpoint, flip_file, lose_file,
    swap_file_under_its_key, swap_file_with_its_record, edit_signature, edit_signature_and_what_was_signed,
    copy_signature, delete_signature, edit_sealed_signature,
]  # fmt: skip
