"""A CAPA with its measures, its effectiveness check, and the decisions on it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from deviations.capa.states import (
    CapaDecisionKind,
    CapaState,
    EvidenceSource,
    Formality,
    MeasureKind,
    MeasureState,
)
from deviations.models.deviation import Deviation
from portal.models import Record, RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience

_OWN_SIDE = ~Q(audience=Audience.SHARED)
_SCALE = Q(severity__range=(1, 5), likelihood__range=(1, 5), detectability__range=(1, 5))


class Capa(SpaceRecord):
    """Corrective and preventive action of one side in one program, its own record beside deviations.

    Its side's alone until shared. What a site does for several programs is one record in each, joined by
    `CapaKin`, so that no client reads of another.
    """

    number = models.CharField(max_length=20)
    title = SealedTextField()
    scope = SealedTextField()
    side = models.CharField(max_length=12, choices=Audience)
    state = models.CharField(max_length=14, choices=CapaState, default=CapaState.PLANNED)
    follows = RecordKey("self", null=True, blank=True)
    planned_by = models.UUIDField()
    planned_code = models.CharField(max_length=60)
    recorded_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_code = models.CharField(max_length=60, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_text = SealedTextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "-recorded_at", "-id"], name="capa_list")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="capa_number_once"),
            models.CheckConstraint(
                condition=Q(audience=F("side")) | Q(audience=Audience.SHARED), name="capa_of_one_side"
            ),
            models.CheckConstraint(condition=~Q(side=Audience.SHARED), name="capa_owned_by_a_side"),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "cancelled"]) | Q(approved_at__isnull=False),
                name="capa_approved_at_a_time",
            ),
        ]

    def approve(self, at: datetime, code: str) -> None:
        """Note that the plan was approved."""
        self.state, self.approved_at, self.approved_code = CapaState.APPROVED, at, code
        self.bump()

    def complete(self, at: datetime, state: CapaState) -> None:
        """Note that every measure is verified."""
        self.state, self.completed_at = state, at
        if state == CapaState.COMPLETED:
            self.ended_at = at
        self.bump()

    def end(self, state: CapaState, at: datetime, text: str) -> None:
        """End it: effective, not effective, or cancelled."""
        self.state, self.ended_at, self.end_text = state, at, text
        self.bump()


class CapaPlan(SpaceRecord):
    """Why a CAPA is done, in its own side's words; the other side reads the scope, not this."""

    capa = RecordKey(Capa)
    rationale = SealedTextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "capa"], name="capaplan_once"),
            models.CheckConstraint(condition=_OWN_SIDE, name="capaplan_of_one_side"),
        ]


class CapaLink(SpaceRecord):
    """A deviation that a CAPA comes from; shared once both are."""

    capa = RecordKey(Capa)
    deviation = RecordKey(Deviation)
    linked_code = models.CharField(max_length=60)
    linked_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "deviation"], name="capalink_deviation")]
        constraints = [models.UniqueConstraint(fields=["space", "capa", "deviation"], name="capalink_once")]


class CapaKin(SpaceRecord):
    """The family of CAPA that one site keeps for several programs; known to its owner's side alone."""

    capa = RecordKey(Capa)
    family = models.UUIDField()

    class Meta:
        indexes = [models.Index(fields=["family"], name="capakin_family")]
        constraints = [
            models.UniqueConstraint(fields=["space", "capa"], name="capakin_once"),
            models.CheckConstraint(condition=_OWN_SIDE, name="capakin_of_one_side"),
        ]


class CapaNumbering(SpaceRecord):
    """The last CAPA number a side drew in a program and year; the other side does not read the count."""

    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "audience", "year"], name="capanumbering_once_a_year"),
            models.CheckConstraint(condition=_OWN_SIDE, name="capanumbering_of_one_side"),
        ]


