"""Recipes and batches for tests: dull, with what matters given by the test."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from batches.actions.planning import plan_batch
from batches.actions.readings import take_frame
from batches.actions.recipes import adopt_recipe
from batches.queries import list_excursions, up_to_date
from batches.specs import LimitSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import DataKind, Level, LimitKind, ParameterKind
from portal.action import reading
from portal.actor import system_actor
from portal.states import Audience
from tests.factories import cast

PHASES = ("growth", "production", "harvest")


def setup(program=cast.PROGRAM):
    return system_actor("setup", program)


def limit(kind, low=None, high=None, **given):
    low, high = (None if each is None else Decimal(str(each)) for each in (low, high))
    return LimitSpec(LimitKind(kind), low, high, **given)


def temperature(*limits, code="TEMP", **given):
    """A critical temperature every 10 s; NOR 36-37, action 35.7-37.3, PAR 35.5-37.5 unless given."""
    usual = (
        limit("nor", 36, 37, delay_s=600),
        limit("action", 35.7, 37.3),
        limit("par", 35.5, 37.5),
    )
    values = {"unit": "°C", "kind": ParameterKind.CPP, "limits": limits or usual} | given
    return ParameterSpec(code, "Temperature", **values)


def parameters():
    return (
        temperature(),
        ParameterSpec("PH", "pH", kind=ParameterKind.CPP, decimals=2, limits=(limit("par", 6.8, 7.2),)),
        ParameterSpec("VALVE", "Jacket valve", unit="%"),
        ParameterSpec(
            "VCD", "Viable cells", unit="10⁶/mL", data_kind=DataKind.AT_LINE, expected_interval_s=86_400
        ),
        ParameterSpec(
            "LOAD", "Line load", unit="%", audience=Audience.MANUFACTURER, limits=(limit("action", high=90),)
        ),
    )


def phases(*codes):
    return [
        StepSpec(
            "make",
            "Make it",
            Level.PROCEDURE,
            children=[StepSpec(code, code.title(), planned_s=3600) for code in codes or PHASES],
        )
    ]


def spec(*, number="MBR-1", steps=None, measured=None, **given):
    """What the usual recipe says."""
    return RecipeSpec(
        number,
        given.pop("title", "AV-101 drug substance"),
        "AV-101",
        phases() if steps is None else steps,
        parameters() if measured is None else measured,
        **given,
    )


def recipe(program=cast.PROGRAM, **given):
    """A recipe in force, approved before the program came here."""
    return adopt_recipe(setup(program), program, spec=spec(**given), approval="signed on paper")


def now():
    return datetime.now(UTC)


def batch(program=cast.PROGRAM, *, number="B-1", running=timedelta(days=1), of=None, **given):
    """A batch that has run for a while; `running=None` for one that is planned."""
    version = of or recipe(program, number=f"MBR-{number}")
    started_at = None if running is None else now() - running
    return plan_batch(
        setup(program),
        program,
        recipe_version_id=version.pk,
        number=number,
        planned_start=given.pop("planned_start", started_at or now()),
        started_at=started_at,
        **given,
    )


def frame(*rows):
    """A JSON frame of (parameter, instant, value)."""
    readings = [{"parameter": code, "at": at.isoformat(), "value": value} for code, at, value in rows]
    return json.dumps({"readings": readings}).encode()


def course(values, *, code="TEMP", start, every=timedelta(seconds=10)):
    """Rows of one parameter at even distances."""
    return [(code, start + place * every, value) for place, value in enumerate(values)]


def send(actor, batch, rows, media_type="application/json"):
    """Take one JSON frame of (parameter, instant, value)."""
    return take_frame(actor, batch.pk, body=frame(*rows), media_type=media_type)


def excursions(actor, batch):
    """The live excursions of a batch as plain values, by limit and start."""
    with reading(actor):
        rows = list_excursions(actor, batch_id=batch.pk).exclude(state="withdrawn")
        found = up_to_date(list(rows.order_by("limit_kind", "direction", "started_at")))
    return [
        (
            row.parameter.code,
            str(row.limit_kind),
            str(row.direction),
            row.started_at,
            row.last_outside_at,
            row.ended_at,
            row.extreme,
            row.extreme_at,
            row.readings,
        )
        for row in found
    ]


def facts(subject, audience="shared"):
    """The facts about a record in order: (name, payload)."""
    with reading(system_actor("relay", subject.space_id)), connection.cursor() as cursor:
        cursor.execute(
            "select body from ledger.item where class = 'fact' and row_id = %s and audience = %s order by id",
            [subject.pk, audience],
        )
        items = [json.loads(bytes(body)) for (body,) in cursor.fetchall()]
    return [(item["name"], item["payload"]) for item in items]


def fresh(actor, row):
    """The row as it stands now."""
    with reading(actor):
        return type(row).objects.visible_to(actor).get(pk=row.pk)
