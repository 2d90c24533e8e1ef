"""Pages of a list by cursor: the list moves while it is read, so a page is known by where it begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict

from batches.columns import instant_of, microseconds
from batches.models import Batch

PAGE: Final = 50
_CURSOR: Final = re.compile(r"(older|newer)\.(-?[0-9]{1,17})\.([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page of batches, latest planned start first, and the addresses of its neighbours."""

    batches: Sequence[Batch]
    newer_url: str
    older_url: str


def leaf(rows: QuerySet[Batch], query: QueryDict) -> Leaf:
    """Return the page that the query's `cursor` asks for; one that says nothing leads to the first."""
    place = _place(query.get("cursor", ""))
    if place is None:
        batches = list(rows.order_by("-planned_start", "-id")[: PAGE + 1])
        return _leaf(batches[:PAGE], query, has_newer=False, has_older=len(batches) > PAGE)
    way, at, record_id = place
    if way == "older":
        batches = list(_beyond(rows, at, record_id, "lt").order_by("-planned_start", "-id")[: PAGE + 1])
        return _leaf(batches[:PAGE], query, has_newer=True, has_older=len(batches) > PAGE)
    batches = list(_beyond(rows, at, record_id, "gt").order_by("planned_start", "id")[: PAGE + 1])
    return _leaf(batches[:PAGE][::-1], query, has_newer=len(batches) > PAGE, has_older=True)


def _place(cursor: str) -> tuple[str, datetime, UUID] | None:
    """Return the way, and the batch behind which the page begins; None for a cursor that is none of ours."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        return None
    try:
        return found[1], instant_of(int(found[2])), UUID(found[3])
    except (ValueError, OverflowError):
        return None


def _beyond(rows: QuerySet[Batch], at: datetime, record_id: UUID, sign: str) -> QuerySet[Batch]:
    return rows.filter(
        Q(**{f"planned_start__{sign}": at}) | Q(planned_start=at) & Q(**{f"id__{sign}": record_id})
    )


def _leaf(batches: Sequence[Batch], query: QueryDict, *, has_newer: bool, has_older: bool) -> Leaf:
    newer = _address(query, "newer", batches[0]) if batches and has_newer else ""
    older = _address(query, "older", batches[-1]) if batches and has_older else ""
    # Beyond the last one there is only the way back to the beginning.
    return Leaf(batches, newer or (_address(query) if has_newer and not batches else ""), older)


def _address(query: QueryDict, way: str = "", batch: Batch | None = None) -> str:
    given = query.copy()
    given.pop("cursor", None)
    given.pop("part", None)
    if batch is not None:
        given["cursor"] = f"{way}.{microseconds(batch.planned_start)}.{batch.pk}"
    return f"?{given.urlencode()}"
