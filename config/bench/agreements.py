"""The measurements of agreements."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from django.utils import timezone

from config.bench.processor import Busy
from config.bench.results import Figure
from config.bench.stand import make_plant, owner
from deviations.queries.cases import past_cases
from portal.action import reading
from portal.actor import system_actor
from portal.agreements.backtest import backtest
from portal.agreements.terms import default_terms
from portal.business_time import Calendar, due_at

CASES: Final = 50_000
ZONE: Final = "Europe/Stockholm"
PAST_CASES: Final = """
with made as (
    insert into deviations_deviation (id, space_id, audience, version, number, title, description,
        immediate_action, state, occurred_at, detected_at, aware_at, recorded_at, late_reason, reporter_id,
        reporter_code, lead_code, triaged_at, ended_at, end_text, external_id, external_status, needs_notice,
        triggers, review, dismissal, dismissed_code)
    select gen_random_uuid(), %(space)s, 'shared', 1, 'DEV-' || n, 'Deviation ' || n, 'What happened', '',
        'closed', since, since, since, since, '', %(person)s, 'Bench', '', since, since + interval '26 days',
        'Done', '', '', true, '[]', '', '', ''
    from (select n, now() - n * interval '10 minutes' as since from generate_series(1, %(many)s) n) past
    returning id, space_id, aware_at, number)
insert into deviations_judgement (id, space_id, audience, version, deviation_id, kind, side, classification,
    rationale, code, given_at)
select gen_random_uuid(), space_id, 'shared', 1, id, 'provisional', 'manufacturer',
    (array['minor', 'minor', 'major', 'critical'])[1 + right(number, 1)::int %% 4], 'Why', 'Bench', aware_at
from made
"""


def backtested() -> list[Figure]:
    """Run a version of the agreement over past deviations, reading them included."""
    plant = make_plant()
    with owner() as connection:
        connection.execute(
            PAST_CASES, {"space": plant.program, "person": plant.setup.person_id, "many": CASES}
        )
        connection.execute("analyze deviations_deviation, deviations_judgement")
    actor, now = system_actor("sweep", plant.program), timezone.now()
    with Busy() as busy:
        with reading(actor):
            cases = past_cases(actor, plant.program, now - timedelta(days=4000))
        report = backtest(default_terms(), cases, partial(due_at, calendar=Calendar(ZONE, country="SE")), now)
    if len(cases) != CASES or not report.counts["notice_late"]:
        msg = f"{len(cases)} cases were read instead of {CASES}"
        raise RuntimeError(msg)
    return [
        Figure(f"backtest over {CASES:,} past deviations", "s", busy.took_s, goal=5),
        Figure("of it processor, process and database", "s", busy.busy_s),
    ]
