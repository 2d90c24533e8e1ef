"""Publish checkpoints of the ledger's chains, keep what witnesses say about them, note who holds which."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.checkpoints import Published, fault_of, find_newest, require_chain
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.log_keys import origin_of, signers
from portal.merkle import HASH_BYTES, head, tree_head
from portal.models import Program
from portal.notes import COSIGNER, Checkpoint, Note, NoteError, Verifier
from portal.states import SYSTEM, Audience
from portal.streams import ChainKey, heads_of
from portal.tree import grow, tiles_of

INTERVAL: Final = timedelta(hours=1)
# After a long stop the intervals that ended meanwhile follow in several checkpoints.
INTERVALS_AT_ONCE: Final = 168
PADDED_LEAST: Final = 16
WITNESSES_MAX: Final = 16
PRIVATE: Final = (Audience.MANUFACTURER, Audience.SPONSOR)


class LogForked(Conflict):
    """The chain is not the one that the newest checkpoint was signed for; nothing more is signed."""

    code = "log_forked"


@action("checkpoint.publish")
def publish_checkpoint(actor: Actor, space_id: UUID, *, audience: str) -> Published | None:
    """Sign the present head of a chain, when it grew or an interval of a private chain ended.

    Returns the checkpoint, None when there is nothing to sign or another process is signing. All or nothing:
    a process that dies leaves the tree as it was. Raises: LogForked, Refused, LogKeyError.
    """
    require_role(actor, space_id, SYSTEM, to="publish a checkpoint")
    chain = ChainKey(space_id, audience)
    if not _lock(chain, waits=False):
        return None
    newest, size = find_newest(actor, chain), heads_of(actor, space_id)[audience]
    if newest is not None and (fault := fault_of(chain, newest, size)):
        detail = f"The chain of {size} entries contradicts its checkpoint of {newest.size} ({fault})."
        raise LogForked(detail, space=str(space_id), audience=audience)
    lines = _close_intervals(actor, chain) if audience == Audience.SHARED else []
    if size == 0 or (newest is not None and newest.size == size and not lines):
        return None
    grow(chain, size)
    return _sign(chain, size, lines)


def _sign(chain: ChainKey, size: int, lines: list[str]) -> Published:
    root = head(tiles_of(chain, size), size)
    text = Checkpoint(origin_of(chain), size, root, lines).text
    note = f"{text}\n" + "".join(each.line(text) for each in signers(chain))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger.checkpoint (space_id, audience, size, root, note, made_at)"
            " values (%s, %s, %s, %s, %s, %s) returning number",
            [*chain, size, root, note, instant()],
        )
        return Published(cursor.fetchone()[0], size, root, note, instant())


def _lock(chain: ChainKey, *, waits: bool) -> bool:
    """Take the chain's publishing for this transaction; readers and writers of the chain go on."""
    digest = hashlib.sha256(f"covalent.publish:{chain.space_id}:{chain.audience}".encode()).digest()
    function = "pg_advisory_xact_lock" if waits else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(%s)", [int.from_bytes(digest[:8], signed=True)])
        return waits or bool(cursor.fetchone()[0])


def _close_intervals(actor: Actor, shared: ChainKey) -> list[str]:
    """Commit to what the private chains of a program held in each interval that has ended."""
    if Program.objects.visible_to(actor).with_id(shared.space_id) is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select date_trunc('hour', sealed_at, 'UTC') from ledger.entry"
            " where space_id = %s and audience = %s and seq = 1",
            list(shared),
        )
        row = cursor.fetchone()
    if row is None:
        return []
    lines = [_close(ChainKey(shared.space_id, each), row[0]) for each in PRIVATE]
    return [line for of_one in lines for line in of_one]


def _close(chain: ChainKey, began_at: datetime) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select starts_at, upto from ledger.padded where space_id = %s and audience = %s"
            " order by starts_at desc limit 1",
            list(chain),
        )
        row = cursor.fetchone()
    starts_at, upto = (row[0] + INTERVAL, row[1]) if row else (began_at, 0)
    lines: list[str] = []
    while starts_at + INTERVAL <= instant() and len(lines) < INTERVALS_AT_ONCE:
        upto, root = _close_one(chain, starts_at, upto)
        at = starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(f"private {chain.audience} {at} {base64.b64encode(root).decode()}")
        starts_at += INTERVAL
    return lines