class Measure(SpaceRecord):
    """One correction, corrective or preventive action: who, until when, what shows that it was done."""

    capa = RecordKey(Capa)
    ordinal = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=24)
    title = SealedTextField()
    kind = models.CharField(max_length=10, choices=MeasureKind)
    state = models.CharField(max_length=8, choices=MeasureState, default=MeasureState.OPEN)
    # A role with a code, as the other side may read it; never a name.
    owner_code = models.CharField(max_length=60)
    due_at = models.DateTimeField()
    evidence = SealedTextField(blank=True)
    done_by = models.UUIDField(null=True, blank=True)
    done_code = models.CharField(max_length=60, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.UUIDField(null=True, blank=True)
    verified_code = models.CharField(max_length=60, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "capa", "ordinal"], name="measure_of_capa")]
        constraints = [
            models.UniqueConstraint(fields=["space", "capa", "ordinal"], name="measure_ordinal_once"),
            models.CheckConstraint(
                condition=Q(verified_by=None) | ~Q(verified_by=F("done_by")),
                name="measure_verified_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "verified"])
                | Q(done_at__isnull=False, done_by__isnull=False),
                name="measure_done_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="verified") | Q(verified_at__isnull=False, verified_by__isnull=False),
                name="measure_verified_by_somebody",
            ),
        ]

    def carry_out(self, at: datetime, person_id: UUID, code: str, evidence: str) -> None:
        """Note who did it and what shows it."""
        self.state, self.evidence = MeasureState.DONE, evidence
        self.done_by, self.done_code, self.done_at = person_id, code, at
        self.bump()

    def verify(self, at: datetime, person_id: UUID, code: str) -> None:
        """Note who looked at it."""
        self.state = MeasureState.VERIFIED
        self.verified_by, self.verified_code, self.verified_at = person_id, code, at
        self.bump()

    def move(self, state: MeasureState) -> None:
        """Take it out of the plan, or give it back to be done again; what was said of it stays."""
        self.state = state
        self.bump()


class EffectivenessCheck(SpaceRecord):
    """By what a CAPA is judged: criteria, what is counted, how long, and who judges; set before approval."""

    capa = RecordKey(Capa)
    criteria = SealedTextField()
    source = models.CharField(max_length=12, choices=EvidenceSource)
    # Of excursions the code of the parameter, of deviations words of the title.
    matching = SealedTextField(blank=True)
    allowed = models.PositiveIntegerField(null=True, blank=True)
    window_days = models.PositiveSmallIntegerField()
    # Ended before its days are over, when so many batches have ended.
    window_batches = models.PositiveSmallIntegerField(null=True, blank=True)
    owner_code = models.CharField(max_length=60)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "capa"], name="effectivenesscheck_once"),
            models.CheckConstraint(
                condition=Q(window_days__range=(1, 1825)), name="effectivenesscheck_has_a_window"
            ),
        ]


class EffectivenessData(SpaceRecord):
    """What was counted when the window of a check ended; it judges nothing.

    One row for its own side, of all that it knows, and one for both, of what both know.
    """

    of_check = RecordKey(EffectivenessCheck)
    batches = models.PositiveIntegerField()
    found = models.PositiveIntegerField(null=True, blank=True)
    numbers = models.JSONField(default=list)
    collected_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["space", "of_check", "audience"], name="effectivenessdata_once_a_reader"
            )
        ]


class CapaDecision(SpaceRecord):
    """What was decided on a CAPA as a whole, and why; it stands and moves the CAPA once it is signed."""

    # Its one state: it never changes, a signature stands for it as it is.
    state = "decided"

    capa = RecordKey(Capa)
    kind = models.CharField(max_length=14, choices=CapaDecisionKind)
    because = SealedTextField()
    decided_by = models.UUIDField()
    decided_code = models.CharField(max_length=60)
    decided_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "capa"], name="capadecision_list")]


class RiskForm(SpaceRecord):
    """A short risk assessment of a record (ICH Q9(R1)), one side's; the newest of a record holds.

    What may go wrong, how bad, how likely, how well it is found; who decided, how formally, and why so.
    """

    about = RecordKey(Record)
    hazard = SealedTextField()
    severity = models.PositiveSmallIntegerField()
    likelihood = models.PositiveSmallIntegerField()
    detectability = models.PositiveSmallIntegerField()
    decision_maker = models.CharField(max_length=60)
    formality = models.CharField(max_length=6, choices=Formality)
    formality_why = SealedTextField()
    given_code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "about", "-given_at"], name="riskform_newest")]
        constraints = [
            models.CheckConstraint(condition=_SCALE, name="riskform_on_a_scale_of_five"),
            models.CheckConstraint(condition=_OWN_SIDE, name="riskform_of_one_side"),
        ]

    @property
    def priority(self) -> int:
        """Return the product of the three, 1 to 125: an order of work, no judgement of a risk."""
        return int(self.severity) * int(self.likelihood) * int(self.detectability)
