"""Gateways as readers see them: who sends, how the clock stands, what waits, which readings are marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from batches.gateways.words import chain_words, clock_words, mark_words
from batches.models import Batch, Frame, GatewayFeed
from batches.states import BatchState, FrameProof
from portal.action import instant
from portal.actor import Actor, Side
from portal.errors import NotFound
from portal.slots import GatewayLine

# A gateway speaks every ten seconds, also when there is nothing to send.
SILENT_AFTER: Final = timedelta(seconds=60)
MOST: Final = 200
MARKED: Final = (FrameProof.BROKEN, FrameProof.ALTERED)
FRAMES_MOST: Final = 5000
# Marked frames that follow each other this closely are one stretch.
APART: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Readings that are marked, from the first to the last, by the times they came with, and why in words."""

    device: str
    since: datetime
    until: datetime
    skew_s: int | None
    proof: str
    words: str


def list_feeds_of(actor: Actor, batch_id: UUID | None = None) -> QuerySet[GatewayFeed]:
    """Return the gateways' feeds, all or those of a batch."""
    rows = GatewayFeed.objects.visible_to(actor)
    return rows if batch_id is None else rows.filter(batch_id=batch_id)


def get_feed(actor: Actor, feed_id: UUID) -> GatewayFeed:
    """Return one feed; raises NotFound."""
    found = GatewayFeed.objects.visible_to(actor).with_id(feed_id)
    if found is None:
        raise NotFound
    return found


def list_gateways(actor: Actor) -> list[GatewayLine]:
    """Return the gateways of running batches by device, in words; the key's account for its own side."""
    rows = list_feeds_of(actor).filter(batch__state=BatchState.IN_PROCESS)
    feeds = list(rows.order_by("device", "id")[:MOST])
    numbers = {
        each.pk: each.number
        for each in Batch.objects.visible_to(actor).filter(pk__in={each.batch_id for each in feeds})
    }
    return [_line(actor, each, numbers[each.batch_id]) for each in feeds if each.batch_id in numbers]


def _line(actor: Actor, feed: GatewayFeed, number: str) -> GatewayLine:
    sends = actor.side(feed.space_id) == Side.MANUFACTURER
    silent = instant() - feed.seen_at > SILENT_AFTER
    return GatewayLine(
        device=feed.device,
        number=number,
        url=f"/batches/{feed.batch_id}/",
        person_id=feed.person_id if sends else None,
        seen_at=feed.seen_at,
        silent_after_s=int(SILENT_AFTER.total_seconds()),
        is_silent=silent,
        sequence=feed.sequence,
        waiting=feed.waiting,
        lost=feed.lost,
        clock=clock_words(feed),
        is_off=feed.off_since is not None,
        chain=chain_words(feed),
        is_broken=bool(feed.breaks),
    )


def marked_stretches(
    actor: Actor, batch_id: UUID, since: datetime | None = None, until: datetime | None = None
) -> list[Stretch]:
    """Return the stretches of a batch's readings that are marked, in order of time; one query."""
    rows = Frame.objects.visible_to(actor).filter(~Q(skew_s=None) | Q(proof__in=MARKED), batch_id=batch_id)
    if since is not None:
        rows = rows.filter(last_at__gte=since)
    if until is not None:
        rows = rows.filter(first_at__lt=until)
    found = rows.order_by("device", "proof", "first_at", "pk")[:FRAMES_MOST]
    columns = found.values_list("device", "first_at", "last_at", "skew_s", "proof")
    return sorted(_joined(columns), key=lambda each: (each.since, each.device))


def _joined(rows: Iterable[tuple[str, datetime | None, datetime | None, int | None, str]]) -> list[Stretch]:
    joined: list[Stretch] = []
    for device, first, last, skew_s, proof in rows:
        if first is None or last is None:
            continue
        kind = proof if proof in MARKED else ""
        fresh = Stretch(device, first, last, skew_s, kind, mark_words(device, skew_s, kind))
        before = joined[-1] if joined else None
        if before is not None and _goes_on(before, fresh):
            joined[-1] = replace(before, until=max(before.until, last))
        else:
            joined.append(fresh)
    return joined


def _goes_on(before: Stretch, fresh: Stretch) -> bool:
    is_same = (before.device, before.proof) == (fresh.device, fresh.proof)
    return is_same and _is_alike(before.skew_s, fresh.skew_s) and fresh.since - before.until <= APART


def _is_alike(one: int | None, other: int | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SILENT_AFTER.total_seconds()
