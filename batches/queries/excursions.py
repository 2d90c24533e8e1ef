"""Stretches outside a limit, as they stand at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from batches.models import Excursion
from batches.states import Direction, ExcursionState
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import RecordQuerySet

# All readings after the last one that the row of an open excursion holds are outside: else it would be
# closed.
SINCE: Final = """
select w.id, count(*), max(r.at), min(r.value), max(r.value),
       (array_agg(r.at order by r.value, r.at))[1], (array_agg(r.at order by r.value desc, r.at))[1]
from unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[]) w (id, batch_id, parameter_id, last)
join batches_reading r on r.batch_id = w.batch_id and r.parameter_id = w.parameter_id and r.at > w.last
group by w.id
"""


def list_excursions(
    actor: Actor, *, batch_id: UUID | None = None, state: str | None = None
) -> RecordQuerySet[Excursion]:
    """Return the excursions the actor may see, unordered, with batch, parameter and limit.

    Those that a late reading joined to another are among them, as withdrawn. The rows of open ones may be a
    minute old: pass what is shown through `up_to_date`.
    """
    rows = Excursion.objects.visible_to(actor).select_related("batch", "parameter", "limit__phase")
    if batch_id is not None:
        rows = rows.filter(batch_id=batch_id)
    return rows if state is None else rows.filter(state=state)


def up_to_date(rows: Sequence[Excursion]) -> Sequence[Excursion]:
    """Bring open excursions up to the last reading, in one query. The rows are not to be saved."""
    lasting = {row.pk: row for row in rows if row.state == ExcursionState.OPEN}
    if not lasting:
        return rows
    wanted = ((row.pk, row.batch_id, row.parameter_id, row.last_outside_at) for row in lasting.values())
    columns = zip(*wanted, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(SINCE, [list(column) for column in columns])
        for excursion_id, count, last, lowest, highest, lowest_at, highest_at in cursor.fetchall():
            row = lasting[excursion_id]
            row.readings, row.last_outside_at = row.readings + count, last
            # What a measure or a course comes to stands in the row, at most a minute old.
            if not row.limit.is_plain:
                continue
            is_high = row.direction == Direction.HIGH
            if is_high and highest > row.extreme:
                row.extreme, row.extreme_at = highest, highest_at
            elif not is_high and lowest < row.extreme:
                row.extreme, row.extreme_at = lowest, lowest_at
    return rows


def get_excursion(actor: Actor, excursion_id: UUID) -> Excursion:
    """Return one excursion up to the last reading, not to be saved. Raises: NotFound."""
    found = list_excursions(actor).with_id(excursion_id)
    if found is None:
        raise NotFound
    return up_to_date([found])[0]
