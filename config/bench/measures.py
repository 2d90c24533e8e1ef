"""The measurements of the bench, each one run; `ALL` names them."""

from __future__ import annotations

import statistics
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Final

import httpx
import orjson
from django.utils import timezone

from config.bench.agreements import backtested
from config.bench.deviations import listed
from config.bench.fanout import fanned_out
from config.bench.inquiries import compared, packed, searched
from config.bench.load import loaded
from config.bench.lots import lineage
from config.bench.papers import printed
from config.bench.processor import Busy
from config.bench.records import recorded
from config.bench.results import Figure, percentile
from config.bench.stand import Plant, make_batch, make_plant, owner, web
from portal.actions.clocks import breach_clock, breach_clocks
from portal.benchmarks import live
from portal.clocks import on_clock, on_clocks

FRAME: Final = 1000
FRAMES: Final = 40
FEEDERS: Final = 2
REPORTS: Final = 150
REPORTERS: Final = 4
WARMING: Final = 10
DEVIATIONS: Final = 100_000
READINGS: Final = 200_000
MANY: Final = 10_000_000
BOARD_BATCHES: Final = 200
TO_TRIAGE: Final = 200
ASKED: Final = 30
CHANGES: Final = 200_000
SEALED: Final = 300
CLOCKS: Final = 100_000
CLOCKS_DUE: Final = 10_000
CLOCK_PROGRAMS: Final = 4
RAW_STAGE: Final = "create temporary table raw_stage (p uuid, at timestamptz, value double precision)"
RAW_TABLE: Final = (
    "create table if not exists raw_reading (batch uuid, p uuid, at timestamptz, value double precision,"
    " primary key (batch, p, at))"
)
MANY_DEVIATIONS: Final = """
insert into deviations_deviation (id, space_id, audience, version, number, title, description,
    immediate_action, state, occurred_at, detected_at, aware_at, recorded_at, late_reason, reporter_id,
    reporter_code, lead_code, end_text, external_id, external_status, needs_notice, triggers, dismissal,
    dismissed_code, review, triaged_at)
select gen_random_uuid(), %(space)s, 'shared', 1, 'DEV-' || n, 'Deviation ' || n, 'What happened',
    '', 'reported', now(), now(), now(), now() - n * interval '1 second', '', %(person)s,
    'Bench', '', '', '', '', true, '[]', '', '', '', null
from generate_series(1, %(many)s) n
"""
MANY_READINGS: Final = """
insert into batches_reading (space_id, audience, batch_id, parameter_id, at, value, received_at, frame_id)
select %(space)s, 'shared', %(batch)s, %(parameter)s, now() - n * %(step)s * interval '1 second',
    35 + sin(n / 100.0), now(), gen_random_uuid()
from generate_series(1, %(many)s) n
"""
MANY_SITES: Final = """
insert into portal_site (id, space_id, audience, version, name, city, zone, calendar)
select gen_random_uuid(), %s, 'shared', 1, 'Site ' || gen_random_uuid(), '', 'UTC', ''
from generate_series(1, %s)
"""

MANY_CLOCKS: Final = """
insert into portal_clock (id, space_id, audience, version, subject_id, kind, clause, zone, duration, inputs,
    side, is_joint, is_regulatory, state, plan, step, extensions, started_at, due_at, next_at, pause_asked_by)
select gen_random_uuid(), %(space)s, 'shared', 1, %(space)s, 'bench.reply', '6.2', 'UTC', '{}', '{}',
    'sponsor', false, false, 'running', '[]', 0, 0, now() - interval '9 days',
    due.at, due.at, ''
from generate_series(1, %(many)s) n, lateral (select now()
    + case when n <= %(due)s then n * interval '-1 second' else n * interval '1 hour' end as at) due
"""


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def alert() -> list[Figure]:
    """Commit to socket frame with 50 sockets, beside bare pub/sub."""
    return [
        Figure(row["name"], row["unit"], row["value"], row["limit"], row["goal"])
        for row in live.run(events=120)
    ]


