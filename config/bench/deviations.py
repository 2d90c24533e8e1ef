"""How long the list of deviations takes when a million stand in it, and its analysis."""

from __future__ import annotations

from typing import Final

from config.bench.results import Figure, percentile
from config.bench.stand import make_plant, owner

MANY, CHUNK, ASKED = 1_000_000, 50_000, 30
LIST_GOAL_MS: Final = 100
# One of a thousand is open, as where a site has kept its records for decades.
MANY_DEVIATIONS: Final = """
insert into deviations_deviation (id, space_id, audience, version, number, title, description,
    immediate_action, state, occurred_at, detected_at, aware_at, recorded_at, late_reason, reporter_id,
    reporter_code, lead_code, end_text, external_id, external_status, needs_notice, triggers, review,
    dismissal, dismissed_code, triaged_at, ended_at)
select gen_random_uuid(), %(space)s, 'shared', 1, 'DEV-' || n, 'Deviation ' || n, 'What happened',
    '', case when n %% 1000 = 0 then 'triaged' else 'closed' end, now() - n * interval '30 seconds',
    now() - n * interval '30 seconds', now() - n * interval '30 seconds', now() - n * interval '30 seconds',
    '', (select id from portal_person limit 1), 'Bench', '', '', '', '', true, '[]', '', '', '', now(),
    case when n %% 1000 = 0 then null else now() end
from generate_series(%(first)s, %(last)s) n
"""


def listed() -> list[Figure]:
    """Return the times of the list and its analysis, rendered in this process."""
    from config.bench.pages import batch_times  # noqa: PLC0415 - the test client is loaded where it is used

    plant = make_plant()
    with owner() as connection:
        for first in range(1, MANY + 1, CHUNK):
            values = {"space": plant.program, "first": first, "last": first + CHUNK - 1}
            connection.execute(MANY_DEVIATIONS, values)
        connection.execute("analyze deviations_deviation, portal_record")
    figures = []
    pages = (
        ("list of what is open", "/deviations/?filter=open"),
        ("list of all", "/deviations/?filter=all"),
    )
    for name, address in pages:
        took, queries = batch_times(plant, address, ASKED)
        measured = percentile([1000 * each.took_s for each in took], 95)
        words = f"{name}, {MANY:,} deviations, {max(queries)} queries, p95"
        figures.append(Figure(words, "ms", measured, goal=LIST_GOAL_MS))
    took, queries = batch_times(plant, "/deviations/analysis/", 3)
    figures.append(
        Figure(
            f"analysis of a year of {MANY:,} deviations, {max(queries)} queries, p50",
            "s",
            percentile([each.took_s for each in took], 50),
        )
    )
    return figures
