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
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

MEMBERS: Final = {"FORMAT.md", "entries.ndjson", "export.json", "verify.py"}
words = re.compile(r"\w+").findall
EXPORT: Final = set(words("checkpoint format keys made_at origin scope size witnesses"))
HEADER: Final = set(words("audience format items kind mac parts schema sealed_at seat seq space"))
ENTRY: Final = ({"header", "items", "proof", "seq"}, {"header", "items", "seq"})
SEALED_AT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)
SIZE: Final = re.compile(r"[1-9][0-9]{0,18}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
FURTHER: Final = re.compile(r"files/[0-9a-f]{64}|record\.json|record\.pdf")
ATTACHMENT, SIGNED = b'"portal_attachment"', b'"portal_signature"'
SMALL_BYTES, CHUNK_BYTES, LINE_BYTES = 1 << 24, 1 << 23, 1 << 28
HASH_BYTES, LOG, COSIGNER = 32, 0x01, 0x04
SIGNATURE: Final = re.compile("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)")
Rejected = ValueError  # the export is not what it must be; the message says how


def need(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise Rejected(otherwise)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    need(len(found) == len(pairs), "an object names a member twice")
    return found


JSON: Any = json.JSONDecoder(object_pairs_hook=once, parse_float=int, parse_constant=int)  # and no fraction
unbase64 = partial(a2b_base64, strict_mode=True)
P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE: Final = pow(2, (P - 1) // 4, P)
BASE: Final = (4 * pow(5, -1, P) % P).to_bytes(32, "little")
Point = tuple[int, int, int, int]


def decode_json(text: str) -> Any:
    try:
        found, end = JSON.scan_once(text, 0)  # without what decode does around it
    except StopIteration:
        end = -1
    return found if end == len(text) else JSON.decode(text)


def add_points(a: Point, b: Point) -> Point:
    m, n = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    c, d = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(times: int, point: Point) -> Point:
    half = multiply(times >> 1, add_points(point, point)) if times else (0, 1, 1, 0)
    return add_points(half, point) if times & 1 else half


def point_of(raw: bytes) -> Point:
    y, sign = int.from_bytes(raw, "little") & (1 << 255) - 1, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * ROOT_OF_MINUS_ONE % P if (x * x - square) % P else x
    need(y < P and (x * x - square) % P == 0 and (x or not sign), "bytes are no point of the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def fits(key: bytes, message: bytes, signature: bytes) -> bool:
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 2 * HASH_BYTES or scalar >= L:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left = multiply(scalar, point_of(BASE))
    right = add_points(point_of(signature[:32]), multiply(digest, point_of(key)))
    return all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def root_of(level: bytes | bytearray) -> bytes:  # of hashes, one after the other
    while len(level) > HASH_BYTES:  # pairs are hashed level by level, an odd last one goes up as it is
        pairs = range(0, len(level) - HASH_BYTES, 64)
        level = b"".join([sha256(b"\x01" + level[at : at + 64]) for at in pairs]) + level[len(level) & -64 :]
    return bytes(level) or sha256(b"")


def root_by_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    if size == 1 or not proof:
        need(size == 1 and not proof, "an inclusion proof is too long or too short")
        return leaf
    half, last = 1 << (size - 1).bit_length() - 1, proof[-1]
    if index < half:
        return sha256(b"\x01" + root_by_proof(leaf, index, half, proof[:-1]) + last)
    return sha256(b"\x01" + last + root_by_proof(leaf, index - half, size - half, proof[:-1]))


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


class Checkpoint(NamedTuple):  # a signed note; each line under it as (name, key id, signature)
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
        need(all(lines), "a signature line is malformed")
        signed = [(each[1], unbase64(each[2])) for each in lines if each]
        signatures = [(name, raw[:4], raw[4:]) for name, raw in signed]
        return cls(text + "\n", origin, int(size), unbase64(root), signatures)

    def signed_by(self, key: Key) -> int | None:  # when, 0 for a log; rejects a false signature
        given = next((each[2] for each in self.signatures if each[:2] == (key.name, key.key_id)), None)
        if given is None:
            return None
        need(key.kind in (LOG, COSIGNER), f"the key of {key.name} is of an unknown type")
        at = int.from_bytes(given[:8], "big") if key.kind == COSIGNER else 0
        said = f"cosignature/v1\ntime {at}\n{self.text}" if key.kind == COSIGNER else self.text
        signature = given[8:] if key.kind == COSIGNER else given
        need(fits(key.raw, said.encode(), signature), f"the signature of {key.name} is false")
        return at


class Plan(NamedTuple):  # where the lines are, and what they are to agree with
    path: str
    starts_at: int
    ends_at: int
    newest: Checkpoint
    is_whole: bool


@dataclass
class Found:  # in one stretch of lines
    leaves: bytearray = field(default_factory=bytearray)
    told: set[tuple[str, str]] = field(default_factory=set)  # files by digest, signatures in words
    numbers: tuple[int, int] = (0, 0)
    sealed: tuple[str, str] = ("", "")
    items: int = 0
    digests_alone: int = 0


def check_stretch(plan: Plan, starts_at: int) -> Found:
    found = Found()
    with Path(plan.path).open("rb") as file:
        file.seek(max(starts_at - 1, plan.starts_at))
        if starts_at > plan.starts_at:
            file.readline(LINE_BYTES)
        at, ends_at = file.tell(), min(starts_at + CHUNK_BYTES, plan.ends_at)
        while at < ends_at:
            line = file.readline(min(LINE_BYTES, plan.ends_at - at))
            need(line.endswith(b"\n"), "a line of the entries has no end, or is too long")
            check_line(plan, line, found)
            at += len(line)
    return found


def check_line(plan: Plan, line: bytes, found: Found) -> None:
    entry = decode_json(line[:-1].decode("ascii"))
    need(type(entry) is dict and entry.keys() == ENTRY[plan.is_whole], "an entry has not the members it must")
    seq, raw = entry["seq"], unbase64(entry["header"])
    need(type(seq) is int and 0 < seq <= plan.newest.size, "an entry is not numbered within the chain")
    try:
        header = decode_json(raw.decode())
        need(type(header) is dict and header.keys() == HEADER, "its header has other members than it must")
        said = (header["format"], f"{header['space']}/{header['audience']}", header["seq"])
        need(said == ("1", plan.newest.origin.partition("/")[2], str(seq)), "its header is of another entry")
        check_items(header, entry["items"], found)
        check_place(plan, seq, header["sealed_at"], found)
        leaf = sha256(b"\x00" + raw)
        if plan.is_whole:
            found.leaves += leaf
        else:
            proof = list(map(unbase64, entry["proof"]))
            need(all(len(each) == HASH_BYTES for each in proof), "a hash of its proof has not 32 bytes")
            root = root_by_proof(leaf, seq - 1, plan.newest.size, proof)
            need(root == plan.newest.root, "its proof leads to another root")
    except (Rejected, TypeError, KeyError) as error:
        raise Rejected(f"entry {seq}: {error}") from error


def check_items(header: dict[str, Any], items: list[Any], found: Found) -> None:
    need(type(items) is list and type(header["items"]) is list, "items are a list")
    hashes = []
    for item in items:
        if type(item) is list:
            salt, body = a2b_base64(item[0], strict_mode=True), a2b_base64(item[1], strict_mode=True)
            need(len(salt) == HASH_BYTES and not item[2:], "a salt has not 32 bytes")
            hashes.append(hashlib.sha256(salt + body).hexdigest())
            if ATTACHMENT in body or SIGNED in body:
                note_row(json.loads(body), found)
        else:
            need(type(item) is str and DIGEST.fullmatch(item), "an item is salt and body, or a digest")
            hashes.append(item)
            found.digests_alone += 1
    found.items += len(items)
    named = set(header["items"] if header["parts"] else ())
    listed = [each for each in hashes if each in named] if header["parts"] else hashes
    need(listed == header["items"], "its items are not those that its header lists")
    if header["parts"] is not None:
        rest = [sha256(b"\x00" + bytes.fromhex(each)) for each in hashes if each not in named]
        is_complete = header["parts"] == {"count": str(len(rest)), "root": root_of(b"".join(rest)).hex()}
        need(is_complete, "its parts are not those that its header counts")


def note_row(change: dict[str, Any], found: Found) -> None:
    table, row = change.get("table"), change.get("new") or {}
    if table == "portal_attachment" and "sha256" in row:
        found.told.add(("file", row["sha256"]))
    elif table == "portal_signature" and "manifest" in row:
        holds = sha256(row["manifest"].encode()).hex() == row["digest"]
        words = f"{row['printed_name']}, {row['organisation']}: {row['meaning']}, {row['signed_at']}"
        sealed = "" if holds else " (its words are sealed or changed)"
        found.told.add(("ok" if holds else "note", f"signed by {words}{sealed}"))


def check_place(plan: Plan, seq: int, sealed_at: str, found: Found) -> None:
    need(type(sealed_at) is str and SEALED_AT.fullmatch(sealed_at), "it is not dated")
    first, last = found.numbers
    need(not first or (seq == last + 1 if plan.is_whole else seq > last), f"it follows entry {last}")
    need(sealed_at > found.sealed[1], "it was sealed before the entry that stands before it")
    found.numbers = (first or seq, seq)
    found.sealed = (found.sealed[0] or sealed_at, sealed_at)


def check_entries(plan: Plan) -> Found:
    starts, total = range(plan.starts_at, plan.ends_at, CHUNK_BYTES), Found()
    work = partial(check_stretch, plan)
    with multiprocessing.Pool() if starts[3:] else nullcontext() as pool:
        for each in pool.imap(work, starts) if pool else map(work, starts):
            if each.numbers[0]:
                check_place(plan, each.numbers[0], each.sealed[0], total)
                total.numbers, total.sealed = (total.numbers[0], each.numbers[1]), each.sealed
                total.leaves += each.leaves
                total.told |= each.told
                total.items += each.items
                total.digests_alone += each.digests_alone
    return total


def read_bundle(path: str) -> tuple[dict[str, Any], int, int]:  # and where the entries begin and end
    with zipfile.ZipFile(path) as bundle, Path(path).open("rb") as file:
        members = {each.filename: each for each in bundle.infolist()}
        own = [each for each in members if not FURTHER.fullmatch(each)]
        need(len(members) == len(bundle.infolist()) and set(own) == MEMBERS, "it has other or double members")
        need(not any(each.flag_bits & 1 for each in members.values()), "a member is encrypted")
        packed = {name for name, each in members.items() if each.compress_type != zipfile.ZIP_STORED}
        need(packed <= MEMBERS - {"entries.ndjson"}, "what is checked by its bytes is compressed")
        about, entries = members["export.json"], members["entries.ndjson"]
        need(about.file_size <= SMALL_BYTES, "export.json is too large")
        file.seek(entries.header_offset)
        lengths = file.read(30)[26:]  # of the name and the extra field that follow
        starts_at = file.tell() + sum(int.from_bytes(lengths[at:][:2], "little") for at in (0, 2))
        ends_at = starts_at + entries.file_size
        need(ends_at <= Path(path).stat().st_size, "entries.ndjson is cut off")
        found = decode_json(bundle.read(about).decode())
    need(type(found) is dict and set(found) - {"papers"} == EXPORT, "export.json has other members")
    need(found["format"] == "covalent-export/1", "it has another format")
    return found, starts_at, ends_at


def check_further(path: str, signed: Sequence[str], found: Found) -> None:
    papers = dict(each.split(" ")[2:] for each in signed)
    with zipfile.ZipFile(path) as bundle:
        for name in filter(FURTHER.fullmatch, bundle.namelist()):
            digest, is_file = sha256(bundle.read(name)).hex(), name.startswith("files/")
            need(digest == (name[6:] if is_file else papers.pop(name, "")), f"{name} has other bytes")
            need(not is_file or ("file", digest) in found.told, f"no entry names {name}")
            found.told -= {("file", digest)} if is_file else set()
            say("ok", f"{name} has the bytes that were {'sealed' if is_file else 'signed'}")
    need(not papers, "what people read is missing")
    for stands, words in sorted(found.told):
        lost = f"MISSING: files/{words}, which an entry names; it was left out, or it is lost"
        say(*("note", lost) if stands == "file" else (stands, words))


def say(kind: str, text: str) -> None:  # a hostile file does not get to steer the terminal
    print(f"  {kind:<5} " + "".join(filter(str.isprintable, text))[:300])


def check(export: str, key: Sequence[str], checkpoint: Sequence[str]) -> None:
    about, starts_at, ends_at = read_bundle(export)
    scope, newest = about["scope"], Checkpoint.parse(about["checkpoint"])
    is_whole = scope == {"kind": "chain"}
    need(is_whole or scope == {"kind": "record", "record": str(scope.get("record"))}, "its scope is unknown")
    is_named = (type(about["size"]), about["size"], about["origin"]) == (int, *newest[2:0:-1])
    need(is_named, "it names another size or origin")
    say("", f"Export of {newest.origin}, made {about['made_at']}")
    keys = list(map(Key.parse, key or about["keys"]))
    check_signature(newest, keys, "the checkpoint")
    papers = Checkpoint.parse(about.get("papers", about["checkpoint"]))
    signed = papers.text.split("\n")[3:-1] if "papers" in about else []
    is_own = all(each.startswith(f"paper {scope.get('record', 'chain')} ") for each in signed)
    need(is_own and papers[1:4] == newest[1:4], "its papers are of another record or checkpoint")
    if signed:
        check_signature(papers, keys, "what people read, beside the checkpoint")
    for each in map(Key.parse, about["witnesses"]):
        if (at := newest.signed_by(each)) is not None:
            when = datetime.fromtimestamp(min(at, 2**33), UTC)
            say("ok", f"cosigned by {each.name} ({each.key_id.hex()}), {when:%Y-%m-%d %H:%M:%S} UTC")
    found = check_entries(Plan(export, starts_at, ends_at, newest, is_whole))
    if is_whole:
        need(found.numbers == (1, newest.size), f"it does not hold the {newest.size} entries")
        need(root_of(found.leaves) == newest.root, "the checkpoint was signed for other entries")
        say("ok", f"{newest.size} entries with {found.items} items: the whole chain, without a gap")
    else:
        need(found.numbers[0], "it holds no entry")
        say("ok", f"{found.items} items of entries about {scope['record']}, each proved to be in the chain")
        say("note", "whether these are all entries about the record, only the whole chain shows")
    check_further(export, signed, found)
    for held in checkpoint:
        check_held(held, newest, keys, found.leaves if is_whole else None)
    if found.digests_alone:
        say("note", f"{found.digests_alone} items are there by digest alone: erased or withheld")
    if not key:
        say("note", "the key is the one the export itself names; give the one you know with --key")


def check_signature(checkpoint: Checkpoint, keys: Sequence[Key], what: str) -> None:
    for key in keys:
        if (key.kind, key.name) == (LOG, checkpoint.origin) and checkpoint.signed_by(key) is not None:
            say("ok", f"{what} of {checkpoint.size} entries is signed by {key.name} ({key.key_id.hex()})")
            return
    raise Rejected(f"{what} is not signed by the key of the log")


def check_held(path: str, newest: Checkpoint, keys: Sequence[Key], leaves: bytearray | None) -> None:
    held, name = Checkpoint.parse(Path(path).read_text("utf-8")), f"the checkpoint in {path}"
    need(held.origin == newest.origin, f"{name} is of another chain")
    check_signature(held, keys, name)
    shorter = f"{name} is of {held.size} entries, the export of {newest.size}: take a newer one; if that"
    need(held.size <= newest.size, f"{shorter} is short as well, ENTRIES WERE TAKEN AWAY")
    need(leaves or held.size == newest.size, f"{name} can be compared with a whole chain only")
    root = root_of(leaves[: HASH_BYTES * held.size]) if leaves else newest.root
    need(root == held.root, f"THE LOG HAS FORKED: {name} was signed for other entries than these")
    say("ok", f"{name} is of the same tree: you have seen {held.size} of {newest.size} entries")


def main(arguments: Sequence[str] | None = None) -> int:
    given = argparse.ArgumentParser("verify", description="Check an export of a Covalent ledger offline.")
    given.add_argument("export", help="the ZIP file")
    given.add_argument("--key", action="append", default=[], help="a verifier key of the log that you know")
    given.add_argument("--checkpoint", action="append", default=[], help="a file with a checkpoint you hold")
    try:
        check(**vars(given.parse_args(arguments)))
    except Exception as error:  # noqa: BLE001 - the edge: whatever cannot be read is not verified
        reason = str(error) if isinstance(error, Rejected) else f"it cannot be read ({error!r:.200})"
        print("REJECTED: " + "".join(filter(str.isprintable, reason)), file=sys.stderr)
        return 1
    print("VERIFIED: no entry was changed, left out, added or reordered since the checkpoint was signed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
