"""Batch records on paper: scans page by page, and comments that stand at a place of a page."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from batches.models.batch import Batch
from batches.states import CommentState
from portal.models import Attachment, RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class PaperScan(SpaceRecord):
    """One scanned part of a batch record; `pages` holds the SHA-256 of each page, so an exchanged page shows.

    A better scan `replaces` this one, which stays to be read.
    """

    batch = RecordKey(Batch)
    attachment = RecordKey(Attachment)
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    pages = models.JSONField(default=list)
    page_count = models.PositiveIntegerField()
    code = models.CharField(max_length=60)
    scanned_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    replaces = RecordKey("self", null=True)
    reason = SealedTextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "recorded_at"], name="paperscan_batch")]
        constraints = [
            models.UniqueConstraint(fields=["space", "replaces"], name="paperscan_replaced_once"),
            models.CheckConstraint(condition=Q(page_count__gt=0), name="paperscan_has_pages"),
            models.CheckConstraint(
                condition=Q(replaces=None) | ~Q(reason=""), name="paperscan_replaces_with_reason"
            ),
        ]


class PageComment(SpaceRecord):
    """A comment at a place of a page: a line of the correction table, with what was done about it.

    `x` and `y` are shares of the width and height, from the upper left corner.
    """

    scan = RecordKey(PaperScan)
    page = models.PositiveIntegerField()
    x = models.DecimalField(max_digits=7, decimal_places=6)
    y = models.DecimalField(max_digits=7, decimal_places=6)
    state = models.CharField(max_length=9, choices=CommentState, default=CommentState.OPEN)
    text = SealedTextField()
    side = models.CharField(max_length=12)
    code = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    correction = SealedTextField(blank=True)
    corrected_code = models.CharField(max_length=60, blank=True)
    corrected_at = models.DateTimeField(null=True)
    closed_code = models.CharField(max_length=60, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["space", "scan", "page"], name="pagecomment_scan")]
        constraints = [
            models.CheckConstraint(condition=Q(page__gt=0), name="pagecomment_on_a_page"),
            models.CheckConstraint(
                condition=Q(x__gte=0, x__lte=1, y__gte=0, y__lte=1), name="pagecomment_inside_the_page"
            ),
            models.CheckConstraint(
                condition=Q(closed_code="") | Q(state="withdrawn") | ~Q(closed_code=F("corrected_code")),
                name="pagecomment_closed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="open", corrected_at=None, closed_at=None)
                | Q(state="corrected", corrected_at__isnull=False, closed_at=None)
                | Q(state="accepted", corrected_at__isnull=False, closed_at__isnull=False)
                | Q(state="withdrawn", closed_at__isnull=False),
                name="pagecomment_state_has_its_times",
            ),
        ]

    def answer(self, at: datetime, code: str, correction: str) -> None:
        """Note what was corrected."""
        self.state = CommentState.CORRECTED
        self.correction, self.corrected_at, self.corrected_code = correction, at, code
        self.bump()

    def put_back(self) -> None:
        """Note that the correction does not do."""
        self.state, self.corrected_at, self.corrected_code = CommentState.OPEN, None, ""
        self.bump()

    def close(self, state: CommentState, at: datetime, code: str) -> None:
        """Accept the correction, or withdraw the comment."""
        self.state, self.closed_at, self.closed_code = state, at, code
        self.bump()
