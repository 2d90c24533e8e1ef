"""Goal G40: what a superuser changes behind the product is found by a verifier that holds only checkpoints.

Blind is the verifier for what is newer than its last checkpoint, at most a minute; and a body that is blanked
(erased as law orders) is seen as such, not as an attack: its digest stays.
"""

import hashlib
import random
import time
from collections import Counter

import psycopg
import pytest

from config.keeping.records import _strays
from portal import blobs
from portal.checkpoints import Published
from portal.exports import line_of
from portal.log_keys import verifiers
from portal.offline import verify_export as offline
from portal.proofs import SealedEntry, SealedItem
from portal.states import Meaning
from tests.conftest import actor
from tests.factories import cast, deviations
from tests.factories.chains import SHARED, grow, publish
from tests.factories.signing import make_signer, sign
from tests.walls.probing import say
from tests.walls.tampering import CHAIN, MUTATIONS, NEWEST_NOTE, PLACE, Superuser

# Every statement says which entries and which markers it touched, in what the rollback takes back.
WATCH = """
create table public.touched (seq bigint, marker_id bigint);
create function public.touched_was() returns trigger language plpgsql as
$$ begin
    execute format('insert into public.touched (%1$I) select %1$I from was', tg_argv[0]);
    return null;
end $$;
create function public.touched_now() returns trigger language plpgsql as
$$ begin
    execute format('insert into public.touched (%1$I) select %1$I from now', tg_argv[0]);
    return null;
end $$;
"""
WATCH_TABLE = """
create trigger put after insert on {0} referencing new table as now
    for each statement execute function public.touched_now({1});
create trigger moved_to after update on {0} referencing new table as now
    for each statement execute function public.touched_now({1});
create trigger moved_from after update on {0} referencing old table as was
    for each statement execute function public.touched_was({1});
create trigger gone after delete on {0} referencing old table as was
    for each statement execute function public.touched_was({1});
alter table {0} enable always trigger put, enable always trigger moved_to,
    enable always trigger moved_from, enable always trigger gone;
"""
ENTRIES = "select seq, marker_id, header, leaf_hash from ledger.entry where PLACE and seq = any(%(seqs)s)"
ITEMS = (
    "select marker_id, hash, salt, body from ledger.item where PLACE and marker_id = any(%(markers)s)"
    " order by marker_id, id"
)
VACUUM_EVERY, COMPARE_EVERY = 200, 97


class Served:
    """What the product would hand out now: by number the line of an entry, and its leaf hash in the tiles.

    Read anew is only what a statement touched, which is compared with reading everything now and then.
    """

    def __init__(self, raw):
        self.raw, self.honest, self.numbers = raw, {}, {}

    def watch(self):
        """Keep what stands there now, and note what is touched from here on."""
        self.raw.execute(WATCH)
        for table, column in (("ledger.entry", "seq"), ("ledger.item", "marker_id")):
            self.raw.execute(WATCH_TABLE.format(table, column))
        self.raw.commit()
        self.honest = self.whole()
        for seq, marker in self._run("select seq, marker_id from ledger.entry where PLACE"):
            self.numbers.setdefault(marker, []).append(seq)

    def whole(self):
        return self._read([seq for (seq,) in self._run("select seq from ledger.entry where PLACE")])

    def now(self):
        touched = self._run("select distinct seq, marker_id from public.touched")
        seqs = {seq for seq, _ in touched if seq is not None}
        seqs.update(seq for _, marker in touched for seq in self.numbers.get(marker, ()))
        kept = {seq: each for seq, each in self.honest.items() if seq not in seqs} if seqs else self.honest
        return {**kept, **self._read(list(seqs))} if seqs else kept

    def _read(self, seqs):
        rows = self._run(ENTRIES, seqs=seqs)
        items = {}
        for marker, *parts in self._run(ITEMS, markers=[row[1] for row in rows]):
            items.setdefault(marker, []).append(SealedItem(*parts))
        return {
            seq: (line_of(SealedEntry(seq, header, items.get(marker, [])), None), leaf)
            for seq, marker, header, leaf in rows
        }

    def _run(self, query, **values):
        return self.raw.execute(query.replace("PLACE", PLACE), CHAIN | values, binary=True).fetchall()


