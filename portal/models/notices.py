"""How people are told, and which work is set apart. No record stands here.

Who chose what is a fact on the organisation's chain; what was sent to whom is a `Delivery`.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class NoticeSetting(models.Model):
    """What one person chose about being told (portal.notices.choices), and when the morning mail is due.

    `digest_at` is the next one, claimed until `leased_until` by who sends it.
    """

    person_id = models.UUIDField(primary_key=True)
    given = models.JSONField(default=dict)
    digest_hour = models.PositiveSmallIntegerField(null=True)
    digest_at = models.DateTimeField(null=True)
    digest_since = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["digest_at"], condition=Q(digest_at__isnull=False), name="digest_due"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(digest_hour=None) | Q(digest_hour__lt=24), name="digest_hour"),
            models.CheckConstraint(
                condition=Q(digest_hour=None, digest_at=None)
                | Q(digest_hour__isnull=False, digest_at__isnull=False),
                name="digest_due_if_asked_for",
            ),
        ]


class PushDevice(models.Model):
    """A browser that takes notifications for a person: where its push service is, and its keys (hidden)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person_id = models.UUIDField(db_index=True)
    endpoint_hash = models.BinaryField(max_length=32)
    # Address and keys, hidden under a key of this installation (portal.own_secrets).
    hidden = models.TextField()
    label = models.CharField(max_length=80)
    added_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint_hash"], name="pushdevice_once")]


class Courier(models.Model):
    """One run of the courier: while it is seen, nobody else takes what it holds."""

    id = models.UUIDField(primary_key=True)
    channel = models.CharField(max_length=12)
    seen_at = models.DateTimeField()


class ClockTry(models.Model):
    """How often a due clock was begun and not ended well; three times, and it is set apart."""

    clock_id = models.UUIDField(primary_key=True)
    space_id = models.UUIDField()
    tries = models.PositiveSmallIntegerField()
    tried_at = models.DateTimeField()
    error = models.CharField(max_length=100, blank=True)
    leased_until = models.DateTimeField(null=True)
    # The session of the database that is at work on it.
    holder_pid = models.IntegerField(null=True)
    holder_since = models.DateTimeField(null=True)
    set_apart_at = models.DateTimeField(null=True)
