"""Fields that inputs of all apps share."""

from __future__ import annotations

from datetime import datetime

from rest_framework import serializers


class Instant(serializers.DateTimeField):
    """An instant with its offset: a local time alone does not say when it was."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse what has no offset instead of guessing one."""
        if value.tzinfo is None:
            words = "Give the offset too, as in 2026-03-01T08:00:00Z or 2026-03-01T09:00:00+01:00."
            raise serializers.ValidationError(words, code="no_zone")
        return super().enforce_timezone(value)
