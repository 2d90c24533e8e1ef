"""What dockets have in common: a number, words, a state; what was said at each step, and what is linked."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from portal.models import Record, RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience

OWN_SIDE = ~Q(side=Audience.SHARED)


class Docket(SpaceRecord):
    """A record that is worked by steps; `side` opened it and keeps it."""

    number = models.CharField(max_length=20)
    title = SealedTextField()
    description = SealedTextField()
    side = models.CharField(max_length=12, choices=Audience)
    recorded_at = models.DateTimeField()
    recorded_by = models.UUIDField()
    recorded_code = models.CharField(max_length=60)
    ended_at = models.DateTimeField(null=True, blank=True)

    # The columns that a step may write; sealed words are written again where the audience goes along.
    MOVED: ClassVar[tuple[str, ...]] = ("state", "ended_at", "version")
    SEALED: ClassVar[tuple[str, ...]] = ("title", "description")

    class Meta:
        abstract = True

    def move(self, state: str, *, ended_at: datetime | None = None) -> None:
        """Enter a state; with the last one it ends."""
        self.state = state
        self.ended_at = ended_at
        self.bump()


class DocketEntry(SpaceRecord):
    """What was said at a step of a docket, by whom; it is never rewritten."""

    about = RecordKey(Record)
    ordinal = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20, blank=True)
    text = SealedTextField(blank=True)
    side = models.CharField(max_length=12, choices=Audience)
    code = models.CharField(max_length=60)
    person = models.UUIDField()
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "about", "ordinal"], name="docketentry_ordinal_once"),
            models.CheckConstraint(condition=OWN_SIDE, name="docketentry_of_a_side"),
        ]


class DocketLink(SpaceRecord):
    """That a docket belongs to another record of the program; shared once both are."""

    about = RecordKey(Record)
    other = RecordKey(Record)
    linked_code = models.CharField(max_length=60)
    linked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "other"], name="docketlink_other")]
        constraints = [models.UniqueConstraint(fields=["space", "about", "other"], name="docketlink_once")]
