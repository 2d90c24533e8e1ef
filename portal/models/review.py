"""Reviews of access: who may do what at one moment, and what was decided on it (21 CFR 11.10(d))."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portal.models.base import RecordKey, SpaceRecord
from portal.models.person import Person
from portal.states import Decision, ReviewState


class AccessReview(SpaceRecord):
    """One review of an organisation's access; it stands in the organisation's space and is signed."""

    number = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=ReviewState, default=ReviewState.OPEN)
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="accessreview_number_once"),
            models.UniqueConstraint(
                fields=["space"], condition=Q(state="open"), name="accessreview_one_open"
            ),
        ]


class AccessLine(SpaceRecord):
    """One thing somebody may do, as it stood when the review was opened, and the decision on it.

    `marks` are the codes of what stands out.
    """

    review = RecordKey(AccessReview)
    at = models.PositiveIntegerField()
    kind = models.CharField(max_length=12)
    subject_id = models.UUIDField()
    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    who = models.CharField(max_length=200)
    what = models.CharField(max_length=300)
    place = models.CharField(max_length=200)
    valid_from = models.DateTimeField(null=True)
    valid_until = models.DateTimeField(null=True)
    signed_in_at = models.DateTimeField(null=True)
    marks = models.JSONField(default=list)
    decision = models.CharField(max_length=4, choices=Decision, blank=True)
    note = models.CharField(max_length=500, blank=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "review", "at"], name="accessline_once"),
            models.CheckConstraint(
                condition=Q(decision="") | ~Q(decided_by=None) & ~Q(decided_by=models.F("person_id")),
                name="accessline_decided_by_another",
            ),
        ]
