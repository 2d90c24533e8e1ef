"""What needs a human's receipt, who was told of it, and how."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q

from portal.models.base import RecordKey, SpaceRecord
from portal.models.person import Person
from portal.models.space import Record
from portal.sealing import SealedTextField
from portal.states import AlertState, Channel, Classification, DeliveryState, SeatSide


class Alert(SpaceRecord):
    """A judged signal to one side that asks for receipt; its title is shown, its subject linked."""

    subject = RecordKey(Record)
    kind = models.CharField(max_length=60)
    side = models.CharField(max_length=12, choices=SeatSide)
    classification = models.CharField(  # noqa: DJ001 - null means not judged
        max_length=8, choices=Classification, null=True, blank=True
    )
    title = SealedTextField()
    clause = models.CharField(max_length=20, blank=True)
    # Of which version of the agreement the clause is; null: of the default rules.
    terms = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=AlertState, default=AlertState.OPEN)
    raised_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "state", "-raised_at", "id"], name="alert_list"),
            models.Index(fields=["space", "subject"], name="alert_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="acknowledged", acknowledged_at__isnull=False)
                | ~Q(state="acknowledged") & Q(acknowledged_at=None),
                name="alert_acknowledged_at_a_time",
            ),
        ]

    def acknowledge(self, at: datetime, code: str) -> None:
        """Note that somebody of the side gave receipt."""
        self.state, self.acknowledged_at, self.acknowledged_by = AlertState.ACKNOWLEDGED, at, code
        self.bump()

    def end_unanswered(self) -> None:
        """Note that the ladder ended without a receipt; silence is no consent."""
        self.state = AlertState.UNANSWERED
        self.bump()


class Receipt(SpaceRecord):
    """What both sides know of one person and one alert: told, delivered, acknowledged or refused."""

    alert = RecordKey(Alert)
    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    role = models.CharField(max_length=20)
    code = models.CharField(max_length=60)
    step = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    # "Not me, cannot": why, stands in a `Refusal` of the own side.
    refused_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "alert", "person"], name="receipt_once_per_person")
        ]
        indexes = [
            models.Index(
                fields=["person", "space"], condition=Q(delivered_at=None), name="receipt_undelivered"
            ),
        ]


class Opening(SpaceRecord):
    """When a told person first opened the alert. What was looked at stays with the side that looked."""

    receipt = RecordKey(Receipt)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "receipt"], name="opening_once"),
            models.CheckConstraint(condition=~Q(audience="shared"), name="opening_stays_with_its_side"),
        ]


class LadderStep(SpaceRecord):
    """One step of a ladder that was taken: who was told, when it was due, when it ran. One per number."""

    alert = RecordKey(Alert)
    number = models.PositiveSmallIntegerField()
    roles = models.JSONField(default=list)
    told = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "alert", "number"], name="ladderstep_once")]


class Delivery(SpaceRecord):
    """One message to one person over one channel: claimed by lease, sent outside any transaction."""

    alert = RecordKey(Alert)
    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    step = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.EMAIL)
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Attempts in a row that nobody ended; and whose attempt the present one is (portal_courier).
    lost = models.PositiveSmallIntegerField(default=0)
    courier_id = models.UUIDField(null=True, blank=True)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at", "id"], condition=Q(state="waiting"), name="delivery_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "alert", "person", "channel", "step"], name="delivery_once"
            ),
        ]

    def claim(self, courier_id: UUID, lease_ends_at: datetime) -> None:
        """Take the message for one attempt; until the lease ends nobody else tries, nor while it is seen."""
        self.attempts, self.lost, self.next_at = self.attempts + 1, self.lost + 1, lease_ends_at
        self.courier_id = courier_id
        self.bump()

    def note_sent(self, at: datetime) -> None:
        """Note that the server of the channel took the message."""
        self.state, self.sent_at, self.error = DeliveryState.SENT, at, ""
        self.lost, self.courier_id = 0, None
        self.bump()

    def put_off(self, until: datetime, error: str) -> None:
        """Note why an attempt failed and when the next one is made."""
        self.next_at, self.error = until, error
        self.lost, self.courier_id = 0, None
        self.bump()

    def spare(self) -> None:
        """Note that it need not go any more: receipt was given while it waited."""
        self.state = DeliveryState.NEEDLESS
        self.bump()

    def give_up(self, error: str) -> None:
        """Note that no further attempt is made."""
        self.state, self.error, self.courier_id = DeliveryState.FAILED, error, None
        self.bump()
