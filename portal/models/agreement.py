"""Agreements: the rules both parties signed, as each program has them."""

from __future__ import annotations

from django.db import models

from portal.models.base import SpaceRecord


class ProgramTerms(SpaceRecord):
    """A version of the agreement as it holds in one program, from an instant; written once.

    Whoever is seated in the program alone reads here what was agreed. `document` is prose and rules of format
    1, an annex already worked in; `digest` is its SHA-256 as canonical JSON.
    """

    number = models.PositiveIntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    effective_from = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "number"], name="programterms_number_once")]
        indexes = [models.Index(fields=["space", "-effective_from", "-number"], name="programterms_in_force")]
