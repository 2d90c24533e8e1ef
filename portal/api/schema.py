"""OpenAPI 3.1 of the API."""

from __future__ import annotations

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """Names operations by route."""