def ingest() -> list[Figure]:
    """Frames of 1,000 over HTTP with judging, beside raw staging COPY with ON CONFLICT on one connection."""
    plant = make_plant()
    batches = [make_batch(plant, f"B-{uuid.uuid4().hex[:8]}") for _ in range(FEEDERS)]
    began = timezone.now() - timedelta(days=20)
    frames = [_frame(began, place) for place in range(FRAMES)]
    with web() as (client,), ThreadPoolExecutor(FEEDERS) as pool:
        _post_frames(client, plant, batches[0], [_frame(began - timedelta(days=1), 0)])
        start = time.perf_counter()
        list(pool.map(lambda batch: _post_frames(client, plant, batch, frames), batches))
        ours = FEEDERS * FRAMES * FRAME / (time.perf_counter() - start)
    raw = _raw_copy(FEEDERS * FRAMES)
    name = f"ingest over HTTP with judging, frames of {FRAME}"
    return [Figure(name, "rows/s", ours, raw, 0.4, more_is_better=True, by_ratio=True)]


def _frame(began: datetime, place: int) -> bytes:
    first = began + timedelta(seconds=place * FRAME)
    rows = [
        {"parameter": "TEMP", "at": (first + timedelta(seconds=n)).isoformat(), "value": 35 + n % 7 / 10}
        for n in range(FRAME)
    ]
    return orjson.dumps({"readings": rows})


def _post_frames(client: httpx.Client, plant: Plant, batch: uuid.UUID, frames: list[bytes]) -> None:
    for frame in frames:
        headers = _bearer(plant.gateway) | {"Content-Type": "application/json"}
        answer = client.post(f"batches/{batch}/readings/", content=frame, headers=headers)
        answer.raise_for_status()


def _raw_copy(frames: int) -> float:
    parameter, batch, began = uuid.uuid4(), uuid.uuid4(), timezone.now()
    with owner() as connection:
        connection.execute(RAW_TABLE)
        connection.execute(RAW_STAGE)
        start = time.perf_counter()
        for frame in range(frames):
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("copy raw_stage (p, at, value) from stdin") as copy:
                    for n in range(FRAME):
                        copy.write_row((parameter, began + timedelta(seconds=frame * FRAME + n), 35.0))
                cursor.execute(
                    "insert into raw_reading select %s, p, at, value from raw_stage on conflict do nothing",
                    [batch],
                )
                cursor.execute("truncate raw_stage")
        return frames * FRAME / (time.perf_counter() - start)


def report() -> list[Figure]:
    """Report a deviation over REST, sealed: alone for latency, four at once on two processes for the rate."""
    plant = make_plant()
    with web(2) as clients, ExitStack() as stack:
        lines = [stack.enter_context(_line(clients[n % 2])) for n in range(REPORTERS)]
        alone = [_report(lines[n % 2], plant) for n in range(REPORTS)][WARMING:]
        start = time.perf_counter()
        with ThreadPoolExecutor(REPORTERS) as pool:
            list(pool.map(lambda line: [_report(line, plant) for _ in range(REPORTS)], lines))
        rate = REPORTERS * REPORTS / (time.perf_counter() - start)
    return [
        Figure("report a deviation over REST, p50", "ms", percentile(alone, 50), goal=20),
        Figure("report a deviation over REST, p99", "ms", percentile(alone, 99), goal=60),
        Figure("reports on two web processes", "1/s", rate, goal=120, more_is_better=True),
    ]


def _line(client: httpx.Client) -> AbstractContextManager[HTTPConnection]:
    """Return a connection of the standard library: the caller shares our two cores and should not weigh."""
    return closing(HTTPConnection(client.base_url.host, client.base_url.port))


