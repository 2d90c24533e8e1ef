"""Forty gateways at once: what the product takes a second, and how long an alert needs meanwhile."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import orjson
from django.conf import settings
from websockets.asyncio.client import connect

from batches.gateways.chain import Sent, first_link
from config.bench.results import Figure, percentile
from config.bench.stand import Plant, make_batch, make_plant, web
from portal.consumers import PATH

GATEWAYS: Final = 40
READINGS_A_SECOND: Final = 20_000
PROCESSES: Final = 2
# Five minutes is the goal; the bench of every day takes less.
SECONDS: Final = int(os.environ.get("COVALENT_BENCH_LOAD_S", "20"))
CODES: Final = ("TEMP", "PH", "DO")
ALERT_EACH_S: Final = 1.0
ALARMING: Final = 60.0
WITHIN_S: Final = 30.0
FRAME_S: Final = 1.0


@dataclass
class Load:
    """What became of a run, in seconds of one clock."""

    taken: int = 0
    refused: int = 0
    busy: int = 0
    lasted: float = 0.0
    took: list[float] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)


@dataclass
class Gateway:
    """One of the gateways: its batch, its chain, and the frame of each second."""

    batch: uuid.UUID
    number: str
    device: str
    sequence: int = 0
    chain: str = field(default_factory=lambda: uuid.uuid4().hex)
    link: bytes = b""

    def frame(self, now: datetime, *, alarming: bool) -> tuple[bytes, dict[str, str]]:
        """Return body and headers of the frame of the second before now."""
        many = READINGS_A_SECOND // GATEWAYS
        step = timedelta(seconds=FRAME_S) * len(CODES) / many
        rows = []
        for place in range(many):
            n, code = divmod(place, len(CODES))
            # It moves, as a sensor that works does.
            value = ALARMING if alarming and code == 0 else 35 + (n % 17) / 10
            at = (now - timedelta(seconds=FRAME_S) + n * step).isoformat()
            rows.append({"parameter": CODES[code], "at": at, "value": value})
        body = orjson.dumps({"readings": rows})
        self.sequence += 1
        previous = self.link or first_link(self.chain)
        sent = Sent(self.device, self.chain, self.sequence, previous, now, now)
        self.link = sent.link(body)
        headers = {
            "Gateway-Device": sent.device,
            "Gateway-Chain": sent.chain,
            "Gateway-Sequence": str(sent.sequence),
            "Gateway-Previous": previous.hex(),
            "Gateway-Recorded": now.isoformat(),
            "Gateway-Clock": now.isoformat(),
            "Content-Type": "application/json",
        }
        return body, headers


def loaded() -> list[Figure]:
    """Send 20,000 readings a second from forty gateways to two web processes, an alert each second beside."""
    plant = make_plant()
    gateways = []
    for n in range(GATEWAYS):
        number = f"G-{n:02}-{uuid.uuid4().hex[:4]}"
        gateways.append(Gateway(make_batch(plant, number), number, f"GW-{n:02}"))
    with web(PROCESSES) as clients, _relay():
        addresses = [f"http://{each.base_url.host}:{each.base_url.port}" for each in clients]
        load = asyncio.run(_run(plant, gateways, addresses))
    waits = [1000 * (load.heard[each] - at) for each, at in load.sent.items() if each in load.heard]
    missing = len(load.sent) - len(waits)
    rate = load.taken / load.lasted
    return [
        Figure(
            f"readings taken from {GATEWAYS} gateways, {SECONDS} s", "rows/s", rate,
            goal=0.98 * READINGS_A_SECOND, more_is_better=True,
        ),
        Figure("frame of 500 readings, p99", "ms", percentile([1000 * each for each in load.took], 99)),
        Figure("alert meanwhile, frame sent to socket, p50", "ms", percentile(waits, 50)),
        Figure("alert meanwhile, frame sent to socket, p99", "ms", percentile(waits, 99), goal=1000),
        Figure("alerts that were not heard", "alerts", missing, goal=0),
        Figure("rows refused and frames put off", "", load.refused + load.busy),
    ]  # fmt: skip


@contextmanager
def _relay() -> Iterator[None]:
    command = [sys.executable, "-m", "django", "relay"]
    running = subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 - our own command
    try:
        yield
    finally:
        running.terminate()
        running.wait(15)


async def _run(plant: Plant, gateways: list[Gateway], addresses: list[str]) -> Load:
    load = Load()
    async with (
        _listening(plant, addresses[0], load),
        httpx.AsyncClient(timeout=60, trust_env=False) as client,
    ):
        began = time.perf_counter() + 0.5
        await asyncio.gather(
            *(
                _feed(
                    client,
                    plant.gateway,
                    each,
                    addresses[n % len(addresses)],
                    place=n,
                    began=began,
                    load=load,
                )
                for n, each in enumerate(gateways)
            )
        )
        load.lasted = time.perf_counter() - began
        until = time.perf_counter() + WITHIN_S
        while set(load.sent) - set(load.heard) and time.perf_counter() < until:  # noqa: ASYNC110 - the end of a measure
            await asyncio.sleep(0.1)
    return load


async def _feed(
    client: httpx.AsyncClient,
    key: str,
    gateway: Gateway,
    address: str,
    *,
    place: int,
    began: float,
    load: Load,
) -> None:
    """Send a frame a second; those of the gateways are spread over the second, as their clocks are."""
    offset = place / GATEWAYS * FRAME_S
    for second in range(SECONDS):
        due = began + second * FRAME_S + offset
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        # Each batch is alarmed once: what lasts alerts once.
        alarming = second == place and second * ALERT_EACH_S < SECONDS
        body, headers = gateway.frame(datetime.now(UTC), alarming=alarming)
        headers["Authorization"] = f"Bearer {key}"
        at = time.perf_counter()
        if alarming:
            load.sent[gateway.number] = at
        answer = await client.post(
            f"{address}/api/v1/batches/{gateway.batch}/frames/", content=body, headers=headers
        )
        load.took.append(time.perf_counter() - at)
        if not answer.is_success:
            load.busy += 1
            continue
        told = answer.json()
        load.taken += told["accepted"]
        load.refused += len(told["refused"])


@asynccontextmanager
async def _listening(plant: Plant, address: str, load: Load) -> AsyncIterator[None]:
    url = address.replace("http", "ws") + PATH
    headers = {"Authorization": f"Bearer {plant.quality}"}
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        await socket.send(orjson.dumps({"type": "subscribe", "program": str(plant.program)}).decode())
        hearing = asyncio.create_task(_hear(socket, str(plant.program), load))
        await asyncio.sleep(1.0)
        try:
            yield
        finally:
            hearing.cancel()


async def _hear(socket: Any, program: str, load: Load) -> None:
    seen = 0
    while True:
        message = orjson.loads(await socket.recv())
        at = time.perf_counter()
        if message["type"] not in ("event", "skip"):
            continue
        seen += 1
        if message.get("kind") == "excursion.opened" or message.get("kind") == "alert.raised":
            number = message["title"].split(":")[0]
            if number in load.sent:
                load.heard.setdefault(number, at)
        if seen % 20 == 0 or message["type"] == "event":
            ack = {"type": "ack", "program": program, "seen": {message["audience"]: message["seq"]}}
            await socket.send(orjson.dumps(ack).decode())
