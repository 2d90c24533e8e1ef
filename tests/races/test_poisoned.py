"""Goal G12: work that kills, hangs or breaks its worker ends after three tries and stops no other."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest

from portal import tasks
from portal.access import get_program
from portal.action import action, instant, reading
from portal.actions.set_apart import put_clock_back, set_clock_apart
from portal.actor import Side, system_actor
from portal.clocks import on_clock, running, start_clock, trying
from portal.errors import Refused
from portal.models import Alert, Clock, ClockTry
from tests.conftest import head_of
from tests.factories import cast
from tests.factories.alerts import facts_of, raised, rows_of
from tests.forking import script_in_child

ROOT = Path(__file__).resolve().parents[2]
SWEEP = system_actor("sweep", cast.PROGRAM)
POISON = """
import os, signal
from portal import tasks
from portal.clocks import on_clock, on_clocks
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
on_clock('test.poison', kill)
{more}
tasks.sweep()
"""


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setattr(running, "_handlers", dict(running._handlers))
    monkeypatch.setattr(running, "_many_handlers", dict(running._many_handlers))


@action("test.start_clock")
def start_one(actor, *, kind):
    program = get_program(actor, cast.PROGRAM)
    now = instant()
    return start_clock(
        program, kind=kind, clause="5.3", side=Side.MANUFACTURER, due_at=now, audience="manufacturer"
    )


def row(clock):
    with reading(SWEEP):
        return Clock.objects.visible_to(SWEEP).get(pk=clock.pk)


def told():
    with reading(SWEEP):
        return list(Alert.objects.visible_to(SWEEP).filter(kind="clock.set_apart"))


def killed_sweep(more=""):
    assert script_in_child(POISON.format(more=more)) == -signal.SIGKILL


def test_a_clock_that_kills_its_worker_is_tried_three_times_and_then_told(own_database):
    """Each time the next sweep goes on at once: the dead one's session is gone."""
    poison = start_one(SWEEP, kind="test.poison")
    for tries in (1, 2, 3):
        killed_sweep()
        assert ClockTry.objects.get().tries == tries
    head = head_of(cast.PROGRAM, "manufacturer")
    on_clock("test.poison", lambda *_: pytest.fail("a fourth try"))
    tasks.sweep()
    assert row(poison).next_at is None
    assert row(poison).state == "running"
    assert ClockTry.objects.get().set_apart_at is not None
    (alert,) = told()
    assert (alert.side, alert.audience, alert.clause) == ("manufacturer", "manufacturer", "5.3")
    facts = facts_of(cast.PROGRAM, "manufacturer", after=head)
    assert [name for name, _ in facts] == ["clock.set_apart", "alert.raised"]
    tasks.sweep()
    assert len(told()) == 1


def test_who_dies_amid_many_takes_no_innocent_with_it(own_database):
    """Many go together; those of a dead worker are then taken one by one."""
    innocent = [start_one(SWEEP, kind="test.many") for _ in range(5)]
    killed_sweep("on_clocks('test.many', kill)")
    killed_sweep("on_clock('test.many', kill)")
    assert sorted(each.tries for each in ClockTry.objects.all()) == [1, 1, 1, 1, 2]
    done = []

    def end(actor, clock_id):
        done.append(clock_id)
        finish(actor, clock_id)
        return True

    on_clock("test.many", end)
    tasks.sweep()
    assert sorted(done) == sorted(each.pk for each in innocent)
    assert not ClockTry.objects.exists()
    assert told() == []


@action("test.finish_clock")
def finish(actor, clock_id):
    found = Clock.objects.visible_to(actor).select_for_update().get(pk=clock_id)
    found.next_at = None
    found.bump()
    found.save(update_fields=["next_at", "version"])
    return found


class Unpicklable(Exception):
    """An error that cannot be sent to another process, nor even be named."""

    def __init__(self):
        super().__init__(lambda: None)

    def __reduce__(self):
        raise TypeError


