"""The whole product from the first command: killed, started again, stopped."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import psutil
import pytest

from config.bootstrap.places import Places
from config.supervisor.postgres import Postgres
from config.supervisor.processes import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
OURS = re.compile(r"COVALENT_|DATABASE_|REDIS_|SECRET_|EMAIL_|ALLOWED_|DJANGO_|PYTEST")


class Supervisor:
    """One `manage.py up` and the lines that it has printed."""

    def __init__(self, data, port):
        env = {name: value for name, value in os.environ.items() if not OURS.match(name)}
        self.started = time.monotonic()
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port), "--data", str(data)],
            cwd=Places().root,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        self.lines += (line.rstrip() for line in self.process.stdout)

    def wait_for(self, words, within_s=60):
        until = time.monotonic() + within_s
        while not any(words in line for line in list(self.lines)):
            assert time.monotonic() < until, "\n".join(self.lines)
            assert self.process.poll() is None, "\n".join(self.lines)
            time.sleep(0.05)

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, words):
        return next(child for child in self.family() if words in " ".join(child.cmdline()))


@pytest.fixture
def place(tmp_path):
    data = tmp_path / "data"
    yield data
    Postgres(data).destroy()


@pytest.fixture
def start(place):
    port = free_port()
    started = []

    def supervisor():
        started.append(Supervisor(place, port))
        started[-1].wait_for("is running at")
        return started[-1]

    supervisor.port = port
    yield supervisor
    for each in started:
        each.process.kill()
        each.process.wait()


def test_it_survives_kills_starts_again_on_the_same_data_and_leaves_nothing_behind(start):
    first = start()
    with urllib.request.urlopen(f"http://127.0.0.1:{start.port}/readyz", timeout=5) as answer:
        assert answer.status == 200

    for name, words in (("relay", "manage.py relay"), ("web", "supervisor.web"), ("valkey", "valkey-server")):
        first.child(words).kill()
        first.wait_for(f"{name} is up again", within_s=20)

    family = first.family()
    assert len(family) >= 6
    first.process.kill()
    _, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []

    second = start()
    assert time.monotonic() - second.started < 20  # 8 s on a quiet machine
    assert not any("migrations" in line for line in second.lines)

    family = second.family()
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(20) == 0
    _, alive = psutil.wait_procs(family, timeout=1)
    assert alive == []
