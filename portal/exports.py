"""A chain, or one record of it, as a file that anybody can check without us (portal/offline/FORMAT.md)."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import orjson
from django.db import connection

from portal import blobs
from portal.action import instant
from portal.actor import Actor
from portal.attachments import list_attachments
from portal.checkpoints import Published, list_cosignatures, require_chain, signed_note
from portal.dossiers import WHOLE, Dossier, find_dossier
from portal.errors import NotFound, TooLarge
from portal.log_keys import origin_of, signers, verifiers
from portal.notes import Checkpoint
from portal.paper import Proof, print_dossier
from portal.program_dossier import find_program_dossier
from portal.proofs import SealedEntry, encoded, list_sealed, prove_entry
from portal.sealing import is_readable, require_readable
from portal.states import Audience
from portal.streams import ChainKey
from portal.tree import TreeIncompleteError, tiles_of

FORMAT: Final = "covalent-export/1"
RECORD_FORMAT: Final = "covalent-record/1"
OFFLINE: Final = Path(__file__).with_name("offline")
VERIFIER: Final = OFFLINE / "verify_export.py"
FILES_BYTES_MAX: Final = 512 * 1024 * 1024
ATTACHED: Final = b'"portal_attachment"'


@dataclass(frozen=True, slots=True)
class Papers:
    """What people read of a record: its JSON, and the same as PDF with that JSON attached."""

    row_ids: Collection[UUID]
    members: Mapping[str, bytes]


def write_export(
    actor: Actor,
    chain: ChainKey,
    published: Published,
    out: IO[bytes],
    *,
    record_id: UUID | None = None,
    with_files: bool = True,
    paper: str = WHOLE,
) -> None:
    """Write the entries up to a checkpoint, or those about one record with their proofs, as a ZIP.

    Beside them stand the files that these entries name, and of a record what people read: it alone, or with
    what is evidence of it (`paper`). Entries and files are not compressed, so that a verifier may read them
    in parts. Raises: NotFound, also when no entry is about the record, TooLarge, Unavailable.
    """
    papers = make_papers(actor, chain, published, record_id, paper=paper)
    if paper != WHOLE and not papers.members:
        raise NotFound
    read = tiles_of(chain, published.size)
    named: set[str] = set()
    count = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        about = _about(actor, chain, published, record_id, papers)
        bundle.writestr("export.json", orjson.dumps(about))
        with bundle.open(zipfile.ZipInfo("entries.ndjson"), "w", force_zip64=True) as lines:
            for entry in list_sealed(chain, published.size, papers.row_ids if record_id else None):
                proof = prove_entry(read, published, entry.seq) if record_id else None
                lines.write(line_of(entry, proof))
                named.update(_files_of(entry))
                count += 1
        if count == 0:
            raise NotFound
        if with_files:
            _write_files(actor, chain, named, bundle)
        for name, data in papers.members.items():
            bundle.writestr(zipfile.ZipInfo(name), data)
        bundle.write(VERIFIER, "verify.py")
        bundle.write(OFFLINE / "FORMAT.md", "FORMAT.md")


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


def _files_of(entry: SealedEntry) -> Iterable[str]:
    """Yield the digests of the files that an entry says were attached or disclosed."""
    for item in entry.items:
        if item.body is not None and ATTACHED in item.body:
            change = orjson.loads(item.body)
            image = change.get("new") or {}
            if change.get("table") == "portal_attachment" and "sha256" in image:
                yield image["sha256"]


def _write_files(actor: Actor, chain: ChainKey, named: set[str], bundle: zipfile.ZipFile) -> None:
    """Write each file once under the digest of its bytes. Raises: TooLarge, BlobDamagedError."""
    rows = list_attachments(actor).filter(space_id=chain.space_id, sha256__in=named)
    files = {each.sha256: each for each in rows.order_by("-attached_at", "id")}
    total = sum(each.size for each in files.values())
    if total > FILES_BYTES_MAX:
        detail = (
            f"The files have {total} bytes; at most {FILES_BYTES_MAX} go into one export."
            " Export records one by one, or without files (files=no)."
        )
        raise TooLarge(detail, limit=FILES_BYTES_MAX)
    for digest, each in sorted(files.items()):
        require_readable(str(each.file_key))
        data = blobs.read(each.blob, file_key=str(each.file_key), sha256=digest)
        bundle.writestr(zipfile.ZipInfo(f"files/{digest}"), data)


def make_papers(
    actor: Actor, chain: ChainKey, published: Published, record_id: UUID | None, *, paper: str = WHOLE
) -> Papers:
    """Return what people read of a record, or of the program; nothing of what is not printed.

    Raises: NotFound, Unavailable.

    It is of the instant of the checkpoint's last entry. On a shared chain it is what both sides may see,
    whoever asks: the copy may be handed on.
    """
    is_shared = chain.audience == Audience.SHARED
    as_of = _sealed_at(actor, chain, published.size) if is_shared else instant()
    chains = (chain.audience,) if is_shared else None
    if record_id is None:
        dossier = find_program_dossier(actor, chain.space_id, as_of, chains)
    else:
        dossier = find_dossier(actor, record_id, as_of, chains, paper=paper)
    if dossier is None:
        return Papers({record_id} if record_id else (), {})
    proof = Proof(
        audience=chain.audience,
        origin=origin_of(chain),
        size=published.size,
        root=published.root.hex(),
        signed_at=published.made_at,
        keys=[str(each) for each in verifiers(chain)],
        witnesses=[each.key for each in list_cosignatures(actor, chain, published.number)],
    )
    now = instant()
    data = _record(dossier, proof, as_of, now)
    if not is_readable(data.decode()):
        # What stands in the place of words is not handed out, and signed, as if it were what the record says.
        return Papers(dossier.row_ids, {})
    pdf = print_dossier(dossier, proof, as_of=as_of, now=now, data=data)
    return Papers(dossier.row_ids, {"record.json": data, "record.pdf": pdf})


def _sealed_at(actor: Actor, chain: ChainKey, seq: int) -> datetime:
    require_chain(actor, chain)
    with connection.cursor() as cursor:
        cursor.execute(
            "select sealed_at from ledger.entry where space_id = %s and audience = %s and seq = %s",
            [*chain, seq],
        )
        row = cursor.fetchone()
    if row is None:
        raise TreeIncompleteError(f"the last of {seq} entries is gone")
    found: datetime = row[0]
    return found


def _record(dossier: Dossier, proof: Proof, as_of: datetime, now: datetime) -> bytes:
    return orjson.dumps(
        {
            "format": RECORD_FORMAT,
            "made_at": _text(now),
            "as_of": _text(as_of),
            "ledger": {
                "origin": proof.origin,
                "size": proof.size,
                "root": proof.root,
                "checkpoint_signed_at": _text(proof.signed_at),
            },
            "record": dossier.data,
            "timeline": [
                {
                    "audience": each.audience,
                    "seq": each.seq,
                    "at": _text(each.at),
                    "what": each.words,
                    "by": each.code,
                }
                for each in dossier.timeline or ()
            ],
        },
        option=orjson.OPT_INDENT_2,
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _about(
    actor: Actor, chain: ChainKey, published: Published, record_id: UUID | None, papers: Papers
) -> dict[str, Any]:
    about = {
        "format": FORMAT,
        "made_at": instant().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "origin": origin_of(chain),
        "size": published.size,
        "keys": [str(each) for each in verifiers(chain)],
        "witnesses": [each.key for each in list_cosignatures(actor, chain, published.number)],
        "checkpoint": signed_note(actor, chain, published),
        "scope": {"kind": "record", "record": str(record_id)} if record_id else {"kind": "chain"},
    }
    if papers.members:
        about["papers"] = _signed_papers(chain, published, record_id, papers.members)
    return about


def _signed_papers(
    chain: ChainKey, published: Published, record_id: UUID | None, members: Mapping[str, bytes]
) -> str:
    """Return the checkpoint's origin, size and root once more, with the digests of the papers, signed."""
    lines = [
        f"paper {record_id or 'chain'} {name} {hashlib.sha256(data).hexdigest()}"
        for name, data in members.items()
    ]
    text = Checkpoint(origin_of(chain), published.size, published.root, lines).text
    return f"{text}\n" + "".join(each.line(text) for each in signers(chain))
