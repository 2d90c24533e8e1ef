"""A sponsor's word that a lot goes on as another lot in another program, often at another manufacturer."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from batches.models.lot import Lot
from batches.reach import within_reach
from batches.states import LinkWay, LotState
from portal.models import RecordKey, SpaceRecord


class LotLink(SpaceRecord):
    """One end of a link, in the program of its lot: of the other lot its number and its status, nothing else.

    `carry_due` says that the status of the own lot has changed and the other end does not know yet.
    """

    lot = RecordKey(Lot)
    way = models.CharField(max_length=8, choices=LinkWay)
    other_number = models.CharField(max_length=60)
    other_state = models.CharField(max_length=12, choices=LotState)
    other_as_of = models.DateTimeField()
    carry_due = models.BooleanField(default=False, db_default=False)
    linked_code = models.CharField(max_length=60)
    linked_at = models.DateTimeField()
    ended_code = models.CharField(max_length=60, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "lot"], name="lotlink_lot"),
            models.Index(fields=["id"], condition=Q(carry_due=True), name="lotlink_to_carry"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(audience="shared"), name="lotlink_is_read_by_both"),
            models.CheckConstraint(
                condition=within_reach("linked_at", "ended_at", "other_as_of"),
                name="lotlink_times_within_reach",
            ),
        ]

    def learn(self, state: LotState, at: datetime) -> None:
        """Take over how the other lot stands."""
        self.other_state, self.other_as_of = state, at
        self.bump()

    def end(self, code: str, at: datetime) -> None:
        """Hold no longer; it stays to be read."""
        self.ended_code, self.ended_at, self.carry_due = code, at, False
        self.bump()


class LotLinkEnd(SpaceRecord):
    """Where the other end of a link lies; only the sponsor's side knows, and who carries for it."""

    link = RecordKey(LotLink)
    other_space = models.UUIDField()
    other_link = models.UUIDField()
    other_lot = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "link"], name="lotlinkend_once"),
            models.CheckConstraint(condition=Q(audience="sponsor"), name="lotlinkend_is_the_sponsors"),
        ]
