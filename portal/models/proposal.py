"""What one administrator proposed and another one decided."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from portal.models.base import SpaceRecord
from portal.models.person import Person
from portal.states import ProposalState


class Proposal(SpaceRecord):
    """A sensitive step that waits for a second administrator of the organisation, or was decided by one.

    `person` is whom it concerns, `given` what the step needs besides; it holds no secret.
    """

    step = models.CharField(max_length=30)
    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    given = models.JSONField(default=dict)
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.OPEN)
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    lapses_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [models.Index(fields=["space", "state"], name="proposal_state")]
        constraints = [
            models.CheckConstraint(condition=~Q(proposed_by=F("person_id")), name="proposal_about_another"),
            models.CheckConstraint(
                condition=~Q(state__in=("confirmed", "refused"))
                | (~Q(decided_by=None) & ~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("person_id"))),
                name="proposal_decided_by_a_third",
            ),
        ]

    def decide(self, state: ProposalState, by: UUID, at: datetime, answer: str = "") -> None:
        """End the waiting."""
        self.state, self.decided_by, self.decided_at, self.answer = state, by, at, answer
        self.bump()

    def has_lapsed(self, now: datetime) -> bool:
        """Say whether nobody decided in time."""
        return self.state == ProposalState.OPEN and self.lapses_at <= now
