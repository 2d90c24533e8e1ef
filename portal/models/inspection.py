"""Inspections: an outsider's read-only access to one program for a time, what was asked and handed over."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portal.models.base import RecordKey, SpaceRecord
from portal.models.person import Person
from portal.sealing import SealedTextField
from portal.states import HandedOver


class Inspection(SpaceRecord):
    """One inspector in one program, by invitation of one side, whose people alone read this."""

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    assignment_id = models.UUIDField()
    code = models.CharField(max_length=60)
    authority = SealedTextField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="inspection_has_length"
            ),
            models.CheckConstraint(condition=~Q(audience="shared"), name="inspection_is_of_one_side"),
        ]


class InspectionRequest(SpaceRecord):
    """One thing the inspector asked for; it is answered by what was handed over for it."""

    inspection = RecordKey(Inspection)
    at = models.PositiveIntegerField()
    text = SealedTextField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "inspection", "at"], name="inspectionrequest_once")
        ]


class Handover(SpaceRecord):
    """One thing handed to the inspector: what, by whom, when, and its digest; never changed.

    The digest is the leaf hash of the sealed entry that a record stood in, a file's SHA-256, or that of the
    words.
    """

    inspection = RecordKey(Inspection)
    request = RecordKey(InspectionRequest, null=True)
    kind = models.CharField(max_length=12, choices=HandedOver)
    subject_id = models.UUIDField(null=True)
    number = models.CharField(max_length=60, blank=True)
    subject_version = models.PositiveIntegerField(null=True)
    text = SealedTextField(blank=True)
    digest = models.CharField(max_length=64)
    code = models.CharField(max_length=60)
    person_id = models.UUIDField()
    given_at = models.DateTimeField()
