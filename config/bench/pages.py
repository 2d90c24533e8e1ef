"""Pages rendered in the bench's own process: server time without the network."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import orjson
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.utils import timezone

from batches.actions.readings import take_frame
from config.bench.processor import Busy
from config.bench.stand import Plant
from portal.access import get_program
from portal.action import action
from portal.actions.deciding import ask_decision, draft_decision
from portal.actions.own_access import change_own_sign_in
from portal.actions.people import add_member, give_assignment
from portal.actor import Actor, Side, seats_of
from portal.alerts import raise_alert
from portal.decisions.wording import Option, Wording
from portal.middleware import actor_of
from portal.models import Alert, Person

# Beside 200 deviations to triage, which are as many as the inbox takes from there.
ALERTS, DECISIONS, OPEN_ITEMS = 250, 50, 500
WAITING: Final = re.compile(r'id="inbox-title">[^<]*</h2><span class="small">(\d+)<')


def board_times(plant: Plant, batches: list[uuid.UUID], asked: int) -> list[float]:
    """Return milliseconds of the board page for a signed-in shift lead."""
    now = timezone.now()
    rows = [
        {"parameter": code, "at": (now - timedelta(seconds=10 * n)).isoformat(), "value": 35 + n % 5 / 10}
        for code in ("TEMP", "PH", "DO")
        for n in range(50)
    ]
    body = orjson.dumps({"readings": rows})
    for batch in batches:
        take_frame(plant.setup, batch, body=body, media_type="application/json")
    client = _signed_in(plant)
    took = []
    for _ in range(asked + 3):
        start = time.perf_counter()
        answer = client.get("/board/")
        took.append(1000 * (time.perf_counter() - start))
        if answer.status_code != 200:  # noqa: PLR2004 - anything else measures nothing
            raise RuntimeError(f"the board answered {answer.status_code}")
    return took[3:]


def home_times(plant: Plant, asked: int) -> tuple[list[Busy], set[int]]:
    """Return the times of Home for somebody of the CDMO's QA for whom 500 things wait, and its queries."""
    client = _signed_in(plant, "qa")
    asker = _seated(plant, Side.SPONSOR, "qa")
    for n in range(ALERTS):
        _alert(plant.setup, plant.program, n)
    for n in range(DECISIONS):
        draft = draft_decision(asker, plant.program, wording=_question(n))
        ask_decision(asker, draft.pk, version=draft.version)
    took, queries = [], []
    for _ in range(asked + 3):
        with Busy() as busy, _counted() as made:
            answer = client.get("/")
        took.append(busy)
        queries.append(len(made))
        shown = WAITING.search(answer.content.decode())
        if shown is None or int(shown[1]) != OPEN_ITEMS:
            raise RuntimeError(f"Home answered {answer.status_code} with {shown and shown[1]} items")
    return took[3:], set(queries[3:])


def batch_times(plant: Plant, address: str, asked: int) -> tuple[list[Busy], set[int]]:
    """Return the times of a page of a batch for a signed-in shift lead, and its queries."""
    client = _signed_in(plant)
    took, queries = [], []
    for _ in range(asked + 3):
        with Busy() as busy, _counted() as made:
            answer = client.get(address)
        if answer.status_code != 200:  # noqa: PLR2004 - anything else measures nothing
            raise RuntimeError(f"{address} answered {answer.status_code}")
        took.append(busy)
        queries.append(len(made))
    return took[3:], set(queries[3:])


@contextmanager
def _counted() -> Iterator[list[str]]:
    """Yield the list of the queries that are made meanwhile."""
    made: list[str] = []

    def note(execute: Any, sql: Any, *rest: Any) -> Any:
        made.append(str(sql))
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield made


@action("bench.alert")
def _alert(actor: Actor, program_id: uuid.UUID, number: int) -> Alert:
    """Raise one alert that asks the CDMO for receipt."""
    program = get_program(actor, program_id)
    return raise_alert(program, kind="excursion.par", side=Side.MANUFACTURER, title=f"Alert {number}")


def _question(number: int) -> Wording:
    return Wording(
        title=f"Question {number}",
        options=(Option("A", "Go on"), Option("B", "Stop")),
        lost_at=timezone.now() + timedelta(hours=1 + number),
        meanwhile="It goes on.",
        if_lost="It goes on.",
    )


def _signed_in(plant: Plant, role: str = "shift_lead") -> Client:
    person = Person.objects.get(pk=_seated(plant, Side.MANUFACTURER, role).person_id)
    factor = {"user": person, "type": Authenticator.Type.TOTP, "data": {}}
    change_own_sign_in(actor_of(person), lambda: Authenticator.objects.create(**factor))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def _seated(plant: Plant, side: Side, role: str) -> Actor:
    """Return a new person of the bench in a seat of its program."""
    email = f"bench-{uuid.uuid4().hex}@example.com"
    home = plant.cdmo if side == Side.MANUFACTURER else plant.sponsor
    member = add_member(plant.setup, home, email=email, name="Bench", password=secrets.token_urlsafe(32))
    give_assignment(
        plant.setup,
        home,
        person_id=member.person_id,
        target_id=plant.program,
        side=side,
        role=role,
        code=f"Bench {side} {role}",
    )
    person = member.person
    return Actor(person.pk, person.kind, person.organisation_id, seats_of(person.pk))
