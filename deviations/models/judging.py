"""What a deviation means: its impact, other batches, words on its class, records it is tied to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from batches.models import Batch
from deviations.judging.states import CandidateOutcome, Modality, TieKind, Verdict
from deviations.models.deviation import Deviation
from portal.models import RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience, Classification


class ImpactAssessment(SpaceRecord):
    """What one side says a deviation means, topic by topic; the newest of a side holds.

    The CDMO's conclusion holds once it is signed as approved, the sponsor's as product impact approved.
    """

    # Its one state: it never changes, a signature stands for it as it is.
    state = "given"

    deviation = RecordKey(Deviation)
    side = models.CharField(max_length=12, choices=Audience)
    modality = models.CharField(max_length=10, choices=Modality, blank=True, default="")
    # Of the sponsor's: how far its product is touched.
    impact = models.CharField(max_length=8, choices=Classification, blank=True, default="")
    conclusion = SealedTextField()
    given_by = models.UUIDField()
    given_code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["space", "deviation", "side", "-given_at"], name="impactassessment_newest")
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(side="shared"), name="impactassessment_of_one_side"),
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="impactassessment_is_no_secret"),
        ]


class ImpactFinding(SpaceRecord):
    """What an assessment says of one topic, and why."""

    assessment = RecordKey(ImpactAssessment)
    topic = models.CharField(max_length=24)
    verdict = models.CharField(max_length=14, choices=Verdict)
    text = SealedTextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "assessment", "topic"], name="impactfinding_once")
        ]


class ScopeCandidate(SpaceRecord):
    """Another batch of the same program that a deviation may touch, with why, and what was decided."""

    deviation = RecordKey(Deviation)
    batch = RecordKey(Batch)
    # What makes it one: kind and what is common, several at a time.
    reasons = models.JSONField(default=list)
    found_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=CandidateOutcome, blank=True, default="")
    because = SealedTextField(blank=True)
    decided_code = models.CharField(max_length=60, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "deviation", "batch"], name="scopecandidate_once"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None) | ~Q(outcome="") & Q(decided_at__isnull=False),
                name="scopecandidate_decided_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="scopecandidate_of_cdmo"),
        ]

    def decide(self, outcome: str, because: str, code: str, at: datetime) -> None:
        """Note whether it is in scope, and why; the newest word holds."""
        self.outcome, self.because, self.decided_code, self.decided_at = outcome, because, code, at
        self.bump()


class Reclassification(SpaceRecord):
    """That the class is to be lowered, and why: the CDMO's own until a second person has signed it."""

    # Its one state: it never changes, a signature stands for it as it is.
    state = "proposed"

    deviation = RecordKey(Deviation)
    before = models.CharField(max_length=8, choices=Classification)
    classification = models.CharField(max_length=8, choices=Classification)
    own_class = models.CharField(max_length=60, blank=True, default="")
    rationale = SealedTextField()
    given_by = models.UUIDField()
    given_code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "deviation", "-given_at"], name="reclassification_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="manufacturer"), name="reclassification_is_internal"),
            models.CheckConstraint(
                condition=~Q(before=F("classification")), name="reclassification_changes_the_class"
            ),
        ]


class ClassWord(SpaceRecord):
    """What one side's head of quality says the class is, where both sides gave different ones."""

    deviation = RecordKey(Deviation)
    side = models.CharField(max_length=12, choices=Audience)
    classification = models.CharField(max_length=8, choices=Classification)
    text = SealedTextField()
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "deviation", "-given_at"], name="classword_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(audience="shared"), name="classword_is_shared"),
            models.CheckConstraint(condition=~Q(side="shared"), name="classword_of_one_side"),
        ]


class Precedent(SpaceRecord):
    """How both sides settled a class on which they differed; shown when the next one is given."""

    deviation = RecordKey(Deviation)
    classification = models.CharField(max_length=8, choices=Classification)
    manufacturer_class = models.CharField(max_length=8, choices=Classification)
    sponsor_class = models.CharField(max_length=8, choices=Classification)
    text = SealedTextField()
    decided_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "-decided_at"], name="precedent_newest")]
        constraints = [
            models.UniqueConstraint(fields=["space", "deviation"], name="precedent_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="precedent_is_shared"),
        ]


class DeviationTie(SpaceRecord):
    """That a deviation is linked to another, or merged into it; read by both once both are disclosed."""

    deviation = RecordKey(Deviation)
    other = RecordKey(Deviation)
    kind = models.CharField(max_length=8, choices=TieKind)
    because = SealedTextField()
    code = models.CharField(max_length=60)
    tied_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "other"], name="deviationtie_other")]
        constraints = [
            models.UniqueConstraint(fields=["space", "deviation", "other"], name="deviationtie_once"),
            models.UniqueConstraint(
                fields=["space", "deviation"], condition=Q(kind="merged"), name="deviationtie_merged_once"
            ),
            models.CheckConstraint(condition=~Q(deviation=F("other")), name="deviationtie_to_another"),
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="deviationtie_of_cdmo"),
        ]

    def partner(self, deviation_id: UUID) -> UUID:
        """Return the id of the other one of the two."""
        return self.other_id if self.deviation_id == deviation_id else self.deviation_id
