"""Copies of records that a system of the plant is the master of: which one may replace what is known here."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, cast

from batches.errors import NothingToMatch
from batches.reach import check_happened
from portal.access import require_version
from portal.action import instant
from portal.errors import Conflict
from portal.models import SpaceRecord


class Copied(Protocol):
    """A record with what its master last said of it, and when that was true there."""

    external_status: str
    external_as_of: datetime | None


def check_copy(known: Copied | None, *, as_of: datetime | None, field: str, version: int | None) -> datetime:
    """Return when a copy was true in the master's system; it may replace the known one, if there is one.

    An older copy never replaces a newer one; one that does not say when is the newest there is. `version`
    is compared where given; `field` is what the caller calls `as_of`. Raises: Invalid, NothingToMatch,
    StaleVersion, Conflict.
    """
    if as_of is not None:
        check_happened(field, as_of, instant())
    if version is not None:
        if known is None:
            raise NothingToMatch("Nothing is here under this external id; leave If-Match out to enter it.")
        require_version(cast("SpaceRecord", known), version)
    if known is None or known.external_as_of is None:
        return as_of or instant()
    if as_of is not None and as_of < known.external_as_of:
        detail = f"A copy as of {known.external_as_of.isoformat()} is here already; this one is older."
        raise Conflict(detail, code="older_copy")
    return as_of or max(instant(), known.external_as_of)
