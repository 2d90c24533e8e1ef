"""The words of a deviation, for search alone."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from portal.models import SpaceRecord


class DeviationWords(SpaceRecord):
    """What a deviation is found by, kept by trigger: number and batch, its words once both sides read them.

    Its id is the deviation's. Words of a private record are sealed, and stand in no index.
    """

    version = None  # type: ignore[assignment]  # kept by trigger, compared by nobody
    recorded_at = models.DateTimeField()
    words = SearchVectorField()

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="deviationwords_words"),
            models.Index(fields=["-recorded_at", "-id"], name="deviationwords_newest"),
            models.Index(fields=["space", "-recorded_at", "-id"], name="deviationwords_space"),
        ]
