"""A portal on loopback with an IndPenSim batch, and a way to replay a file into it."""

import gzip
import io
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batches.replay.run import Order, Replay
from batches.replay.tally import Tally
from batches.rest_client import Access, RestClient
from tests.batches.replay.small_portal import KEY, serve

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
BATCH = "0b5c7e0e-1111-4111-8111-000000000001"
# Recorded runs lie beside the product, not in it; tests on them are skipped where they are not.
SAMPLES = Path(os.environ.get("COVALENT_SAMPLES", Path(__file__).parents[4] / "shared" / "data"))


@dataclass
class Played:
    tally: Tally
    said: list[str]
    screen: str
    problem: Exception | None

    @property
    def summary(self):
        return "\n".join(self.tally.lines())


@pytest.fixture
def portal():
    served, stop = serve()
    served.now = NOW
    yield served
    stop()


@pytest.fixture
def add_batch(portal):
    """Add a batch with parameters {code: unit} that started some hours ago."""

    def add(units, *, hours=400, batch_id=BATCH, number="PEN-1", **rest):
        return portal.add(batch_id, number, units, started=NOW - timedelta(hours=hours), **rest)

    return add


@pytest.fixture
def client(portal):
    with RestClient(Access(portal.url, KEY), patience_s=2) as made:
        yield made


@pytest.fixture
def play(client):
    """Replay a file; a problem is caught and given with what had been played before it."""

    def run(path, batch=BATCH, **rest):
        said, screen = [], io.StringIO()
        replay = Replay(client, Order(Path(path), batch, **rest), screen, said.append, clock=NOW.timestamp)
        problem = None
        try:
            replay.run()
        except Exception as raised:  # noqa: BLE001 - the test looks at it
            problem = raised
        return Played(replay.tally, said, screen.getvalue(), problem)

    return run


@pytest.fixture
def table(tmp_path):
    """Write a file of lines, gzipped when its name ends so."""

    def write(*lines, name="run.csv", encoding="utf-8"):
        path = tmp_path / name
        data = lines[0] if isinstance(lines[0], bytes) else ("\n".join(lines) + "\n").encode(encoding)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


@pytest.fixture
def written_map(tmp_path):
    """Write a YAML map and give its name."""

    def write(text):
        path = tmp_path / "map.yaml"
        path.write_text(text)
        return str(path)

    return write
