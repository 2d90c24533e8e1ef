"""The list of deviations as a table to take away: what the reader sees, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from deviations.models import Deviation
from deviations.queries.listing import lines_of
from deviations.queries.saved_filters import filter_deviations
from portal.actor import Actor
from portal.errors import TooLarge
from portal.queries.rooms import list_rooms

ROWS_MAX: Final = 10_000
PAGE: Final = 500
HEADER: Final = (
    *("number", "title", "class", "state", "program", "batch", "asset"),
    *("occurred_at", "detected_at", "aware_at", "recorded_at", "ended_at"),
    *("external_id", "external_status", "audience"),
)


def export_rows(actor: Actor, name: str, *, words: str = "") -> Iterator[Sequence[object]]:
    """Yield the rows of a saved filter, newest first, five hundred at a time. Raises: TooLarge.

    Titles are opened as they are on the page: a row that the reader may not see is not counted either.
    """
    rows = filter_deviations(actor, name, words=words).order_by("-recorded_at", "-id")
    if rows[ROWS_MAX : ROWS_MAX + 1]:
        raise TooLarge(f"More than {ROWS_MAX} rows; choose a narrower filter.", limit=ROWS_MAX)
    rooms = list_rooms(actor)
    found = list(rows)
    for start in range(0, len(found), PAGE):
        for line in lines_of(actor, found[start : start + PAGE]):
            code = rooms[line.deviation.space_id].program.code
            yield _cells(line.deviation, str(line.classification or ""), code)


def _cells(row: Deviation, classification: str, program: str) -> Sequence[object]:
    times = (row.occurred_at, row.detected_at, row.aware_at, row.recorded_at, row.ended_at)
    return (
        *(row.number, str(row.title), classification, str(row.state), program),
        *(str(row.batch.number) if row.batch is not None else "", row.asset),
        *(at.isoformat() if at is not None else "" for at in times),
        *(row.external_id, row.external_status, str(row.audience)),
    )