class Verifier:
    """It holds checkpoints and the key of the log; a line that it judged it knows again by its bytes."""

    def __init__(self, held: list[Published]):
        self.held, self.newest = held, offline.Checkpoint.parse(held[-1].note)
        self.plan = offline.Plan("", 0, 0, self.newest, is_whole=True)
        self.keys = [offline.Key.parse(str(each)) for each in verifiers(SHARED)]
        self.judged, self.signed = {}, set()

    def fault(self, raw, served):
        """What there is to say of the chain and of what hangs on it; empty when there is nothing."""
        try:
            found = self.read([served[seq] for seq in sorted(served)][: self.newest.size])
            self.look_at_checkpoint(
                raw.execute(NEWEST_NOTE.replace("PLACE", PLACE), CHAIN).fetchone()[0], found
            )
        except (offline.Rejected, ValueError) as error:
            return str(error) or type(error).__name__
        strays = [*_strays(raw, "portal_signature"), *_strays(raw, "portal_attachment")]
        return " ".join(strays) or self.look_at_files(raw, found)

    def read(self, lines):
        found = offline.Found()
        for line, leaf in lines:
            each = self.judge(line)
            offline.need(each.leaves == leaf, "the tiles are not of these entries")
            offline.check_place(self.plan, each.numbers[0], each.sealed[0], found)
            found.leaves += leaf
            found.told |= each.told
        for each in self.held:
            covered = found.leaves[: each.size * offline.HASH_BYTES]
            is_whole = len(covered) == each.size * offline.HASH_BYTES
            offline.need(
                is_whole and offline.root_of(covered) == each.root,
                f"the checkpoint of {each.size} entries was signed for others",
            )
        return found

    def judge(self, line):
        if line not in self.judged:
            found = offline.Found()
            offline.check_line(self.plan, line, found)
            self.judged[line] = found
        return self.judged[line]

    def look_at_checkpoint(self, note, found):
        """What is handed out as the newest is signed by the log, and for these entries."""
        if note not in self.signed:
            checkpoint = offline.Checkpoint.parse(note)
            signed = [checkpoint.signed_by(each) for each in self.keys]
            offline.need(signed.count(None) < len(signed), "it is not signed by the key of the log")
            leaves = found.leaves[: checkpoint.size * offline.HASH_BYTES]
            offline.need(offline.root_of(leaves) == checkpoint.root, "it was signed for other entries")
            self.signed.add(note)

    def look_at_files(self, raw, found):
        for digest in sorted(digest for kind, digest in found.told if kind == "file"):
            query = "select blob, file_key, sha256 from portal_attachment where sha256 = %s"
            for blob, file_key, sha256 in raw.execute(query, [digest]).fetchall():
                try:
                    data = blobs.read(blob, file_key=file_key, sha256=sha256)
                except blobs.BlobDamagedError as error:
                    return str(error)
                if hashlib.sha256(data).hexdigest() != digest:
                    return "a file has other bytes than its entry says"
        return ""


def _plant():
    """A signed deviation with two files."""
    qa, head = actor("cdmo_qa"), actor("cdmo_quality_head")
    found = deviations.investigate(qa, deviations.in_state("triaged", qa, released=True))
    for name in ("first", "second"):
        deviations.attach(qa, found, f"{name}.png", b"\x89PNG\r\n\x1a\n " + name.encode())
    make_signer(head, cast.CDMO)
    sign(head, found, Meaning.APPROVED)


def _tamper(own_database, *, entries, rounds, seed):
    _plant()
    held = []
    for _ in range(4):
        grow(times=entries // 4)
        held.append(publish())
    dice = random.Random(seed)  # noqa: S311 - dice, not a secret
    done, missed, verifier, began = Counter(), [], Verifier(held), time.monotonic()
    with psycopg.connect(own_database.url("admin")) as raw, own_database.connect("admin") as vacuum:
        served, superuser = Served(raw), Superuser(raw, dice)
        served.watch()
        assert verifier.fault(raw, served.honest) == ""
        for turn in range(rounds):
            mutate = MUTATIONS[turn % len(MUTATIONS)]
            mutate(superuser, held[-1].size)
            now = served.now()
            assert turn % COMPARE_EVERY or now == served.whole()
            if verifier.fault(raw, now):
                done[mutate.__name__] += 1
            else:
                missed.append((seed, turn, mutate.__name__))
            superuser.put_back()
            if turn % VACUUM_EVERY == 0:
                vacuum.execute("vacuum ledger.entry, ledger.item")
                say(f"{turn + 1} tamperings, missed {missed}, {time.monotonic() - began:.0f} s")
        assert verifier.fault(raw, served.whole()) == ""
    say(
        f"seed {seed}: {rounds} tamperings of {len(MUTATIONS)} kinds on {held[-1].size} entries,"
        f" {done.total()} found, {len(missed)} missed, {time.monotonic() - began:.0f} s"
    )
    assert missed == []


@pytest.mark.slow
def test_some_hundred_tamperings_by_a_superuser_are_found(own_database):
    _tamper(own_database, entries=800, rounds=210, seed=20261122)


@pytest.mark.soak
@pytest.mark.timeout(36_000)
def test_ten_thousand_tamperings_on_five_thousand_entries_are_found(own_database):
    _tamper(own_database, entries=5000, rounds=10_000, seed=20261123)


def test_an_honest_chain_raises_no_alarm_however_often_it_was_signed(own_database):
    held = []
    with psycopg.connect(own_database.url("admin")) as raw:
        served = Served(raw)
        for times in (1, 5, 250, 1):
            grow(times=times)
            held.append(publish())
            assert Verifier(held).fault(raw, served.whole()) == ""
            raw.rollback()
