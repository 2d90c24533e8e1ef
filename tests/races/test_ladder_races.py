"""Two sweeps, two couriers, and both killed half-way: every step once, nothing lost."""

import signal
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections

import config.celery  # noqa: F401 - the sweep sends the courier off through the configured broker
from portal import tasks
from portal.actions.alerts import acknowledge_alert, note_delivered, open_alert
from portal.actor import system_actor
from portal.clocks.trying import LEASE_SECONDS
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories.alerts import facts_of, raised, rows_of
from tests.factories.mail import MailServer
from tests.forking import script_in_child

SWEEP = system_actor("sweep", cast.PROGRAM)
KILL_SELF = """
import os, signal
from portal import ledger, tasks
from portal.actions import alerts, deliveries
from portal.notices import carrying

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def after(call):
    def then_die(*args, **kwargs):
        call(*args, **kwargs)
        die()
    return then_die

"""


def at_once(*calls):
    """Run the calls in threads that start together, each on its own connection; returns what they raised."""
    barrier, raised_errors = threading.Barrier(len(calls)), []

    def run(call):
        try:
            barrier.wait()
            call()
        except Exception as error:  # noqa: BLE001 - whatever a thread met is the outcome
            raised_errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return raised_errors


def killed(script):
    """Run a script on the database in a process of its own that is expected to die by SIGKILL."""
    assert script_in_child(KILL_SELF + script) == -signal.SIGKILL


def test_two_sweeps_at_once_take_each_ladder_step_exactly_once(own_database, clock):
    alerts = [raised() for _ in range(12)]
    started = head_of(cast.PROGRAM)
    for moved in (timedelta(minutes=3), timedelta(minutes=6)):
        clock.move(moved)
        assert at_once(*[tasks.sweep] * 3) == []
        tasks.sweep()
    for alert in alerts:
        rows = rows_of(alert)
        assert [(each.number, each.told) for each in rows["steps"]] == [(0, 2), (1, 1)]
        assert len(rows["receipts"]) == len(rows["deliveries"]) == 3
        assert (rows["alert"].state, rows["clock"].state) == ("unanswered", "breached")
    assert Counter(name for name, _ in facts_of(cast.PROGRAM, after=started)) == {
        "ladder.climbed": 12,
        "ladder.ended": 12,
    }


@pytest.mark.parametrize(
    "point",
    [
        "alerts.tell = die",
        "alerts.tell = after(alerts.tell)",
        "ledger.record = die",
        "ledger.record = after(ledger.record)",
    ],
)
def test_a_sweep_killed_before_its_commit_has_done_nothing_and_the_next_does_it_all(
    own_database, clock, point
):
    alert = raised()
    before = rows_of(alert)
    head = head_of(cast.PROGRAM)
    clock.move(timedelta(minutes=3))
    killed(f"{point}\ntasks.sweep()")
    after = rows_of(alert)
    assert [each.number for each in after["steps"]] == [0]
    assert len(after["receipts"]) == len(before["receipts"])
    assert (after["clock"].next_at, after["clock"].version) == (before["clock"].next_at, 1)
    assert entries_of(cast.PROGRAM, after=head) == []
    # What the dead worker held is free when its lease is over.
    clock.move(timedelta(minutes=3, seconds=LEASE_SECONDS + 1))
    assert tasks.sweep() == 1
    assert [(each.number, each.told) for each in rows_of(alert)["steps"]] == [(0, 2), (1, 1)]
    assert tasks.sweep() == 0


def test_a_sweep_killed_after_its_commit_is_not_repeated(own_database, clock):
    alert = raised()
    clock.move(timedelta(minutes=3))
    killed("tasks.call_clock = after(tasks.call_clock)\ntasks.sweep()")
    assert [each.number for each in rows_of(alert)["steps"]] == [0, 1]
    assert tasks.sweep() == 0
    assert [each.number for each in rows_of(alert)["steps"]] == [0, 1]


def test_a_receipt_and_a_climb_at_once_end_in_one_of_two_orders(own_database, clock):
    moved = timedelta(0)
    for _ in range(8):
        alert = raised()
        moved += timedelta(minutes=3)
        clock.move(moved)
        person = actor("sponsor_qa")
        assert (
            at_once(lambda person=person, alert=alert: acknowledge_alert(person, alert.pk), tasks.sweep) == []
        )
        rows = rows_of(alert)
        assert (rows["alert"].state, rows["clock"].state, rows["clock"].next_at) == (
            "acknowledged",
            "met",
            None,
        )
        assert [each.number for each in rows["steps"]] in ([0], [0, 1])
        clock.move(moved + timedelta(minutes=6))
        assert tasks.sweep() == 0


def test_two_receipts_at_once_are_one(own_database):
    alert = raised()
    head = head_of(cast.PROGRAM)
    people = [actor("sponsor_qa"), actor("sponsor_viewer")] * 2
    calls = [lambda person=person: acknowledge_alert(person, alert.pk) for person in people]
    assert at_once(*calls) == []
    assert [kind for _, kind, _, _ in entries_of(cast.PROGRAM, after=head)] == ["alert.acknowledged"]
    rows = rows_of(alert)
    assert rows["alert"].version == 2
    assert sum(each.acknowledged_at is not None for each in rows["receipts"]) == 1


def test_two_clients_of_one_person_deliver_and_open_once(own_database):
    alert = raised()
    head = head_of(cast.PROGRAM)
    person = actor("sponsor_qa")
    calls = [lambda: note_delivered(person, cast.PROGRAM, "shared", head)] * 3
    calls += [lambda: open_alert(person, alert.pk)] * 3
    assert at_once(*calls) == []
    assert facts_of(cast.PROGRAM, after=head) == [("alert.delivered", {"code": "Sponsor QA 03"})]
    assert len(rows_of(alert)["openings"]) == 1


@pytest.fixture
def mail_server(settings):
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


def test_couriers_at_once_carry_each_letter_once(own_database, mail_server):
    alerts = [raised() for _ in range(10)]
    assert at_once(*[tasks.deliver] * 3) == []
    ids = Counter(message["Message-ID"] for _, message in mail_server.box.messages)
    assert len(ids) == 20
    assert set(ids.values()) == {1}
    for alert in alerts:
        assert [(each.state, each.attempts) for each in rows_of(alert)["deliveries"]] == [("sent", 1)] * 2


@pytest.mark.parametrize(
    ("point", "sent_before"),
    [
        ("carrying.CARRIERS = {'email': die}", 0),
        ("carrying.note_sent = die", 1),
        ("carrying.note_sent = after(carrying.note_sent)", 1),
    ],
)
def test_a_courier_killed_at_any_point_loses_no_letter(own_database, clock, mail_server, point, sent_before):
    alert = raised()
    backend = f"settings.EMAIL_HOST, settings.EMAIL_PORT = '127.0.0.1', {mail_server.port}"
    killed(f"from django.conf import settings\n{backend}\n{point}\ntasks.deliver()")
    assert len(mail_server.box.messages) == sent_before
    assert tasks.deliver() == 0  # the lease of the dead courier still holds
    clock.move(timedelta(seconds=100))
    tasks.deliver()
    ids = {message["Message-ID"] for _, message in mail_server.box.messages}
    assert ids == {f"<{each.pk}@testserver>" for each in rows_of(alert)["deliveries"]}
    assert {each.state for each in rows_of(alert)["deliveries"]} == {"sent"}
