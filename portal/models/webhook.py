"""Webhooks: where a side's systems are told what happened, how far each has been told, and every try."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q

from portal.models.base import RecordKey, RecordQuerySet, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience, SeatSide, WebhookState, WebhookStream


class Webhook(SpaceRecord):
    """An address of one side's system that is told what its side may read; the other side knows of none.

    `owner` is the person or service it was set up or last switched on by: it sends while that one may read
    here. `kinds` are those it is told of. While `previous_until` runs, the secret before signs as well.
    """

    side = models.CharField(max_length=12, choices=SeatSide)
    url = SealedTextField()
    secret = SealedTextField()
    previous_secret = SealedTextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    kinds = models.JSONField()
    state = models.CharField(max_length=10, choices=WebhookState, default=WebhookState.ACTIVE)
    owner_id = models.UUIDField()
    owner_code = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["space", "-made_at", "id"], name="webhook_list")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(audience="shared") & Q(audience=F("side")), name="webhook_of_one_side"
            ),
            models.CheckConstraint(
                condition=Q(state="active", stopped_at=None) | ~Q(state="active") & ~Q(stopped_at=None),
                name="webhook_stopped_at_a_time",
            ),
        ]

    def rotate(self, secret: str, previous_until: datetime) -> None:
        """Sign with another secret; with the one before too until an instant."""
        self.previous_secret, self.previous_until, self.secret = str(self.secret), previous_until, secret
        self.bump()

    def stop(self, state: WebhookState, at: datetime) -> None:
        """Send no more; how far it has come stays."""
        self.state, self.stopped_at = state, at
        self.bump()

    def enable(self, owner_id: uuid.UUID, owner_code: str) -> None:
        """Send again, on the word of another owner."""
        self.state, self.stopped_at = WebhookState.ACTIVE, None
        self.owner_id, self.owner_code = owner_id, owner_code
        self.bump()

    def remove(self, at: datetime) -> None:
        """End it and forget its secrets."""
        self.stop(WebhookState.REMOVED, at)
        self.secret, self.previous_secret, self.previous_until = "", "", None


class WebhookCursor(models.Model):
    """How far a webhook has come in one stream of one chain: machinery, in no entry.

    `after` is the last number that was taken or passed over. `next_at` is when it may be worked on, which is
    also the lease of whoever works on it; `fence` tells a worker whose lease ran out. `asked` counts tests.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience)
    webhook = RecordKey("portal.Webhook")
    stream = models.CharField(max_length=12, choices=WebhookStream)
    chain = models.CharField(max_length=12, choices=Audience)
    after = models.BigIntegerField()
    asked = models.BigIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    taken_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    last_ms = models.PositiveIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["space", "webhook", "stream", "chain"], name="webhookcursor_once_per_stream"
            )
        ]


class WebhookAttempt(models.Model):
    """One try to tell one thing, for the delivery log: its name and what came of it, never what was said.

    Machinery, in no entry; the sender deletes what is old.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience)
    webhook = RecordKey("portal.Webhook")
    stream = models.CharField(max_length=12, choices=WebhookStream)
    chain = models.CharField(max_length=12, choices=Audience)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=80)
    message = models.CharField(max_length=80)
    attempt = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=40, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["space", "webhook", "-at", "id"], name="webhookattempt_list")]
