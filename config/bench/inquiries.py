"""The evidence pack over a million readings, search over a million deviations, likeness over 100,000."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any, Final

import httpx
from django.utils import timezone

from config.bench.results import Figure, percentile
from config.bench.stand import Plant, make_batch, make_plant, owner, web
from portal.actions.publishing import publish_checkpoint
from portal.actor import system_actor
from portal.states import Audience

READINGS: Final = 1_000_000
PACKS: Final = 5
SEARCHED: Final = 1_000_000
COMPARED: Final = 100_000
ASKED: Final = 40
WARMING: Final = 5
# Two words of a hundred and one of ten thousand a title, as frequent and rare as words of a trade are.
MANY: Final = """
insert into deviations_deviation (id, space_id, audience, version, number, title, description,
    immediate_action, state, occurred_at, detected_at, aware_at, recorded_at, late_reason, reporter_id,
    reporter_code, lead_code, end_text, external_id, external_status, needs_notice, triggers, dismissal,
    dismissed_code, review, triaged_at)
select gen_random_uuid(), %(space)s, 'shared', 1, 'DEV-' || (2000 + n / 10000) || '-' || lpad((n %% 10000)::text, 4, '0'),
    'Part' || (n * 7919 %% 100) || ' of unit' || (n * 104729 %% 97) || ' left its range',
    'Code' || (n * 15485863 %% 10007) || ' was seen by the shift; part' || (n * 31 %% 100) || ' was looked at,'
        || ' valve and sensor agreed, sample' || (n * 17 %% 1009) || ' was taken.',
    '', 'triaged', now(), now(), now(), now() - n * interval '1 second', '', %(person)s,
    'Bench', '', '', '', '', true, '[]', '', '', '', now()
from generate_series(1, %(many)s::bigint) n
"""  # noqa: E501 - a statement
# As the trigger would, row by row.
WORDS: Final = """
insert into deviations_deviationwords (id, space_id, audience, recorded_at, words)
select id, space_id, audience, recorded_at,
    portal.deviation_words(number, null, title || ' ' || description)
from deviations_deviation where space_id = %s
"""
SERIES: Final = """
insert into batches_reading (space_id, audience, batch_id, parameter_id, at, value, received_at, frame_id)
select %(space)s, 'shared', %(batch)s, %(parameter)s, now() - n * interval '1 second',
    35 + sin(n / 900.0), now(), gen_random_uuid()
from generate_series(1, %(many)s) n
"""


def packed() -> list[Figure]:
    """Take the evidence pack of a deviation of a batch with 1,000,000 readings over REST, each time anew."""
    plant = make_plant()
    batch = make_batch(plant, f"B-{uuid.uuid4().hex[:8]}")
    with owner() as connection:
        parameter = _one(
            connection,
            "select id from batches_parameter where space_id = %s and code = 'TEMP'",
            plant.program,
        )
        given = {"space": plant.program, "batch": batch, "parameter": parameter, "many": READINGS}
        connection.execute(SERIES, given)
        connection.execute("analyze batches_reading")
    with web() as (client,):
        deviation = _disclosed(client, plant, batch)
        publish_checkpoint(system_actor("sealer", plant.program), plant.program, audience=Audience.SHARED)
        url = f"ledger/{plant.program}/shared/export?paper=evidence&record={deviation}"
        took = [_timed(client, url, plant.quality) for _ in range(PACKS)]
    return [
        Figure(f"evidence pack over {READINGS:,} readings, the slowest", "s", max(took) / 1000, goal=5),
        Figure("the same, p50", "s", percentile(took, 50) / 1000),
    ]


def searched() -> list[Figure]:
    """Search 1,000,000 deviations by a rare word, a frequent one, two together, and by number, over REST."""
    plant = make_plant()
    _fill(plant, SEARCHED)
    asked = {
        "a rare word": "code{n}",
        "a frequent word": "valve",
        "two words": "part{few} unit{few}",
        "a number": "DEV-2005-{n:04d}",
        "no hit": "nowhere{n}",
    }
    with web() as (client,):
        took = {
            what: [
                _timed(
                    client,
                    f"deviations/?program={plant.program}&q={words.format(n=n * 211, few=n % 90)}",
                    plant.quality,
                )
                for n in range(ASKED)
            ][WARMING:]
            for what, words in asked.items()
        }
    every = [each for times in took.values() for each in times]
    name = f"search of {SEARCHED:,} deviations, p95"
    return [
        Figure(name, "ms", percentile(every, 95), goal=100),
        *(Figure(f"of it {what}, p95", "ms", percentile(times, 95)) for what, times in took.items()),
    ]


def compared() -> list[Figure]:
    """Ask for the deviations most like one of 100,000, over REST, of another one each time."""
    plant = make_plant()
    _fill(plant, COMPARED)
    with owner() as connection:
        rows: Any = connection.execute(
            "select id from deviations_deviation where space_id = %s order by recorded_at limit %s",
            [plant.program, ASKED],
        ).fetchall()
    with web() as (client,):
        took = [_timed(client, f"deviations/{each}/similar/", plant.quality) for (each,) in rows][WARMING:]
    name = f"deviations like one of {COMPARED:,}"
    return [
        Figure(f"{name}, p95", "ms", percentile(took, 95), goal=150),
        Figure(f"{name}, p50", "ms", percentile(took, 50)),
    ]


def _one(connection: Any, query: str, value: uuid.UUID) -> Any:
    row = connection.execute(query, [value]).fetchone()
    return row[0]


def _fill(plant: Plant, many: int) -> None:
    """Put deviations into a program by SQL; what the ledger would note of them is not what is measured."""
    with owner() as connection:
        person = _one(
            connection, "select id from portal_person where %s::uuid is not null limit 1", plant.program
        )
        connection.execute("alter table deviations_deviation disable trigger user")
        connection.execute(MANY, {"space": plant.program, "many": many, "person": person})
        connection.execute("alter table deviations_deviation enable trigger user")
        connection.execute(WORDS, [plant.program])
        connection.execute("analyze deviations_deviation")
        connection.execute("vacuum analyze deviations_deviationwords")


def _disclosed(client: httpx.Client, plant: Plant, batch: uuid.UUID) -> str:
    """Return the id of a deviation in the middle of the batch that both sides know."""
    at = (timezone.now() - timedelta(seconds=READINGS / 2)).isoformat()
    headers = {"Authorization": f"Bearer {plant.quality}"}
    logged = client.post(
        "deviations/",
        headers=headers,
        json={
            "program": str(plant.program),
            "batch": str(batch),
            "title": "Vessel temperature outside PAR",
            "description": "The vessel temperature exceeded its proven range for 42 minutes.",
            "occurred_at": at,
            "detected_at": at,
            "late_reason": "Found when the record was reviewed.",
        },
    ).raise_for_status()
    address = f"deviations/{logged.json()['id']}/"
    given = {"classification": "major", "rationale": "CPP outside its proven range; impact unlikely."}
    for step, body in (("triage", given), ("release_notice", {})):
        found = client.get(address, headers=headers).raise_for_status()
        client.post(
            f"{address}{step}/", headers={**headers, "If-Match": found.headers["ETag"]}, json=body
        ).raise_for_status()
    return str(logged.json()["id"])


def _timed(client: httpx.Client, address: str, token: str) -> float:
    start = time.perf_counter()
    client.get(address, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    return 1000 * (time.perf_counter() - start)
