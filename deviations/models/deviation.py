"""A deviation and the judgements on its class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import F, Q

from batches.models import Batch, Excursion, ProcedureStep
from deviations.judging.states import ClassStanding
from deviations.states import ENDED, OPEN_STATES, DeviationState, JudgementKind, ReviewOutcome
from portal.models import Person, RecordKey, SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience, Classification

STATED_THERE: Final = ("external_opened_at", "external_told_at", "external_closed_at")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """When, as the CDMO's own quality system states, a record was opened there, told, and closed."""

    opened_at: datetime | None = None
    told_at: datetime | None = None
    closed_at: datetime | None = None


class Deviation(SpaceRecord):
    """A departure from a plan, range or limit, as the plant states it: facts only, classes apart.

    CDMO internal until its notice is released, then shared whole. Seven times are kept apart: occurred,
    detected, aware and recorded here; disclosed on the notice; delivered and acknowledged on the receipts
    of its alert.
    """

    number = models.CharField(max_length=20)
    title = SealedTextField()
    description = SealedTextField()
    immediate_action = SealedTextField(blank=True)
    state = models.CharField(max_length=24, choices=DeviationState, default=DeviationState.REPORTED)
    batch = RecordKey(Batch, null=True, blank=True)
    phase = RecordKey(ProcedureStep, null=True, blank=True)
    excursion = RecordKey(Excursion, null=True, blank=True)
    occurred_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    aware_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    late_reason = SealedTextField(blank=True)
    # When it was written on a device without connection, as that device states.
    entered_at = models.DateTimeField(null=True, blank=True)
    # The equipment or the room, by the code on its label.
    asset = models.CharField(max_length=60, blank=True, default="", db_default="")
    reporter = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    reporter_code = models.CharField(max_length=60)
    lead_code = models.CharField(max_length=60, blank=True)
    triaged_at = models.DateTimeField(null=True, blank=True)
    investigated_at = models.DateTimeField(null=True, blank=True)
    summarised_at = models.DateTimeField(null=True, blank=True)
    # Said by the clause on its class: told by a notice of its own, not in a list alone.
    needs_notice = models.BooleanField(default=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    # When the CDMO's conclusion on the impact was signed; none while it has to be given anew.
    impact_concluded_at = models.DateTimeField(null=True, blank=True)
    # When other batches were looked for last.
    scoped_at = models.DateTimeField(null=True, blank=True)
    # What became of the confirmed class; empty before both sides' words were opened.
    class_standing = models.CharField(
        max_length=8, choices=ClassStanding, blank=True, default="", db_default=""
    )
    # What the sponsor's review of the present report came to.
    review = models.CharField(max_length=10, choices=ReviewOutcome, blank=True, default="")
    # Why it is no deviation, as long as that is proposed.
    dismissal = SealedTextField(blank=True, default="")
    dismissed_code = models.CharField(max_length=60, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_text = SealedTextField(blank=True)
    # What people say it is, where clauses let something happen at once.
    triggers = models.JSONField(default=list, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    external_status = models.CharField(max_length=120, blank=True)
    external_as_of = models.DateTimeField(null=True, blank=True)
    # What the CDMO's own system states of the time before it was copied: a statement, proven by nothing here.
    external_opened_at = models.DateTimeField(null=True, blank=True)
    external_told_at = models.DateTimeField(null=True, blank=True)
    external_closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["space", "-recorded_at", "-id"], name="deviation_list"),
            models.Index(fields=["space", "batch"], name="deviation_batch"),
            # One list over all programs: the newest of a reader of many spaces without sorting them all.
            models.Index(fields=["-recorded_at", "-id"], name="deviation_newest"),
            models.Index(
                fields=["-recorded_at", "-id"], condition=Q(state__in=OPEN_STATES), name="deviation_open"
            ),
            # What is sealed is searched by who may read it: the newest of the few among the many.
            models.Index(
                fields=["-recorded_at", "-id"], condition=~Q(audience="shared"), name="deviation_sealed"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="deviation_number_once"),
            models.UniqueConstraint(
                fields=["space", "external_id"],
                condition=~Q(external_id=""),
                name="deviation_external_id_once",
            ),
            models.CheckConstraint(
                condition=Q(occurred_at__lte=F("detected_at")), name="deviation_occurs_before_detected"
            ),
            models.CheckConstraint(
                condition=Q(state__in=ENDED, ended_at__isnull=False) | ~Q(state__in=ENDED) & Q(ended_at=None),
                name="deviation_ended_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["reported", "cancelled", "no_deviation"])
                | Q(triaged_at__isnull=False),
                name="deviation_triaged_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="deviation_begins_at_cdmo"),
        ]

    def triage(self, at: datetime, *, needs_notice: bool) -> None:
        """Note that a class was given, and whether the sponsor is told of it by a notice of its own."""
        self.state, self.triaged_at, self.needs_notice = DeviationState.TRIAGED, at, needs_notice
        self.dismissal = self.dismissed_code = ""
        self.bump()

    def investigate(self, at: datetime, lead_code: str) -> None:
        """Note that the investigation began and who leads it."""
        self.state, self.investigated_at, self.lead_code = DeviationState.UNDER_INVESTIGATION, at, lead_code
        self.bump()

    def summarise(self, at: datetime) -> None:
        """Note that the preliminary summary was given."""
        self.summarised_at = at
        self.bump()

    def dismiss(self, because: str, code: str) -> None:
        """Note that somebody thinks it is no deviation; a signature of another makes it one."""
        self.dismissal, self.dismissed_code = because, code
        self.bump()

    def submit(self, at: datetime) -> None:
        """Note that the report was handed to CDMO QA."""
        self.state, self.submitted_at, self.approved_at = DeviationState.CDMO_QA_REVIEW, at, None
        self.bump()

    def come_back(self) -> None:
        """Note that the investigation goes on after a review."""
        self.state, self.submitted_at, self.approved_at = DeviationState.UNDER_INVESTIGATION, None, None
        self.review = ""
        self.bump()

    def approve(self, at: datetime) -> None:
        """Note that CDMO QA approved the report; whoever knows of the record reviews it then."""
        self.approved_at = at
        if self.audience == Audience.SHARED:
            self.state = DeviationState.SPONSOR_REVIEW

    def end(self, state: DeviationState, at: datetime, text: str) -> None:
        """Close or cancel with words."""
        self.state, self.ended_at, self.end_text = state, at, text
        self.bump()

    def conclude_impact(self, at: datetime | None) -> None:
        """Note that the conclusion on the impact was signed, or that it has to be given anew."""
        self.impact_concluded_at = at
        self.bump()

    def look_around(self, at: datetime) -> None:
        """Note that other batches were looked for."""
        self.scoped_at = at
        self.bump()

    def stand(self, standing: ClassStanding) -> None:
        """Note what became of the confirmed class."""
        self.class_standing = standing
        self.bump()

    def mirror(self, status: str, as_of: datetime, elsewhere: Elsewhere) -> None:
        """Copy what the CDMO's own quality system says of it; nothing else is mastered there."""
        self.external_status, self.external_as_of = status, as_of
        self.state_elsewhere(elsewhere)
        self.bump()

    def state_elsewhere(self, elsewhere: Elsewhere) -> None:
        """Take what that system states of its own times; what it leaves out stays."""
        self.external_opened_at = elsewhere.opened_at or self.external_opened_at
        self.external_told_at = elsewhere.told_at or self.external_told_at
        self.external_closed_at = elsewhere.closed_at or self.external_closed_at

    @property
    def is_notice_due(self) -> bool:
        """Say whether the notice has to leave before the record may end."""
        return self.needs_notice and self.audience != Audience.SHARED

    def disclose(self) -> None:
        """Widen the audience to both sides; there is no way back."""
        self.audience = Audience.SHARED
        self.bump()


class Numbering(SpaceRecord):
    """The last deviation number drawn in a program and year.

    CDMO internal, and not a column of the shared program row: a sponsor who saw it count would know of
    what is not disclosed yet.
    """

    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "year"], name="numbering_once_a_year"),
            models.CheckConstraint(condition=Q(audience="manufacturer"), name="numbering_is_internal"),
        ]


class Judgement(SpaceRecord):
    """One side's word on the class of a deviation, with its own audience; the newest of a kind holds."""

    deviation = RecordKey(Deviation)
    kind = models.CharField(max_length=12, choices=JudgementKind)
    side = models.CharField(max_length=12, choices=Audience)
    classification = models.CharField(max_length=8, choices=Classification)
    rationale = SealedTextField(blank=True)
    # The word of the side's own system, where the agreement maps it to the class.
    own_class = models.CharField(max_length=60, blank=True, default="")
    code = models.CharField(max_length=60)
    given_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["space", "deviation", "kind", "-given_at"], name="judgement_newest"),
            models.Index(fields=["space", "kind", "classification"], name="judgement_class"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["space", "deviation", "side"], condition=Q(kind="blind"), name="judgement_blind_once"
            )
        ]

    def disclose(self) -> None:
        """Widen the audience to both sides."""
        self.audience = Audience.SHARED
        self.bump()
