"""Good batches of one recipe, watch models learned from them, and running batches to be watched."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from django.db import connection

from batches.actions.watches import ask_watch_model
from batches.models import Batch, WatchDocument, WatchModel
from batches.specs import ParameterSpec
from batches.watched import learning
from batches.watched.working import learn_model
from batches.watching.runs import Grid, Lane
from portal.action import action, reading
from portal.actor import system_actor
from portal.states import Meaning
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast
from tests.factories.disposing import complete
from tests.factories.signing import make_signer, sign

MBR = "MBR-W"
STEP = timedelta(seconds=60)
VALVE_STEP = timedelta(seconds=20)
# Minutes that a good batch lasts.
LONG = 90


def recipe(program=cast.PROGRAM):
    measured = (
        make.temperature(make.limit("par", 35.5, 37.5)),
        ParameterSpec("VALVE", "Jacket valve output", unit="%"),
    )
    return make.recipe(program, number=MBR, measured=measured)


def rows(seed, start, minutes, *, warmer=0.0, swing=0.0, since=0, until=None):
    """Readings of a batch; from minute `since` on it is so much warmer and its valve swings so much."""
    chance = np.random.default_rng(seed)
    size = int(minutes)
    late = (np.arange(size) >= since) & (np.arange(size) < (until or size))
    temperature = 36.5 + 0.02 * chance.standard_normal(size) + warmer * late
    finer = np.repeat(late, 3)
    turning = swing * np.sin(2 * np.pi * np.arange(3 * size) / 7)
    valve = 14 + 0.3 * chance.standard_normal(3 * size) + turning * finer
    return [
        *make.course(temperature.round(4).tolist(), start=start, every=STEP),
        *make.course(valve.round(4).tolist(), code="VALVE", start=start, every=VALVE_STEP),
    ]


def batch(seed, of, *, ago=timedelta(hours=3), minutes=LONG, program=cast.PROGRAM, **odd) -> Batch:
    """A batch that runs in its one phase and has sent readings."""
    found = make.batch(program, number=f"B-{seed}", running=ago, of=of)
    send(found, rows(seed, found.started_at, minutes, **odd))
    return found


def send(found, readings):
    """Readings of one batch alone: within the one transaction of a test the stage keeps what it took."""
    make.send(make.setup(found.space_id), found, readings)
    with connection.cursor() as cursor:
        cursor.execute("delete from batches_stage")


def good(count, of, *, program=cast.PROGRAM, first=100) -> list[Batch]:
    """Complete batches that nothing was wrong with."""
    by = make.setup(program)
    made = [batch(first + each, of, program=program) for each in range(count)]
    lead = actor("cdmo_shift_lead")
    return [complete(lead if program == cast.PROGRAM else by, each) for each in made]


def asked(by, training, *, program=cast.PROGRAM, swings=("VALVE",)):
    return ask_watch_model(
        by, program, recipe_number=MBR, batches=[each.pk for each in training], swings=swings
    )


def learned(by, training, **given):
    """A model that waits for its author's signature."""
    model = asked(by, training, **given)
    return learn_model(model.space_id, model.pk)


def standing(of, *, count=6, first=100, revision=1):
    """A model in force without its ceremony, learned from as many good batches that nobody made."""
    grid = Grid((Lane("growth", STEP.total_seconds(), LONG),))
    found = learning.learn(
        [f"B-{first + each}" for each in range(count)],
        grid,
        CODES,
        [table(first + each) for each in range(count)],
    )
    return _enter(system_actor("sweep", of.space_id), of, found, count, revision)


CODES = ("TEMP", "VALVE", "VALVE~")


def table(seed):
    """A good batch on the grid of minutes."""
    readings = rows(seed, make.now(), LONG)
    temperature = np.array([value for code, _, value in readings if code == "TEMP"])
    valve = np.array([value for code, _, value in readings if code == "VALVE"]).reshape(-1, 3)
    return np.stack([temperature, valve.mean(axis=1), valve.std(axis=1, ddof=1)])


@action("test.watch")
def _enter(_sweep, of, found, count, revision):
    at = make.now()
    model = WatchModel.objects.create(
        space_id=of.space_id,
        number=f"W-{of.number}-{revision:02}",
        title=of.title,
        recipe_number=of.number,
        revision=revision,
        state="in_force",
        training=[[str(of.pk), f"B-{each}"] for each in range(count)],
        learned=found.short,
        digest=found.digest,
        asked_by=cast.person_id("cdmo_qa"),
        asked_code="QA floor 07",
        asked_at=at,
        learned_at=at,
        in_force_at=at,
    )
    WatchDocument.objects.create(space_id=of.space_id, model=model, body=found.body)
    return model


def in_force(training, *, author="cdmo_qa", approver="sponsor_qa", are_signers=False, **given):
    """A model that both sides signed."""
    by, approves = actor(author), actor(approver)
    model = learned(by, training, **given)
    if not are_signers:
        make_signer(by, cast.CDMO)
        make_signer(approves, cast.ARVO)
    sign(by, model, Meaning.AUTHORED, kind="watch_model")
    sign(approves, model, Meaning.APPROVED, kind="watch_model")
    with reading(by):
        return type(model).objects.visible_to(by).get(pk=model.pk)


def follow(model):
    """Let another model take the place of this one."""

    @action("test.follow")
    def ended(_sweep):
        model.end("superseded", make.now())
        model.save(update_fields=["state", "until", "version"])

    ended(system_actor("sweep", model.space_id))
