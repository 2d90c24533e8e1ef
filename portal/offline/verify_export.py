#!/usr/bin/env python3
"""Check an export of a Covalent ledger offline. Needs Python 3.11 and this one file; see FORMAT.md.

python3 verify.py EXPORT.zip [--key VERIFIER_KEY] [--checkpoint FILE]...
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import re
import sys
import zipfile
from binascii import a2b_base64
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

MEMBERS: Final = "FORMAT.md entries.ndjson export.json verify.py"
EXPORT: Final = "checkpoint format keys made_at origin scope size witnesses"
HEADER: Final = "audience format items kind mac parts schema sealed_at seat seq space"
SEALED_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
SIZE: Final = re.compile(r"[1-9][0-9]{0,18}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
SMALL_BYTES, CHUNK_BYTES, LINE_BYTES = 1 << 24, 1 << 23, 1 << 28
HASH_BYTES, LOG, COSIGNER = 32, 0x01, 0x04
SIGNATURE: Final = re.compile("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)")


class Rejected(Exception):
    """The export is not what it must be; the message says how."""


def need(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise Rejected(otherwise)


def has(given: Iterable[str], names: str) -> bool:
    return " ".join(sorted(given)) == names


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs), "an object names a member twice")
    return dict(pairs)


def refuse(text: str) -> NoReturn:
    raise Rejected(f"the number {text[:20]} is no whole number")


decode_json = json.JSONDecoder(object_pairs_hook=once, parse_float=refuse, parse_constant=refuse).decode
unbase64 = partial(a2b_base64, strict_mode=True)
P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE: Final = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]


def add_points(a: Point, b: Point) -> Point:
    m, n = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    c, d = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(times: int, point: Point) -> Point:
    result = (0, 1, 1, 0)
    while times:
        result = add_points(result, point) if times & 1 else result
        point, times = add_points(point, point), times >> 1
    return result


def point_of(raw: bytes) -> Point | None:
    """Return the point of 32 bytes, None when there is none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE: Final = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def fits(key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the signature over the message is the key's."""
    public, at = point_of(key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 2 * HASH_BYTES or public is None or at is None or BASE is None or scalar >= L:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(scalar, BASE), add_points(at, multiply(digest, public))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes: pairs hashed level by level, an odd last one goes up as it is."""
    level = list(hashes)
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        level = [sha256(b"\x01" + a + b) for a, b in zip(level[::2], level[1::2], strict=False)] + odd
    return level[0] if level else sha256(b"")


def root_by_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to."""
    last, found = size - 1, leaf
    for each in proof:
        need(last, "an inclusion proof is too long")
        if index % 2 or index == last:
            found = sha256(b"\x01" + each + found)
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + each)
        index, last = index >> 1, last >> 1
    need(last == 0, "an inclusion proof is too short")
    return found


class Key(NamedTuple):  # written as name+key id+base64(type, key)
    name: str
    kind: int
    raw: bytes
    key_id: bytes

    @classmethod
    def parse(cls, text: str) -> Key:
        name, key_id, material = text.strip().split("+", 2)
        raw = unbase64(material)
        digest = sha256(name.encode() + b"\n" + raw)[:4]
        need(len(raw) == 1 + HASH_BYTES and digest.hex() == key_id, "a key does not fit its id")
        return cls(name, raw[0], raw[1:], digest)


class Checkpoint(NamedTuple):
    """A signed note with origin, size and root, and (name, key id, signature) of each line under it."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: list[tuple[str, bytes, bytes]]

    @classmethod
    def parse(cls, note: str) -> Checkpoint:
        text, gap, below = note.rpartition("\n\n")
        origin, size, root = (*text.split("\n"), "", "")[:3]
        need(gap and below.endswith("\n") and origin and SIZE.fullmatch(size), "a checkpoint is malformed")
        need(len(unbase64(root)) == HASH_BYTES, "the root of a checkpoint has not 32 bytes")
        lines = [SIGNATURE.fullmatch(line) for line in below[:-1].split("\n")]
        raw = [(line[1], unbase64(line[2])) for line in lines if line]
        need(len(raw) == len(lines), "a signature line is malformed")
        signatures = [(name, each[:4], each[4:]) for name, each in raw]
        return cls(text + "\n", origin, int(size), unbase64(root), signatures)

    def signed_by(self, key: Key) -> int | None:
        """Return when the key signed, 0 for a log's; None when it did not. Raises: Rejected when false."""
        for name, key_id, given in self.signatures:
            if (name, key_id) != (key.name, key.key_id):
                continue
            at, signature, said = 0, given, self.text
            if key.kind == COSIGNER:
                at, signature = int.from_bytes(given[:8], "big"), given[8:]
                said = f"cosignature/v1\ntime {at}\n{self.text}"
            is_known = key.kind in (LOG, COSIGNER)
            need(is_known and fits(key.raw, said.encode(), signature), f"the signature of {name} is false")
            return at
        return None


class Plan(NamedTuple):  # where the lines are, and what they are to agree with
    path: str
    starts_at: int
    ends_at: int
    newest: Checkpoint
    is_whole: bool


@dataclass
class Found:  # in one stretch of lines
    leaves: list[bytes]
    numbers: tuple[int, int] = (0, 0)
    sealed: tuple[str, str] = ("", "")
    items: int = 0
    digests_alone: int = 0


def check_stretch(plan: Plan, starts_at: int) -> Found:
    """Check the lines that begin in one stretch of the entries."""
    found = Found([])
    with Path(plan.path).open("rb") as file:
        file.seek(max(starts_at - 1, plan.starts_at))
        if starts_at > plan.starts_at:
            file.readline(LINE_BYTES)
        while (at := file.tell()) < min(starts_at + CHUNK_BYTES, plan.ends_at):
            line = file.readline(min(LINE_BYTES, plan.ends_at - at))
            need(line.endswith(b"\n"), "a line of the entries has no end, or is too long")
            check_line(plan, line, found)
    return found


def check_line(plan: Plan, line: bytes, found: Found) -> None:
    entry = decode_json(line.decode("ascii"))
    members = "header items seq" if plan.is_whole else "header items proof seq"
    need(type(entry) is dict and has(entry, members), "an entry has other members than it must")
    seq, raw = entry["seq"], unbase64(entry["header"])
    need(type(seq) is int and 0 < seq <= plan.newest.size, "an entry is not numbered within the chain")
    try:
        header = decode_json(raw.decode())
        need(type(header) is dict and has(header, HEADER), "its header has other members than it must")
        said = (header["format"], f"{header['space']}/{header['audience']}", header["seq"])
        is_own = said == ("1", plan.newest.origin.partition("/")[2], str(seq))
        need(is_own, "its header is of another entry or chain")
        found.digests_alone += check_items(header, entry["items"])
        found.items += len(entry["items"])
        check_place(plan, seq, header["sealed_at"], found)
        leaf = sha256(b"\x00" + raw)
        if plan.is_whole:
            found.leaves.append(leaf)
        else:
            proof = list(map(unbase64, entry["proof"]))
            need(all(len(each) == HASH_BYTES for each in proof), "a hash of its proof has not 32 bytes")
            root = root_by_proof(leaf, seq - 1, plan.newest.size, proof)
            need(root == plan.newest.root, "its proof leads to another root")
    except (Rejected, ValueError, TypeError, KeyError) as error:
        raise Rejected(f"entry {seq}: {error}") from error


def check_items(header: dict[str, Any], items: list[Any]) -> int:
    """Require that the header lists exactly these items; returns how many are there by digest alone."""
    need(type(items) is list and type(header["items"]) is list, "items are a list")
    hashes = []
    for item in items:
        if type(item) is list:
            salt, body = item
            raw = a2b_base64(salt, strict_mode=True)
            need(len(raw) == HASH_BYTES, "a salt has not 32 bytes")
            hashes.append(hashlib.sha256(raw + a2b_base64(body, strict_mode=True)).hexdigest())
        else:
            need(type(item) is str and DIGEST.fullmatch(item), "an item is salt and body, or a digest")
            hashes.append(item)
    if header["parts"] is None:
        need(hashes == header["items"], "its items are not those that its header lists")
    else:
        named = set(header["items"])
        listed = [each for each in hashes if each in named]
        need(listed == header["items"], "its items are not those that its header lists")
        rest = [sha256(b"\x00" + bytes.fromhex(each)) for each in hashes if each not in named]
        is_complete = header["parts"] == {"count": str(len(rest)), "root": root_of(rest).hex()}
        need(is_complete, "its parts are not those that its header counts")
    return len([each for each in items if type(each) is str])


def check_place(plan: Plan, seq: int, sealed_at: str, found: Found) -> None:
    """Require that the entry follows the one before, in number and in time."""
    need(type(sealed_at) is str and SEALED_AT.fullmatch(sealed_at), "it is not dated")
    first, last = found.numbers
    if first:
        need(seq == last + 1 if plan.is_whole else seq > last, f"it follows entry {last}")
        need(sealed_at > found.sealed[1], "it was sealed before the entry that stands before it")
    found.numbers = (first or seq, seq)
    found.sealed = (found.sealed[0] or sealed_at, sealed_at)


def check_entries(plan: Plan) -> Found:
    """Check all entries, on every processor when there are many."""
    starts, total = range(plan.starts_at, plan.ends_at, CHUNK_BYTES), Found([])
    work = partial(check_stretch, plan)
    with multiprocessing.Pool() if starts[3:] else nullcontext() as pool:
        for each in pool.imap(work, starts) if pool else map(work, starts):
            if each.numbers[0]:
                check_place(plan, each.numbers[0], each.sealed[0], total)
                total.numbers, total.sealed = (total.numbers[0], each.numbers[1]), each.sealed
                total.leaves += each.leaves
                total.items += each.items
                total.digests_alone += each.digests_alone
    return total


def read_bundle(path: str) -> tuple[dict[str, Any], int, int]:
    """Return the description, and where the lines of the entries begin and end in the file."""
    with zipfile.ZipFile(path) as bundle, Path(path).open("rb") as file:
        members = bundle.infolist()
        need(has([each.filename for each in members], MEMBERS), "it has other members than it must")
        need(not any(each.flag_bits & 1 for each in members), "a member is encrypted")
        about, entries = bundle.getinfo("export.json"), bundle.getinfo("entries.ndjson")
        need(about.file_size <= SMALL_BYTES, "export.json is too large")
        need(entries.compress_type == zipfile.ZIP_STORED, "entries.ndjson is compressed")
        file.seek(entries.header_offset)
        lengths = file.read(30)[26:]  # of the name and the extra field that follow
        starts_at = file.tell() + sum(int.from_bytes(lengths[at:][:2], "little") for at in (0, 2))
        ends_at = starts_at + entries.file_size
        need(ends_at <= Path(path).stat().st_size, "entries.ndjson is cut off")
        found = decode_json(bundle.read(about).decode())
    need(type(found) is dict and has(found, EXPORT), "export.json has other members than it must")
    need(found["format"] == "covalent-export/1", "it has another format than covalent-export/1")
    return found, starts_at, ends_at


def say(kind: str, text: str) -> None:
    """Print a line; a hostile file does not get to steer the terminal."""
    print(f"  {kind:<5} " + "".join(each for each in text if each.isprintable())[:300])


def check(path: str, pinned: Sequence[str], held: Sequence[str]) -> None:
    """Check an export and say what was checked. Raises: Rejected."""
    about, starts_at, ends_at = read_bundle(path)
    scope, newest = about["scope"], Checkpoint.parse(about["checkpoint"])
    is_whole = scope == {"kind": "chain"}
    need(is_whole or scope == {"kind": "record", "record": str(scope.get("record"))}, "its scope is unknown")
    said = (type(about["size"]), about["size"], about["origin"])
    need(said == (int, newest.size, newest.origin), "it names another size or origin")
    say("", f"Export of {newest.origin}, made {about['made_at']}")
    keys = list(map(Key.parse, pinned or about["keys"]))
    check_signature(newest, keys, "the checkpoint")
    for key in map(Key.parse, about["witnesses"]):
        if (at := newest.signed_by(key)) is not None:
            when = datetime.fromtimestamp(min(at, 2**33), UTC)
            say("ok", f"cosigned by {key.name} ({key.key_id.hex()}), {when:%Y-%m-%d %H:%M:%S} UTC")
    found = check_entries(Plan(path, starts_at, ends_at, newest, is_whole))
    if is_whole:
        need(found.numbers == (1, newest.size), f"it holds {len(found.leaves)} of {newest.size} entries")
        need(root_of(found.leaves) == newest.root, "the checkpoint was signed for other entries")
        say("ok", f"{newest.size} entries with {found.items} items: the whole chain, without a gap")
    else:
        need(found.numbers[0], "it holds no entry")
        say("ok", f"{found.items} items of entries about {scope['record']}, each proved to be in the chain")
        say("note", "whether these are all entries about the record, only the whole chain shows")
    for each in held:
        check_held(each, newest, keys, found.leaves if is_whole else None)
    if found.digests_alone:
        say("note", f"{found.digests_alone} items are there by digest alone: erased or withheld")
    if not pinned:
        say("note", "the key is the one the export itself names; give the one you know with --key")


def check_signature(checkpoint: Checkpoint, keys: Sequence[Key], what: str) -> None:
    for key in keys:
        is_own = key.kind == LOG and key.name == checkpoint.origin
        if is_own and checkpoint.signed_by(key) is not None:
            say("ok", f"{what} of {checkpoint.size} entries is signed by {key.name} ({key.key_id.hex()})")
            return
    raise Rejected(f"{what} is not signed by the key of the log")


def check_held(path: str, newest: Checkpoint, keys: Sequence[Key], leaves: Sequence[bytes] | None) -> None:
    """Require that a checkpoint somebody holds is of the same tree."""
    held, name = Checkpoint.parse(Path(path).read_text("utf-8")), f"the checkpoint in {path}"
    need(held.origin == newest.origin, f"{name} is of another chain")
    check_signature(held, keys, name)
    shorter = f"{name} is of {held.size} entries, the export of {newest.size} only: take a newer export;"
    need(held.size <= newest.size, f"{shorter} if that is short as well, ENTRIES WERE TAKEN AWAY")
    need(leaves or held.size == newest.size, f"{name} can be compared with a whole chain only")
    root = root_of(leaves[: held.size]) if leaves else newest.root
    need(root == held.root, f"THE LOG HAS FORKED: {name} was signed for other entries than these")
    say("ok", f"{name} is of the same tree")


def main(arguments: Sequence[str] | None = None) -> int:
    """Check an export as the command line says; returns the exit code."""
    given = argparse.ArgumentParser("verify", description="Check an export of a Covalent ledger offline.")
    given.add_argument("export", help="the ZIP file")
    given.add_argument("--key", action="append", default=[], help="a verifier key of the log that you know")
    given.add_argument("--checkpoint", action="append", default=[], help="a file with a checkpoint you hold")
    asked = given.parse_args(arguments)
    try:
        check(asked.export, asked.key, asked.checkpoint)
    except Rejected as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - the edge: whatever cannot be read is not verified
        reason = f"it cannot be read ({type(error).__name__}: {str(error)[:200]})"
    else:
        print("VERIFIED: nothing was changed, left out, added or reordered since the checkpoint was signed.")
        return 0
    print("REJECTED: " + "".join(each for each in reason if each.isprintable()), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
