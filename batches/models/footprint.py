"""Emission factors by version, and the sustainability sheet of a batch."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from batches.models.batch import Batch
from portal.models import RecordKey, SpaceRecord


class FactorSet(SpaceRecord):
    """A version of emission factors, each with key, title, unit, kg CO2e and source; written once."""

    number = models.CharField(max_length=60)
    revision = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    effective_from = models.DateField()
    factors = models.JSONField(default=list)
    stated_code = models.CharField(max_length=60)
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "number", "revision"], name="factorset_revision_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="factorset_is_read_by_both"),
        ]


class FootprintSheet(SpaceRecord):
    """What a batch took, as stated once; a correction is another revision with a reason.

    A line has a kind, title, amount, unit, and where known its mass in kg and the key of its factor.
    """

    batch = RecordKey(Batch)
    factor_set = RecordKey(FactorSet)
    revision = models.PositiveIntegerField()
    lines = models.JSONField(default=list)
    product_kg = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    stated_code = models.CharField(max_length=60)
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "batch", "revision"], name="footprint_revision_once"),
            models.CheckConstraint(condition=Q(audience="shared"), name="footprint_is_read_by_both"),
            models.CheckConstraint(
                condition=Q(product_kg=None) | Q(product_kg__gt=0), name="footprint_of_some_product"
            ),
        ]
