"""The executed record as the data that lies in its paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from batches.printing.executed import Executed

# By part of the record: what is told of each row; a key names another row by what people call it.
TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "attempts": (
        *("title", "attempt", "state", "equipment", "rooms", "started_at", "started_code", "ended_at"),
        *("performed_code", "verified_at", "verified_code", "is_late", "late_reason", "reason", "audience"),
    ),
    "entries": (
        *("title", "state", "given_value", "given_unit", "value", "unit", "text", "outside", "at"),
        *("entered_at", "recorded_at", "code", "is_late", "late_reason", "replaces_id", "reason"),
        *("verified_at", "verified_code", "audience"),
    ),
    "results": (
        *("title", "number", "point", "state", "sampled_at", "exposed_until", "resulted_at", "qualifier"),
        *("given_value", "given_unit", "value", "unit", "method", "instrument", "reader_code"),
        *("second_reader_code", "reviewed_code", "flag", "replaces_id", "reason", "invalid_reason"),
        "audience",
    ),
    "uses": ("lot_id", "quantity", "used_at", "code", "under_quarantine", "withdrawn_at", "withdrawn_why"),
    "made": ("number", "material", "title", "quantity", "unit", "state", "expires_on"),
    "scans": ("title", "page_count", "pages", "code", "recorded_at", "replaces_id", "reason"),
    "comments": ("scan_id", "page", "x", "y", "state", "text", "code", "correction", "corrected_code"),
}


def lines_of(found: Executed) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of an executed record by part, each with its id."""
    return {name: [_told(each, told) for each in _rows(found, name)] for name, told in TOLD.items()}


def _rows(found: Executed, name: str) -> Iterable[Any]:
    rows: Iterable[Any] = getattr(found, name)
    return rows


def _told(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {"id": row.pk} | {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value
