"""An investigation as records: what was taken apart with which tool, what it rests on, and the causes."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from deviations.inquiry.states import (
    Branch,
    CauseKind,
    CauseOf,
    EvidenceKind,
    ExclusionOf,
    Standing,
    Tool,
)
from deviations.models.deviation import Deviation
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience, SeatSide


class Inquiry(SpaceRecord):
    """One tool used on a deviation, by one side alone or by both; what is shared is never taken back."""

    number = models.CharField(max_length=60)
    title = SealedTextField()
    deviation = RecordKey(Deviation)
    tool = models.CharField(max_length=12, choices=Tool)
    side = models.CharField(max_length=12, choices=SeatSide)
    code = models.CharField(max_length=60)
    begun_at = models.DateTimeField()
    shared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "deviation", "begun_at"], name="inquiry_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience="shared", shared_at__isnull=False)
                | Q(audience=F("side"), shared_at=None),
                name="inquiry_of_a_side_until_shared",
            ),
        ]

    def share(self, at: datetime) -> None:
        """Widen the audience to both sides; there is no way back."""
        self.audience, self.shared_at = Audience.SHARED, at
        self.bump()


class InquiryNode(SpaceRecord):
    """One box of the picture: a cause, an event, a question answered; under another one where the tool nests.

    Its words never change; whether it is supported or excluded does, with a reason.
    """

    inquiry = RecordKey(Inquiry)
    parent = RecordKey("self", null=True, blank=True)
    number = models.PositiveSmallIntegerField()
    branch = models.CharField(max_length=14, choices=Branch, blank=True, default="")
    text = SealedTextField()
    # Of a timeline: when it happened.
    at = models.DateTimeField(null=True, blank=True)
    standing = models.CharField(max_length=9, choices=Standing, default=Standing.OPEN)
    reason = SealedTextField(blank=True)
    judged_code = models.CharField(max_length=60, blank=True, default="")
    judged_at = models.DateTimeField(null=True, blank=True)
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "inquiry", "number"], name="inquirynode_number_once"),
            models.CheckConstraint(
                condition=Q(standing="open", judged_at=None)
                | ~Q(standing="open") & Q(judged_at__isnull=False),
                name="inquirynode_judged_at_a_time",
            ),
        ]

    def judge(self, standing: Standing, reason: str, code: str, at: datetime) -> None:
        """Say whether it is supported or excluded, and why."""
        self.standing, self.reason, self.judged_code, self.judged_at = standing, reason, code, at
        self.bump()

    def disclose(self) -> None:
        """Widen the audience to both sides."""
        self.audience = Audience.SHARED
        self.bump()


class NodeEvidence(SpaceRecord):
    """What a node rests on: a record of the plant, a file, or the readings of a parameter in a window."""

    node = RecordKey(InquiryNode)
    kind = models.CharField(max_length=9, choices=EvidenceKind)
    # The file, entry, result or excursion.
    about_id = models.UUIDField(null=True, blank=True)
    parameter = models.CharField(max_length=40, blank=True, default="")
    since = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    words = SealedTextField()
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "node", "given_at"], name="nodeevidence_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="window", about_id=None, since__lt=F("until")) & ~Q(parameter="")
                | ~Q(kind="window") & Q(about_id__isnull=False, parameter="", since=None, until=None),
                name="nodeevidence_is_a_record_or_a_window",
            ),
        ]

    def disclose(self) -> None:
        """Widen the audience to both sides."""
        self.audience = Audience.SHARED
        self.bump()


class Cause(SpaceRecord):
    """What brought the deviation about, as the CDMO says, by which method; it travels with its deviation."""

    deviation = RecordKey(Deviation)
    kind = models.CharField(max_length=13, choices=CauseKind)
    of = models.CharField(max_length=12, choices=CauseOf)
    method = models.CharField(max_length=12, choices=Tool)
    text = SealedTextField()
    evidence = SealedTextField()
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_code = models.CharField(max_length=60, blank=True, default="")
    withdrawn_why = SealedTextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "deviation", "given_at"], name="cause_of")]
        constraints = [
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="cause_said_by_cdmo"),
        ]

    def withdraw(self, why: str, code: str, at: datetime) -> None:
        """Take it back; it stays to be read."""
        self.withdrawn_why, self.withdrawn_code, self.withdrawn_at = why, code, at
        self.bump()

    def disclose(self) -> None:
        """Widen the audience to both sides."""
        self.audience = Audience.SHARED
        self.bump()


class CauseExclusion(SpaceRecord):
    """What else was looked at and is not the cause, and why not."""

    cause = RecordKey(Cause)
    of = models.CharField(max_length=9, choices=ExclusionOf)
    what = SealedTextField()
    reason = SealedTextField()

    class Meta:
        indexes = [models.Index(fields=["space", "cause"], name="causeexclusion_of")]

    def disclose(self) -> None:
        """Widen the audience to both sides."""
        self.audience = Audience.SHARED
        self.bump()
