"""Each chain as a transparency log: checkpoint, tiles, entries, proofs, cosignatures, export (C2SP forms)."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from datetime import UTC
from typing import IO, Any, Final
from uuid import UUID

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from portal.actions.publishing import hold_checkpoint, keep_cosignature
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, choice_param, uuid_param
from portal.api.events import number_param
from portal.checkpoints import Published, get_newest, is_held, signed_note
from portal.dossiers import CERTIFICATE, EVIDENCE, WHOLE
from portal.errors import Invalid, NotFound, Unavailable
from portal.exports import make_papers, write_export
from portal.log_keys import verifiers
from portal.merkle import WIDTH
from portal.proofs import (
    encoded,
    members_of,
    prove_consistency,
    prove_entry,
    prove_interval,
    read_sealed,
    read_tile,
)
from portal.streams import SEQ_MAX, ChainKey
from portal.tree import tiles_of

LEVELS: Final = range(8)
TILE: Final = re.compile(r"((?:x[0-9]{3}/){0,5})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
CHUNK_BYTES: Final = 256 * 1024
YES_NO: Final = ("yes", "no")
# A certificate is the paper of a record that says what was decided of it.
FORMS: Final = ("zip", "pdf", CERTIFICATE)
PAPERS: Final = (WHOLE, EVIDENCE)
log = structlog.get_logger(__name__)


class AsItIs(BaseContentNegotiation):
    """The answer has one form, whatever the client would rather have."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Return the first parser."""
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the first renderer: that of problems."""
        first = next(iter(renderers))
        return first, first.media_type


class LogView(CovalentView):
    """A view on one chain, up to its newest checkpoint."""

    content_negotiation_class = AsItIs
    # What was handed out of the log, and how: written down after the answer has been made.
    handed_out: tuple[ChainKey, int, str] | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, then write down who holds what was handed out; the answer stands also when that fails."""
        response = super().dispatch(request, *args, **kwargs)
        if self.handed_out is not None:
            chain, size, how = self.handed_out
            try:
                hold_checkpoint(
                    self.request.actor.without_key(),
                    chain.space_id,
                    audience=chain.audience,
                    size=size,
                    how=how,
                )
            except (OperationalError, Unavailable):
                log.warning("holder_not_noted", space=str(chain.space_id), size=size)
        return response

    def hand_out(self, actor: Actor, chain: ChainKey, published: Published, how: str) -> None:
        """Have it written down that the actor's organisation holds this checkpoint, once."""
        company = actor.organisation_id
        if company is not None and not is_held(chain, published.size, company, how):
            self.handed_out = chain, published.size, how


class CheckpointNote(LogView):
    """Show the newest checkpoint."""

    @extend_schema(operation_id="ledger_checkpoint", responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: ActorRequest, space_id: UUID, audience: str) -> HttpResponse:
        """Return the newest checkpoint as a signed note with its cosignatures; 404 before the first."""
        chain = ChainKey(space_id, audience)
        published = get_newest(request.actor, chain)
        self.hand_out(request.actor, chain, published, "checkpoint")
        note = signed_note(request.actor, chain, published)
        return HttpResponse(
            note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"}
        )


class TileHashes(LogView):
    """Show a tile."""

    @extend_schema(
        operation_id="ledger_tile", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}
    )
    def get(
        self, request: ActorRequest, space_id: UUID, audience: str, level: int, index: str
    ) -> HttpResponse:
        """Return the hashes of a tile as in C2SP tlog-tiles: `x001/x234/067`, partial with `.p/<W>`."""
        chain = ChainKey(space_id, audience)
        published = get_newest(request.actor, chain)
        number, width = tile_of(index)
        if level not in LEVELS:
            raise NotFound
        hashes = read_tile(chain, published.size, level=level, index=number, width=width)
        kept = "private, max-age=31536000, immutable" if width == WIDTH else "no-cache"
        headers = {"Cache-Control": kept, "Vary": "Authorization, Cookie"}
        return HttpResponse(hashes, content_type="application/octet-stream", headers=headers)


def tile_of(index: str) -> tuple[int, int]:
    """Return number and width of a tile from its path. Raises: NotFound."""
    found = TILE.fullmatch(index)
    if found is None or (found[3] and int(found[3]) >= WIDTH):
        raise NotFound
    number = int((found[1] + found[2]).replace("x", "").replace("/", ""))
    if (found[1] or "x").startswith("x000"):
        raise NotFound
    return number, int(found[3] or WIDTH)


class SealedItemMember(serializers.Serializer[Any]):
    """An item of an entry, in base64; salt and body are null when it was erased or is withheld."""

    hash = serializers.CharField()
    salt = serializers.CharField(allow_null=True)
    body = serializers.CharField(allow_null=True)


