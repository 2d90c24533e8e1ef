"""How long it takes to find where a lot came from, through ten thousand lots."""

from __future__ import annotations

import gc
import statistics
import uuid
from typing import Final

from batches.queries.lots import genealogy
from config.bench.processor import Busy
from config.bench.results import Figure, percentile
from config.bench.stand import make_batch, make_plant, owner
from portal.action import reading

MAKERS: Final = 2_500
ASKED: Final = 15
# Batch n makes lot n of what batches 2n and 2n+1 made, and of three lots that came in.
MANY_BATCHES: Final = """
insert into batches_batch (id, space_id, audience, version, number, title, recipe_version_id, equipment,
    state, planned_start, started_at, external_id, external_status)
select md5('batch' || n || %(seed)s)::uuid, b.space_id, 'shared', 1, 'G-' || n, '', b.recipe_version_id, '',
    b.state, b.planned_start, b.started_at, '', ''
from generate_series(1, %(makers)s) n, batches_batch b where b.id = %(batch)s
"""
MANY_LOTS: Final = """
insert into batches_lot (id, space_id, audience, version, number, material, title, unit, quantity, state,
    supplied_by, produced_by_id, received_at, external_id)
select md5('lot' || kind || n || %(seed)s)::uuid, %(space)s, 'shared', 1, kind || '-' || n, kind,
    'Made for the bench', 'kg', 10, 'released', 'manufacturer',
    case when kind = 'P' then md5('batch' || n || %(seed)s)::uuid end, now(), ''
from generate_series(1, %(makers)s) n, unnest(array['P', 'A', 'B', 'C']) kind
"""
MANY_USES: Final = """
insert into batches_lotuse (id, space_id, audience, version, lot_id, batch_id, quantity, used_at, code,
    under_quarantine)
select gen_random_uuid(), %(space)s, 'shared', 1, md5('lot' || used.name || %(seed)s)::uuid,
    md5('batch' || n || %(seed)s)::uuid, 1, now(), 'Bench', false
from generate_series(1, %(makers)s) n,
    unnest(array['A' || n, 'B' || n, 'C' || n, 'P' || 2 * n, 'P' || 2 * n + 1]) used (name)
where substr(used.name, 2)::integer <= %(makers)s
"""


def lineage() -> list[Figure]:
    """Return the times of the whole genealogy of a lot that 9,999 others went into, under row security."""
    plant = make_plant()
    values = {
        "space": plant.program,
        "batch": make_batch(plant, f"B-{uuid.uuid4().hex[:8]}"),
        "makers": MAKERS,
        "seed": uuid.uuid4().hex,
    }
    with owner() as connection:
        for statement in (MANY_BATCHES, MANY_LOTS, MANY_USES):
            connection.execute(statement, values)
        connection.execute("analyze batches_lot, batches_lotuse, batches_batch")
        row = connection.execute(
            "select id from batches_lot where space_id = %(space)s and number = 'P-1'", values
        ).fetchone()
    # As the web process does at its start (config.asgi).
    gc.collect()
    gc.freeze()
    took, lots = [], 0
    for _ in range(ASKED):
        with Busy() as busy, reading(plant.setup) as actor:
            lots = len(genealogy(actor, row[0] if row else None, "up").nodes)  # type: ignore[arg-type]  # an id
        took.append(busy)
    times = [1000 * each.took_s for each in took]
    return [
        Figure(f"genealogy of {lots:,} lots, p50", "ms", percentile(times, 50), goal=200),
        Figure("of it processor", "ms", statistics.fmean(1000 * each.busy_s for each in took)),
    ]
