"""A patient lot's identity and custody: its identifiers, its hand-overs, its stops, what others say of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from batches.custody.states import CheckState, HandOverKind, ReadBy, StopState
from batches.models.batch import Batch
from batches.models.recipe import ProcedureStep
from batches.reach import within_reach
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class CustodyChain(SpaceRecord):
    """The two identifiers of a patient lot, set once; how cold it travels and how long it lives.

    Pseudonymous codes and nothing of the person. The life counts from the end of a step (`life_from`);
    `needed_at` is when it is to be given.
    """

    batch = RecordKey(Batch)
    coi = models.CharField(max_length=40)
    donation = models.CharField(max_length=13)
    epc = models.CharField(max_length=200, blank=True)
    cold_low = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    cold_high = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    life_s = models.PositiveIntegerField(null=True)
    life_from = RecordKey(ProcedureStep, null=True)
    needed_at = models.DateTimeField(null=True)
    set_code = models.CharField(max_length=60)
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "batch"], name="custodychain_once_a_batch"),
            models.UniqueConstraint(fields=["space", "coi"], name="custodychain_identifier_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="custodychain_is_read_by_both"),
            models.CheckConstraint(
                condition=Q(cold_low=None) | Q(cold_high=None) | Q(cold_low__lt=F("cold_high")),
                name="custodychain_cold_has_width",
            ),
            models.CheckConstraint(
                condition=Q(life_s=None, life_from=None) | Q(life_s__gt=0, life_from__isnull=False),
                name="custodychain_life_counts_from_a_step",
            ),
            models.CheckConstraint(
                condition=within_reach("needed_at", "set_at"), name="custodychain_times_within_reach"
            ),
        ]

    def need(self, at: datetime | None) -> None:
        """Say when the lot is to be given."""
        self.needed_at = at
        self.bump()


class IdentityCheck(SpaceRecord):
    """One hand-over: both identifiers read by one person, then by another.

    What was read and does not agree may be the label of somebody else's lot: that stands in
    `IdentityReading`, for the manufacturer alone.
    """

    batch = RecordKey(Batch)
    number = models.CharField(max_length=90)
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=9, choices=HandOverKind)
    state = models.CharField(max_length=10, choices=CheckState, default=CheckState.OPEN)
    place = models.CharField(max_length=120)
    gives = models.CharField(max_length=120)
    takes = models.CharField(max_length=120)
    condition = models.CharField(max_length=200, blank=True)
    warmth = models.DecimalField(max_digits=5, decimal_places=1, null=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    coi_by = models.CharField(max_length=5, choices=ReadBy)
    donation_by = models.CharField(max_length=5, choices=ReadBy)
    first_by = models.UUIDField(null=True)
    first_code = models.CharField(max_length=60)
    second_by = models.UUIDField(null=True)
    second_code = models.CharField(max_length=60, blank=True)
    second_at = models.DateTimeField(null=True)
    second_coi_by = models.CharField(max_length=5, choices=ReadBy, blank=True)
    second_donation_by = models.CharField(max_length=5, choices=ReadBy, blank=True)
    disagrees = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "at"], name="identitycheck_batch")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="identitycheck_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="identitycheck_is_read_by_both"),
            models.CheckConstraint(
                condition=(Q(second_by=None) | ~Q(second_by=F("first_by")))
                & (Q(second_code="") | ~Q(second_code=F("first_code"))),
                name="identitycheck_takes_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed") | ~Q(second_code="") & Q(second_at__isnull=False, disagrees=[]),
                name="identitycheck_agrees_for_two",
            ),
            models.CheckConstraint(
                condition=Q(state="mismatched") & ~Q(disagrees=[]) | ~Q(state="mismatched") & Q(disagrees=[]),
                name="identitycheck_says_what_disagrees",
            ),
            models.CheckConstraint(
                condition=within_reach("at", "recorded_at", "second_at"),
                name="identitycheck_times_within_reach",
            ),
        ]

    def check_again(
        self, by: UUID | None, code: str, at: datetime, reads: tuple[str, str], disagrees: list[str]
    ) -> None:
        """Note what the second person read."""
        self.second_by, self.second_code, self.second_at = by, code, at
        self.second_coi_by, self.second_donation_by = reads
        self.disagrees = disagrees
        self.state = CheckState.MISMATCHED if disagrees else CheckState.AGREED
        self.bump()


class IdentityReading(SpaceRecord):
    """An identifier that was read and is not that of the lot; the manufacturer's alone."""

    check_of = RecordKey(IdentityCheck)
    which = models.CharField(max_length=8)
    read = SealedTextField()
    read_by = models.CharField(max_length=5, choices=ReadBy)

    class Meta:
        indexes = [models.Index(fields=["space", "check_of"], name="identityreading_check")]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience="manufacturer"), name="identityreading_is_the_manufacturers"
            ),
        ]


