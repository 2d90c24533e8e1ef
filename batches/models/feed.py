"""Feeds: what a site gateway sends into a batch, in a chain, on its own clock; no entries (ground 4, 5)."""

from __future__ import annotations

import uuid

from django.db import models

from batches.models.batch import Batch
from portal.models import RecordKey, RecordQuerySet
from portal.states import Audience


class GatewayFeed(models.Model):
    """What one device of a site sends into one batch under one key: how far it has come, and its clock.

    One chain per batch: the gaps of a chain over several programs would tell one client of another.
    `chain`, `sequence` and `link` are of the last frame that came, `waiting` and `lost` what the gateway said
    last of frames in its queue and of readings for which it had no room. `skew_ms` is by how much its clock
    is ahead; `off_since` stands while it is off.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience)
    batch = RecordKey(Batch)
    person_id = models.UUIDField()
    device = models.CharField(max_length=60)
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    frame_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)
    chain = models.CharField(max_length=32, blank=True, default="")
    sequence = models.BigIntegerField(default=0)
    link = models.BinaryField(max_length=32, default=bytes)
    skew_ms = models.BigIntegerField(default=0)
    off_since = models.DateTimeField(null=True)
    # Of the last frame that came late, where the clock was off when it was recorded.
    past_skew_s = models.IntegerField(null=True)
    waiting = models.PositiveIntegerField(default=0)
    lost = models.BigIntegerField(default=0)
    breaks = models.PositiveIntegerField(default=0)
    broken_at = models.DateTimeField(null=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "batch", "person_id", "device"], name="gatewayfeed_once")
        ]


class AnnouncedFrame(models.Model):
    """The link of a frame that waits at its gateway, and when the gateway announced it; gone once it came."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience)
    batch = RecordKey(Batch)
    feed_id = models.UUIDField()
    chain = models.CharField(max_length=32)
    sequence = models.BigIntegerField()
    link = models.BinaryField(max_length=32)
    announced_at = models.DateTimeField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["space", "feed_id", "chain", "sequence"], name="announcedframe_once"
            )
        ]
