"""Readings from an MQTT broker; needs `requirements/gateway.txt`.

A message is acknowledged when its reading is in the queue on disk, so with QoS 1 and a session of its own the
broker keeps what comes while the gateway is down.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from batches.gateways.client.intake import Recorder, written_now
from batches.gateways.client.naming import Names
from batches.gateways.client.store import Row

log = logging.getLogger("batches.gateway")

PORT: Final = 1883
TLS_PORT: Final = 8883
KEEP_ALIVE_S: Final = 30


@dataclass(slots=True)
class MqttSource:
    """Topics of a broker (`mqtt://[user:password@]host[:port]`, `mqtts://`), each a parameter.

    A payload is a number, or JSON with `value`, maybe `at` and `unit`; what is neither is left out and said.
    """

    url: str
    names: Names
    client_id: str

    def run(self, recorder: Recorder) -> None:
        """Hand over what is published until asked to stop; a broker that is away is waited for."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.client_id, clean_session=False)
        client.manual_ack_set(True)  # noqa: FBT003 - paho's signature
        parts = urlsplit(self.url)
        if parts.username:
            client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        if parts.scheme == "mqtts":
            client.tls_set()

        def connected(to: mqtt.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
            if code.is_failure:
                log.warning("The broker refuses: %s", code)
                return
            to.subscribe([(topic, 1) for topic in self.names.parameters])
            log.info("Connected to the broker; %d topics.", len(self.names.parameters))

        def heard(by: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
            row = self._row(message.topic, bytes(message.payload))
            # While there is no room the broker keeps it, and what follows.
            if row is None or recorder.put_waiting([row]):
                by.ack(message.mid, message.qos)

        client.on_connect, client.on_message = connected, heard
        client.reconnect_delay_set(1, 30)
        port = parts.port or (TLS_PORT if parts.scheme == "mqtts" else PORT)
        client.connect_async(parts.hostname or "127.0.0.1", port, KEEP_ALIVE_S)
        client.loop_start()
        recorder.stop.wait()
        client.disconnect()
        client.loop_stop()

    def _row(self, topic: str, payload: bytes) -> Row | None:
        parameter = self.names.parameters.get(topic)
        try:
            said = orjson.loads(payload)
        except orjson.JSONDecodeError:
            said = None
        said = said if isinstance(said, dict) else {"value": said}
        value = said.get("value")
        if parameter is None or isinstance(value, bool) or not isinstance(value, int | float):
            log.warning("No reading: %s %.60r", topic, payload)
            return None
        row: Row = {"parameter": parameter, "at": str(said.get("at") or written_now()), "value": value}
        return row | {"unit": str(said["unit"])} if said.get("unit") else row
