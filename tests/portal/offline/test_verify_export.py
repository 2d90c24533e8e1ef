"""Goal G41: one file that needs nothing checks an export; a second, written from the format alone, agrees."""

import ast
import hashlib
import io
import json
import os
import random
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.offline import verify_export
from tests.factories.exports import Log
from tests.portal.offline.corruptions import CORRUPTIONS
from tests.portal.offline.second_verifier import accepts, missing
from tests.walls.probing import say

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "portal" / "offline" / "verify_export.py"


@pytest.fixture(scope="module")
def log():
    return Log().write(9).write(1, items=3, parts=1001).write(13)


@pytest.fixture
def judge(tmp_path, capsys):
    """What the shipped verifier says of an export: its exit code and words."""

    def run(data, *arguments):
        path = tmp_path / "export.zip"
        path.write_bytes(data if isinstance(data, bytes) else data.written())
        code = verify_export.main([str(path), *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_the_file_is_short_and_needs_nothing_but_python():
    text = FILE.read_text("utf-8")
    assert len(text.splitlines()) < 400
    names = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
        )
    }
    assert names <= sys.stdlib_module_names


def test_a_whole_chain_is_verified_in_plain_words(log, judge):
    code, words = judge(log.export())
    assert code == 0, words
    assert "VERIFIED" in words
    assert "23 entries" in words
    assert "cosigned by witness.example" in words
    assert "--key" in words
    assert accepts(log.export().written())


@pytest.mark.parametrize("only", [[1], [23], [2, 10, 11], list(range(1, 24))])
def test_entries_about_a_record_are_verified_by_their_proofs(log, judge, only):
    export = log.export(only=only)
    code, words = judge(export)
    assert code == 0, words
    assert "only the whole chain shows" in words
    assert accepts(export.written())


@pytest.mark.parametrize("size", range(1, 20))
def test_chains_of_every_small_size_are_verified(judge, size):
    log = Log(seed=size).write(size)
    for export in (log.export(), log.export(only=[size])):
        assert judge(export)[0] == 0
        assert accepts(export.written())


def test_an_erased_body_does_not_break_the_chain(log, judge):
    export = log.export()
    salt, body = log.items[4][1]
    export.lines[4]["items"][1] = hashlib.sha256(salt + body).hexdigest()
    code, words = judge(export)
    assert (code, "1 items are there by digest alone" in words) == (0, True)
    assert accepts(export.written())


def _naming(log, *digests):
    """Entries more, each of which names a file."""
    for digest in digests:
        body = {"item": "change", "table": "portal_attachment", "op": "insert", "new": {"sha256": digest}}
        log.write_items([(log.dice.randbytes(32), json.dumps(body).encode())])
    return log


def test_files_that_entries_name_and_that_are_missing_are_told_one_by_one_by_both(judge):
    here, gone = (hashlib.sha256(each).hexdigest() for each in (b"here", b"gone"))
    export = _naming(Log(seed=5).write(3), here, gone).export()
    export.members[f"files/{here}"] = b"here"
    code, words = judge(export)
    assert code == 0, words
    assert f"MISSING: files/{gone}" in words
    assert f"MISSING: files/{here}" not in words
    assert (accepts(export.written()), missing(export.written())) == (True, {gone})
    export.members[f"files/{gone}"] = b"gone"
    assert "MISSING" not in judge(export)[1]
    assert missing(export.written()) == set()


def test_a_checkpoint_that_somebody_holds_is_compared(log, judge, tmp_path):
    held = tmp_path / "held"
    for size in (1, 8, 17, 23):
        held.write_text(log.checkpoint(size))
        code, words = judge(log.export(), "--checkpoint", str(held))
        assert (code, f"you have seen {size} of 23 entries" in words) == (0, True)
    fork = Log().write(9)
    fork.dice.seed(99)
    fork.write(10)
    for size in (10, 17):
        held.write_text(fork.checkpoint(size))
        code, words = judge(log.export(), "--checkpoint", str(held))
        assert (code, "FORKED" in words) == (1, True)
        assert not accepts(log.export().written(), held=[fork.checkpoint(size)])


def test_an_export_that_is_shorter_than_a_held_checkpoint_is_refused(log, judge, tmp_path):
    held = tmp_path / "held"
    held.write_text(log.checkpoint())
    short = Log().write(9)
    code, words = judge(short.export(), "--checkpoint", str(held))
    assert (code, "ENTRIES WERE TAKEN AWAY" in words) == (1, True)
    assert not accepts(short.export().written(), held=[log.checkpoint()])


def test_a_key_that_is_known_is_the_only_one_trusted(log, judge):
    assert judge(log.export(), "--key", str(log.signer.verifier))[0] == 0
    forger = Log().write(9)
    forger.signer = type(log.signer)(log.origin, Ed25519PrivateKey.generate())
    assert judge(forger.export())[0] == 0
    code, words = judge(forger.export(), "--key", str(log.signer.verifier))
    assert (code, "not signed by the key of the log" in words) == (1, True)
    assert not accepts(forger.export().written(), known=[str(log.signer.verifier)])


def _refused(judge, data):
    code, words = judge(data)
    assert code == 1
    assert "REJECTED" in words
    assert "Traceback" not in words
    assert not accepts(data if isinstance(data, bytes) else data.written())


@pytest.mark.parametrize("corrupt", CORRUPTIONS, ids=lambda each: each.__name__)
def test_each_kind_of_corruption_is_found_by_both(log, judge, corrupt):
    dice = random.Random(7)  # noqa: S311 - dice, not a secret
    for only in (None, [3, 10, 20]):
        export = log.export(only=only)
        corrupt(dice, export)
        _refused(judge, export)


