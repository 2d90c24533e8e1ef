"""Pages rendered in the bench's own process: server time without the network."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import timedelta

import orjson
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from batches.actions.readings import take_frame
from config.bench.stand import Plant
from portal.actions.people import add_member, give_assignment
from portal.actor import Side
from portal.models import Person


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


def _signed_in(plant: Plant) -> Client:
    email = f"bench-{uuid.uuid4().hex}@example.com"
    member = add_member(
        plant.setup, plant.cdmo, email=email, name="Bench", password=secrets.token_urlsafe(32)
    )
    give_assignment(
        plant.setup,
        plant.cdmo,
        person_id=member.person_id,
        target_id=plant.program,
        side=Side.MANUFACTURER,
        role="shift_lead",
        code="Bench lead",
    )
    person = Person.objects.get(pk=member.person_id)
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
