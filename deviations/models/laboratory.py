"""A laboratory investigation of one result, its one retest plan, and the retests of that plan."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from batches.models import SampleResult
from deviations.dockets.laboratory.states import Averaging, LabKind, LabOutcome, LabState, RetestKind
from deviations.models.docket import Docket
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class LabInvestigation(Docket):
    """What the laboratory finds out about one result: CDMO internal until shared.

    There is one retest plan: kind, number and averaging are fixed with it, and approved before any retest.
    """

    kind = models.CharField(max_length=3, choices=LabKind)
    state = models.CharField(max_length=14, choices=LabState, default=LabState.PHASE_ONE)
    result = RecordKey(SampleResult)
    clause = models.CharField(max_length=40, blank=True)
    retest_kind = models.CharField(max_length=11, choices=RetestKind, blank=True)
    retests = models.PositiveSmallIntegerField(null=True, blank=True)
    averaging = models.CharField(max_length=9, choices=Averaging, blank=True)
    method = SealedTextField(blank=True)
    planned_by = models.UUIDField(null=True, blank=True)
    plan_approved_at = models.DateTimeField(null=True, blank=True)
    cause = SealedTextField(blank=True)
    outcome = models.CharField(max_length=12, choices=LabOutcome, blank=True)

    MOVED: ClassVar[tuple[str, ...]] = (
        *Docket.MOVED,
        *("retest_kind", "retests", "averaging", "method", "planned_by", "plan_approved_at"),
        *("cause", "outcome"),
    )
    SEALED: ClassVar[tuple[str, ...]] = (*Docket.SEALED, "method", "cause")

    class Meta:
        indexes = [models.Index(fields=["space", "-recorded_at", "-id"], name="labinvestigation_list")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="labinvestigation_number_once"),
            models.UniqueConstraint(fields=["space", "result"], name="labinvestigation_one_a_result"),
            models.CheckConstraint(condition=Q(side="manufacturer"), name="labinvestigation_cdmo"),
            models.CheckConstraint(
                condition=~Q(state="retesting") | Q(plan_approved_at__isnull=False, retests__range=(1, 20)),
                name="labinvestigation_plan_before_retests",
            ),
            models.CheckConstraint(
                condition=Q(state="concluded") ^ Q(outcome=""), name="labinvestigation_concluded_somehow"
            ),
        ]


class Retest(SpaceRecord):
    """One retest of an approved plan; each single value is kept, whatever a mean says."""

    investigation = RecordKey(LabInvestigation)
    ordinal = models.PositiveSmallIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=6)
    unit = models.CharField(max_length=30, blank=True)
    is_outside = models.BooleanField()
    read_by = models.UUIDField()
    read_code = models.CharField(max_length=60)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "investigation", "ordinal"], name="retest_ordinal_once")
        ]
