"""A site event in the site's own space, and what each affected program is told of it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from deviations.dockets.site.states import SiteEventKind, SiteEventState, StatementState
from deviations.models.docket import OWN_SIDE, Docket
from portal.models import SpaceRecord
from portal.sealing import SealedTextField


class SiteEvent(Docket):
    """What happened to the site itself, in the manufacturer's own space: no client is named in it."""

    kind = models.CharField(max_length=14, choices=SiteEventKind)
    state = models.CharField(max_length=6, choices=SiteEventState, default=SiteEventState.OPEN)
    place = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    end_text = SealedTextField(blank=True)

    MOVED: ClassVar[tuple[str, ...]] = (*Docket.MOVED, "end_text")

    class Meta:
        indexes = [models.Index(fields=["space", "-recorded_at", "-id"], name="siteevent_list")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="siteevent_number_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="siteevent_is_the_sites"),
            models.CheckConstraint(
                condition=Q(occurred_at__lte=F("detected_at")), name="siteevent_occurred_before_detected"
            ),
        ]


class SiteReach(SpaceRecord):
    """That a site event touches a program: the site's own knowledge, by ids alone.

    Who does not work for that client reads nothing of it here; the client reads nothing of this at all.
    """

    event = models.UUIDField()
    program = models.UUIDField()
    statement = models.UUIDField()
    is_concluded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "event", "program"], name="sitereach_once"),
            models.UniqueConstraint(fields=["space", "statement"], name="sitereach_of_a_statement"),
            models.CheckConstraint(condition=Q(audience="shared"), name="sitereach_is_the_sites"),
        ]


class ImpactStatement(Docket):
    """What a site event means for one program: CDMO internal until shared, signed by its head of quality.

    It bears no number, id or count of the event or of any other program. `others_assessed` is the one word on
    other product: that the assessment is complete, given with the signature.
    """

    kind = models.CharField(max_length=14, choices=SiteEventKind)
    state = models.CharField(max_length=9, choices=StatementState, default=StatementState.OPEN)
    place = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    # Batches of the program that may be touched, by id.
    batches = models.JSONField(default=list, blank=True)
    impact = SealedTextField(blank=True)
    concluded_at = models.DateTimeField(null=True, blank=True)
    concluded_by = models.UUIDField(null=True, blank=True)
    shared_at = models.DateTimeField(null=True, blank=True)
    others_assessed = models.BooleanField(default=False)

    MOVED: ClassVar[tuple[str, ...]] = (
        *Docket.MOVED,
        "impact",
        "concluded_at",
        "concluded_by",
        "others_assessed",
    )
    SEALED: ClassVar[tuple[str, ...]] = (*Docket.SEALED, "impact")

    class Meta:
        indexes = [models.Index(fields=["space", "-recorded_at", "-id"], name="impactstatement_list")]
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="impactstatement_number_once"),
            models.CheckConstraint(condition=OWN_SIDE & Q(side="manufacturer"), name="impactstatement_cdmo"),
            models.CheckConstraint(condition=~Q(audience="sponsor"), name="impactstatement_not_sponsors"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(concluded_at__isnull=False),
                name="impactstatement_concluded_at_a_time",
            ),
        ]

    def conclude(self, impact: str, at: datetime, person: UUID) -> None:
        """Take the conclusion; it may be assessed again until it is signed."""
        self.impact, self.concluded_at, self.concluded_by = impact, at, person
