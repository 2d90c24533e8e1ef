"""Views of the past over REST: the instant that is asked for, and what the answer rests on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from portal.past import RestsOn, moment

AS_OF: Final = OpenApiParameter(
    "as_of",
    OpenApiTypes.DATETIME,
    description="Answer with what the caller's side could see at this instant, rebuilt from the ledger.",
)


class RestsOnMember(serializers.Serializer[Any]):
    """How many entries of a chain a view of the past rests on, and which are the first and the last."""

    audience = serializers.CharField()
    entries = serializers.IntegerField()
    first = serializers.IntegerField()
    last = serializers.IntegerField()


class AsOf(serializers.Serializer[Any]):
    """The instant of a view of the past, and its entries; there only where `as_of` was asked for."""

    at = serializers.DateTimeField()
    rests_on = RestsOnMember(many=True)


def moment_param(request: Request) -> datetime | None:
    """Return the instant of `as_of`, None when not asked for. Raises: Invalid."""
    given = request.query_params.get("as_of")
    return None if given is None else moment(given)


def represent_past(at: datetime, rests_on: Iterable[RestsOn]) -> dict[str, Any]:
    """Return the JSON members of what a view of the past is of."""
    return {
        "at": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "rests_on": [each._asdict() for each in rests_on],
    }
