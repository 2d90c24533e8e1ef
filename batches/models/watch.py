"""Watch models, and what they noticed in running batches."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q

from batches.models.batch import Batch
from batches.watched.states import NewsSign, NewsState, WatchState
from portal.models import RecordKey, RecordQuerySet, SpaceRecord
from portal.states import Audience


class WatchModel(SpaceRecord):
    """What good batches of one recipe looked like, as one version that both sides sign.

    `training` lists the batches it was learned from (id and number), `swings` the parameters whose movement
    is watched beside their value. What was learned stands in its document, of which `digest` is the SHA-256;
    `learned` says in short what is in it. Nothing of it changes once it was learned.
    """

    number = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    recipe_number = models.CharField(max_length=60)
    revision = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=WatchState, default=WatchState.ASKED)
    training = models.JSONField(default=list)
    swings = models.JSONField(default=list)
    learned = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    why = models.CharField(max_length=40, blank=True)
    asked_by = models.UUIDField()
    asked_code = models.CharField(max_length=60)
    asked_at = models.DateTimeField()
    learned_at = models.DateTimeField(null=True, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="watchmodel_number_once"),
            models.UniqueConstraint(
                fields=["space", "recipe_number"],
                condition=Q(state="in_force"),
                name="watchmodel_one_in_force",
            ),
            models.CheckConstraint(condition=Q(audience="shared"), name="watchmodel_is_shared"),
            models.CheckConstraint(
                condition=~Q(digest="") | Q(state__in=["asked", "failed", "withdrawn"]),
                name="watchmodel_signed_once_learned",
            ),
        ]

    def keep(self, digest: str, learned: dict[str, Any], at: datetime) -> None:
        """Take what was learned; from here on it waits for signatures."""
        self.state, self.digest, self.learned, self.learned_at = WatchState.DRAFTED, digest, learned, at
        self.bump()

    def give_up(self, why: str) -> None:
        """Note that nothing could be learned."""
        self.state, self.why = WatchState.FAILED, why
        self.bump()

    def end(self, state: WatchState, at: datetime) -> None:
        """Watch no more."""
        self.until = at if self.in_force_at is not None else None
        self.state = state
        self.bump()


class WatchDocument(models.Model):
    """What a watch model learned, as text whose SHA-256 is the model's digest; written once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.SHARED)
    model = RecordKey(WatchModel)
    body = models.TextField()

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "model"], name="watchdocument_once")]


class WatchCourse(models.Model):
    """How far a running batch is judged by which model, when it is due again, and which limits come near.

    Derived from readings and model; `reached_at` is the newest instant that was judged.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    space = models.ForeignKey("portal.Space", on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    audience = models.CharField(max_length=12, choices=Audience, default=Audience.SHARED)
    batch = RecordKey(Batch)
    model = RecordKey(WatchModel)
    reached_at = models.DateTimeField()
    due_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    is_over = models.BooleanField(default=False)
    forecasts = models.JSONField(default=list)

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "batch"], name="watchcourse_once")]


class WatchNews(SpaceRecord):
    """One stretch of a running batch that is news against a model.

    `told_id` is the early signal that tells both sides of it; several of one cause share one. `picture` is
    what was seen: points of (ms, value, low, high), and what makes most of it.
    """

    batch = RecordKey(Batch)
    model = RecordKey(WatchModel)
    sign = models.CharField(max_length=8, choices=NewsSign)
    parameter = models.CharField(max_length=60, blank=True)
    direction = models.CharField(max_length=4, blank=True)
    state = models.CharField(max_length=9, choices=NewsState, default=NewsState.OPEN)
    begins_at = models.DateTimeField()
    known_at = models.DateTimeField()
    last_at = models.DateTimeField()
    peak = models.FloatField()
    causes = models.JSONField(default=list)
    picture = models.JSONField(default=dict)
    told_id = models.UUIDField(null=True, blank=True)
    noticed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "begins_at"], name="watchnews_batch")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="shared"), name="watchnews_is_shared"),
            models.CheckConstraint(
                condition=Q(begins_at__lte=F("known_at")), name="watchnews_begins_before_it_is_known"
            ),
            models.UniqueConstraint(
                fields=["space", "batch", "model", "sign", "parameter", "direction", "begins_at"],
                condition=~Q(state="withdrawn"),
                name="watchnews_once",
            ),
        ]

    def follow(self, *, begins_at: datetime, known_at: datetime, last_at: datetime, peak: float) -> None:
        """Take the stretch as it looks now."""
        self.begins_at, self.known_at, self.last_at, self.peak = begins_at, known_at, last_at, peak
        self.bump()

    def end(self, state: NewsState) -> None:
        """Note that it is over, or was taken back."""
        self.state = state
        self.bump()
