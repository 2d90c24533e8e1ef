"""The stand of a bench: servers and processes of its own in a temporary folder; no data is touched."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import httpx
import psycopg
from django.conf import settings
from django.utils import timezone

from batches.actions.planning import plan_batch
from batches.actions.recipes import adopt_recipe
from batches.specs import LimitSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import Level, LimitKind, LimitMeasure, ParameterKind
from config.supervisor.postgres import Postgres
from config.supervisor.processes import free_port
from config.supervisor.surroundings import make_ledger_key
from config.supervisor.valkey import Valkey
from portal.actions.founding import found_organisation, open_partnership, open_program
from portal.actions.people import add_member, fresh_token, give_assignment, issue_key
from portal.actor import Actor, Side, system_actor
from portal.states import PersonKind

INSIDE: Final = "COVALENT_BENCH_STAND"
DATABASE: Final = "covalent_bench"
READY_WITHIN_S: Final = 40.0


def run_inside(arguments: list[str]) -> int:
    """Make the servers of a stand, run the same command on them, take all away again."""
    data = Path(tempfile.mkdtemp(prefix="covalent-bench-"))
    postgres, valkey = Postgres(data), Valkey(data)
    try:
        postgres.start()
        valkey.start()
        postgres.ensure_database(DATABASE)
        environment = os.environ | {
            INSIDE: "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEBUG": "",
            "LOG_LEVEL": "WARNING",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATABASE_URL": postgres.url("covalent_app", DATABASE),
            "DATABASE_OWNER_URL": postgres.url("covalent_migrate", DATABASE),
            "REDIS_URL": valkey.url(),
            "COVALENT_DATA": str(data),
            "COVALENT_KEYS": str(data / "keys"),
            "COVALENT_LEDGER_KEY": str(make_ledger_key(data / "ledger.key")),
            "COVALENT_RATE": "1000000",
            "COVALENT_RATE_READINGS": "1000000",
        }
        django = [sys.executable, "-m", "django"]
        owner = environment | {"COVALENT_AS_OWNER": "1"}
        migrating = [*django, "migrate", "--verbosity", "0"]
        measuring = [*django, "bench", *arguments]
        here = settings.BASE_DIR
        subprocess.run(migrating, env=owner, cwd=here, check=True)  # noqa: S603 - our own command
        return subprocess.run(measuring, env=environment, cwd=here, check=False).returncode  # noqa: S603 - likewise
    finally:
        postgres.destroy()
        valkey.stop()
        shutil.rmtree(data, ignore_errors=True)


@contextmanager
def web(processes: int = 1) -> Iterator[list[httpx.Client]]:
    """Run web processes; yields a client of each, once they answer."""
    with ExitStack() as stack:
        clients = []
        for _ in range(processes):
            port = free_port()
            command = [sys.executable, "-m", "config.supervisor.web", f"127.0.0.1:{port}"]
            running = subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 - our own command
            stack.callback(_end, running)
            client = httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1/", timeout=60, trust_env=False)
            clients.append(stack.enter_context(client))
        for client in clients:
            _wait(client)
        yield clients


def _end(running: subprocess.Popen[bytes]) -> None:
    running.terminate()
    running.wait(15)


def _wait(client: httpx.Client) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            client.get("../../healthz").raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def owner() -> psycopg.Connection[tuple[object, ...]]:
    """Return a connection of the owner: bulk data of a bench comes by SQL, as no person would make it."""
    return psycopg.connect(settings.DATABASE_OWNER_URL, autocommit=True, options="-c role=covalent_owner")


@dataclass
class Plant:
    """A program of the bench with keys and batches."""

    program: uuid.UUID
    cdmo: uuid.UUID
    sponsor: uuid.UUID
    recipe: uuid.UUID = field(default_factory=uuid.uuid4)
    gateway: str = ""
    quality: str = ""

    @property
    def setup(self) -> Actor:
        """Return the actor that sets up this program."""
        return system_actor("setup", self.program, self.cdmo, self.sponsor)


def make_plant() -> Plant:
    """Make a program with a gateway's and a quality system's key and one recipe."""
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
    open_program(
        setup,
        program,
        partnership_id=partnership,
        code=f"BENCH-{program.hex[:6]}",
        title="Measured",
        sites=[("Malmö", "Malmö", "Europe/Stockholm")],
    )
    plant = Plant(program, cdmo, sponsor)
    plant.gateway = _make_key(plant, "gateway", ["read", "readings"])
    plant.quality = _make_key(plant, "qa", ["read", "write", "acknowledge"])
    plant.recipe = adopt_recipe(
        plant.setup,
        program,
        spec=RecipeSpec(
            "MBR-BENCH",
            "Measured",
            "Measured",
            (StepSpec("make", "Make", Level.PROCEDURE, children=[StepSpec("grow", "Grow", planned_s=3600)]),),
            tuple(_parameter(code) for code in ("TEMP", "PH", "DO")),
        ),
        approval="of the bench",
    ).pk
    return plant


def _parameter(code: str) -> ParameterSpec:
    limits = (
        LimitSpec(LimitKind.NOR, Decimal(30), Decimal(40)),
        LimitSpec(LimitKind.PAR, Decimal(20), Decimal(50)),
        LimitSpec(LimitKind.ACTION, high=Decimal(2000), measure=LimitMeasure.RATE, window_s=60),
        LimitSpec(LimitKind.ALERT, low=Decimal("0.01"), measure=LimitMeasure.SPAN, window_s=60),
    )
    return ParameterSpec(code, code, unit="u", kind=ParameterKind.CPP, expected_interval_s=1, limits=limits)


def _make_key(plant: Plant, role: str, scopes: list[str]) -> str:
    email, token = f"bench-{uuid.uuid4().hex}@service.invalid", fresh_token()
    member = add_member(plant.setup, plant.cdmo, email=email, name="Bench", kind=PersonKind.SERVICE)
    give_assignment(
        plant.setup,
        plant.cdmo,
        person_id=member.person_id,
        target_id=plant.program,
        side=Side.MANUFACTURER,
        role=role,
        code=f"Bench {role}",
    )
    issue_key(
        plant.setup,
        plant.cdmo,
        person_id=member.person_id,
        label=role,
        token=token,
        scopes=scopes,
        program_ids=[plant.program],
        expires_at=timezone.now() + timedelta(days=1),
    )
    return token


def make_batch(plant: Plant, number: str, *, running: timedelta = timedelta(days=30)) -> uuid.UUID:
    """Make a batch that has run for a while."""
    started = timezone.now() - running
    batch = plan_batch(
        plant.setup,
        plant.program,
        recipe_version_id=plant.recipe,
        number=number,
        planned_start=started,
        started_at=started,
    )
    return batch.pk
