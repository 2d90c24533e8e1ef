"""A chain as a file that anybody can check without us (format: portal/offline/FORMAT.md)."""

from __future__ import annotations

import zipfile
from datetime import UTC
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import orjson

from portal.action import instant
from portal.actor import Actor
from portal.checkpoints import Published, list_cosignatures, signed_note
from portal.errors import NotFound
from portal.log_keys import origin_of, verifiers
from portal.proofs import SealedEntry, encoded, list_sealed, prove_entry
from portal.streams import ChainKey
from portal.tree import tiles_of

FORMAT: Final = "covalent-export/1"
OFFLINE: Final = Path(__file__).with_name("offline")
VERIFIER: Final = OFFLINE / "verify_export.py"


def write_export(
    actor: Actor, chain: ChainKey, published: Published, out: IO[bytes], *, record_id: UUID | None = None
) -> None:
    """Write the entries up to a checkpoint, or those about one record with their proofs, as a ZIP.

    Entries stand uncompressed, so that a verifier may read them in parts. Raises: NotFound, also when no
    entry is about the record.
    """
    read = tiles_of(chain, published.size)
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("export.json", orjson.dumps(_about(actor, chain, published, record_id)))
        with bundle.open(zipfile.ZipInfo("entries.ndjson"), "w", force_zip64=True) as lines:
            for entry in list_sealed(chain, published.size, record_id):
                proof = prove_entry(read, published, entry.seq) if record_id else None
                lines.write(line_of(entry, proof))
                count += 1
        bundle.write(VERIFIER, "verify.py")
        bundle.write(OFFLINE / "FORMAT.md", "FORMAT.md")
    if count == 0:
        raise NotFound


def line_of(entry: SealedEntry, proof: list[bytes] | None) -> bytes:
    """Return an entry as a line of the export."""
    members: dict[str, Any] = {
        "seq": entry.seq,
        "header": encoded(entry.header),
        "items": [
            each.digest.hex()
            if each.salt is None or each.body is None
            else [encoded(each.salt), encoded(each.body)]
            for each in entry.items
        ],
    }
    if proof is not None:
        members["proof"] = [encoded(each) for each in proof]
    return orjson.dumps(members, option=orjson.OPT_APPEND_NEWLINE)


def _about(actor: Actor, chain: ChainKey, published: Published, record_id: UUID | None) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "made_at": instant().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "origin": origin_of(chain),
        "size": published.size,
        "keys": [str(each) for each in verifiers(chain)],
        "witnesses": [each.key for each in list_cosignatures(actor, chain, published.number)],
        "checkpoint": signed_note(actor, chain, published),
        "scope": {"kind": "record", "record": str(record_id)} if record_id else {"kind": "chain"},
    }
