"""Readings: the high-rate values of a batch, no entries; frames are digested and sealed (ground 4, 5)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from batches.models.batch import Batch
from batches.models.recipe import Parameter
from batches.states import FrameProof
from portal.models import RecordKey, RecordQuerySet, SpaceRecord
from portal.states import Audience


class Reading(SpaceRecord):
    """One value at one instant, double precision as the sensor gave it; partitioned by month of `at`.

    Read through raw SQL and the parent table only: a partition read directly has no policy.
    """

    pk = models.CompositePrimaryKey("batch_id", "parameter_id", "at")
    id = None  # type: ignore[assignment]  # readings are known by batch, parameter and instant
    version = None  # type: ignore[assignment]  # a reading never changes
    batch = models.ForeignKey(Batch, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False)
    parameter = models.ForeignKey(
        Parameter, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    at = models.DateTimeField()
    value = models.FloatField()
    received_at = models.DateTimeField()
    frame_id = models.UUIDField()

    class Meta:
        managed = False
        db_table = "batches_reading"


class Frame(models.Model):
    """What arrived in one request for one audience: digest and counts, sealed once a minute.

    Of a gateway's frame also who sent it and when that one recorded it, by its own clock; `skew_s` is by how
    much that clock was ahead, where it was off: the readings keep their time and are marked by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience)
    batch = RecordKey(Batch)
    person_id = models.UUIDField()
    received_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    digest = models.BinaryField(max_length=32)
    sealed_seq = models.BigIntegerField(null=True)
    device = models.CharField(max_length=60, blank=True, default="", db_default="")
    sequence = models.BigIntegerField(null=True)
    recorded_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    marked_at = models.DateTimeField(null=True)
    skew_s = models.IntegerField(null=True)
    proof = models.CharField(max_length=10, choices=FrameProof, blank=True, default="", db_default="")
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["space", "batch", "audience", "received_at"],
                condition=Q(sealed_seq=None),
                name="frame_unsealed",
            ),
            models.Index(
                fields=["space", "batch", "first_at"],
                condition=~Q(skew_s=None) | Q(proof__in=["broken", "altered"]),
                name="frame_marked",
            ),
        ]


class FrameAnswer(models.Model):
    """What the sender of a frame was told, kept some days for a repeat under its Idempotency-Key.

    CDMO internal, as all who send are: the reasons of refused rows repeat the sender's words.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.MANUFACTURER)
    batch = RecordKey(Batch)
    received_at = models.DateTimeField()
    accepted = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField()
    refused = models.JSONField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["space", "received_at"], name="frameanswer_age")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="manufacturer"), name="frameanswer_is_internal")
        ]


class Latest(models.Model):
    """The newest value of a parameter in a batch and a thin trace for the tile; derived from the readings."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience)
    batch = RecordKey(Batch)
    parameter = RecordKey(Parameter)
    at = models.DateTimeField()
    value = models.FloatField()
    received_at = models.DateTimeField()
    trace_at = ArrayField(models.BigIntegerField(), default=list)
    trace = ArrayField(models.FloatField(), default=list)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "batch", "parameter"], name="latest_once")]
