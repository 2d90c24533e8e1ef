"""A witness: follows chains from outside, cosigns each checkpoint that continues the last, refuses a fork.

It stands at either party and needs nothing of ours but the API. What it has seen lies in files; a checkpoint
is on disk before it is cosigned, so that a witness that dies never cosigns two histories.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.merkle import (
    HASH_BYTES,
    LEVELS_A_TILE,
    WIDTH,
    ProofError,
    Read,
    check_consistency,
    consistency_proof,
)
from portal.notes import COSIGNER, LOG, Checkpoint, NoteError, Signer, Verifier, open_checkpoint

AUDIENCES: Final = ("shared", "manufacturer", "sponsor")
NOT_FOUND: Final = 404
TIMEOUT_S: Final = 30.0
INDEX_DIGITS: Final = 1000


class Clock(Protocol):
    """Seconds since 1970."""

    def __call__(self) -> float:
        """Return them."""


class ForkError(RuntimeError):
    """The log shows another history than before; nothing was cosigned, both notes are kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pass over one chain came to; `size` is what was cosigned."""

    chain: str
    size: int


class State:
    """The witness's files: its key, the log's key and the last checkpoint of each chain."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep a second witness from the same files; raises BlockingIOError."""
        with (self.folder / ".lock").open("w") as lock:
            flock(lock, LOCK_EX | LOCK_NB)
            yield

    def key(self) -> Ed25519PrivateKey:
        """Return the witness's own key, made at first use."""
        kept = self.read("witness.key")
        if kept is None:
            kept = base64.b64encode(secrets.token_bytes(HASH_BYTES)).decode()
            self.write("witness.key", kept)
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(kept))

    def read(self, name: str) -> str | None:
        """Return what is kept under a name."""
        path = self.folder / name
        return path.read_text("utf-8") if path.exists() else None

    def write(self, name: str, text: str) -> None:
        """Keep a text for good: after a power cut there is the old or the new one, never a part."""
        beside = self.folder / f".{name}.new"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.folder / name)
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Witness:
    """Follows the chains of some programs for one party; `name` is what its cosignatures are known by."""

    def __init__(self, http: httpx.Client, state: State, name: str, clock: Clock) -> None:
        self._http = http
        self._state = state
        self._signer = Signer(name, state.key(), COSIGNER)
        self._clock = clock

    @property
    def verifier(self) -> Verifier:
        """Return the public key by which others check the cosignatures."""
        return self._signer.verifier

    def follow(self, programs: Sequence[UUID]) -> Iterator[Seen | ForkError]:
        """Visit every chain that may be followed; a fork is yielded, not raised, so that the others go on."""
        for program in programs:
            for audience in AUDIENCES:
                try:
                    seen = self._visit(f"{program}/{audience}")
                except ForkError as fork:
                    yield fork
                else:
                    if seen is not None:
                        yield seen

    def programs(self) -> list[UUID]:
        """Return the programs that the witness's key may see."""
        found: list[UUID] = []
        url: str | None = "/api/v1/programs/"
        while url:
            page = self._http.get(url).raise_for_status().json()
            found += [UUID(each["id"]) for each in page["results"]]
            url = page["next"]
        return found

    def _visit(self, chain: str) -> Seen | None:
        answer = self._http.get(f"/api/v1/ledger/{chain}/checkpoint")
        if answer.status_code == NOT_FOUND:
            self._require_never_seen(chain)
            return None
        note = answer.raise_for_status().text
        try:
            checkpoint = open_checkpoint(note, self._log_keys(chain), _origin(note, chain))
            self._require_continued(chain, checkpoint)
        except (NoteError, ProofError) as error:
            self._state.write(f"{_file(chain)}.refused", note)
            raise ForkError(
                f"{chain}: {error}. Refused; the note is kept beside the last good one."
            ) from error
        self._state.write(_file(chain), note)
        line = self._signer.line(checkpoint.text, int(self._clock()))
        sent = {"note": f"{checkpoint.text}\n{line}", "key": str(self.verifier)}
        self._http.post(f"/api/v1/ledger/{chain}/cosignatures", json=sent).raise_for_status()
        return Seen(chain, checkpoint.size)

    def _require_never_seen(self, chain: str) -> None:
        if self._state.read(_file(chain)) is not None:
            raise ForkError(
                f"{chain}: a chain that had checkpoints is gone, or this key lost its sight of it."
            )

    def _require_continued(self, chain: str, checkpoint: Checkpoint) -> None:
        kept = self._state.read(_file(chain))
        if kept is None:
            return
        last = Checkpoint.parse(kept.rpartition("\n\n")[0] + "\n")
        if checkpoint.size < last.size:
            raise ProofError(f"THE LOG WENT BACK from {last.size} entries to {checkpoint.size}")
        proof = consistency_proof(self._tiles(chain, checkpoint.size), last.size, checkpoint.size)
        try:
            check_consistency(last.size, checkpoint.size, proof, last.root, checkpoint.root)
        except ProofError as error:
            raise ProofError(f"THE LOG HAS FORKED since {last.size} entries: {error}") from error

    def _tiles(self, chain: str, size: int) -> Read:
        def read(level: int, start: int, end: int) -> Sequence[bytes]:
            tile = start // WIDTH
            width = min(WIDTH, (size >> LEVELS_A_TILE * level) - tile * WIDTH)
            url = f"/api/v1/ledger/{chain}/tile/{level}/{tile_path(tile, width)}"
            raw = self._http.get(url).raise_for_status().content
            if len(raw) != width * HASH_BYTES:
                raise ProofError("a tile has another length than the tree says")
            hashes = [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]
            return hashes[start - tile * WIDTH : end - tile * WIDTH]

        return read

    def _log_keys(self, chain: str) -> list[Verifier]:
        """Return the log's keys under the name of a chain: pinned at first use, one a line."""
        pinned = self._state.read("log.keys")
        if pinned is None:
            said = self._http.get(f"/api/v1/ledger/{chain}/consistency?from=0").raise_for_status().json()
            pinned = "".join(f"{each}\n" for each in said["keys"])
            self._state.write("log.keys", pinned)
        keys = [Verifier.parse(each) for each in pinned.splitlines()]
        return [Verifier(f"{each.name.partition('/')[0]}/{chain}", LOG, each.key) for each in keys]


def tile_path(number: int, width: int) -> str:
    """Return the path of a tile (C2SP tlog-tiles)."""
    number, last = divmod(number, INDEX_DIGITS)
    path = f"{last:03}"
    while number:
        number, part = divmod(number, INDEX_DIGITS)
        path = f"x{part:03}/{path}"
    return path if width == WIDTH else f"{path}.p/{width}"


def _origin(note: str, chain: str) -> str:
    """Return the origin that a note must have: the host it names, and the chain that was asked for."""
    return f"{note.partition('/')[0]}/{chain}"


def _file(chain: str) -> str:
    return chain.replace("/", ".") + ".checkpoint"
