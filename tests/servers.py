"""The product's own processes for tests: web, relay, worker, beat as children on loopback.

with start_stack(own_database) as stack:
    httpx.get(stack.url + "/api/v1/programs/", headers=bearer("gateway"))
    stack.kill("relay"); stack.restart("relay")
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import redis
from django.conf import settings

from config.supervisor.processes import free_port, spawn
from config.supervisor.valkey import Valkey
from portal import wake

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 90.0


def bearer(key):
    """The header that speaks with a key of the cast."""
    from tests.factories import cast

    return {"Authorization": f"Bearer {cast.TOKENS[key]}"}


class Stack:
    """Running processes of the product on one database; each can be killed and started again by name."""

    def __init__(self, database, *, environment=None):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.stream_url = f"ws://127.0.0.1:{self.port}/ws/stream/"
        self.database = database
        self.home = Path(tempfile.mkdtemp(prefix="covalent-stack-"))
        self.valkey = Valkey(self.home)
        self.valkey.start()
        self._poke(self.valkey.url())
        self.environment = (
            os.environ
            | database.environment()
            | {"COVALENT_URL": self.url, "PYTHONUNBUFFERED": "1", "LOG_LEVEL": "INFO"}
            | {"REDIS_URL": self.valkey.url()}
            | (environment or {})
        )
        self.processes: dict[str, subprocess.Popen] = {}

    def _poke(self, url):
        # What the test itself commits wakes the relay of this stack, not of another.
        self._others = getattr(self, "_others", settings.REDIS_URL)
        settings.REDIS_URL = url
        wake._client.cache_clear()
        wake._breaker.until = 0.0

    def redis(self):
        """A client of the stack's Valkey, for FLUSHALL and the like."""
        return redis.Redis.from_url(self.valkey.url())

    def command(self, name):
        """The command of a process: web, relay, worker, beat; web-2, relay-2, ... for more of a kind."""
        celery = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "config"]
        kind = name.split("-")[0]
        return {
            "web": [sys.executable, "-m", "config.supervisor.web", f"127.0.0.1:{self.port_of(name)}"],
            "relay": [sys.executable, "-m", "django", "relay"],
            "worker": [*celery, "worker", "--loglevel=info", "--concurrency=1", "--without-gossip"],
            "auditor": [sys.executable, "-m", "django", "auditor"],
            "beat": [*celery, "beat", "--loglevel=info", "--pidfile="],
        }[kind]

    def port_of(self, name):
        """Each further web process listens on a port of its own."""
        ports = self.__dict__.setdefault("_ports", {"web": self.port})
        return ports.setdefault(name, free_port()) if name not in ports else ports[name]

    def log(self, name) -> str:
        """What a process has said so far."""
        path = self.home / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, name, *, wait=True):
        """Start a process and wait until it works."""
        log = self.home / f"{name}.log"
        # Leashed: also a test run that is killed leaves no process behind.
        self.processes[name] = spawn(self.command(name), log=log, env=self.environment, cwd=ROOT)
        if wait:
            self.wait_for(name)

    def wait_for(self, name):
        """Wait until a started process works; its log is in the error when it does not."""
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            if self.processes[name].poll() is not None:
                break
            if self._works(name):
                return
            time.sleep(0.1)
        msg = f"{name} did not start:\n{self.log(name)[-4000:]}"
        raise RuntimeError(msg)

    def _works(self, name):
        kind = name.split("-")[0]
        if kind == "web":
            with suppress(httpx.TransportError):
                return (
                    httpx.get(f"http://127.0.0.1:{self.port_of(name)}/healthz", timeout=5).status_code < 500
                )
            return False
        if kind == "relay":
            with psycopg.connect(self.database.url(), autocommit=True) as raw:
                seen = raw.execute(
                    "select 1 from portal_heartbeat where process = 'relay'"
                    " and seen_at > portal.instant() - interval '6 s'"
                ).fetchone()
            return seen is not None and "relay_leads" in self.log(name)
        if kind == "auditor":
            return "auditor looks" in self.log(name)
        return "ready." in self.log(name) or "beat: Starting" in self.log(name)

    def kill(self, name, number=signal.SIGKILL):
        """Kill a process, or `valkey`, with all it started."""
        process = self.valkey.process if name == "valkey" else self.processes[name]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        process.wait(15)

    def restart(self, name):
        """Kill a process and start it again."""
        self.kill(name)
        if name == "valkey":
            self.valkey.start()
        else:
            self.start(name)

    def stop(self):
        """End all."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for name, process in self.processes.items():
            with suppress(subprocess.TimeoutExpired):
                process.wait(6)
            self.kill(name)
        self.valkey.stop()
        self._poke(self._others)
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def start_stack(database, processes=("web", "relay", "worker", "beat"), **options) -> Stack:
    """Start processes on a database of its own (`own_database`) and wait until they work.

    It has a Valkey of its own that may be killed like the others; `environment` adds variables.
    """
    stack = Stack(database, **options)
    try:
        for name in processes:
            stack.start(name, wait=False)
        for name in processes:
            stack.wait_for(name)
    except BaseException:
        stack.stop()
        raise
    return stack
