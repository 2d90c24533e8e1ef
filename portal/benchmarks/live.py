"""How long an entry takes from its commit to fifty sockets, beside bare Redis pub/sub in the same run."""

from __future__ import annotations

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import orjson
import redis
from django.conf import settings
from django.utils import timezone
from redis import asyncio as aioredis
from websockets.asyncio.client import ClientConnection, connect

from portal import ledger
from portal.access import get_program
from portal.action import action, after_commit
from portal.actions.founding import found_organisation, open_partnership, open_program
from portal.actions.people import add_member, fresh_token, give_assignment, issue_key
from portal.actor import Actor, Side, system_actor
from portal.consumers import PATH, SOCKETS_EACH
from portal.facts import ProgramOpened
from portal.models import Program
from portal.states import PersonKind

SOCKETS: Final = 50
EVENTS: Final = 200
WARM_UP: Final = 20
PAUSE_S: Final = 0.03
WITHIN_S: Final = 30.0
GOAL_P99_MS: Final = 30.0
RAW_CHANNEL: Final = "covalent.bench"


@action("bench.tell")
def tell(actor: Actor, program_id: uuid.UUID, *, number: int, committed: Callable[[], None]) -> Program:
    """Seal one entry of news about a program; `committed` is called once it is committed."""
    program = get_program(actor, program_id)
    ledger.record(program, ProgramOpened(code=f"bench {number}"))
    after_commit(committed)
    return program


