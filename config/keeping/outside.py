"""Checkpoints that somebody else kept, and what they say about a ledger."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.keeping.errors import KeepingFailed
from config.keeping.ledger_state import Chain, Ledger
from config.keeping.reaching import AS_OWNER
from portal.notes import LOG, Checkpoint, Note, NoteError, Signer, Verifier
from portal.streams import ChainKey


@dataclass(frozen=True, slots=True)
class Held:
    """A checkpoint from outside that the log's own key signed; `note` carries that signature alone."""

    path: Path
    key: ChainKey
    size: int
    root: bytes
    note: str

    @property
    def name(self) -> str:
        """Return the chain as people name it."""
        return f"{self.key.space_id}/{self.key.audience}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison came to; `fault` is empty, `older`, `forked` or `damaged`, and `text` says it."""

    fault: str
    text: str
    held: Held | None = None


def read_held(places: Iterable[Path], *, ledger_key: Path, named: Sequence[str]) -> list[Held]:
    """Read checkpoints from files and from folders, such as a witness's state.

    They are believed by the key file of this log, by the keys that a witness pinned beside them and by those
    named. Raises: KeepingFailed for what is no checkpoint or is signed by none of these.
    """
    found: list[Held] = []
    for place in places:
        files = sorted(place.glob("*.checkpoint")) if place.is_dir() else [place]
        if not files:
            raise KeepingFailed(f"{place} holds no *.checkpoint; an empty folder proves nothing")
        pinned = place / "log.keys" if place.is_dir() else place.with_name("log.keys")
        texts = [*named, *(pinned.read_text("utf-8").split() if pinned.exists() else [])]
        try:
            keys = [Verifier.parse(each).key for each in texts] + _own_keys(ledger_key)
            found += [_read(path, keys) for path in files]
        except (NoteError, ValueError, OSError) as error:
            raise KeepingFailed(f"{place}: {error}") from error
    return found


def _own_keys(path: Path) -> list[bytes]:
    if not path.exists():
        return []
    seeds = [base64.b64decode(line, validate=True) for line in path.read_text("ascii").split()]
    return [Signer("", Ed25519PrivateKey.from_private_bytes(seed)).verifier.key for seed in seeds]


def _read(path: Path, keys: Sequence[bytes]) -> Held:
    note = Note.parse(path.read_text("utf-8"))
    checkpoint = Checkpoint.parse(note.text)
    _, space, audience = checkpoint.origin.rsplit("/", 2)
    lines = [line for key in keys if (line := note.line_of(Verifier(checkpoint.origin, LOG, key)))]
    if not lines:
        raise KeepingFailed(
            f"{path} is signed by no key of this log that is known here; name the log's key with --key"
        )
    key = ChainKey(UUID(space), audience)
    return Held(path, key, checkpoint.size, checkpoint.root, f"{note.text}\n" + "".join(dict.fromkeys(lines)))


def judge(ledger: Ledger, held: Sequence[Held]) -> list[Verdict]:
    """Check the ledger against itself, its own checkpoints and those held outside, chain by chain."""
    found: list[Verdict] = []
    for chain in ledger.chains:
        found += _judge_alone(chain, ledger.notes)
        found += [_compare(chain, each) for each in held if each.key == chain.key]
    if ledger.changed_items:
        found.append(Verdict("damaged", f"{ledger.changed_items} items are not what their digests say"))
    here = {chain.key for chain in ledger.chains}
    return found + [_gone(each) for each in held if each.key not in here]


def _judge_alone(chain: Chain, own: Mapping[ChainKey, tuple[int, str]]) -> list[Verdict]:
    found = [Verdict("damaged", f"{chain.name}: {fault}") for fault in chain.faults]
    if chain.key in own and not found:
        size, note = own[chain.key]
        checkpoint = Checkpoint.parse(Note.parse(note).text)
        if size > chain.size or chain.root(size) != checkpoint.root:
            text = f"{chain.name}: the ledger contradicts its own newest checkpoint of {size} entries"
            found.append(Verdict("forked", text))
    return found or [Verdict("", f"{chain.name}: {chain.size} entries agree with their hashes")]


def _compare(chain: Chain, held: Held) -> Verdict:
    whose = f"the checkpoint of {held.size} entries in {held.path}"
    if held.size > chain.size:
        text = (
            f"{chain.name}: OLDER than {whose}. It has {chain.size} entries;"
            f" {held.size - chain.size} that others hold are missing here."
        )
        return Verdict("older", text, held)
    if chain.root(held.size) != held.root:
        return Verdict("forked", f"{chain.name}: FORKED. {whose} was signed for other entries.", held)
    return Verdict("", f"{chain.name}: {whose} is of the same tree", held)


def _gone(held: Held) -> Verdict:
    text = f"{held.name}: GONE. {held.path} is a checkpoint of {held.size} entries; none is here."
    return Verdict("older", text, held)


def keep_contradicting(owner: str, verdicts: Sequence[Verdict]) -> int:
    """Put the checkpoints that contradict the ledger into it; returns how many.

    From then on the publisher meets them as the newest, tells `log_forked` and signs nothing on these
    chains: nobody is shown a second history under the same key.
    """
    kept = [each.held for each in verdicts if each.fault and each.held is not None]
    newest = {each.key: each for each in sorted(kept, key=lambda each: each.size)}
    with psycopg.connect(owner, options=AS_OWNER) as raw:
        for each in newest.values():
            raw.execute(
                "insert into ledger.checkpoint (space_id, audience, size, root, note, made_at)"
                " values (%s, %s, %s, %s, %s, portal.instant())",
                [each.key.space_id, each.key.audience, each.size, each.root, each.note],
            )
    return len(newest)