def _report(line: HTTPConnection, plant: Plant) -> float:
    now = timezone.now().isoformat()
    body = {
        "program": str(plant.program),
        "title": "Vessel temperature outside PAR",
        "description": "The vessel temperature exceeded its proven range for 42 minutes.",
        "occurred_at": now,
        "detected_at": now,
    }
    headers = _bearer(plant.quality) | {"Content-Type": "application/json"}
    start = time.perf_counter()
    line.request("POST", "/api/v1/deviations/", orjson.dumps(body), headers)
    answer = line.getresponse()
    if answer.status != HTTPStatus.CREATED:
        raise RuntimeError(answer.read().decode())
    answer.read()
    return 1000 * (time.perf_counter() - start)


def listing() -> list[Figure]:
    """Ask for a page of 50 of 100,000 deviations over REST."""
    plant = make_plant()
    with owner() as connection:
        values = {"space": plant.program, "many": DEVIATIONS, "person": _somebody(connection)}
        connection.execute(MANY_DEVIATIONS, values)
        connection.execute("analyze deviations_deviation")
    with web() as (client,):
        took = _ask(client, f"deviations/?program={plant.program}", plant.quality)
    return [Figure(f"list page of 50 of {DEVIATIONS:,} deviations, p50", "ms", percentile(took, 50), goal=30)]


def _somebody(connection: object) -> object:
    row = connection.execute("select id from portal_person limit 1").fetchone()  # type: ignore[attr-defined]  # psycopg's
    return row[0]


def _ask(client: httpx.Client, address: str, token: str) -> list[float]:
    took = []
    for n in range(ASKED + 5):
        start = time.perf_counter()
        client.get(address, headers=_bearer(token)).raise_for_status()
        if n >= 5:  # noqa: PLR2004 - the first ones warm connections and caches
            took.append(1000 * (time.perf_counter() - start))
    return took


def series() -> list[Figure]:
    """500 points out of 200,000 readings over REST."""
    return _series(READINGS, goal=80)


def long_series() -> list[Figure]:
    """500 points out of 10,000,000 readings over REST."""
    return _series(MANY, goal=150)


def _series(many: int, *, goal: float) -> list[Figure]:
    plant = make_plant()
    batch = make_batch(plant, f"B-{uuid.uuid4().hex[:8]}")
    with owner() as connection:
        parameter = connection.execute(
            "select id from batches_parameter where space_id = %s and code = 'TEMP'", [plant.program]
        ).fetchone()
        values = {"space": plant.program, "batch": batch, "parameter": parameter[0] if parameter else None}
        connection.execute(MANY_READINGS, values | {"many": many, "step": 10 if many < MANY else 0.2})
        connection.execute("analyze batches_reading")
    since = (timezone.now() - timedelta(seconds=2_100_000)).strftime("%Y-%m-%dT%H:%M:%SZ")
    until = timezone.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    with web() as (client,):
        address = f"batches/{batch}/series/?parameter=TEMP&from={since}&to={until}&points=500"
        took = _ask(client, address, plant.quality)
    name = f"series of 500 points out of {many:,} readings, p50"
    return [Figure(name, "ms", percentile(took, 50), goal=goal)]


def bulk() -> list[Figure]:
    """One transaction that changes 200,000 rows, sealed, beside the same without the ledger's triggers."""
    plant = make_plant()
    with owner() as connection:
        start = time.perf_counter()
        connection.execute(MANY_SITES, [plant.cdmo, CHANGES])
        ours = time.perf_counter() - start
        with connection.transaction(force_rollback=True):
            connection.execute("alter table portal_site disable trigger user")
            start = time.perf_counter()
            connection.execute(MANY_SITES, [plant.cdmo, CHANGES])
            raw = time.perf_counter() - start
    return [Figure(f"one transaction changing {CHANGES:,} rows, sealed", "s", ours, raw, goal=10)]


