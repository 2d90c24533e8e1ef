"""Readings from an OPC UA server; needs `requirements/gateway.txt`. It reads and never writes."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asyncua.client.client import Client
from asyncua.ua.uaerrors import UaError

from batches.gateways.client.intake import FRAME_S, Recorder, written_now
from batches.gateways.client.naming import Names
from batches.gateways.client.store import Row

log = logging.getLogger("batches.gateway")

PUBLISH_MS: Final = 500
AGAIN_S: Final = 2.0
ALIVE_S: Final = 5.0


@dataclass(slots=True)
class OpcUaSource:
    """Nodes of a server (`opc.tcp://host:port/path`), each a parameter, followed by subscription.

    A value comes with the time its source gave it. One of a bad status is no reading: missing is never zero.
    """

    url: str
    names: Names

    def run(self, recorder: Recorder) -> None:
        """Hand over what changes until asked to stop; a server that is away is waited for."""
        asyncio.run(self._follow(recorder.put, recorder.stop))

    async def _follow(self, put: Callable[[list[Row]], bool], stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                await self._hear(put, stop)
            except (OSError, TimeoutError, UaError) as fault:
                log.warning("The OPC UA server is away: %s: %s", type(fault).__name__, fault)
                await asyncio.sleep(AGAIN_S)

    async def _hear(self, put: Callable[[list[Row]], bool], stop: threading.Event) -> None:
        async with Client(self.url) as client:
            heard = Heard(self.names)
            subscription = await client.create_subscription(PUBLISH_MS, heard)
            nodes = [client.get_node(each) for each in self.names.parameters]
            await subscription.subscribe_data_change(nodes)
            log.info("Connected to the OPC UA server; %d nodes.", len(nodes))
            waited = 0.0
            while not stop.is_set():
                await asyncio.sleep(FRAME_S)
                if rows := heard.take():
                    await asyncio.to_thread(put, rows)
                waited += FRAME_S
                if waited >= ALIVE_S:
                    await client.check_connection()
                    waited = 0.0
            with suppress(OSError, UaError):
                await subscription.delete()
            if rows := heard.take():
                put(rows)


class Heard:
    """What the subscription hands over, until it is taken."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._rows: list[Row] = []

    def take(self) -> list[Row]:
        """Return what came since the last time."""
        rows, self._rows = self._rows, []
        return rows

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        """Keep one change (asyncua's name)."""
        said = data.monitored_item.Value
        parameter = self._names.parameters.get(node.nodeid.to_string())
        if parameter is None or isinstance(value, bool) or not isinstance(value, int | float):
            log.warning("No reading: %s %.60r", node, value)
            return
        if said.StatusCode is not None and not said.StatusCode.is_good():
            log.warning("%s has the status %s: left out.", parameter, said.StatusCode.name)
            return
        at = said.SourceTimestamp
        self._rows.append(
            {"parameter": parameter, "at": written(at) if at else written_now(), "value": float(value)}
        )

    def status_change_notification(self, status: Any) -> None:
        """Say that the server changes or ends the subscription (asyncua's name)."""
        log.warning("The OPC UA server changed the subscription: %s", status)


def written(at: datetime) -> str:
    """Return a source's time as readings say it; OPC UA's are UTC."""
    return at.replace(tzinfo=at.tzinfo or UTC).isoformat()
