"""The adapters against real servers: an OPC UA server (asyncua) and an MQTT broker (amqtt)."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from asyncua import Server, ua
from paho.mqtt.enums import CallbackAPIVersion

from batches.gateways.client.intake import Recorder
from batches.gateways.client.mqtt import MqttSource
from batches.gateways.client.naming import BadNames, Names
from batches.gateways.client.opcua import OpcUaSource
from batches.gateways.client.store import Store
from config.supervisor.processes import free_port

ROOT = Path(__file__).parents[3]
# The broker wants older packages than the product: it has an environment of its own beside ours.
BROKER = ROOT / ".venv.broker"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
WITHIN_S = 30


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "queue.sqlite", most_bytes=1024 * 1024)
    yield found
    found.close()


@contextmanager
def recording(source, store):
    """The source runs into the queue until the end."""
    stop = threading.Event()
    running = threading.Thread(target=source.run, args=(Recorder(store, stop, lambda: None),), daemon=True)
    running.start()
    try:
        yield
    finally:
        stop.set()
        running.join(WITHIN_S)
    assert not running.is_alive()


def taken(store, many):
    """The readings in the queue, once there are so many."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        rows = [row for (body,) in store._base.execute("select body from frame order by sequence")
                for row in json.loads(body)["readings"]]  # fmt: skip
        if len(rows) >= many:
            return [(row["parameter"], row["at"], row["value"]) for row in rows]
        time.sleep(0.05)
    raise AssertionError(rows)


class TestOpcUa:
    @contextmanager
    def server(self, port):
        """A server with a temperature and a pH; yields a function that writes a value."""
        loop, ready, nodes = asyncio.new_event_loop(), threading.Event(), {}
        end = asyncio.Event()

        async def run():
            server = Server()
            await server.init()
            server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/plant/")
            space = await server.register_namespace("urn:plant")
            vessel = await server.nodes.objects.add_object(space, "BR203")
            for name, value in (("Temp", 36.0), ("pH", 7.0)):
                nodes[name] = await vessel.add_variable(ua.NodeId(f"BR203.{name}", space), name, value)
            async with server:
                ready.set()
                await end.wait()

        serving = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
        serving.start()
        assert ready.wait(WITHIN_S)

        def write(name, value, at, status=None):
            said = ua.DataValue(
                ua.Variant(value, ua.VariantType.Double),
                SourceTimestamp=at.replace(tzinfo=None),
                StatusCode=status or ua.StatusCode(ua.StatusCodes.Good),
            )
            asyncio.run_coroutine_threadsafe(nodes[name].write_value(said), loop).result(WITHIN_S)

        try:
            yield write
        finally:
            loop.call_soon_threadsafe(end.set)
            serving.join(WITHIN_S)

    def test_what_changes_comes_with_the_time_of_its_source_and_a_bad_value_is_none(self, store):
        port = free_port()
        names = Names({"ns=2;s=BR203.Temp": "TEMP"})
        with (
            self.server(port) as write,
            recording(OpcUaSource(f"opc.tcp://127.0.0.1:{port}/plant/", names), store),
        ):
            taken(store, 1)
            write("pH", 7.1, NOON)
            write("Temp", 36.5, NOON)
            taken(store, 2)
            write("Temp", 99.0, NOON + timedelta(seconds=1), ua.StatusCode(ua.StatusCodes.BadSensorFailure))
            write("Temp", 36.6, NOON + timedelta(seconds=2))
            rows = taken(store, 3)
        assert rows[1:] == [
            ("TEMP", "2026-03-01T12:00:00+00:00", 36.5),
            ("TEMP", "2026-03-01T12:00:02+00:00", 36.6),
        ]

    @pytest.mark.soak
    def test_a_server_that_comes_back_is_followed_again(self, store):
        port = free_port()
        names = Names({"ns=2;s=BR203.Temp": "TEMP"})
        with recording(OpcUaSource(f"opc.tcp://127.0.0.1:{port}/plant/", names), store):
            with self.server(port) as write:
                taken(store, 1)
            with self.server(port) as write:
                before = len(taken(store, 2))
                write("Temp", 37.0, NOON)
                assert taken(store, before + 1)[-1] == ("TEMP", "2026-03-01T12:00:00+00:00", 37.0)


@pytest.fixture(scope="module")
def broker_python():
    """The environment of the broker, made once."""
    python = BROKER / "bin" / "python"
    lock = ROOT / "requirements" / "broker.txt"
    done = BROKER / "made"
    if not done.exists() or done.read_text() != lock.read_text():
        uv = [str(Path(sys.prefix) / "bin" / "uv")]
        subprocess.run([*uv, "venv", "-q", "--clear", "--python", sys.executable, str(BROKER)], check=True)
        install = [*uv, "pip", "install", "-q", "--python", str(python), "--require-hashes", "-r", str(lock)]
        subprocess.run(install, check=True)
        done.write_text(lock.read_text())
    return python


class TestMqtt:
    @pytest.fixture
    def broker(self, broker_python, tmp_path):
        """A running broker on loopback; its port."""
        port = free_port()
        settings = {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
        path = tmp_path / "broker.yaml"
        path.write_text(json.dumps(settings))
        command = [str(broker_python.parent / "amqtt"), "-c", str(path)]
        environment = {"PATH": os.environ["PATH"]}
        running = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        yield port
        running.terminate()
        running.wait(WITHIN_S)

    @contextmanager
    def publisher(self, port):
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="instrument")
        until = time.monotonic() + WITHIN_S
        while True:
            try:
                client.connect("127.0.0.1", port)
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                break
        client.loop_start()

        def publish(topic, payload):
            client.publish(topic, payload, qos=1).wait_for_publish(WITHIN_S)

        yield publish
        client.disconnect()
        client.loop_stop()

    def source(self, port):
        return MqttSource(f"mqtt://127.0.0.1:{port}", Names({"plant/br203/temp": "TEMP"}), "covalent-GW-1")

    def test_what_is_published_is_recorded_and_what_is_no_number_is_not(self, broker, store):
        with self.publisher(broker) as publish, recording(self.source(broker), store):
            # Published until the subscription stands.
            until = time.monotonic() + WITHIN_S
            while not store.waiting and time.monotonic() < until:
                publish("plant/br203/temp", json.dumps({"value": 36.0, "at": "2026-03-01T11:00:00Z"}))
                time.sleep(0.1)
            before = len(taken(store, 1))
            publish("plant/br203/temp", "warm")
            publish("plant/br203/other", "1")
            publish("plant/br203/temp", "36.5")
            publish("plant/br203/temp", json.dumps({"value": 36.6, "at": "2026-03-01T12:00:00Z"}))
            rows = [row for row in taken(store, before + 2) if row[2] != 36.0]
        assert [(name, value) for name, _, value in rows] == [("TEMP", 36.5), ("TEMP", 36.6)]
        assert rows[1][1] == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize("text", ["", "- a list", "TEMP: 1", "a: [b]", "\x00"], ids=repr)
def test_a_table_of_names_that_cannot_be_read_says_so(tmp_path, text):
    path = tmp_path / "names.yaml"
    path.write_text(text)
    with pytest.raises(BadNames):
        Names.read(path)