def _close_one(chain: ChainKey, starts_at: datetime, upto: int) -> tuple[int, bytes]:
    """Keep one interval. An entry that commits after its end stands in the next: none is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select seq, leaf_hash from ledger.entry where space_id = %s and audience = %s"
            " and seq > %s and sealed_at < %s order by seq",
            [*chain, upto, starts_at + INTERVAL],
        )
        rows = cursor.fetchall()
        leaves = pad([bytes(leaf) for _, leaf in rows])
        root = tree_head(leaves)
        last: int = rows[-1][0] if rows else upto
        cursor.execute(
            "insert into ledger.padded (space_id, audience, starts_at, upto, root, leaves)"
            " values (%s, %s, %s, %s, %s, %s)",
            [*chain, starts_at, last, root, leaves],
        )
    return last, root


def pad(leaves: list[bytes]) -> list[bytes]:
    """Return leaf hashes in random order among random ones, a power of two in all, at least 16 (ground 4)."""
    wanted = max(PADDED_LEAST, 1 << (len(leaves) - 1).bit_length() if leaves else 0)
    mixed = leaves + [secrets.token_bytes(HASH_BYTES) for _ in range(wanted - len(leaves))]
    secrets.SystemRandom().shuffle(mixed)
    return mixed


@action("checkpoint.cosign")
def keep_cosignature(actor: Actor, space_id: UUID, *, audience: str, note: str, key: str) -> int:
    """Keep a witness's cosignature over exactly one checkpoint of this log; returns the checkpoint's size.

    `note` is the checkpoint with the witness's line under it (C2SP tlog-cosignature), `key` its verifier
    key. The first cosignature pins the witness's name to that key and to the actor's organisation. Keeping
    one again changes nothing. Raises: NotFound, Refused, Invalid, Conflict.
    """
    chain = ChainKey(space_id, audience)
    require_chain(actor, chain)
    if actor.organisation_id is None:
        raise Refused("A witness speaks for an organisation; this account belongs to none.")
    try:
        witness, said = Verifier.parse(key), Note.parse(note)
        line, size = said.line_of(witness), Checkpoint.parse(said.text).size
    except NoteError as error:
        raise Invalid(f"This is no cosigned checkpoint: {error}.") from error
    if witness.kind != COSIGNER or line is None:
        raise Invalid("The note carries no cosignature of this key over this checkpoint.")
    _lock(chain, waits=True)
    number = _number_of(chain, size, said.text)
    _require_pinned(chain, witness, actor.organisation_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger.cosignature"
            " (checkpoint, space_id, audience, organisation_id, witness, key, line, at)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [number, *chain, actor.organisation_id, witness.name, str(witness), line, instant()],
        )
    _hold(chain, size, actor.organisation_id, "witness")
    return size


def _number_of(chain: ChainKey, size: int, text: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select number from ledger.checkpoint where space_id = %s and audience = %s and size = %s"
            " and starts_with(note, %s) order by number desc limit 1",
            [*chain, size, f"{text}\n"],
        )
        row = cursor.fetchone()
    if row is None:
        detail = "This checkpoint was never published here. If the log's key signed it, the log has forked."
        raise Conflict(detail, code="unknown_checkpoint")
    number: int = row[0]
    return number


def _require_pinned(chain: ChainKey, witness: Verifier, organisation_id: UUID) -> None:
    """Trust on first use: a name, its key and its organisation belong together from then on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select witness, key, organisation_id from ledger.cosignature"
            " where space_id = %s and audience = %s and (witness = %s or key = %s or organisation_id = %s)"
            " group by 1, 2, 3",
            [*chain, witness.name, str(witness), organisation_id],
        )
        known = set(cursor.fetchall())
    said = (witness.name, str(witness), organisation_id)
    if said in known:
        return
    if any(name == said[0] or key == said[1] for name, key, _ in known):
        detail = "This witness is known here with another key or for another organisation."
        raise Conflict(detail, code="witness_pinned")
    if len(known) >= WITNESSES_MAX:
        raise Conflict(f"An organisation has at most {WITNESSES_MAX} witnesses on a chain.")


@action("checkpoint.hold")
def hold_checkpoint(actor: Actor, space_id: UUID, *, audience: str, size: int, how: str) -> int:
    """Write down that the actor's organisation got the checkpoint of this size; once for each way.

    `how` is checkpoint, export, mail or webhook. Returns the size. Raises: NotFound.
    """
    chain = ChainKey(space_id, audience)
    require_chain(actor, chain)
    with connection.cursor() as cursor:
        cursor.execute(
            "select from ledger.checkpoint where space_id = %s and audience = %s and size = %s limit 1",
            [*chain, size],
        )
        if cursor.fetchone() is None:
            raise NotFound
    if actor.organisation_id is not None:
        _hold(chain, size, actor.organisation_id, how)
    return size


def _hold(chain: ChainKey, size: int, organisation_id: UUID, how: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger.holder (space_id, audience, size, organisation_id, how, at)"
            " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            [*chain, size, organisation_id, how, instant()],
        )
