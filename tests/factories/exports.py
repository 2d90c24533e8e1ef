"""Exports made without a database: sealed as ledger.sql seals, leaf format 1, under a key of the test."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import random
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.merkle import head, in_memory, inclusion_proof, leaf_hash, root_of, tree_head
from portal.notes import COSIGNER, Checkpoint, Signer

BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
ORIGIN = "testserver/5a2c8b56-0000-4000-8000-000000000000/shared"


def b64(data):
    return base64.b64encode(data).decode()


@dataclass
class Bundle:
    """The members of an export, before they become bytes."""

    about: dict
    lines: list
    members: dict = field(default_factory=lambda: {"verify.py": b"# verifier", "FORMAT.md": b"format"})

    def copy(self):
        return copy.deepcopy(self)

    def written(self):
        about = self.about if isinstance(self.about, bytes) else json.dumps(self.about).encode()
        lines = [
            each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in self.lines
        ]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
            for name, data in {
                "export.json": about,
                "entries.ndjson": b"".join(lines),
                **self.members,
            }.items():
                if data is not None:
                    bundle.writestr(name, data)
        return out.getvalue()


class Log:
    """A chain, its keys and its witness."""

    def __init__(self, *, seed=1, origin=ORIGIN):
        self.dice = random.Random(seed)  # noqa: S311 - dice, not a secret
        self.origin = origin
        self.signer = Signer(origin, Ed25519PrivateKey.from_private_bytes(self.dice.randbytes(32)))
        self.witness = Signer(
            "witness.example", Ed25519PrivateKey.from_private_bytes(self.dice.randbytes(32)), COSIGNER
        )
        self.headers, self.items = [], []

    def write(self, times=1, *, items=4, parts=0):
        for _ in range(times):
            header, kept = self._sealed(len(self.headers) + 1, items, parts)
            self.headers.append(header)
            self.items.append(kept)
        return self

    def write_items(self, kept):
        """One entry with exactly these items."""
        self.headers.append(self._header(len(self.headers) + 1, kept))
        self.items.append(kept)
        return self

    def _sealed(self, seq, items, parts=0):
        """The header of an entry, and its items."""
        kept = [
            (self.dice.randbytes(32), json.dumps({"item": f"part {n}", "value": f"{seq}/{n}"}).encode())
            for n in range(items + parts)
        ]
        return self._header(seq, kept, parts), kept

    def _header(self, seq, kept, parts=0):
        digests = [hashlib.sha256(salt + body).digest() for salt, body in kept]
        counted = digests[1 : 1 + parts]
        _, space, audience = self.origin.split("/")
        header = {
            "format": "1",
            "space": space,
            "audience": audience,
            "seq": str(seq),
            "sealed_at": (BEGAN + timedelta(seconds=seq, microseconds=seq)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "kind": "test.told",
            "schema": "1",
            "seat": "QA floor 07",
            "mac": "",
            "items": [each.hex() for each in digests if each not in counted],
            "parts": {"count": str(parts), "root": tree_head(counted).hex()} if parts else None,
        }
        return json.dumps(header).encode()

    @property
    def leaves(self):
        return [leaf_hash(each) for each in self.headers]

    def checkpoint(self, size=None, *, cosigned=True):
        size = len(self.headers) if size is None else size
        return self._note(size, head(in_memory(self.leaves), size), cosigned=cosigned)

    def _note(self, size, root, *, cosigned=True):
        text = Checkpoint(self.origin, size, root).text
        note = f"{text}\n{self.signer.line(text)}"
        return note + self.witness.line(text, 1_800_000_000) if cosigned else note

    def line(self, seq):
        return _line(seq, self.headers[seq - 1], self.items[seq - 1])

    def write_long(self, path, size):
        """An export of a whole chain of so many entries, which would not fit into memory."""
        leaves = []
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as bundle:
            with bundle.open(zipfile.ZipInfo("entries.ndjson"), "w", force_zip64=True) as lines:
                for seq in range(1, size + 1):
                    header, kept = self._sealed(seq, 4)
                    leaves.append(leaf_hash(header))
                    lines.write(json.dumps(_line(seq, header, kept)).encode() + b"\n")
            about = self._about(size, self._note(size, root_of(leaves)))
            for name, data in {"export.json": json.dumps(about), **Bundle(about, []).members}.items():
                bundle.writestr(name, data)

    def export(self, only=None):
        """The whole chain, or the entries with these numbers and their proofs."""
        size = len(self.headers)
        about = self._about(size, self.checkpoint())
        if only:
            about["scope"] = {"kind": "record", "record": "a record"}
        lines = [self.line(seq) for seq in only or range(1, size + 1)]
        if only:
            read = in_memory(self.leaves)
            for each in lines:
                each["proof"] = [b64(one) for one in inclusion_proof(read, each["seq"] - 1, size)]
        return Bundle(about, lines)

    def _about(self, size, checkpoint):
        return {
            "format": "covalent-export/1",
            "made_at": "2026-11-22T05:00:00Z",
            "origin": self.origin,
            "size": size,
            "keys": [str(self.signer.verifier)],
            "witnesses": [str(self.witness.verifier)],
            "checkpoint": checkpoint,
            "scope": {"kind": "chain"},
        }


def _line(seq, header, kept):
    return {"seq": seq, "header": b64(header), "items": [[b64(salt), b64(body)] for salt, body in kept]}
