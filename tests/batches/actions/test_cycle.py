from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from django.db import connection

from batches.actions.cycle import complete_batch, discontinue_batch, move_phase, start_batch
from batches.models import Excursion, Frame, PhaseRun
from batches.states import TRANSITIONS, BatchState
from portal.action import reading
from portal.errors import (
    Conflict,
    Invalid,
    InvalidTransition,
    NotFound,
    Refused,
    StaleVersion,
    VersionMissing,
)
from tests.conftest import actor, entries_of, head_of
from tests.factories import batches as make
from tests.factories import cast

STEPS = {
    "start": lambda who, batch, version: start_batch(who, batch.pk, version=version),
    "phase": lambda who, batch, version: move_phase(who, batch.pk, phase="production", version=version),
    "complete": lambda who, batch, version: complete_batch(who, batch.pk, version=version),
    "discontinue": lambda who, batch, version: discontinue_batch(who, batch.pk, version=version),
}


def batch_in(state, who):
    batch = make.batch(running=None if state == "planned" else timedelta(hours=5))
    if state in ("complete", "discontinued"):
        batch = STEPS["complete" if state == "complete" else "discontinue"](who, batch, batch.version)
    return batch


@pytest.mark.parametrize(
    ("state", "step", "role"), list(product(BatchState.values, TRANSITIONS, sorted(cast.PEOPLE)))
)
def test_every_state_step_and_role_does_what_the_table_says(database, cdmo_qa, state, step, role):
    batch, who, table = batch_in(state, cdmo_qa), actor(role), TRANSITIONS[step]
    head = head_of(cast.PROGRAM)
    if role in ("rival_sponsor_qa", "cdmo_admin"):
        expected = NotFound
    elif not who.holds(cast.PROGRAM, *table.roles):
        expected = Refused
    elif state not in table.sources:
        expected = InvalidTransition
    else:
        moved = STEPS[step](who, batch, batch.version)
        assert (moved.state, moved.version) == (table.target, batch.version + 1)
        assert head_of(cast.PROGRAM) == head + 1
        return
    with pytest.raises(expected):
        STEPS[step](who, batch, batch.version)
    now = make.fresh(cdmo_qa, batch)
    assert (now.state, now.version) == (state, batch.version)
    assert head_of(cast.PROGRAM) == head


@pytest.mark.parametrize("step", TRANSITIONS)
def test_each_step_wants_the_version_that_was_seen(database, cdmo_qa, step):
    batch = batch_in("planned" if step == "start" else "in_process", cdmo_qa)
    with pytest.raises(StaleVersion):
        STEPS[step](cdmo_qa, batch, 7)
    with pytest.raises(VersionMissing):
        STEPS[step](cdmo_qa, batch, None)


def test_a_start_enters_the_first_phase(database, cdmo_qa):
    batch = make.batch(running=None)
    started = start_batch(cdmo_qa, batch.pk, version=1)
    with reading(cdmo_qa):
        run = PhaseRun.objects.get(batch=batch)
    assert (started.phase.code, run.started_at, run.ended_at) == ("growth", started.started_at, None)
    assert make.facts(batch)[-1] == (
        "batch.started",
        {"started_at": started.started_at.isoformat(), "phase": "growth"},
    )


def test_a_move_ends_one_phase_where_the_next_begins(database, cdmo_shift_lead):
    batch, at = make.batch(), make.now() - timedelta(minutes=30)
    moved = move_phase(cdmo_shift_lead, batch.pk, phase="production", version=1, at=at)
    with reading(cdmo_shift_lead):
        runs = [(run.phase.code, run.ended_at) for run in PhaseRun.objects.order_by("started_at")]
    assert runs == [("growth", at), ("production", None)]
    assert moved.phase.code == "production"
    assert make.facts(batch)[-1] == ("batch.phase_entered", {"phase": "production", "at": at.isoformat()})


def test_a_phase_may_come_again_but_not_twice_in_a_row(database, cdmo_qa):
    batch = make.batch()
    move_phase(cdmo_qa, batch.pk, phase="production", version=1)
    assert move_phase(cdmo_qa, batch.pk, phase="growth", version=2).phase.code == "growth"
    with pytest.raises(Conflict, match="in Growth already"):
        move_phase(cdmo_qa, batch.pk, phase="growth", version=3)