class SealedEntryMember(serializers.Serializer[Any]):
    """An entry as it was hashed."""

    seq = serializers.IntegerField()
    header = serializers.CharField()
    items = SealedItemMember(many=True)


class SealedEntryPage(serializers.Serializer[Any]):
    """Entries in order; `next` is the index to go on from, null at the end of the newest checkpoint."""

    results = SealedEntryMember(many=True)
    next = serializers.IntegerField(allow_null=True)


class SealedEntries(LogView):
    """Read entries as they were hashed."""

    @extend_schema(
        operation_id="ledger_entries",
        parameters=[
            OpenApiParameter("start", int, default=0, description="Index of the first leaf, from 0."),
            OpenApiParameter("end", int, description="Index of the last leaf, inclusive."),
        ],
        responses=SealedEntryPage,
    )
    def get(self, request: ActorRequest, space_id: UUID, audience: str) -> Response:
        """Return entries by index, at most 500, bounded to the newest checkpoint."""
        chain = ChainKey(space_id, audience)
        published = get_newest(request.actor, chain)
        start = int(number_param(request, "start", SEQ_MAX, whole=True))
        wanted = (
            number_param(request, "end", SEQ_MAX, whole=True) if "end" in request.query_params else SEQ_MAX
        )
        end = min(int(wanted) + 1, published.size)
        if wanted < start:
            raise Invalid("end is not below start.", errors={"end": ["Give an index not below start."]})
        entries = read_sealed(chain, start, end)
        upto = entries[-1].seq if entries else end
        data = {"results": [members_of(each) for each in entries], "next": upto if upto < end else None}
        return Response(data, headers={"Cache-Control": "no-store"})


class IntervalMember(serializers.Serializer[Any]):
    """Where a private entry stands in the hour whose root the other side holds."""

    starts_at = serializers.DateTimeField()
    root = serializers.CharField()  # type: ignore[assignment]  # a member; the tree's word
    index = serializers.IntegerField()
    size = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField())


class InclusionProof(serializers.Serializer[Any]):
    """That an entry stands in the tree of the checkpoint; `interval` is null on a shared chain."""

    seq = serializers.IntegerField()
    index = serializers.IntegerField()
    size = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField()
    interval = IntervalMember(allow_null=True)


class EntryProof(LogView):
    """Prove an entry."""

    @extend_schema(
        operation_id="ledger_proof",
        parameters=[OpenApiParameter("seq", int, required=True, description="Number of the entry.")],
        responses=InclusionProof,
    )
    def get(self, request: ActorRequest, space_id: UUID, audience: str) -> Response:
        """Return the proof that an entry stands in the newest checkpoint."""
        chain = ChainKey(space_id, audience)
        published = get_newest(request.actor, chain)
        seq = int(number_param(request, "seq", SEQ_MAX, whole=True))
        proof = prove_entry(tiles_of(chain, published.size), published, seq)
        data = {
            "seq": seq,
            "index": seq - 1,
            "size": published.size,
            "proof": [encoded(each) for each in proof],
            "checkpoint": signed_note(request.actor, chain, published),
            "interval": _interval(chain, seq),
        }
        return Response(data, headers={"Cache-Control": "no-store"})


def _interval(chain: ChainKey, seq: int) -> dict[str, Any] | None:
    found = prove_interval(chain, seq)
    if found is None:
        return None
    return {
        "starts_at": found.starts_at.astimezone(UTC),
        "root": encoded(found.root),
        "index": found.index,
        "size": found.size,
        "proof": [encoded(each) for each in found.path],
    }


class ConsistencyProof(serializers.Serializer[Any]):
    """That the tree of the checkpoint begins with an older one; `keys` are the log's verifier keys."""

    size = serializers.IntegerField()
    proof = serializers.ListField(child=serializers.CharField())
    checkpoint = serializers.CharField()
    keys = serializers.ListField(child=serializers.CharField())


class TreeProof(LogView):
    """Prove that nothing was changed."""

    @extend_schema(
        operation_id="ledger_consistency",
        parameters=[OpenApiParameter("from", int, required=True, description="Size of the older tree.")],
        responses=ConsistencyProof,
    )
    def get(self, request: ActorRequest, space_id: UUID, audience: str) -> Response:
        """Return the proof that the newest checkpoint's tree begins with that of an older one."""
        chain = ChainKey(space_id, audience)
        published = get_newest(request.actor, chain)
        old = int(number_param(request, "from", SEQ_MAX, whole=True))
        data = {
            "size": published.size,
            "proof": [encoded(each) for each in prove_consistency(chain, published, old)],
            "checkpoint": signed_note(request.actor, chain, published),
            "keys": [str(each) for each in verifiers(chain)],
        }
        return Response(data, headers={"Cache-Control": "no-store"})