def make_program(sockets: int) -> tuple[uuid.UUID, list[str]]:
    """Make a program with as many service keys as the sockets need; return its id and the tokens."""
    cdmo, sponsor, partnership, program = (uuid.uuid4() for _ in range(4))
    setup = system_actor("setup", cdmo, sponsor, partnership, program)
    found_organisation(setup, cdmo, name="Bench manufacturer", zone="Europe/Stockholm")
    found_organisation(setup, sponsor, name="Bench sponsor", zone="Europe/Stockholm")
    open_partnership(
        setup,
        partnership,
        sponsor_id=sponsor,
        sponsor_name="Bench sponsor",
        manufacturer_id=cdmo,
        manufacturer_name="Bench manufacturer",
    )
    code = f"BENCH-{program.hex[:6]}"
    open_program(setup, program, partnership_id=partnership, code=code, title="Measured", sites=[])
    return program, [_make_key(setup, sponsor, program) for _ in range(-(-sockets // SOCKETS_EACH))]


def _make_key(setup: Actor, sponsor: uuid.UUID, program: uuid.UUID) -> str:
    email, token = f"bench-{uuid.uuid4().hex}@service.invalid", fresh_token()
    member = add_member(setup, sponsor, email=email, name="Bench", kind=PersonKind.SERVICE)
    give_assignment(
        setup,
        sponsor,
        person_id=member.person_id,
        target_id=program,
        side=Side.SPONSOR,
        role="viewer",
        code="Bench",
    )
    issue_key(
        setup,
        sponsor,
        person_id=member.person_id,
        label="bench",
        token=token,
        scopes=["read"],
        program_ids=[program],
        expires_at=timezone.now() + timedelta(days=1),
    )
    return token


@contextmanager
def web_and_relay() -> Iterator[str]:
    """Run a web process and a relay on this process's environment; yields the address of the stream."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"LOG_LEVEL": "WARNING"}
    commands = (["config.supervisor.web", f"127.0.0.1:{port}"], ["django", "relay"])
    running = [
        subprocess.Popen([sys.executable, "-m", *each], env=environment, cwd=settings.BASE_DIR)  # noqa: S603 - our own commands
        for each in commands
    ]
    try:
        yield f"ws://127.0.0.1:{port}{PATH}"
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(15)


@dataclass
class Times:
    """When each entry was committed and heard, in seconds of one clock."""

    committed: dict[int, float] = field(default_factory=dict)
    heard: list[tuple[int, float]] = field(default_factory=list)

    def latencies_ms(self) -> list[float]:
        """Return commit to frame of each entry and socket, without the warm-up."""
        return [
            1000 * (at - self.committed[number])
            for number, at in self.heard
            if number >= WARM_UP and number in self.committed
        ]


@asynccontextmanager
async def open_sockets(
    address: str, tokens: Sequence[str], amount: int
) -> AsyncIterator[list[ClientConnection]]:
    """Open sockets, the first as soon as the server answers."""
    async with AsyncExitStack() as stack:
        opened: list[ClientConnection] = []
        until = time.monotonic() + WITHIN_S
        while len(opened) < amount:
            headers = {"Authorization": f"Bearer {tokens[len(opened) // SOCKETS_EACH]}"}
            try:
                opened.append(
                    await stack.enter_async_context(connect(address, additional_headers=headers, proxy=None))
                )
            except OSError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.2)
        yield opened


async def _follow(connection: ClientConnection, program: uuid.UUID, events: int, times: Times) -> None:
    first, amount = None, 0
    await connection.send(orjson.dumps({"type": "subscribe", "program": str(program)}).decode())
    while amount < events:
        message = orjson.loads(await connection.recv())
        at = time.perf_counter()
        if message["type"] == "subscribed":
            first = message["heads"]["shared"] + 1
        elif message["type"] == "event" and first is not None:
            times.heard.append((message["seq"] - first, at))
            amount += 1
            if amount % 50 == 0:
                ack = {"type": "ack", "program": str(program), "seen": {"shared": message["seq"]}}
                await connection.send(orjson.dumps(ack).decode())


async def _measure(
    address: str, program: uuid.UUID, tokens: Sequence[str], sockets: int, events: int
) -> Times:
    times, actor = Times(), system_actor("setup", program)

    def commit(number: int) -> None:
        def note() -> None:
            times.committed[number] = time.perf_counter()

        tell(actor, program, number=number, committed=note)

    async with open_sockets(address, tokens, sockets) as opened:
        following = [asyncio.create_task(_follow(each, program, events, times)) for each in opened]
        await asyncio.sleep(1.5)
        for number in range(events):
            await asyncio.to_thread(commit, number)
            await asyncio.sleep(PAUSE_S)
        await asyncio.wait_for(asyncio.gather(*following), WITHIN_S)
    return times


async def _measure_raw(listeners: int, events: int) -> list[float]:
    """Return publish to receive over bare pub/sub, in ms, with a connection for each listener."""
    found: list[float] = []
    publisher = redis.Redis.from_url(settings.REDIS_URL)

    async def listen(ready: asyncio.Event) -> None:
        client = aioredis.Redis.from_url(settings.REDIS_URL, socket_timeout=None)
        async with client, client.pubsub(ignore_subscribe_messages=False) as heard:
            await heard.subscribe(RAW_CHANNEL)
            amount = 0
            async for message in heard.listen():
                at = time.perf_counter()
                if message["type"] == "subscribe":
                    ready.set()
                    continue
                amount += 1
                if amount > WARM_UP:
                    found.append(1000 * (at - float(message["data"])))
                if amount == events:
                    return

    ready = [asyncio.Event() for _ in range(listeners)]
    listening = [asyncio.create_task(listen(each)) for each in ready]
    for each in ready:
        await each.wait()
    for _ in range(events):
        await asyncio.to_thread(lambda: publisher.publish(RAW_CHANNEL, repr(time.perf_counter())))
        await asyncio.sleep(PAUSE_S)
    await asyncio.wait_for(asyncio.gather(*listening), WITHIN_S)
    return found


def percentile(values: Sequence[float], share: int) -> float:
    """Return the percentile, 1..99."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def run(*, sockets: int = SOCKETS, events: int = EVENTS) -> list[dict[str, Any]]:
    """Measure once on this environment; it makes a program of its own in the database and leaves it there."""
    program, tokens = make_program(sockets)
    with web_and_relay() as address:
        ours = asyncio.run(_measure(address, program, tokens, sockets=sockets, events=events)).latencies_ms()
    raw = asyncio.run(_measure_raw(sockets, events))
    rows = []
    for share, goal in ((50, None), (99, GOAL_P99_MS)):
        value, limit = percentile(ours, share), percentile(raw, share)
        rows.append(
            {
                "name": f"commit to frame, {sockets} sockets, p{share}",
                "unit": "ms",
                "value": round(value, 2),
                "limit": round(limit, 2),
                "ratio": round(value / limit, 2),
                "goal": goal,
                "ok": goal is None or value <= goal,
            }
        )
    return rows