class IdentityStop(SpaceRecord):
    """A mismatch of identity: nothing goes on until both labels agree and both quality units have signed."""

    batch = RecordKey(Batch)
    check_of = RecordKey(IdentityCheck)
    recheck = RecordKey(IdentityCheck, null=True)
    number = models.CharField(max_length=90)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=StopState, default=StopState.STANDING)
    raised_code = models.CharField(max_length=60)
    raised_at = models.DateTimeField()
    cdmo_code = models.CharField(max_length=60, blank=True)
    sponsor_code = models.CharField(max_length=60, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "state"], name="identitystop_batch")]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "batch"], condition=~Q(state="released"), name="identitystop_one_stands"
            ),
            models.CheckConstraint(condition=Q(audience="shared"), name="identitystop_is_read_by_both"),
            models.CheckConstraint(
                condition=Q(state="standing", recheck=None) | ~Q(state="standing") & Q(recheck__isnull=False),
                name="identitystop_read_again_before_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(state="released", released_at__isnull=False)
                & ~Q(cdmo_code="")
                & ~Q(sponsor_code="")
                | ~Q(state="released") & Q(released_at=None),
                name="identitystop_ended_by_both",
            ),
        ]

    def read_again(self, check: IdentityCheck) -> None:
        """Note that both identifiers agree now; it ends by signatures."""
        self.recheck, self.state = check, StopState.RECHECKED
        self.bump()


class CustodyFile(SpaceRecord):
    """What became of one file of EPCIS: what was taken, was here, was declared wrong, was refused and why.

    `unknown` names what is kept and not understood, `doubted` the rows whose id is not the hash it claims.
    """

    batch = RecordKey(Batch)
    sha256 = models.CharField(max_length=64)
    form = models.CharField(max_length=4)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    declared = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=list)
    unknown = models.JSONField(default=list)
    doubted = models.JSONField(default=list)
    taken_code = models.CharField(max_length=60)
    taken_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "taken_at"], name="custodyfile_batch")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="shared"), name="custodyfile_is_read_by_both"),
        ]


class CustodyEvent(SpaceRecord):
    """One event of EPCIS as its sender told it, about the lot of a batch; one id has one event.

    `told` is the whole event, `context` what its extensions need to be read. An error declaration that came
    with it, or later, leaves it to be read.
    """

    batch = RecordKey(Batch)
    event_id = models.CharField(max_length=400)
    digest = models.CharField(max_length=100)
    has_own_id = models.BooleanField(default=True)
    hash_stands = models.BooleanField(null=True)
    kind = models.CharField(max_length=200)
    action = models.CharField(max_length=8, blank=True)
    at = models.DateTimeField()
    zone_offset = models.CharField(max_length=6)
    step = models.CharField(max_length=200, blank=True)
    disposition = models.CharField(max_length=200, blank=True)
    place = models.CharField(max_length=400, blank=True)
    holder = models.CharField(max_length=400, blank=True)
    warmest = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    coldest = models.DecimalField(max_digits=7, decimal_places=2, null=True)
    told = models.JSONField()
    context = models.JSONField(default=list)
    unknown = models.JSONField(default=list)
    form = models.CharField(max_length=4)
    taken_code = models.CharField(max_length=60)
    taken_at = models.DateTimeField()
    declared_at = models.DateTimeField(null=True)
    declared_reason = models.CharField(max_length=200, blank=True)
    corrected_by = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["space", "batch", "at"], name="custodyevent_batch")]
        constraints = [
            models.UniqueConstraint(fields=["space", "event_id"], name="custodyevent_id_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="custodyevent_is_read_by_both"),
        ]

    def declare(self, at: datetime, reason: str, corrected_by: list[str]) -> None:
        """Note that its sender says it is wrong; what it said stays."""
        self.declared_at, self.declared_reason, self.corrected_by = at, reason, corrected_by
        self.bump()