def test_unknown_phases_and_impossible_times_are_refused(database, cdmo_qa):
    batch = make.batch()
    with pytest.raises(Invalid) as refused:
        move_phase(cdmo_qa, batch.pk, phase="drying", version=1)
    assert refused.value.errors == {"phase": ["The phases are: growth, production, harvest."]}
    for at in (make.now() + timedelta(minutes=6), make.now() - timedelta(days=2)):
        with pytest.raises(Invalid):
            move_phase(cdmo_qa, batch.pk, phase="production", version=1, at=at)
        with pytest.raises(Invalid):
            complete_batch(cdmo_qa, batch.pk, version=1, at=at)


AT = {
    "start": lambda who, batch, at: start_batch(who, batch.pk, version=1, at=at),
    "phase": lambda who, batch, at: move_phase(who, batch.pk, phase="production", version=1, at=at),
    "complete": lambda who, batch, at: complete_batch(who, batch.pk, version=1, at=at),
    "discontinue": lambda who, batch, at: discontinue_batch(who, batch.pk, version=1, at=at),
}


@pytest.mark.parametrize("year", [1, 1999, 9999])
@pytest.mark.parametrize(
    ("state", "step"),
    [(source, step) for step, table in TRANSITIONS.items() for source in table.sources],
)
def test_no_step_takes_a_time_that_no_clock_of_the_plant_shows(database, cdmo_qa, state, step, year):
    batch, head = batch_in(state, cdmo_qa), head_of(cast.PROGRAM)
    with pytest.raises(Invalid) as refused:
        AT[step](cdmo_qa, batch, datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert list(refused.value.errors) == ["at"]
    now = make.fresh(cdmo_qa, batch)
    assert (now.state, now.version, head_of(cast.PROGRAM)) == (state, 1, head)


def test_a_step_stated_by_a_clock_that_runs_ahead_is_taken(database, cdmo_qa):
    batch, soon = make.batch(running=None), make.now() + timedelta(minutes=4)
    assert start_batch(cdmo_qa, batch.pk, version=1, at=soon).started_at == soon


def test_limits_follow_the_phase_also_when_it_is_told_late(database, gateway, cdmo_qa):
    cold = make.limit("par", 33, 35, phase="production")
    recipe = make.recipe(measured=[make.temperature(make.limit("par", 35.5, 37.5), cold)])
    batch, start = make.batch(of=recipe), make.now() - timedelta(minutes=10)
    make.send(gateway, batch, make.course([36.5, 36.5, 34.0, 34.0, 36.0], start=start))
    ten = timedelta(seconds=10)
    assert make.excursions(gateway, batch) == [
        ("TEMP", "par", "low", start + 2 * ten, start + 3 * ten, start + 4 * ten, 34.0, start + 2 * ten, 2)
    ]
    move_phase(cdmo_qa, batch.pk, phase="production", version=1, at=start + 2 * ten)
    assert make.excursions(gateway, batch) == [
        ("TEMP", "par", "high", start + 4 * ten, start + 4 * ten, None, 36.0, start + 4 * ten, 1)
    ]
    with reading(cdmo_qa):
        gone = Excursion.objects.get(batch=batch, state="withdrawn")
    assert make.facts(gone)[-1] == (
        "excursion.withdrawn",
        {"batch_id": str(batch.pk), "merged_into_id": None},
    )


def test_an_end_closes_excursions_and_seals_the_readings(database, gateway, cdmo_qa):
    batch, start = make.batch(), make.now() - timedelta(minutes=10)
    make.send(gateway, batch, make.course([38.0, 38.0], start=start))
    make.send(gateway, batch, make.course([95.0], code="LOAD", start=start))
    done = complete_batch(cdmo_qa, batch.pk, version=1)
    assert {row[5] for row in make.excursions(cdmo_qa, batch)} == {done.ended_at}
    with reading(cdmo_qa):
        sealed = dict(Frame.objects.filter(batch=batch).values_list("audience", "sealed_seq"))
    assert sealed == {
        "shared": head_of(cast.PROGRAM),
        "manufacturer": head_of(cast.PROGRAM, "manufacturer"),
    }
    assert entries_of(cast.PROGRAM)[-1][1] == "batch.completed"
    assert [name for name, _ in make.facts(batch)][-2:] == ["batch.completed", "readings.sealed"]


def test_the_reason_of_a_discontinued_batch_stands_in_its_entry(database, cdmo_qa, as_owner):
    batch = make.batch()
    discontinue_batch(cdmo_qa, batch.pk, version=1, reason="Contamination of the seed")
    with reading(cdmo_qa), connection.cursor() as cursor:
        cursor.execute("select body from ledger.item where name = 'reason' order by id desc limit 1")
        assert b"Contamination of the seed" in bytes(cursor.fetchone()[0])
