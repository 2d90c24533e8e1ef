"""The way in for site gateways: frames in a chain, heartbeats, and who sends what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.actions.feeds import note_heartbeat
from batches.actions.readings import take_frame
from batches.api.inputs import ReadingsInput
from batches.api.outputs import FrameTaken
from batches.api.readings import taken
from batches.columns import instant_of
from batches.gateways.chain import CHAIN, DEVICE, LINK, SEQUENCE_MAX, Sent
from batches.gateways.following import Announced, mark_for
from batches.gateways.words import chain_words, clock_words
from batches.instants import exact_us
from batches.models import GatewayFeed
from batches.queries.frames import frame_answer
from batches.queries.gateways import get_feed, list_feeds_of
from portal.action import Replayed, instant, reading
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, uuid_param
from portal.api.fields import Instant
from portal.errors import Invalid

ANNOUNCED_MOST: Final = 1000
COUNT_MAX: Final = 2**31 - 1
HEADERS: Final = {
    "Gateway-Device": "The device that sends: letters, digits, blank, . _ - /, at most 60.",
    "Gateway-Chain": "32 hexadecimal digits, chosen when the queue began.",
    "Gateway-Sequence": "The frame's number in its chain, from 1.",
    "Gateway-Previous": "The link of the frame before, 64 hexadecimal digits.",
    "Gateway-Recorded": "When the frame was recorded, by the gateway's clock, with offset.",
    "Gateway-Clock": "The gateway's clock now; of a frame that waited, the clock it was recorded by.",
    "Gateway-Mark": "The portal's newest mark when the frame was recorded.",
}


class AnnouncedInput(Input):
    """A frame that waits at the gateway."""

    sequence = serializers.IntegerField(min_value=1, max_value=SEQUENCE_MAX)
    link = serializers.RegexField(LINK.pattern + r"\Z", help_text="SHA-256, 64 hexadecimal digits.")


class HeartbeatInput(Input):
    """A gateway lives; what waits there."""

    device = serializers.RegexField(DEVICE.pattern + r"\Z")
    chain = serializers.RegexField(CHAIN.pattern + r"\Z")
    clock = Instant(help_text="The gateway's clock now.")
    waiting = serializers.IntegerField(min_value=0, max_value=COUNT_MAX, help_text="Frames in its queue.")
    lost = serializers.IntegerField(
        min_value=0, max_value=SEQUENCE_MAX, default=0, help_text="Readings it had no room for."
    )
    announced = AnnouncedInput(many=True, required=False)


class GatewayFeedShown(Output):
    """What a device sends into a batch; `skew_ms` is by how much its clock is ahead."""

    id = serializers.UUIDField()
    program = serializers.UUIDField(source="space_id")
    batch = serializers.UUIDField(source="batch_id")
    device = serializers.CharField()
    first_seen_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    frame_at = serializers.DateTimeField(allow_null=True)
    recorded_at = serializers.DateTimeField(allow_null=True)
    sequence = serializers.IntegerField()
    skew_ms = serializers.IntegerField()
    clock = serializers.SerializerMethodField(help_text="How the clock stands, in words.")
    off_since = serializers.DateTimeField(allow_null=True)
    waiting = serializers.IntegerField()
    lost = serializers.IntegerField()
    breaks = serializers.IntegerField()
    broken_at = serializers.DateTimeField(allow_null=True)
    chain = serializers.SerializerMethodField(help_text="Whether its frames follow each other, in words.")

    def get_clock(self, feed: GatewayFeed) -> str:
        """Return how the clock stands."""
        return clock_words(feed)

    def get_chain(self, feed: GatewayFeed) -> str:
        """Return whether its frames follow each other."""
        return chain_words(feed)


class HeartbeatTaken(GatewayFeedShown):
    """The feed, the portal's time, and the mark that frames recorded from now on may carry."""

    now = serializers.DateTimeField()
    mark = serializers.CharField()


