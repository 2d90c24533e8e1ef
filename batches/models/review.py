"""Review of the record of a batch: who looked at what, what was asked, which sections are through."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from batches.models.batch import Batch
from batches.reviewing.states import NoteKind, NoteState, ReviewMode
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import SeatSide


class ExceptionLook(SpaceRecord):
    """Somebody looked at one exception as it stood (`mark`); only the own side knows."""

    batch = RecordKey(Batch)
    key = models.CharField(max_length=80)
    mark = models.CharField(max_length=40)
    person_id = models.UUIDField()
    code = models.CharField(max_length=60)
    looked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "key"], name="exceptionlook_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch", "key", "mark", "person_id"], name="exceptionlook_once"
            ),
            models.CheckConstraint(condition=~Q(audience="shared"), name="exceptionlook_is_of_a_side"),
        ]


class ReviewNote(SpaceRecord):
    """A comment on an exception or on the record, or a question to the other side.

    A question is read by both; a comment by whom it was meant for.
    """

    batch = RecordKey(Batch)
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    key = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=8, choices=NoteKind)
    state = models.CharField(max_length=8, choices=NoteState)
    side = models.CharField(max_length=12, choices=SeatSide)
    text = SealedTextField()
    code = models.CharField(max_length=60)
    said_at = models.DateTimeField()
    answer = SealedTextField(blank=True)
    answered_code = models.CharField(max_length=60, blank=True)
    answered_at = models.DateTimeField(null=True)
    resolution = SealedTextField(blank=True)
    settled_code = models.CharField(max_length=60, blank=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "said_at"], name="reviewnote_batch")]
        constraints = [
            models.CheckConstraint(condition=~Q(side="both"), name="reviewnote_is_of_a_side"),
            models.CheckConstraint(
                condition=Q(kind="comment", state="said")
                | Q(kind="question", audience="shared") & ~Q(state="said"),
                name="reviewnote_question_is_shared",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["said", "asked"], answered_at=None, settled_at=None)
                | Q(state="answered", answered_at__isnull=False, settled_at=None) & ~Q(answered_code="")
                | Q(state="settled", settled_at__isnull=False) & ~Q(settled_code=""),
                name="reviewnote_state_has_its_times",
            ),
        ]

    def reply(self, text: str, at: datetime, code: str) -> None:
        """Note the answer."""
        self.state, self.answer, self.answered_at, self.answered_code = NoteState.ANSWERED, text, at, code
        self.bump()

    def settle(self, text: str, at: datetime, code: str) -> None:
        """Note how it ended."""
        self.state, self.resolution, self.settled_at, self.settled_code = NoteState.SETTLED, text, at, code
        self.bump()


class SectionReview(SpaceRecord):
    """One side's word that it reviewed a section of the record as it stood (`mark`); a newer one follows."""

    batch = RecordKey(Batch)
    section = models.CharField(max_length=80)
    side = models.CharField(max_length=12, choices=SeatSide)
    mode = models.CharField(max_length=9, choices=ReviewMode)
    mark = models.CharField(max_length=64)
    person_id = models.UUIDField()
    code = models.CharField(max_length=60)
    reviewed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "section"], name="sectionreview_batch")]
        constraints = [
            models.CheckConstraint(condition=~Q(side="both"), name="sectionreview_is_of_a_side"),
            models.CheckConstraint(condition=Q(audience="shared"), name="sectionreview_is_read_by_both"),
        ]
