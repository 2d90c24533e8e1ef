"""A second verifier, written from FORMAT.md alone; shares no line with the product. Slow and plain."""

import base64
import hashlib
import io
import json
import re
import zipfile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Bad(Exception):
    pass


def must(condition):
    if not condition:
        raise Bad


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def number(text):
    must(re.fullmatch(r"-?[0-9]+", text))
    return int(text)


def pairs(members):
    names = [name for name, _ in members]
    must(len(names) == len(set(names)))
    return dict(members)


def no_number(text):
    raise Bad


def parse_json(raw):
    return json.loads(
        raw.decode("utf-8"), object_pairs_hook=pairs, parse_int=number, parse_float=no_number,
        parse_constant=no_number,
    )  # fmt: skip


def unb64(text):
    must(
        isinstance(text, str) and len(text) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]*={0,2}", text, re.ASCII)
    )
    return base64.b64decode(text)


def mth(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\x01", mth(leaves[:k]), mth(leaves[k:]))


def root_from_path(leaf, index, size, path):
    """RFC 6962 2.1.1, read backwards: the last hash of the path is the one next to the root."""
    if size == 1:
        must(path == [])
        return leaf
    must(path)
    k = 1
    while k * 2 < size:
        k *= 2
    if index < k:
        return sha(b"\x01", root_from_path(leaf, index, k, path[:-1]), path[-1])
    return sha(b"\x01", path[-1], root_from_path(leaf, index - k, size - k, path[:-1]))


class VerifierKey:
    def __init__(self, text):
        must(isinstance(text, str))
        name, key_id, material = text.strip().split("+", 2)
        raw = unb64(material)
        must(len(raw) == 33)
        must(sha(name.encode(), b"\n", raw)[:4].hex() == key_id)
        self.name, self.id, self.type = name, raw and bytes.fromhex(key_id), raw[0]
        self.public = Ed25519PublicKey.from_public_bytes(raw[1:])

    def verify(self, signature, message):
        try:
            self.public.verify(signature, message)
        except InvalidSignature as error:
            raise Bad from error


class SignedCheckpoint:
    def __init__(self, note):
        must(isinstance(note, str))
        cut = note.rindex("\n\n")
        self.text, below = note[: cut + 1], note[cut + 2 :]
        lines = self.text[:-1].split("\n")
        must(len(lines) >= 3 and lines[0])
        self.origin = lines[0]
        must(re.fullmatch(r"[1-9][0-9]{0,18}", lines[1], re.ASCII))
        self.size, self.root = int(lines[1]), unb64(lines[2])
        must(len(self.root) == 32)
        must(below.endswith("\n"))
        self.signatures = []
        for line in below[:-1].split("\n"):
            dash, name, material = line.split(" ")
            must(dash == "\u2014" and name and "+" not in name)
            raw = unb64(material)
            must(material)
            self.signatures.append((name, raw[:4], raw[4:]))

    def check(self, key):
        for name, key_id, signature in self.signatures:
            if (name, key_id) == (key.name, key.id):
                must(key.type in (1, 4))
                if key.type == 1:
                    key.verify(signature, self.text.encode())
                else:
                    seconds = int.from_bytes(signature[:8], "big")
                    key.verify(signature[8:], f"cosignature/v1\ntime {seconds}\n{self.text}".encode())
                return True
        return False


def check_log_signature(checkpoint, keys):
    for key in keys:
        if key.type == 1 and key.name == checkpoint.origin and checkpoint.check(key):
            return
    raise Bad


def accepts(data, *, held=(), known=()):
    """Say whether an export (its bytes) is right."""
    try:
        _check(data, held, known)
    except Exception:  # noqa: BLE001 - whatever cannot be read is not right
        return False
    return True


def missing(data):
    """Return the digests of the files that entries name and the export does not hold."""
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        here = {each.removeprefix("files/") for each in bundle.namelist()}
        return _files_named(bundle.read("entries.ndjson")) - here


def _check(data, held, known):
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        names = sorted(each.filename for each in bundle.infolist())
        further = [
            each for each in names if re.fullmatch(r"files/[0-9a-f]{64}|record\.json|record\.pdf", each)
        ]
        must(len(set(names)) == len(names))
        must(sorted(set(names) - set(further)) == ["FORMAT.md", "entries.ndjson", "export.json", "verify.py"])
        must(all(bundle.getinfo(each).compress_type == zipfile.ZIP_STORED for each in further))
        beside = {each: bundle.read(each) for each in further}
        must(not any(each.flag_bits & 1 for each in bundle.infolist()))
        must(bundle.getinfo("entries.ndjson").compress_type == zipfile.ZIP_STORED)
        must(bundle.getinfo("export.json").file_size <= 16 * 2**20)
        about, entries = parse_json(bundle.read("export.json")), bundle.read("entries.ndjson")
    names = {"format", "made_at", "origin", "size", "keys", "witnesses", "checkpoint", "scope"}
    must(set(about) - {"papers"} == names)
    must(about["format"] == "covalent-export/1")
    checkpoint = SignedCheckpoint(about["checkpoint"])
    must(about["origin"] == checkpoint.origin)
    must(type(about["size"]) is int and about["size"] == checkpoint.size)
    keys = [VerifierKey(each) for each in (known or about["keys"])]
    check_log_signature(checkpoint, keys)
    for each in about["witnesses"]:
        checkpoint.check(VerifierKey(each))
    scope = about["scope"]
    must(isinstance(scope, dict))
    whole = scope == {"kind": "chain"}
    must(whole or (set(scope) == {"kind", "record"} and scope["kind"] == "record"))
    must(whole or isinstance(scope["record"], str))
    leaves = _check_entries(entries, checkpoint, whole=whole)
    if whole:
        must(len(leaves) == checkpoint.size and mth(leaves) == checkpoint.root)
    _check_beside(beside, about, checkpoint, keys, _files_named(entries))
    for each in held:
        older = SignedCheckpoint(each)
        must(older.origin == checkpoint.origin and older.size <= checkpoint.size)
        check_log_signature(older, keys)
        must(whole or older.size == checkpoint.size)
        must(older.root == (mth(leaves[: older.size]) if whole else checkpoint.root))


def _files_named(entries):
    found = set()
    for line in entries[:-1].split(b"\n"):
        for item in parse_json(line)["items"]:
            if isinstance(item, list):
                body = json.loads(unb64(item[1]))
                if isinstance(body, dict) and body.get("table") == "portal_attachment" and body.get("new"):
                    found.add(body["new"].get("sha256"))
    return found


def _check_beside(beside, about, checkpoint, keys, named):
    expected = {}
    if "papers" in about:
        signed = SignedCheckpoint(about["papers"])
        must(
            (signed.origin, signed.size, signed.root) == (checkpoint.origin, checkpoint.size, checkpoint.root)
        )
        check_log_signature(signed, keys)
        for line in about["papers"].rpartition("\n\n")[0].split("\n")[3:]:
            word, record, name, digest = line.split(" ")
            must(word == "paper" and record == about["scope"].get("record", "chain"))
            expected[name] = digest
    must(set(expected) == {each for each in beside if not each.startswith("files/")})
    for name, data in beside.items():
        digest = sha(data).hex()
        if name.startswith("files/"):
            must(name == f"files/{digest}" and digest in named)
        else:
            must(digest == expected[name])


def _check_entries(entries, checkpoint, *, whole):
    leaves, last_seq, last_time = [], 0, ""
    must(entries.endswith(b"\n"))
    for line in entries[:-1].split(b"\n"):
        must(line.isascii())
        entry = parse_json(line)
        must(set(entry) == {"seq", "header", "items"} | (set() if whole else {"proof"}))
        seq, raw = entry["seq"], unb64(entry["header"])
        must(type(seq) is int and 1 <= seq <= checkpoint.size)
        must(seq == last_seq + 1 if whole else seq > last_seq)
        header = parse_json(raw)
        _check_header(header, seq, checkpoint.origin)
        must(header["sealed_at"] > last_time)
        last_seq, last_time = seq, header["sealed_at"]
        _check_items(header, entry["items"])
        leaf = sha(b"\x00", raw)
        leaves.append(leaf)
        if not whole:
            path = [unb64(each) for each in entry["proof"]]
            must(all(len(each) == 32 for each in path))
            must(root_from_path(leaf, seq - 1, checkpoint.size, path) == checkpoint.root)
    must(leaves)
    return leaves


def _check_header(header, seq, origin):
    must(set(header) == {"format", "space", "audience", "seq", "sealed_at", "kind", "schema", "seat", "mac",
                         "items", "parts"})  # fmt: skip
    must(header["format"] == "1" and header["seq"] == str(seq))
    must(f"{header['space']}/{header['audience']}" == origin.split("/", 1)[1])
    when = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
    must(re.fullmatch(when, header["sealed_at"]))


def _check_items(header, items):
    must(isinstance(items, list) and isinstance(header["items"], list))
    digests = []
    for item in items:
        if isinstance(item, str):
            must(re.fullmatch(r"[0-9a-f]{64}", item))
            digests.append(item)
        else:
            salt, body = item
            must(len(unb64(salt)) == 32)
            digests.append(sha(unb64(salt), unb64(body)).hex())
    if header["parts"] is None:
        must(digests == header["items"])
        return
    must([each for each in digests if each in header["items"]] == header["items"])
    others = [bytes.fromhex(each) for each in digests if each not in header["items"]]
    root = mth([sha(b"\x00", each) for each in others])
    must(header["parts"] == {"count": str(len(others)), "root": root.hex()})
