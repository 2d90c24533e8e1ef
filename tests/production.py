"""The compose file without containers: its own commands and environment, on separate servers, behind TLS.

A service becomes an address on loopback, a path of a container a folder. The proxy comes to the web
processes from an address of its own, so that it alone is the one they believe.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config.bootstrap.places import ROOT
from config.supervisor.postgres import ADMIN, Postgres
from config.supervisor.postgres_files import client_program
from config.supervisor.processes import LOOPBACK, free_port, spawn
from config.supervisor.surroundings import make_ledger_key
from config.supervisor.valkey import Valkey

PROXY_ADDRESS = "127.0.0.9"
HOST = "localhost"
PROCESSES = ("web-1", "web-2", "worker-1", "worker-2", "beat-1", "relay-1", "relay-2", "auditor-1")
READY_WITHIN_S = 90.0


class Production:
    """Separate PostgreSQL and Valkey, the product's processes, and a proxy with TLS before them."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        self.postgres, self.valkey = Postgres(home / "pg", durable=False), Valkey(home / "redis")
        self.ports = {"web-1": free_port(), "web-2": free_port()}
        self.processes: dict[str, subprocess.Popen] = {}
        self.proxy = Proxy(self.ports, *certificate(home))
        self.url = f"https://{HOST}:{self.proxy.port}"
        self._secrets = {}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
            process.wait(15)
        self.proxy.stop()
        self.valkey.stop()
        self.postgres.destroy()

    def _start(self):
        self.postgres.start()
        self.valkey.start()
        (self.home / "data").mkdir()
        self._secrets = {
            **{f"COVALENT_{each}_PASSWORD": secrets.token_hex(12) for each in ("MIGRATE", "APP", "BACKUP")},
            "COVALENT_ADMIN_PASSWORD": urlsplit(self.postgres.url(ADMIN, "postgres")).password,
            "VALKEY_PASSWORD": urlsplit(self.valkey.url()).password,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "COVALENT_LEDGER_KEY": str(make_ledger_key(self.home / "ledger.key")),
            "COVALENT_HOST": HOST,
            "COVALENT_METRICS_TOKEN": "metrics",
            "EMAIL_URL": "consolemail://",
        }
        for once in ("roles", "migrate"):
            ran = subprocess.run(
                self.command(once),
                env=self.environment(once),
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, f"{once}: {ran.stdout}{ran.stderr}"
        moved = [sys.executable, "-m", "tests.factories.cast"]
        subprocess.run(
            moved,
            env=self.environment("web") | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            cwd=ROOT,
            check=True,
        )
        for name in PROCESSES:
            self.start(name)
        for name in ("web-1", "web-2"):
            self.wait_until_ready(name)
        self.proxy.start()

    def environment(self, name):
        """The environment that the compose file gives a service, with the test's addresses."""
        given = self.services[name]["environment"]
        mine = {key: self._local(self._filled(str(value))) for key, value in given.items()}
        if "COVALENT_URL" in mine:
            mine["COVALENT_URL"] = self.url
            mine["FORWARDED_ALLOW_IPS"] = PROXY_ADDRESS
        if mine.get("PGHOST") == "postgres":
            mine |= {"PGHOST": LOOPBACK, "PGPORT": str(self.postgres.port)}
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
        plain = {key: os.environ[key] for key in kept if key in os.environ}
        # Said in the image.
        return plain | {"PYTHONUNBUFFERED": "1", "OPENBLAS_NUM_THREADS": "1"} | mine

    def command(self, service, name=""):
        """The command of a service, or of the image."""
        image = re.search(r"^CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1]
        found = list(self.services[service].get("command") or json.loads(image))
        if service == "web":
            assert found[-1] == "0.0.0.0:8000"
            found[-1] = f"{LOOPBACK}:{self.ports[name]}"
        if service == "worker":
            found += ["--hostname", f"{name}@%h"]
        programs = {"python": [sys.executable], "celery": [sys.executable, "-W", "ignore", "-m", "celery"],
                    "psql": [client_program("psql")]}  # fmt: skip
        return [*programs[found[0]], *(self._local(each, name) for each in found[1:])]

    def _filled(self, text):
        def value(match):
            name, _, default = match[1].partition(":")
            return self._secrets.get(name, default.lstrip("-?"))

        return re.sub(r"\$\{([^}]*)\}", value, text)

    def _local(self, text, name=""):
        for inside, here in (
            ("/tmp/", f"{self.home}/{name}."),  # noqa: S108 - a path in the compose file
            ("@postgres:5432", f"@{LOOPBACK}:{self.postgres.port}"),
            ("@valkey:6379", f"@{LOOPBACK}:{self.valkey.port}"),
            ("/run/secrets/ledger_key", str(self.home / "ledger.key")),
            ("/roles.sql", str(ROOT / "config/supervisor/roles.sql")),
        ):
            text = text.replace(inside, here)
        if text == "/data":
            return str(self.home / "data")
        return text

    def start(self, name):
        """Start a process of a service."""
        service = name.split("-")[0]
        self.processes[name] = spawn(
            self.command(service, name),
            log=self.home / f"{name}.log",
            env=self.environment(service),
            cwd=ROOT,
        )

    def kill(self, name):
        """Kill a process with all it started, as a lost machine would."""
        with suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, 9)
        self.processes[name].wait(15)

    def ask(self, name, path, **headers):
        """Ask one web process past the proxy."""
        return httpx.get(f"http://{LOOPBACK}:{self.ports[name]}{path}", headers=headers, timeout=10)

    def wait_until_ready(self, name):
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                if self.ask(name, "/readyz").status_code == 200:
                    return
            time.sleep(0.3)
        said = "\n".join(f"--- {path.name}\n{path.read_text()[-1500:]}" for path in self.home.glob("*.log"))
        raise AssertionError(f"{name} is not ready\n{said}")

    def client(self, **options):
        """A client that reaches the product as people do."""
        return httpx.Client(base_url=self.url, verify=self.proxy.trust, timeout=20, **options)


def certificate(home):
    """A key and a certificate for localhost; returns their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (home / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (home / "tls.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return home / "tls.pem", home / "tls.key"


class Proxy:
    """Ends TLS, says who the client is in place of what the client says, one request a connection."""

    def __init__(self, ports, chain, key):
        self.ports = ports
        # Bound at once: what was free a minute ago need not be.
        self._socket = socket.create_server((LOOPBACK, 0))
        self.port = self._socket.getsockname()[1]
        self.trust = ssl.create_default_context(cafile=str(chain))
        self.only: str | None = None
        self._turn = count()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain, key)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self):
        self._thread.start()
        serving = asyncio.start_server(self._serve, sock=self._socket, ssl=self._context)
        asyncio.run_coroutine_threadsafe(serving, self._loop).result(10)

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    async def _serve(self, client_in, client_out):
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await client_in.readuntil(b"\r\n\r\n")).decode("latin-1")
            web_in, web_out = await self._connect()
            web_out.write(self._said(head, client_out.get_extra_info("peername")[0]).encode("latin-1"))
            ways = [asyncio.create_task(_pipe(*way)) for way in ((client_in, web_out), (web_in, client_out))]
            # Whoever ends first ends both: a half-open line would never be told.
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            web_out.transport.abort()
        client_out.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await client_out.wait_closed()
        client_out.transport.abort()

    def _said(self, head, client):
        first, *lines = head.rstrip("\r\n").split("\r\n")
        kept = [line for line in lines if not line.lower().startswith(("x-forwarded-", "forwarded:"))]
        if not any(line.lower().startswith("upgrade:") for line in kept):
            kept = [line for line in kept if not line.lower().startswith("connection:")] + [
                "Connection: close"
            ]
        kept += [f"X-Forwarded-For: {client}", "X-Forwarded-Proto: https"]
        return "\r\n".join([first, *kept, "", ""])

    async def _connect(self):
        turn = next(self._turn)
        names = [self.only] if self.only else sorted(self.ports, reverse=bool(turn % 2))
        for name in names:
            with suppress(OSError):
                return await asyncio.open_connection(
                    LOOPBACK, self.ports[name], local_addr=(PROXY_ADDRESS, 0)
                )
        raise ConnectionRefusedError


async def _pipe(source, sink):
    with suppress(OSError):
        while part := await source.read(65536):
            sink.write(part)
            await sink.drain()
