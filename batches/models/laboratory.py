"""Samples on their way, and certificates of analysis with their lines and differences."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from batches.laboratory.states import (
    TIMES,
    UNDER_WAY,
    CoaState,
    DifferenceKind,
    IssuerKind,
    LaboratoryKind,
    SampleState,
)
from batches.models.batch import Batch
from batches.models.lot import Lot
from batches.models.recipe import Parameter
from batches.reach import within_reach
from portal.models import Attachment, RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class Sample(SpaceRecord):
    """One sample of a batch from the plan to the report; its results bear its number.

    `tests` are codes of parameters of the recipe version. `expected_at` is when its last result is expected:
    what is not reported by then is late.
    """

    batch = RecordKey(Batch)
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    point = models.CharField(max_length=60, blank=True)
    tests = models.JSONField(default=list)
    laboratory = models.CharField(max_length=120)
    laboratory_kind = models.CharField(max_length=8, choices=LaboratoryKind, default=LaboratoryKind.CDMO)
    state = models.CharField(max_length=9, choices=SampleState, default=SampleState.PLANNED)
    planned_at = models.DateTimeField()
    expected_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    tested_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60)
    reason = SealedTextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "batch"], name="sample_batch"),
            models.Index(fields=["space", "state", "expected_at", "id"], name="sample_expected"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["space", "batch", "number"], name="sample_number_once"),
            models.CheckConstraint(condition=~Q(tests=[]), name="sample_is_tested"),
            models.CheckConstraint(
                condition=Q(expected_at__gte=F("planned_at")), name="sample_expected_after_its_plan"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled"]) | Q(taken_at__isnull=False),
                name="sample_taken_before_it_went_on",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(reason=""), name="sample_cancelled_with_reason"
            ),
            models.CheckConstraint(
                condition=within_reach(
                    "planned_at", "expected_at", "taken_at", "sent_at", "received_at", "reported_at"
                ),
                name="sample_times_within_reach",
            ),
        ]

    @property
    def is_under_way(self) -> bool:
        """Say whether results are still to come of it."""
        return self.state in UNDER_WAY

    def is_late(self, now: datetime) -> bool:
        """Say whether it should have been reported, or taken, by now."""
        due = self.planned_at if self.state == SampleState.PLANNED else self.expected_at
        return self.is_under_way and due < now

    @property
    def latest_at(self) -> datetime | None:
        """Return the time of its latest move."""
        times = [getattr(self, name) for name in TIMES.values()]
        return max((each for each in times if each is not None), default=None)

    def move(self, state: str, at: datetime, code: str) -> None:
        """Go on to the next place."""
        self.state, self.code = state, code
        if state in TIMES:
            setattr(self, TIMES[state], at)
        self.bump()

    def expect(self, at: datetime, code: str, reason: str) -> None:
        """Wait for its results until another time."""
        self.expected_at, self.code, self.reason = at, code, reason
        self.bump()


class Coa(SpaceRecord):
    """A certificate of analysis of a batch, or of a lot that came in, as it was received.

    `revision` is that of the master record it was compared with; the file is kept with its digest.
    """

    batch = RecordKey(Batch, null=True)
    lot = RecordKey(Lot, null=True)
    attachment = RecordKey(Attachment, null=True)
    number = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    issuer = models.CharField(max_length=120)
    issuer_kind = models.CharField(max_length=8, choices=IssuerKind)
    issued_on = models.DateField()
    compared_with = models.CharField(max_length=90)
    state = models.CharField(max_length=9, choices=CoaState)
    entered_by = models.UUIDField(null=True)
    code = models.CharField(max_length=60)
    side = models.CharField(max_length=12)
    entered_at = models.DateTimeField()
    closed_code = models.CharField(max_length=60, blank=True)
    closed_at = models.DateTimeField(null=True)
    reason = SealedTextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "batch"], name="coa_batch"),
            models.Index(fields=["space", "lot"], name="coa_lot"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(batch=None, lot__isnull=False) | Q(batch__isnull=False, lot=None),
                name="coa_is_of_a_batch_or_a_lot",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["accepted", "withdrawn"], closed_at__isnull=False) & ~Q(closed_code="")
                | Q(state__in=["open", "answered"], closed_at=None, closed_code=""),
                name="coa_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | ~Q(closed_code=F("code")), name="coa_accepted_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(reason=""), name="coa_withdrawn_with_reason"
            ),
            models.CheckConstraint(condition=Q(audience="shared"), name="coa_is_read_by_both"),
        ]

    @property
    def about_id(self) -> UUID:
        """Return the batch or the lot that it is about."""
        about = self.batch_id or self.lot_id
        if about is None:
            raise ValueError("a certificate is about a batch or a lot")
        return about

    def close(self, state: CoaState, at: datetime, code: str, reason: str = "") -> None:
        """Accept or withdraw it."""
        self.state, self.closed_at, self.closed_code, self.reason = state, at, code, reason
        self.bump()

    def settle(self) -> None:
        """Note that every difference has its answer."""
        self.state = CoaState.ANSWERED
        self.bump()


class CoaLine(SpaceRecord):
    """One line as the certificate prints it; `parameter` is what it was found to be about."""

    coa = RecordKey(Coa)
    parameter = RecordKey(Parameter, null=True)
    ordinal = models.PositiveSmallIntegerField()
    test = models.CharField(max_length=120)
    qualifier = models.CharField(max_length=1, blank=True)
    value = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    text = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=30, blank=True)
    low = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    high = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    method = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "coa", "ordinal"], name="coaline_place_once"),
            models.CheckConstraint(
                condition=Q(value__isnull=False, text="") | Q(value=None) & ~Q(text=""),
                name="coaline_value_or_words",
            ),
        ]


class CoaDifference(SpaceRecord):
    """One difference between a certificate and the record, and the reason that answers it."""

    coa = RecordKey(Coa)
    ordinal = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=13, choices=DifferenceKind)
    test = models.CharField(max_length=120)
    stated = models.CharField(max_length=300, blank=True)
    expected = models.CharField(max_length=300, blank=True)
    answer = SealedTextField(blank=True)
    answered_code = models.CharField(max_length=60, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "coa", "ordinal"], name="coadifference_place_once"),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_code="", answer="")
                | Q(answered_at__isnull=False) & ~Q(answered_code="") & ~Q(answer=""),
                name="coadifference_answered_by_somebody",
            ),
        ]

    def give_answer(self, at: datetime, code: str, answer: str) -> None:
        """Note why it differs."""
        self.answered_at, self.answered_code, self.answer = at, code, answer
        self.bump()
