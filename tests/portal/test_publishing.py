"""Checkpoints: signed, grown from stored nodes, never over a chain that contradicts the last one."""

import base64
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, connections

from portal import tasks
from portal.action import reading
from portal.actions.publishing import LogForked, hold_checkpoint, keep_cosignature, pad
from portal.actor import system_actor
from portal.checkpoints import list_cosignatures, list_holders
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.log_keys import LogKeyError, origin_of, verifiers
from portal.merkle import leaf_hash, root_of, tree_head
from portal.notes import Checkpoint, NoteError, Signer, open_checkpoint
from portal.streams import ChainKey
from tests.conftest import head_of
from tests.factories import cast
from tests.factories.chains import PRIVATE, SHARED, cosigned, grow, newest, publish, witness


def rows(query, *values, space=cast.PROGRAM):
    with reading(system_actor("sealer", space)), connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def leaves(chain=SHARED):
    found = rows("select header from ledger.entry where space_id = %s and audience = %s order by seq", *chain)
    return [leaf_hash(bytes(header)) for (header,) in found]


def test_a_checkpoint_states_size_and_root_of_the_chain_under_the_key_of_the_log(database):
    grow(times=3)
    published = publish()
    said = open_checkpoint(published.note, verifiers(SHARED), origin_of(SHARED))
    # An hour may have ended since the cast moved in; its roots stand in the checkpoint as well.
    assert replace(said, extra=()) == Checkpoint(
        f"testserver/{cast.PROGRAM}/shared", head_of(cast.PROGRAM), root_of(leaves()), ()
    )
    assert newest() == published


def test_a_chain_that_did_not_grow_is_not_signed_again(database):
    assert publish() is not None
    assert publish() is None
    grow()
    assert publish().size == head_of(cast.PROGRAM)


def test_signing_adds_nothing_to_the_chain_it_signs(database):
    before = head_of(cast.PROGRAM)
    publish()
    assert head_of(cast.PROGRAM) == before


