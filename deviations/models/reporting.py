"""What the sponsor's regulatory affairs said of a deviation: the facts, and whether it is reported."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from deviations.models.deviation import Deviation
from deviations.reporting import Reach, ReportingDecisionKind
from portal.models import Clock, RecordKey, SpaceRecord
from portal.sealing import SealedTextField


class ReportingFacts(SpaceRecord):
    """Facts by which duties to report run, as of one moment; the newest hold. The sponsor's alone."""

    deviation = RecordKey(Deviation)
    kinds = models.JSONField(default=list)
    reach = models.CharField(max_length=20, choices=Reach)
    events = models.JSONField(default=list)
    aware_at = models.DateTimeField()
    given_by = models.UUIDField()
    given_code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "deviation", "-given_at"], name="reportingfacts_newest")]
        constraints = [models.CheckConstraint(condition=Q(audience="sponsor"), name="reportingfacts_private")]


class ReportingDecision(SpaceRecord):
    """Reportable, or not because; it stands once it is signed, and ends the clock then."""

    # Its one state: it never changes, a signature stands for it as it is.
    state = "decided"

    deviation = RecordKey(Deviation)
    clock = RecordKey(Clock)
    rule = models.CharField(max_length=30)
    decision = models.CharField(max_length=16, choices=ReportingDecisionKind)
    because = SealedTextField()
    decided_by = models.UUIDField()
    decided_code = models.CharField(max_length=60)
    decided_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "deviation"], name="reportingdecision_list")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="sponsor"), name="reportingdecision_private")
        ]
