"""Signatures as JSON, the same beside every record."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from rest_framework import serializers

from portal.queries.signatures import SignatureLine


class SignatureOut(serializers.Serializer[Any]):
    """A signature: printed name, time and meaning (11.50); `current` while it stands for this version."""

    id = serializers.UUIDField(source="signature.pk")
    meaning = serializers.CharField(source="signature.meaning")
    name = serializers.CharField(source="signature.printed_name")
    organisation = serializers.CharField(source="signature.organisation")
    code = serializers.CharField(source="signature.code")
    side = serializers.CharField(source="signature.side")
    signed_at = serializers.DateTimeField(source="signature.signed_at")
    signed_at_site = serializers.SerializerMethodField(
        help_text="The same instant as the site's clock showed it."
    )
    site_zone = serializers.CharField(source="signature.zone")
    version = serializers.IntegerField(source="signature.subject_version")
    digest = serializers.CharField(source="signature.digest")
    current = serializers.BooleanField(source="is_current")
    holds = serializers.BooleanField(
        allow_null=True, help_text="Null while the key of what was signed cannot be had."
    )

    def get_signed_at_site(self, line: SignatureLine) -> str:
        """Return local time with its offset."""
        return line.signature.signed_at.astimezone(ZoneInfo(line.signature.zone)).isoformat()
