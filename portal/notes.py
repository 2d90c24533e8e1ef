"""Signed notes and checkpoints as C2SP writes them (signed-note, tlog-checkpoint, tlog-cosignature)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG: Final = 0x01
COSIGNER: Final = 0x04
DASH: Final = "\u2014 "
KEY_ID_BYTES: Final = 4
COSIGNED: Final = "cosignature/v1\ntime {time}\n{text}"
HASH_BYTES: Final = 32
TIME_BYTES: Final = 8
CHECKPOINT_LINES: Final = 3
SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(ValueError):
    """A note, a checkpoint or a key is not well formed, or a signature does not fit."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name: `name+key id+base64(type, key)`."""

    name: str
    kind: int
    key: bytes

    @property
    def key_id(self) -> bytes:
        """Return the first four bytes of the hash of name, type and key."""
        given = self.name.encode() + b"\n" + bytes([self.kind]) + self.key
        return hashlib.sha256(given).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the key as others configure it."""
        material = base64.b64encode(bytes([self.kind]) + self.key).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """Read a verifier key; raises NoteError."""
        try:
            name, key_id, material = text.strip().split("+", 2)
            raw = base64.b64decode(material, validate=True)
        except ValueError as error:
            raise NoteError("a key reads name+id+base64") from error
        if len(raw) != 1 + HASH_BYTES:
            raise NoteError("an Ed25519 key has 32 bytes")
        found = cls(name, raw[0], raw[1:])
        if found.key_id.hex() != key_id:
            raise NoteError("the key and its id do not belong together")
        return found

    def fits(self, message: bytes, signature: bytes) -> bool:
        """Say whether the signature over a message is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that signs notes under a name."""

    name: str
    key: Ed25519PrivateKey
    kind: int = LOG

    @property
    def verifier(self) -> Verifier:
        """Return the public half."""
        return Verifier(self.name, self.kind, self.key.public_key().public_bytes_raw())

    def line(self, text: str, at: int = 0) -> str:
        """Return the signature line under a text; a cosigner's carries the time `at`, in seconds."""
        if self.kind == COSIGNER:
            signature = at.to_bytes(TIME_BYTES) + self.key.sign(COSIGNED.format(time=at, text=text).encode())
        else:
            signature = self.key.sign(text.encode())
        return signature_line(self.verifier, signature)


def signature_line(verifier: Verifier, signature: bytes) -> str:
    """Return one line of a note, with its end."""
    return f"{DASH}{verifier.name} {base64.b64encode(verifier.key_id + signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, ending in a newline, and the signature lines under it as (name, key id, signature)."""

    text: str
    signatures: Sequence[tuple[str, bytes, bytes]]

    @classmethod
    def parse(cls, raw: str) -> Note:
        """Read a note; raises NoteError."""
        text, gap, lines = raw.rpartition("\n\n")
        if not gap or not lines.endswith("\n"):
            raise NoteError("a note is a text, an empty line and signature lines")
        return cls(text + "\n", [_signature(line) for line in lines[:-1].split("\n")])

    def signed_by(self, verifier: Verifier) -> int | None:
        """Return when the key signed this text, 0 for a log's own signature; None when it did not."""
        found = self._fitting(verifier)
        if found is None:
            return None
        return int.from_bytes(found[:TIME_BYTES]) if verifier.kind == COSIGNER else 0

    def line_of(self, verifier: Verifier) -> str | None:
        """Return the line with the key's signature over this text, None without one that fits."""
        found = self._fitting(verifier)
        return None if found is None else signature_line(verifier, found)

    def _fitting(self, verifier: Verifier) -> bytes | None:
        for name, key_id, signature in self.signatures:
            if (name, key_id) == (verifier.name, verifier.key_id) and self._fits(verifier, signature):
                return signature
        return None

    def _fits(self, verifier: Verifier, signature: bytes) -> bool:
        if verifier.kind == LOG:
            return verifier.fits(self.text.encode(), signature)
        if verifier.kind != COSIGNER or len(signature) <= TIME_BYTES:
            return False
        said = COSIGNED.format(time=int.from_bytes(signature[:TIME_BYTES]), text=self.text)
        return verifier.fits(said.encode(), signature[TIME_BYTES:])


def _signature(line: str) -> tuple[str, bytes, bytes]:
    name, space, material = line.removeprefix(DASH).partition(" ")
    try:
        raw = base64.b64decode(material, validate=True)
    except ValueError as error:
        raise NoteError("a signature is base64") from error
    if not line.startswith(DASH) or not space or not name or "+" in name or len(raw) <= KEY_ID_BYTES:
        raise NoteError("a signature line reads dash, name, base64")
    return name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: origin, size and root; further lines are kept."""

    origin: str
    size: int
    root: bytes
    extra: Sequence[str] = ()

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extra)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint; raises NoteError."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < CHECKPOINT_LINES or not lines[0] or not SIZE.fullmatch(lines[1]):
            raise NoteError("a checkpoint is origin, size and root, a line each")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except ValueError as error:
            raise NoteError("the root of a checkpoint is base64") from error
        if len(root) != HASH_BYTES:
            raise NoteError("a root has 32 bytes")
        return cls(lines[0], int(lines[1]), root, tuple(lines[CHECKPOINT_LINES:]))


def open_checkpoint(raw: str, keys: Mapping[str, Verifier] | Sequence[Verifier], origin: str) -> Checkpoint:
    """Return the checkpoint of a note that one of the keys signed, for this origin; raises NoteError."""
    note = Note.parse(raw)
    known = keys.values() if isinstance(keys, Mapping) else keys
    if all(note.signed_by(each) is None for each in known):
        raise NoteError("none of the known keys signed this checkpoint")
    found = Checkpoint.parse(note.text)
    if found.origin != origin:
        msg = f"this checkpoint is of {found.origin}, not of {origin}"
        raise NoteError(msg)
    return found