class TakeFrame(CovalentView):
    """Take a frame of a site gateway."""

    scope = "readings"
    rate = "readings"

    @extend_schema(
        operation_id="batches_frames",
        parameters=[
            OpenApiParameter(
                name, str, OpenApiParameter.HEADER, required=name != "Gateway-Mark", description=words
            )
            for name, words in HEADERS.items()
        ],
        request={
            "application/json": ReadingsInput,
            "application/x-ndjson": OpenApiTypes.STR,
            "text/csv": OpenApiTypes.STR,
        },
        responses=FrameTaken,
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Take readings as `readings/` does, in the gateway's chain.

        The link of a frame is SHA-256 over "covalent.gateway.1" and a line end, the link before (32 bytes; of
        the first frame SHA-256 of the same line and the chain's digits), the number (8 bytes), the time of
        recording (UTC microseconds since 1970, 8 bytes), the mark, a line end, and the SHA-256 of the body;
        numbers are big-endian. Readings of a clock that is ahead are taken as far ahead as it is, with their
        time, and marked.
        """
        actor, body = request.actor, request._request.body  # noqa: SLF001 - as in `readings`
        sent = _sent(request)
        try:
            media_type = request.content_type or ""
            outcome = take_frame(actor, batch_id, body=body, media_type=media_type, sent=sent)
        except Replayed as replayed:
            with reading(actor):
                told = frame_answer(actor, replayed.subject_id)
            return Response(taken(told), headers={"Idempotent-Replayed": "true"})
        return Response(taken(outcome))


class TakeHeartbeat(CovalentView):
    """Hear from a site gateway."""

    scope = "readings"
    rate = "readings"

    @extend_schema(operation_id="batches_heartbeat", request=HeartbeatInput, responses=HeartbeatTaken)
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Note that a gateway lives, how its clock stands, and the links of the frames that wait there."""
        given = HeartbeatInput.parse(request)
        announced = [
            Announced(each["sequence"], bytes.fromhex(each["link"])) for each in given.pop("announced", [])
        ]
        if len(announced) > ANNOUNCED_MOST:
            words = f"At most {ANNOUNCED_MOST} in one heartbeat; send the rest in the next."
            raise Invalid("Too many frames announced.", errors={"announced": [words]})
        return self.answer(note_heartbeat(request.actor, batch_id, announced=announced, **given))

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the feed with the portal's time and mark."""
        feed, now = get_feed(actor, record_id), instant()
        feed.now, feed.mark = now, mark_for(feed, now)  # type: ignore[attr-defined]  # shown beside its columns
        return HeartbeatTaken.of(feed)


class GatewayList(ListView):
    """List what gateways send."""

    ordering = ("device", "id")

    @extend_schema(
        operation_id="gateways_list",
        parameters=[OpenApiParameter("batch", OpenApiTypes.UUID, description="Only of this batch.")],
        responses=GatewayFeedShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the feeds of gateways into batches the caller may see, by device."""
        rows = list_feeds_of(request.actor, uuid_param(request, "batch"))

        def represent(feeds: Sequence[GatewayFeed]) -> list[dict[str, Any]]:
            return [GatewayFeedShown.of(each) for each in feeds]

        return self.page(request, rows, represent)


def _sent(request: ActorRequest) -> Sent:
    """Return what the headers say of a frame. Raises: Invalid, which names each that cannot be read."""
    given = {name: request.headers.get(name, "").strip() for name in HEADERS}
    faults = {
        name: [HEADERS[name]]
        for name, form in (("Gateway-Device", DEVICE), ("Gateway-Chain", CHAIN), ("Gateway-Previous", LINK))
        if form.fullmatch(given[name]) is None
    }
    sequence = given["Gateway-Sequence"]
    if re.fullmatch(r"[0-9]{1,15}", sequence) is None or int(sequence) < 1:
        faults["Gateway-Sequence"] = [HEADERS["Gateway-Sequence"]]
    times: dict[str, datetime] = {}
    for name in ("Gateway-Recorded", "Gateway-Clock"):
        try:
            times[name] = instant_of(exact_us(given[name]))
        except (ValueError, OverflowError):
            faults[name] = [HEADERS[name]]
    if faults:
        raise Invalid("The frame does not say where it comes from.", code="bad_gateway_header", errors=faults)
    return Sent(
        device=given["Gateway-Device"],
        chain=given["Gateway-Chain"],
        sequence=int(sequence),
        previous=bytes.fromhex(given["Gateway-Previous"]),
        recorded_at=times["Gateway-Recorded"],
        clock=times["Gateway-Clock"],
        mark=given["Gateway-Mark"][:60],
    )


urlpatterns = [
    path("gateways/", GatewayList.as_view(), name="gateways"),
    path("batches/<uuid:batch_id>/frames/", TakeFrame.as_view(), name="batch-frames"),
    path("batches/<uuid:batch_id>/heartbeat/", TakeHeartbeat.as_view(), name="batch-heartbeat"),
]