def sealing() -> list[Figure]:
    """Sealed entries a second on one chain, beside commits of an unsealed write (one WAL flush each)."""
    plant = make_plant()
    with owner() as connection:
        connection.execute(MANY_SITES, [plant.cdmo, 1])
        connection.execute("create table if not exists raw_commit (n integer)")
        start = time.perf_counter()
        for n in range(SEALED):
            connection.execute("update portal_site set city = %s where space_id = %s", [str(n), plant.cdmo])
        ours = SEALED / (time.perf_counter() - start)
        start = time.perf_counter()
        for n in range(SEALED):
            connection.execute("insert into raw_commit values (%s)", [n])
        raw = SEALED / (time.perf_counter() - start)
    return [
        Figure("sealed entries on one chain", "1/s", ours, raw, more_is_better=True),
        Figure("WAL flush: one unsealed commit", "ms", 1000 / raw),
    ]


def clocks() -> list[Figure]:
    """Sweep 100,000 running clocks with 10,000 due, each in an entry of its own; then with none due."""
    from portal import tasks  # noqa: PLC0415 - the worker's tasks, asked for by this measure alone

    plants = [make_plant() for _ in range(CLOCK_PROGRAMS)]
    on_clocks("bench.reply", breach_clocks)
    on_clock("bench.reply", breach_clock)
    each = {"many": CLOCKS // CLOCK_PROGRAMS, "due": CLOCKS_DUE // CLOCK_PROGRAMS}
    with owner() as connection:
        connection.execute(
            "update portal_clock set state = 'withdrawn', next_at = null where state = 'running'"
        )
        for plant in plants:
            connection.execute(MANY_CLOCKS, {"space": plant.program, **each})
        connection.execute("analyze portal_clock")
    swept = 0
    with Busy() as sweeping:
        while found := tasks.sweep():
            swept += found
    idle = []
    for _ in range(ASKED):
        with Busy() as asking:
            tasks.sweep()
        idle.append(asking)
    name = f"sweep of {CLOCKS:,} running clocks, {swept:,} due"
    return [
        Figure(name, "s", sweeping.took_s, goal=10),
        Figure("of it processor, worker and database", "s", sweeping.busy_s),
        Figure("idle sweep, p50", "ms", percentile([1000 * each.took_s for each in idle], 50), goal=20),
        Figure("of it processor", "ms", statistics.fmean(1000 * each.busy_s for each in idle)),
    ]


def board() -> list[Figure]:
    """Render the board's tiles of 200 running batches, in the server."""
    from config.bench.pages import board_times  # noqa: PLC0415 - it renders pages in this process

    plant = make_plant()
    batches = [make_batch(plant, f"B-{uuid.uuid4().hex[:8]}") for _ in range(BOARD_BATCHES)]
    took = board_times(plant, batches, ASKED)
    return [
        Figure(f"board page with {BOARD_BATCHES} running batches, p50", "ms", percentile(took, 50), goal=150)
    ]


def home() -> list[Figure]:
    """Render Home for somebody for whom 500 things wait: deviations, alerts, decisions; in the server."""
    from config.bench.pages import OPEN_ITEMS, home_times  # noqa: PLC0415 - as above

    plant = make_plant()
    with owner() as connection:
        values = {"space": plant.program, "many": TO_TRIAGE, "person": _somebody(connection)}
        connection.execute(MANY_DEVIATIONS, values)
    took, queries = home_times(plant, ASKED)
    times = [1000 * each.took_s for each in took]
    return [
        Figure(f"Home with {OPEN_ITEMS} open items, p50", "ms", percentile(times, 50), goal=150),
        Figure("of it processor", "ms", statistics.fmean(1000 * each.busy_s for each in took)),
        Figure("queries of Home, the most", "queries", max(queries)),
    ]


ALL: Final[Mapping[str, Callable[[], list[Figure]]]] = {
    "alert": alert,
    "ingest": ingest,
    "report": report,
    "list": listing,
    "long_list": listed,
    "series": series,
    "board": board,
    "home": home,
    "bulk": bulk,
    "sealing": sealing,
    "backtest": backtested,
    "clocks": clocks,
    "lineage": lineage,
    "record": recorded,
    "paper": printed,
    "evidence": packed,
    "search": searched,
    "similar": compared,
    "load": loaded,
    "fanout": fanned_out,
    "long_series": long_series,
}
