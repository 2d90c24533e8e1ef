"""What the CDMO's own quality system says beside a deviation, where it is no part of the record."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from deviations.mirroring.states import ConflictState, SettledBy
from deviations.models.deviation import Deviation
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class MirrorClass(SpaceRecord):
    """The class that the CDMO's own system gives a copied deviation: a copy without effect, CDMO internal."""

    deviation = RecordKey(Deviation)
    classification = models.CharField(max_length=60)
    as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "deviation"], name="mirrorclass_once"),
            models.CheckConstraint(condition=Q(audience="manufacturer"), name="mirrorclass_is_internal"),
        ]

    def copy(self, classification: str, as_of: datetime) -> None:
        """Take a newer copy."""
        self.classification, self.as_of = classification, as_of
        self.bump()


class MirrorConflict(SpaceRecord):
    """A field mastered here of which the CDMO's own system says something else; CDMO internal.

    The record is never overwritten: a person says what is right, or a later copy agrees.
    """

    deviation = RecordKey(Deviation)
    field = models.CharField(max_length=24)
    here = SealedTextField(blank=True)
    there = SealedTextField(blank=True)
    as_of = models.DateTimeField()
    found_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=ConflictState, default=ConflictState.OPEN)
    outcome = models.CharField(max_length=12, choices=SettledBy, blank=True, default="")
    reason = SealedTextField(blank=True, default="")
    settled_code = models.CharField(max_length=60, blank=True, default="")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "state", "-found_at", "-id"], name="mirrorconflict_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "deviation", "field"],
                condition=Q(state="open"),
                name="mirrorconflict_open_once",
            ),
            models.CheckConstraint(condition=Q(audience="manufacturer"), name="mirrorconflict_is_internal"),
            models.CheckConstraint(
                condition=Q(state="open", settled_at=None) | ~Q(state="open") & Q(settled_at__isnull=False),
                name="mirrorconflict_ends_at_a_time",
            ),
        ]

    def repeat(self, there: str, as_of: datetime) -> None:
        """Take what a later copy says."""
        self.there, self.as_of = there, as_of
        self.bump()

    def agree(self, as_of: datetime, at: datetime) -> None:
        """Note that a later copy says what stands here."""
        self.state, self.as_of, self.settled_at = ConflictState.AGREED, as_of, at
        self.bump()

    def settle(self, outcome: SettledBy, reason: str, code: str, at: datetime) -> None:
        """Note what a person decided."""
        self.state, self.outcome, self.reason = ConflictState.SETTLED, outcome, reason
        self.settled_code, self.settled_at = code, at
        self.bump()