@pytest.mark.parametrize("steps", [(255,), (256,), (257,), (100, 200, 300)])
def test_the_root_from_stored_nodes_is_the_root_of_all_leaves_however_the_chain_grew(database, steps):
    for times in steps:
        grow(times=times)
        assert publish().root == root_of(leaves())
    all_leaves = leaves()
    nodes = rows(
        "select at, hash from ledger.node where space_id = %s and audience = %s and level = 1 order by at",
        *SHARED,
    )
    assert [(at, bytes(each)) for at, each in nodes] == [
        (at, root_of(all_leaves[at * 256 : at * 256 + 256])) for at in range(len(all_leaves) // 256)
    ]


def test_only_the_system_publishes(database, cdmo_quality_head, sponsor_quality_head):
    from portal.actions.publishing import publish_checkpoint

    for person in (cdmo_quality_head, sponsor_quality_head):
        with pytest.raises(Refused):
            publish_checkpoint(person, cast.PROGRAM, audience="shared")
    assert newest() is None


def test_the_task_signs_new_chains_at_once_and_grown_ones_after_a_minute_or_a_thousand_entries(
    database, clock
):
    assert tasks.publish() > 5
    assert tasks.publish() == 0
    grow()
    assert tasks.publish() == 0
    grow(times=1000)
    assert tasks.publish() == 1
    grow()
    clock.move(timedelta(seconds=61))
    # With it the roots of private chains, where an hour has ended in that minute.
    assert tasks.publish() >= 1
    assert newest().size == head_of(cast.PROGRAM)


def test_without_its_key_nothing_is_signed_and_the_error_is_told(database, settings, tmp_path):
    settings.LEDGER_KEY_FILE = tmp_path / "gone"
    with pytest.raises(LogKeyError):
        publish()
    assert tasks.publish() == 0
    assert newest() is None
    settings.LEDGER_KEY_FILE.write_text("not a key")
    assert tasks.publish() == 0


def test_a_rotated_key_signs_first_and_the_old_one_beside_it(database, settings, tmp_path):
    old = Path(settings.LEDGER_KEY_FILE).read_text().strip()
    publish()
    fresh = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
    old_key = verifiers(SHARED)[0]
    settings.LEDGER_KEY_FILE = tmp_path / "ledger.key"
    settings.LEDGER_KEY_FILE.write_text(f"{fresh}\n{old}\n")
    grow()
    note = publish().note
    first, second = verifiers(SHARED)
    assert second == old_key
    for key in (first, second):
        assert open_checkpoint(note, [key], origin_of(SHARED)).size == head_of(cast.PROGRAM)
    with pytest.raises(NoteError):
        open_checkpoint(note, [Signer(first.name, Ed25519PrivateKey.generate()).verifier], origin_of(SHARED))


def test_each_hour_of_a_private_chain_is_committed_to_whether_or_not_anything_was_written(database, clock):
    before = Checkpoint.parse(publish().text).extra
    grow(PRIVATE, times=20)
    clock.move(timedelta(hours=3))
    size = newest().size
    published = publish()
    assert published.size == size
    extra = Checkpoint.parse(published.text).extra
    assert {line.split(" ")[1] for line in extra} == {"manufacturer", "sponsor"}
    assert len(extra) in (4, 6, 8)
    kept = rows("select audience, starts_at, upto, root, leaves from ledger.padded order by 1, 2")
    assert [
        f"private {audience} {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {base64.b64encode(root).decode()}"
        for audience, at, _, root, _ in kept
    ] == sorted([*before, *extra])
    written = set(leaves(PRIVATE))
    for audience, _, _, root, padded in kept:
        hashes = [bytes(each) for each in padded]
        assert tree_head(hashes) == bytes(root)
        assert len(hashes) in (16, 32)
        if audience == "manufacturer":
            written -= set(hashes)
    assert written == set()
    assert publish() is None


def test_the_other_side_reads_the_root_of_an_interval_and_nothing_else_of_it(
    database, clock, sponsor_qa, rival_sponsor_qa
):
    publish()
    grow(PRIVATE, times=2)
    clock.move(timedelta(hours=2))
    publish()
    for person, seen in ((sponsor_qa, {"sponsor"}), (rival_sponsor_qa, set())):
        with reading(person), connection.cursor() as cursor:
            cursor.execute("select distinct audience from ledger.padded")
            assert {audience for (audience,) in cursor.fetchall()} == seen
            cursor.execute("select count(*) from ledger.checkpoint where audience = 'manufacturer'")
            assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(("given", "length"), [(0, 16), (1, 16), (16, 16), (17, 32), (33, 64)])
def test_padding_shows_neither_how_many_there_were_nor_which(given, length):
    hashes = [leaf_hash(bytes([number])) for number in range(given)]
    padded = pad(hashes)
    assert len(padded) == length
    assert set(hashes) <= set(padded)
    assert len(set(padded)) == length


def test_two_publishers_at_once_sign_one_checkpoint(own_database):
    grow(times=300)
    found, barrier = [], threading.Barrier(4)

    def run():
        barrier.wait()
        found.append(publish())
        connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len([each for each in found if each]) == 1
    with own_database.connect("owner") as raw:
        assert raw.execute("select count(*) from ledger.checkpoint").fetchone() == (1,)
        assert raw.execute("select count(*) from ledger.node").fetchone() == (1,)


def test_a_publisher_that_dies_half_way_leaves_the_tree_as_it_was(own_database, monkeypatch):
    grow(times=300)
    monkeypatch.setattr("portal.actions.publishing._sign", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        publish()
    monkeypatch.undo()
    with own_database.connect("owner") as raw:
        assert raw.execute("select count(*) from ledger.node").fetchone() == (0,)
    assert publish().root == root_of(leaves())


REWRITTEN = {
    "shrunk": "delete from ledger.entry where space_id = %(space)s and audience = 'shared' and seq > 2;"
    " update ledger.chain set head = 2 where space_id = %(space)s and audience = 'shared'",
    "forked": "update ledger.entry set leaf_hash = sha256('another')"
    " where space_id = %(space)s and audience = 'shared' and seq = 2",
}


@pytest.mark.parametrize("how", REWRITTEN)
def test_a_chain_that_contradicts_its_checkpoint_is_not_signed(own_database, how):
    grow(times=5)
    before = publish()
    with (
        psycopg.connect(own_database.url("admin"), autocommit=True) as raw,
        psycopg.ClientCursor(raw) as cursor,
    ):
        cursor.execute(REWRITTEN[how], {"space": cast.PROGRAM})
    if how == "forked":
        grow(times=1)
    with pytest.raises(LogForked, match=how):
        publish()
    assert tasks.publish_chain(space_id=cast.PROGRAM, audience="shared") == 0
    assert newest() == before


def test_a_cosignature_is_kept_once_and_makes_its_organisation_a_holder(database, sponsor_qa):
    published, signer = publish(), witness()
    for _ in range(2):
        kept = keep_cosignature(
            sponsor_qa,
            cast.PROGRAM,
            audience="shared",
            note=cosigned(signer, published),
            key=str(signer.verifier),
        )
        assert kept == published.size
    with reading(sponsor_qa):
        (line,) = list_cosignatures(sponsor_qa, SHARED, published.number)
        (holder,) = list_holders(sponsor_qa, SHARED)
    assert (line.witness, line.organisation) == (signer.name, "Arvo Therapeutics")
    assert published.note + line.line == cosigned(signer, published)
    assert (holder.organisation, holder.size, holder.how) == ("Arvo Therapeutics", published.size, "witness")


def test_a_witness_is_pinned_to_its_first_key_and_organisation(database, sponsor_qa, cdmo_qa):
    published, signer = publish(), witness()
    note, key = cosigned(signer, published), str(signer.verifier)
    keep_cosignature(sponsor_qa, cast.PROGRAM, audience="shared", note=note, key=key)
    other = witness(signer.name)
    for person, by in ((cdmo_qa, signer), (cdmo_qa, other), (sponsor_qa, other)):
        with pytest.raises(Conflict, match="known here with another key"):
            keep_cosignature(
                person,
                cast.PROGRAM,
                audience="shared",
                note=cosigned(by, published),
                key=str(by.verifier),
            )
    mine = witness("witness.norrsund.example")
    keep_cosignature(
        cdmo_qa, cast.PROGRAM, audience="shared", note=cosigned(mine, published), key=str(mine.verifier)
    )


@pytest.mark.parametrize("fault", ["other key", "no line", "a log key", "rubbish", "bad key"])
def test_what_is_no_cosignature_of_this_checkpoint_is_not_kept(database, sponsor_qa, fault):
    published, signer = publish(), witness()
    note, key = cosigned(signer, published), str(signer.verifier)
    if fault == "other key":
        key = str(witness().verifier)
    elif fault == "no line":
        note = published.note
    elif fault == "a log key":
        key = str(verifiers(SHARED)[0])
    elif fault == "rubbish":
        note = "x\n\n— a b\n"
    else:
        key = "name+00000000+AAAA"
    with pytest.raises(Invalid):
        keep_cosignature(sponsor_qa, cast.PROGRAM, audience="shared", note=note, key=key)


def test_a_cosignature_over_a_checkpoint_that_was_never_published_shouts(database, sponsor_qa):
    published, signer = publish(), witness()
    text = published.text.replace(f"\n{published.size}\n", f"\n{published.size + 1}\n")
    with pytest.raises(Conflict, match="forked"):
        keep_cosignature(
            sponsor_qa,
            cast.PROGRAM,
            audience="shared",
            note=f"{text}\n{signer.line(text, 1)}",
            key=str(signer.verifier),
        )


def test_nobody_cosigns_or_holds_what_they_may_not_follow(database, sponsor_qa, rival_sponsor_qa):
    shared, private, signer = publish(), None, witness()
    grow(PRIVATE)
    private = publish(PRIVATE)
    for person, chain, published in (
        (rival_sponsor_qa, SHARED, shared),
        (rival_sponsor_qa, PRIVATE, private),
        (sponsor_qa, PRIVATE, private),
    ):
        with pytest.raises(NotFound):
            keep_cosignature(
                person,
                chain.space_id,
                audience=chain.audience,
                note=cosigned(signer, published),
                key=str(signer.verifier),
            )
        with pytest.raises(NotFound):
            hold_checkpoint(
                person, chain.space_id, audience=chain.audience, size=published.size, how="export"
            )


def test_only_a_published_checkpoint_is_held(database, sponsor_qa):
    published = publish()
    with pytest.raises(NotFound):
        hold_checkpoint(
            sponsor_qa, cast.PROGRAM, audience="shared", size=published.size + 1, how="checkpoint"
        )
    for _ in range(2):
        hold_checkpoint(sponsor_qa, cast.PROGRAM, audience="shared", size=published.size, how="checkpoint")
    with reading(sponsor_qa):
        assert [(each.size, each.how) for each in list_holders(sponsor_qa, SHARED)] == [
            (published.size, "checkpoint")
        ]


def test_the_door_names_an_organisations_own_chain_too(database):
    tasks.publish()
    assert newest(ChainKey(cast.CDMO, "shared")).size == head_of(cast.CDMO)
    assert newest(ChainKey(cast.CDMO, "shared")).made_at <= datetime.now(UTC) + timedelta(hours=1)
