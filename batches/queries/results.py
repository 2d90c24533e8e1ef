"""What was measured beside the vessel or in the laboratory: few values, of a sample each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection

from batches.models import Batch, Parameter
from batches.states import DataKind
from portal.actor import Actor

# A laboratory value may come two weeks after its sample (demo: hours to 14 days); older samples are no news.
SAMPLED_WITHIN_DAYS: Final = 31
_RESULTS: Final = """
select r.batch_id, r.parameter_id, r.at, r.value, r.received_at
from unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) as w (batch_id, parameter_id, since)
join batches_reading r on r.batch_id = w.batch_id and r.parameter_id = w.parameter_id
    and r.at > w.since - make_interval(days => %s) and r.received_at > w.since
order by r.received_at desc, r.at desc, r.parameter_id limit %s
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One value: when its sample was taken, and when the value came."""

    batch_id: UUID
    parameter: Parameter
    at: datetime
    value: float
    received_at: datetime


def list_results(
    actor: Actor, batches: Iterable[Batch], since: Mapping[UUID, datetime], *, most: int
) -> list[Result]:
    """Return the values that are not online and came after an instant for each batch, newest first."""
    by_recipe: dict[UUID, list[UUID]] = {}
    for batch in batches:
        by_recipe.setdefault(batch.recipe_version_id, []).append(batch.pk)
    rows = Parameter.objects.visible_to(actor).filter(recipe_version_id__in=by_recipe.keys())
    parameters = {each.pk: each for each in rows.exclude(data_kind=DataKind.ONLINE)}
    wanted = [
        (batch_id, each.pk, since[batch_id])
        for each in parameters.values()
        for batch_id in by_recipe[each.recipe_version_id]
    ]
    if not wanted:
        return []
    columns = [[each[n] for each in wanted] for n in range(3)]
    with connection.cursor() as cursor:
        cursor.execute(_RESULTS, [*columns, SAMPLED_WITHIN_DAYS, most])
        found = cursor.fetchall()
    return [
        Result(batch_id, parameters[parameter_id], at, value, received_at)
        for batch_id, parameter_id, at, value, received_at in found
    ]
