"""How long the pages of a batch take when five thousand lines stand in its record."""

from __future__ import annotations

import statistics
import uuid
from typing import Final

from config.bench.results import Figure, percentile
from config.bench.stand import make_batch, make_plant, owner

ENTRIES, RESULTS, ASKED = 5_000, 200, 15
STEP: Final = """
insert into batches_stepexecution (id, space_id, audience, version, batch_id, step_id, number, title, attempt,
    state, equipment, rooms, started_at, started_entered_at, started_recorded_at, started_code,
    performed_code, verified_code, is_late, late_reason, reason)
select %(execution)s, %(space)s, 'shared', 1, %(batch)s, s.id, 'S', s.title, 1, 'started', '["BR-1"]', '[]',
    now(), now(), now(), 'Bench', '', '', false, '', ''
from batches_procedurestep s where s.space_id = %(space)s and s.code = 'grow'
"""
MANY_ENTRIES: Final = """
insert into batches_stepentry (id, space_id, audience, version, batch_id, execution_id, parameter_id, title,
    state, given_value, given_unit, value, unit, text, outside, at, entered_at, recorded_at, code, is_late,
    late_reason, reason, verified_code)
select gen_random_uuid(), %(space)s, 'shared', 1, %(batch)s,
    case when n %% 2 = 0 then %(execution)s::uuid end, p.id, 'Entry ' || n, 'standing', 35, 'u', 35, 'u', '',
    case when n %% 50 = 0 then 'nor' else '' end, now() - n * interval '1 minute', now(), now(), 'Bench',
    false, '', '', ''
from generate_series(1, %(entries)s) n, batches_parameter p where p.space_id = %(space)s and p.code = 'TEMP'
"""
MANY_RESULTS: Final = """
insert into batches_sampleresult (id, space_id, audience, version, batch_id, parameter_id, number, title,
    point, state, sampled_at, resulted_at, recorded_at, qualifier, given_value, given_unit, value, unit,
    method, instrument, reader_code, second_reader_code, reviewed_code, flag, outside, basis, is_late, reason,
    invalidated_code, invalid_reason)
select gen_random_uuid(), %(space)s, 'shared', 1, %(batch)s, p.id, 'S-' || n, 'Result', '', 'unreviewed',
    now(), now(), now(), '', 35, 'u', 35, 'u', '', '', 'Bench', '', '', '', '', '{}', false, '', '', ''
from generate_series(1, %(results)s) n, batches_parameter p where p.space_id = %(space)s and p.code = 'TEMP'
"""


def recorded() -> list[Figure]:
    """Return the times of a batch's page and of its record, rendered in this process."""
    from config.bench.pages import batch_times  # noqa: PLC0415 - the test client is loaded where it is used

    plant = make_plant()
    batch = make_batch(plant, f"B-{uuid.uuid4().hex[:8]}")
    values = {
        "space": plant.program,
        "batch": batch,
        "execution": uuid.uuid4(),
        "entries": ENTRIES,
        "results": RESULTS,
    }
    with owner() as connection:
        for statement in (STEP, MANY_ENTRIES, MANY_RESULTS):
            connection.execute(statement, values)
        connection.execute("analyze batches_stepentry, batches_sampleresult, batches_stepexecution")
    figures = []
    for name, address in (("batch page", ""), ("its record", "record/")):
        took, queries = batch_times(plant, f"/batches/{batch}/{address}", ASKED)
        times = [1000 * each.took_s for each in took]
        figures += [
            Figure(f"{name}, {ENTRIES:,} entries, p50", "ms", percentile(times, 50), goal=200),
            Figure("of it processor", "ms", statistics.fmean(1000 * each.busy_s for each in took)),
            Figure("queries, most", "", max(queries)),
        ]
    return figures
