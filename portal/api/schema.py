"""OpenAPI 3.1 of the API."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):  # type: ignore[misc] - drf-spectacular's base is untyped
    """Names operations by route."""
