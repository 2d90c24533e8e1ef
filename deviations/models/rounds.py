"""The report of an investigation on its way between the sides: drafts, comments, what a review came to."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from deviations.models.deviation import Deviation
from deviations.states import CommentOutcome, ReviewOutcome, RoundKind, SettlementOutcome
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience, SeatSide


class ReportRound(SpaceRecord):
    """One text of a report as it was handed over: a draft for comments, or the report for review.

    Its words never change; the next text is the next round. `outcome` is what the sponsor's review came to.
    """

    deviation = RecordKey(Deviation)
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=RoundKind)
    text = SealedTextField()
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()
    # Of a draft: the sponsor has no more comments.
    commented_at = models.DateTimeField(null=True, blank=True)
    # Of a report: CDMO QA approved it by signature, or it was handed back.
    approved_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=ReviewOutcome, blank=True, default="")
    outcome_at = models.DateTimeField(null=True, blank=True)
    # What was objected to, or the clause by which the work went on without a reply.
    outcome_text = SealedTextField(blank=True)
    outcome_code = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "deviation", "number"], name="reportround_number_once"),
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="reportround_of_cdmo"),
            models.CheckConstraint(
                condition=Q(kind="report") | Q(audience="shared", approved_at=None, outcome=""),
                name="reportround_draft_is_shared",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", outcome_at=None) | Q(outcome_at__gte=F("approved_at")),
                name="reportround_reviewed_after_approval",
            ),
        ]

    @property
    def takes_comments(self) -> bool:
        """Say whether it is a draft that waits for the sponsor."""
        return self.kind == RoundKind.DRAFT and self.commented_at is None

    def finish(self, at: datetime) -> None:
        """Note that the sponsor has no more comments on the draft."""
        self.commented_at = at
        self.bump()

    def approve(self, at: datetime) -> None:
        """Note that CDMO QA approved the report."""
        self.approved_at = at
        self.bump()

    def come_back(self, at: datetime) -> None:
        """Note that the report was handed back to the investigation."""
        self.returned_at = at
        self.bump()

    def end(self, outcome: ReviewOutcome, at: datetime, *, text: str = "", code: str = "") -> None:
        """Note what the sponsor's review came to."""
        self.outcome, self.outcome_at = outcome, at
        self.outcome_text, self.outcome_code = text, code
        self.bump()

    def disclose(self) -> None:
        """Widen the audience to both sides; there is no way back."""
        self.audience = Audience.SHARED
        self.bump()


class ReportComment(SpaceRecord):
    """A comment of the sponsor on a draft or a report, and what the CDMO made of it."""

    round = RecordKey(ReportRound)
    number = models.PositiveSmallIntegerField()
    text = SealedTextField()
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=CommentOutcome, blank=True, default="")
    answer = SealedTextField(blank=True)
    answered_code = models.CharField(max_length=60, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "round", "number"], name="reportcomment_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="reportcomment_is_shared"),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at=None) | ~Q(outcome="") & Q(answered_at__isnull=False),
                name="reportcomment_answered_at_a_time",
            ),
        ]

    def resolve(self, outcome: CommentOutcome, answer: str, code: str, at: datetime) -> None:
        """Note what the CDMO made of it."""
        self.outcome, self.answer, self.answered_code, self.answered_at = outcome, answer, code, at
        self.bump()


class Settlement(SpaceRecord):
    """What one side's head of quality says about an objection; both saying the same decides (5.6)."""

    round = RecordKey(ReportRound)
    side = models.CharField(max_length=12, choices=SeatSide)
    outcome = models.CharField(max_length=8, choices=SettlementOutcome)
    text = SealedTextField()
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "round", "-given_at"], name="settlement_newest")]
        constraints = [models.CheckConstraint(condition=Q(audience="shared"), name="settlement_is_shared")]