class CosignatureInput(Input):
    """A checkpoint with the witness's line under it, and the witness's verifier key."""

    note = serializers.CharField(max_length=200_000, trim_whitespace=False)
    key = serializers.CharField(max_length=400)


class CosignatureDetail(serializers.Serializer[Any]):
    """The size of the checkpoint that was cosigned."""

    size = serializers.IntegerField()


class Cosignatures(CovalentView):
    """Take cosignatures."""

    # A witness changes nothing of the record: whoever may read the chain may attest what it read.
    scope = "read"

    @extend_schema(operation_id="ledger_cosign", request=CosignatureInput, responses={201: CosignatureDetail})
    def post(self, request: ActorRequest, space_id: UUID, audience: str) -> Response:
        """Keep a witness's cosignature (C2SP tlog-cosignature) over one checkpoint of the chain."""
        given = CosignatureInput.parse(request)
        size = keep_cosignature(request.actor.without_key(), space_id, audience=audience, **given)
        return Response({"size": size}, status=201)


class Export(LogView):
    """Take the chain away."""

    @extend_schema(
        operation_id="ledger_export",
        parameters=[
            OpenApiParameter("record", UUID, description="Only what is about this record, and the record."),
            OpenApiParameter("files", str, enum=YES_NO, default="yes", description="With attached files."),
            OpenApiParameter(
                "as",
                str,
                enum=FORMS,
                default="zip",
                description="pdf: the record alone. certificate: what was decided of a batch, signed.",
            ),
            OpenApiParameter(
                "paper",
                str,
                enum=PAPERS,
                default=WHOLE,
                description="evidence: a deviation with curves, entries, results and people around it.",
            ),
        ],
        responses={
            (200, "application/zip"): OpenApiTypes.BINARY,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: ActorRequest, space_id: UUID, audience: str) -> HttpResponseBase:
        """Return a ZIP that anybody can check offline: the chain up to the newest checkpoint, or a record."""
        chain = ChainKey(space_id, audience)
        published = get_newest(request.actor, chain)
        record_id = uuid_param(request, "record")
        with_files = choice_param(request, "files", YES_NO) != "no"
        form = choice_param(request, "as", FORMS)
        paper = choice_param(request, "paper", PAPERS) or WHOLE
        if form in ("pdf", CERTIFICATE):
            return _paper(request.actor, chain, published, record_id, paper if form == "pdf" else form)
        if paper == EVIDENCE and record_id is None:
            raise NotFound
        file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been sent
        try:
            write_export(
                request.actor,
                chain,
                published,
                file,
                record_id=record_id,
                with_files=with_files,
                paper=paper,
            )
            length = file.tell()
            file.seek(0)
        except BaseException:
            file.close()
            raise
        self.hand_out(request.actor, chain, published, "export")
        what = "evidence-" if paper == EVIDENCE else ""
        name = f"covalent-{what}{str(space_id)[:8]}-{audience}-{published.size}.zip"
        headers = _download(name) | {"Content-Length": str(length)}
        return StreamingHttpResponse(_sent(file), content_type="application/zip", headers=headers)


def _paper(
    actor: Actor, chain: ChainKey, published: Published, record_id: UUID | None, paper: str
) -> HttpResponse:
    """Answer with the printed record, or program, alone. Raises: NotFound, Unavailable."""
    if paper != WHOLE and record_id is None:
        raise NotFound
    printed = make_papers(actor, chain, published, record_id, paper=paper).members.get("record.pdf")
    if printed is None:
        raise NotFound
    about = f"{str(record_id or chain.space_id)[:8]}-{chain.audience}-{published.size}"
    name = f"covalent-{paper}-{about}.pdf" if paper != WHOLE else f"covalent-{about}.pdf"
    return HttpResponse(printed, content_type="application/pdf", headers=_download(name))


def _download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


async def _sent(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield a file's bytes and close it; it was unlinked when it was made."""
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        file.close()


_CHAIN: Final = "ledger/<uuid:space_id>/<str:audience>"
urlpatterns = [
    path(f"{_CHAIN}/checkpoint", CheckpointNote.as_view(), name="ledger-checkpoint"),
    path(f"{_CHAIN}/tile/<int:level>/<path:index>", TileHashes.as_view(), name="ledger-tile"),
    path(f"{_CHAIN}/entries", SealedEntries.as_view(), name="ledger-entries"),
    path(f"{_CHAIN}/proof", EntryProof.as_view(), name="ledger-proof"),
    path(f"{_CHAIN}/consistency", TreeProof.as_view(), name="ledger-consistency"),
    path(f"{_CHAIN}/cosignatures", Cosignatures.as_view(), name="ledger-cosignatures"),
    path(f"{_CHAIN}/export", Export.as_view(), name="ledger-export"),
]