def _agree(judge, seed, rounds):
    dice = random.Random(seed)  # noqa: S311 - dice, not a secret
    good = [
        Log(seed=n).write(dice.randrange(2, 9)).write(1, parts=dice.choice([0, 1001])).write(2)
        for n in range(4)
    ]
    for turn in range(rounds):
        log = dice.choice(good)
        size = len(log.headers)
        only = (
            sorted(dice.sample(range(1, size + 1), dice.randrange(2, size))) if dice.random() < 0.4 else None
        )
        export = log.export(only=only)
        assert judge(export)[0] == 0
        assert accepts(export.written())
        for corrupt in dice.sample(CORRUPTIONS, 8):
            changed = export.copy()
            corrupt(dice, changed)
            if changed.written() != export.written():
                code, words = judge(changed)
                assert (code, accepts(changed.written())) == (1, False), (seed, turn, corrupt.__name__, words)


def test_both_verifiers_agree_on_some_hundred_corrupted_exports(judge):
    _agree(judge, 20261122, 40)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_both_verifiers_agree_on_ten_thousand_corrupted_exports(judge):
    _agree(judge, 20261123, 1250)


def _zip(members, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as bundle:
        for name, data in members:
            bundle.writestr(name, data)
    return out.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_files_end_in_a_refusal_and_never_in_a_traceback(log, judge):
    whole = log.export().written()
    with zipfile.ZipFile(io.BytesIO(whole)) as bundle:
        members = [(name, bundle.read(name)) for name in bundle.namelist()]
    bomb = [(name, b"\x00" * 50_000_000 if name == "export.json" else data) for name, data in members]
    for data in (
        b"",
        b"PK",
        whole[: len(whole) // 2],
        whole[100:],
        _zip(members, zipfile.ZIP_DEFLATED),
        _zip([*members, members[0]]),
        _zip([*members, ("export.json", b"{}")]),
        _zip(members[:-1]),
        _zip(bomb, zipfile.ZIP_DEFLATED),
        _encrypted(whole),
    ):
        _refused(judge, data)


def _encrypted(data):
    changed = bytearray(data)
    at = changed.index(b"PK\x01\x02")
    changed[at + 8 : at + 10] = struct.pack("<H", 1)
    return bytes(changed)


def test_a_file_that_is_not_there_is_refused(judge, capsys):
    assert verify_export.main(["/nowhere/export.zip"]) == 1
    assert "REJECTED" in capsys.readouterr().err


def test_a_hostile_text_does_not_steer_the_terminal(log, judge):
    export = log.export()
    export.about["made_at"] = "\x1b[2J\x1b]0;owned\x07"
    code, words = judge(export)
    assert (code, "\x1b" in words) == (0, False)


def test_the_one_command_runs_the_same_file_before_anything_is_installed(log, tmp_path):
    path = tmp_path / "export.zip"
    path.write_bytes(log.export().written())
    for command in (
        ["python3", "-I", str(FILE)],
        ["python3", str(ROOT / "manage.py"), "verify"],
    ):
        run = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (run.returncode, "VERIFIED" in run.stdout) == (0, True), run.stderr
    path.write_bytes(path.read_bytes()[:-30])
    run = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "verify", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, "REJECTED" in run.stderr) == (1, True)


def test_its_signatures_are_those_of_the_standard():
    for seed in range(20):
        key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        public, message = key.public_key().public_bytes_raw(), bytes([seed]) * seed
        signature = key.sign(message)
        assert verify_export.fits(public, message, signature)
        assert not verify_export.fits(public, message + b"x", signature)
        order = (2**252 + 27742317777372353535851937790883648493).to_bytes(32, "little")
        larger = int.from_bytes(signature[32:], "little") + int.from_bytes(order, "little")
        assert not verify_export.fits(public, message, signature[:32] + larger.to_bytes(32, "little"))


def test_stretches_of_a_large_export_meet_without_a_gap(judge, monkeypatch, log):
    monkeypatch.setattr(verify_export, "CHUNK_BYTES", 5000)
    assert judge(log.export())[0] == 0
    export = log.export()
    del export.lines[7]
    code, words = judge(export)
    assert (code, "follows entry 7" in words) == (1, True)


def _verify_long(path, entries):
    """Verify a long export by the shipped file alone; returns the seconds it took, and of both processors."""
    Log(seed=3).write_long(path, entries)
    before, began = os.times(), time.monotonic()
    run = subprocess.run(
        [sys.executable, "-I", str(FILE), str(path)], capture_output=True, text=True, check=False
    )
    seconds, after = time.monotonic() - began, os.times()
    assert (run.returncode, "VERIFIED" in run.stdout, f"{entries} entries" in run.stdout) == (
        0,
        True,
        True,
    ), run
    return (
        seconds,
        after.children_user + after.children_system - before.children_user - before.children_system,
    )


def test_a_long_export_is_verified_in_stretches(tmp_path):
    _verify_long(tmp_path / "export.zip", 3000)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_million_honest_entries_are_verified_within_twenty_seconds_without_an_alarm(tmp_path):
    seconds, processor = _verify_long(tmp_path / "export.zip", 1_000_000)
    say(
        f"1000000 entries, 0 alarms: {seconds:.1f} s, {processor:.1f} s of processor time on {os.cpu_count()}"
    )
    assert seconds <= 20