def broken(*_):
    raise Unpicklable


def hanging(*_):
    import time

    time.sleep(60)


@pytest.mark.parametrize(("fault", "code"), [(broken, "Unpicklable"), (hanging, "WorkHung")])
def test_a_clock_that_raises_or_hangs_ends_the_same_way_within_a_minute(
    database, clock, monkeypatch, fault, code
):
    monkeypatch.setattr(tasks, "WORK_SECONDS", 0.2)
    on_clock("test.fault", fault)
    poison, alert = start_one(SWEEP, kind="test.fault"), raised()
    moved = timedelta(minutes=3)
    for _ in range(3):
        clock.move(moved)
        tasks.sweep()
        moved += tasks.REST_AFTER_FAILURE + timedelta(seconds=1)
    # Others went on: the ladder climbed at the first sweep.
    assert [each.number for each in rows_of(alert)["steps"]][:2] == [0, 1]
    assert row(poison).next_at is None
    assert ClockTry.objects.get().error == code
    assert len(told()) == 1
    # Work, rests and leases of three tries, as the product waits them.
    assert 3 * (trying.WORK_SECONDS + tasks.REST_AFTER_FAILURE.total_seconds()) < 60


def test_the_ladder_of_such_an_alert_itself_raises_no_other(database, clock):
    from portal.alerts import LADDER

    on_clock("test.fault", broken)
    start_one(SWEEP, kind="test.fault")
    moved = timedelta(0)
    for _ in range(3):
        clock.move(moved)
        tasks.sweep()
        moved += timedelta(seconds=6)
    assert len(told()) == 1
    on_clock(LADDER, broken)
    moved += timedelta(minutes=3)
    for _ in range(4):
        clock.move(moved)
        tasks.sweep()
        moved += timedelta(seconds=6)
    assert ClockTry.objects.exclude(set_apart_at=None).count() == 2
    assert len(told()) == 1


def test_what_another_sweep_holds_is_not_begun(database, clock):
    called = []
    on_clock("test.fault", lambda *_: called.append(1))
    found = start_one(SWEEP, kind="test.fault")
    assert trying.begin_tries(cast.PROGRAM, [found.pk]) == {found.pk: 1}
    assert trying.begin_tries(cast.PROGRAM, [found.pk]) == {}
    tasks.sweep()
    assert called == []
    clock.move(timedelta(seconds=11))
    tasks.sweep()
    assert called == [1]


def test_contention_and_outages_do_not_count(database):
    from django.db import OperationalError

    def busy(*_):
        raise OperationalError

    on_clock("test.fault", busy)
    start_one(SWEEP, kind="test.fault")
    for _ in range(5):
        tasks.sweep()
    assert not ClockTry.objects.exists()


def test_it_is_put_back_by_who_mended_the_cause_and_by_nobody_else(database, clock, cdmo_qa, capsys):
    from django.core.management import CommandError, call_command

    on_clock("test.fault", broken)
    found = start_one(SWEEP, kind="test.fault")
    moved = timedelta(0)
    for _ in range(3):
        clock.move(moved)
        tasks.sweep()
        moved += timedelta(seconds=6)
    call_command("set_apart")
    assert f"{found.pk}" in capsys.readouterr().out
    with pytest.raises(Refused):
        put_clock_back(cdmo_qa, found.pk)
    with pytest.raises(Refused):
        set_clock_apart(cdmo_qa, start_one(SWEEP, kind="test.other").pk)
    call_command("set_apart", again=found.pk)
    done = []
    on_clock("test.fault", lambda _actor, clock_id: done.append(clock_id) or finish(SWEEP, clock_id))
    tasks.sweep()
    assert done == [found.pk]
    assert not ClockTry.objects.filter(pk=found.pk).exists()
    with pytest.raises(CommandError):
        call_command("set_apart", again=found.pk)
