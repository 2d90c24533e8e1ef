"""Signatures as JSON, the same beside every record."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SignatureOut(serializers.Serializer[Any]):
    """A signature: printed name, time and meaning (11.50); `current` while it stands for this version."""

    id = serializers.UUIDField(source="signature.pk")
    meaning = serializers.CharField(source="signature.meaning")
    name = serializers.CharField(source="signature.printed_name")
    organisation = serializers.CharField(source="signature.organisation")
    code = serializers.CharField(source="signature.code")
    side = serializers.CharField(source="signature.side")
    signed_at = serializers.DateTimeField(source="signature.signed_at")
    site_zone = serializers.CharField(source="signature.zone")
    version = serializers.IntegerField(source="signature.subject_version")
    digest = serializers.CharField(source="signature.digest")
    current = serializers.BooleanField(source="is_current")
    holds = serializers.BooleanField(
        allow_null=True, help_text="Null while the key of what was signed cannot be had."
    )
