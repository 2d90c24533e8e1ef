"""Follow a gateway's frames and heartbeats: chain, clock, what waits there. Shared steps of actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

from django.conf import settings

from batches.columns import instant_of, microseconds
from batches.gateways.chain import Sent, first_link, mark_given_us, mark_of
from batches.gateways.clocks import AT_ONCE, is_off, proof_of, skew_of
from batches.gateways.facts import FeedBegan, FeedBroken, FeedClockOff, FeedClockRight, FeedLost
from batches.gateways.words import skew_words
from batches.models import AnnouncedFrame, Batch, GatewayFeed
from batches.states import FrameProof
from portal import ledger
from portal.action import current_action
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.facts import Fact

# A gateway that was cut off for weeks announces no more than this at once in advance of its frames.
ANNOUNCED_MOST: Final = 100_000
MILLISECOND: Final = timedelta(milliseconds=1)
# What is to be recorded, once it is its turn.
Said: TypeAlias = list[Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Announced:
    """A frame that waits at the gateway: its number and link."""

    sequence: int
    link: bytes


@dataclass(frozen=True, slots=True)
class FrameMark:
    """What the row of a gateway's frame says beside digest and count."""

    device: str
    sequence: int
    recorded_at: datetime
    announced_at: datetime | None
    marked_at: datetime | None
    skew: timedelta
    skew_s: int | None
    proof: FrameProof
    said: Sequence[Callable[[], object]]

    def tell(self) -> None:
        """Record what is to be said of the feed, last: the first fact is what an entry is named for."""
        for each in self.said:
            each()


def lock_feed(actor: Actor, batch: Batch, device: str, now: datetime) -> GatewayFeed:
    """Hand out the locked feed of a device into a batch, made when it speaks for the first time."""
    current_action()
    key = {"space_id": batch.space_id, "batch_id": batch.pk, "person_id": actor.person_id, "device": device}
    rows = GatewayFeed.objects.visible_to(actor)
    found = rows.select_for_update(no_key=True).filter(**key).first()
    if found is not None:
        return found
    fresh = GatewayFeed(**key, audience=batch.audience, first_seen_at=now, seen_at=now)
    GatewayFeed.objects.bulk_create([fresh], ignore_conflicts=True)
    return rows.select_for_update(no_key=True).get(**key)


def follow_frame(actor: Actor, batch: Batch, sent: Sent, *, body: bytes, received_at: datetime) -> FrameMark:
    """Take a frame into its chain and judge clock and proof; the batch is locked.

    A frame that came before moves nothing. What is to be recorded is so by the mark's `tell`: feed.began,
    feed.clock_off, feed.clock_right, feed.broken v1, and alert.raised where a clock is off.
    """
    feed = lock_feed(actor, batch, sent.device, received_at)
    skew, was = skew_of(sent.clock, received_at), feed.sequence
    link = sent.link(body)
    is_anew = feed.chain != sent.chain
    known = _announced(actor, feed, sent)
    is_chained = _is_chained(feed, sent, is_anew=is_anew)
    is_repeat = not is_anew and sent.sequence <= feed.sequence
    proof = proof_of(
        recorded_at=sent.recorded_at - skew,
        received_at=received_at,
        announced_at=known.announced_at if known else None,
        is_as_announced=known is not None and bytes(known.link) == link,
        is_chained=is_chained or is_repeat,
    )
    feed.seen_at = feed.frame_at = received_at
    said: Said = []
    if received_at - (sent.recorded_at - skew) > AT_ONCE:
        off = _judge_past_clock(said, batch, feed, skew, sent.sequence)
    else:
        off = _judge_clock(said, batch, feed, skew, sent.sequence)
    if not is_repeat:
        if is_anew:
            _record(said, batch, FeedBegan(batch.pk, feed.device, sent.chain, is_anew=bool(feed.chain)))
        feed.chain, feed.sequence, feed.link = sent.chain, sent.sequence, link
        feed.recorded_at = sent.recorded_at
        if proof in (FrameProof.BROKEN, FrameProof.ALTERED):
            feed.breaks, feed.broken_at = feed.breaks + 1, received_at
            _record(said, batch, FeedBroken(batch.pk, feed.device, was, sent.sequence, str(proof)))
    if known is not None:
        AnnouncedFrame.objects.visible_to(actor).filter(pk=known.pk).delete()
    feed.save()
    given_us = mark_given_us(settings.SECRET_KEY, str(feed.pk), sent.mark) if sent.mark else None
    return FrameMark(
        device=sent.device,
        sequence=sent.sequence,
        recorded_at=sent.recorded_at,
        announced_at=known.announced_at if known else None,
        marked_at=None if given_us is None else instant_of(given_us),
        skew=skew,
        skew_s=round(skew.total_seconds()) if off else None,
        proof=proof,
        said=said,
    )


def hear_from(
    actor: Actor,
    batch: Batch,
    *,
    device: str,
    chain: str,
    clock: datetime,
    waiting: int,
    lost: int,
    announced: Sequence[Announced],
    now: datetime,
) -> GatewayFeed:
    """Take a gateway's word that it lives, how its clock stands and which frames wait there.

    What was announced once stands: a later word of another link changes nothing. Records: as `follow_frame`,
    and feed.lost v1.
    """
    feed = lock_feed(actor, batch, device, now)
    feed.seen_at, feed.waiting = now, waiting
    said: Said = []
    _judge_clock(said, batch, feed, skew_of(clock, now), feed.sequence)
    if lost > feed.lost:
        _record(said, batch, FeedLost(batch.pk, device, lost - feed.lost))
        feed.lost = lost
    rows = AnnouncedFrame.objects.visible_to(actor).filter(space_id=batch.space_id, feed_id=feed.pk)
    if announced and rows.count() + len(announced) <= ANNOUNCED_MOST:
        ahead = [each for each in announced if chain != feed.chain or each.sequence > feed.sequence]
        AnnouncedFrame.objects.bulk_create(
            [_row(batch, feed, chain, each, now) for each in ahead], ignore_conflicts=True
        )
    feed.save()
    for each in said:
        each()
    return feed


def mark_for(feed: GatewayFeed, now: datetime) -> str:
    """Return the portal's mark of this instant for a feed."""
    return mark_of(settings.SECRET_KEY, str(feed.pk), microseconds(now))


def _row(batch: Batch, feed: GatewayFeed, chain: str, one: Announced, now: datetime) -> AnnouncedFrame:
    return AnnouncedFrame(
        space_id=batch.space_id,
        audience=batch.audience,
        batch_id=batch.pk,
        feed_id=feed.pk,
        chain=chain,
        sequence=one.sequence,
        link=one.link,
        announced_at=now,
    )


def _announced(actor: Actor, feed: GatewayFeed, sent: Sent) -> AnnouncedFrame | None:
    rows = AnnouncedFrame.objects.visible_to(actor).filter(space_id=feed.space_id, feed_id=feed.pk)
    return rows.filter(chain=sent.chain, sequence=sent.sequence).first()


def _is_chained(feed: GatewayFeed, sent: Sent, *, is_anew: bool) -> bool:
    if is_anew:
        # Only its first chain begins from nothing: a gateway that lost its queue says so by a new one.
        return not feed.chain and sent.sequence == 1 and sent.previous == first_link(sent.chain)
    return sent.sequence == feed.sequence + 1 and sent.previous == bytes(feed.link)


def _judge_clock(said: Said, batch: Batch, feed: GatewayFeed, skew: timedelta, sequence: int) -> bool:
    """Say whether the clock is off, and what is to be told when that changed."""
    feed.skew_ms = skew // MILLISECOND
    was_off = feed.off_since is not None
    off = is_off(skew, was_off=was_off)
    if off and not was_off:
        feed.off_since = feed.seen_at
        _tell(said, batch, feed, skew, sequence)
    elif was_off and not off:
        feed.off_since = None
        _record(said, batch, FeedClockRight(batch.pk, feed.device, sequence))
    return off


def _judge_past_clock(said: Said, batch: Batch, feed: GatewayFeed, skew: timedelta, sequence: int) -> bool:
    """Say whether the clock was off when a late frame was recorded; told once for a run of such frames."""
    off = is_off(skew, was_off=False)
    if off and feed.past_skew_s is None and feed.off_since is None:
        _tell(said, batch, feed, skew, sequence, was=True)
    feed.past_skew_s = round(skew.total_seconds()) if off else None
    return off


def _tell(
    said: Said, batch: Batch, feed: GatewayFeed, skew: timedelta, sequence: int, *, was: bool = False
) -> None:
    _record(said, batch, FeedClockOff(batch.pk, feed.device, round(skew.total_seconds()), sequence))
    stands = "was" if was else "is"
    title = f"{batch.number}: the clock of gateway {feed.device} {stands} {skew_words(skew)}"
    audience = str(batch.audience)
    alert = partial(
        raise_alert, batch, kind="feed.clock", side=Side.MANUFACTURER, title=title, audience=audience
    )
    said.append(alert)


def _record(said: Said, batch: Batch, fact: Fact) -> None:
    said.append(partial(ledger.record, batch, fact))
