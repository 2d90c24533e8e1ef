from datetime import timedelta

import pytest

import config.celery  # noqa: F401 - the sweep sends the courier off through the configured broker
from portal import tasks
from portal.access import get_program
from portal.action import action, instant, reading
from portal.actions.alerts import acknowledge_alert, climb_ladder, postpone_clock
from portal.actor import Side, system_actor
from portal.clocks import end_clocks, handler_of, on_clock, running, start_clock
from portal.errors import InvalidTransition, Refused
from portal.models import Clock
from portal.states import ClockState
from tests.conftest import entries_of, head_of
from tests.factories import cast
from tests.factories.agreements import agree, ladder_clause
from tests.factories.alerts import facts_of, raised, rows_of

SWEEP = system_actor("sweep", cast.PROGRAM)
THREE, SIX = timedelta(minutes=3), timedelta(minutes=6)
REST = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _no_clock_of_a_neighbour(as_owner):
    """A test that commits may have left a running clock in this clone; the sweep would count it."""
    as_owner.execute("update portal_clock set state = 'withdrawn', next_at = null where state = 'running'")


def test_a_ladder_that_is_not_due_stays_where_it_is(database):
    alert = raised()
    head = head_of(cast.PROGRAM)
    assert climb_ladder(SWEEP, rows_of(alert)["clock"].pk) is None
    assert entries_of(cast.PROGRAM, after=head) == []


def test_without_a_receipt_the_quality_head_is_told_when_the_time_is_over(database, clock):
    alert = raised()
    watch = rows_of(alert)["clock"]
    head = head_of(cast.PROGRAM)
    clock.move(THREE)
    climb_ladder(SWEEP, watch.pk)
    rows = rows_of(alert)
    assert [(each.code, each.step) for each in rows["receipts"]] == [
        ("Sponsor QA 03", 0),
        ("Sponsor viewer 11", 0),
        ("Sponsor quality head 01", 1),
    ]
    assert [(each.number, each.told, each.due_at) for each in rows["steps"]] == [
        (0, 2, alert.raised_at),
        (1, 1, watch.next_at),
    ]
    assert (rows["alert"].state, rows["alert"].version) == ("open", 1)
    assert facts_of(cast.PROGRAM, after=head) == [
        ("ladder.climbed", {"step": "1", "roles": ["quality_head"], "told": "1"})
    ]
    assert len(entries_of(cast.PROGRAM, after=head)) == 1


def test_those_told_late_get_their_whole_time(database, clock):
    alert = raised()
    clock.move(timedelta(hours=5))
    climb_ladder(SWEEP, rows_of(alert)["clock"].pk)
    rows = rows_of(alert)
    assert (rows["clock"].step, rows["clock"].state) == (1, "running")
    assert rows["clock"].next_at - rows["steps"][1].taken_at == timedelta(minutes=2)


def test_when_the_last_step_is_over_the_ladder_ends_unanswered_and_never_as_consent(database, clock):
    alert = raised()
    watch = rows_of(alert)["clock"].pk
    for moved in (THREE, SIX):
        head = head_of(cast.PROGRAM)
        clock.move(moved)
        climb_ladder(SWEEP, watch)
    rows = rows_of(alert)
    assert (rows["alert"].state, rows["alert"].acknowledged_at) == ("unanswered", None)
    assert (rows["clock"].state, rows["clock"].next_at) == ("breached", None)
    assert rows["clock"].ended_at > rows["steps"][1].taken_at
    assert facts_of(cast.PROGRAM, after=head) == [("ladder.ended", {"step": "1"})]
    clock.move(timedelta(hours=1))
    assert climb_ladder(SWEEP, watch) is None
    assert [each.number for each in rows_of(alert)["steps"]] == [0, 1]


def test_an_acknowledged_alert_climbs_no_further(database, clock, sponsor_viewer):
    alert = raised()
    acknowledge_alert(sponsor_viewer, alert.pk)
    clock.move(SIX)
    assert climb_ladder(SWEEP, rows_of(alert)["clock"].pk) is None
    assert [each.number for each in rows_of(alert)["steps"]] == [0]


def test_the_manufacturers_ladder_never_tells_the_sponsor(database, clock):
    alert = raised(Side.MANUFACTURER)
    clock.move(THREE)
    climb_ladder(SWEEP, rows_of(alert)["clock"].pk)
    assert [each.code for each in rows_of(alert)["receipts"]] == [
        "QA floor 07",
        "Shift lead 04",
        "Quality head 01",
    ]


def test_a_person_told_at_an_earlier_step_is_not_told_twice(database, clock):
    steps = ((("qa",), 1), (("qa", "quality_head"), 1))
    agree(ladder_clause("excursion.par", "sponsor", *steps, code="1.1"))
    alert = raised()
    clock.move(THREE)
    climb_ladder(SWEEP, rows_of(alert)["clock"].pk)
    rows = rows_of(alert)
    assert [(each.code, each.step) for each in rows["receipts"]] == [
        ("Sponsor QA 03", 0),
        ("Sponsor quality head 01", 1),
    ]
    assert [each.step for each in rows["deliveries"]] == [0, 1]
    assert [each.told for each in rows["steps"]] == [1, 1]


def test_a_person_does_not_climb_a_ladder(database, clock, sponsor_qa, cdmo_qa, rival_sponsor_qa):
    alert = raised()
    watch = rows_of(alert)["clock"].pk
    clock.move(THREE)
    for person in (sponsor_qa, cdmo_qa):
        with pytest.raises(Refused):
            climb_ladder(person, watch)
        with pytest.raises(Refused):
            postpone_clock(person, watch, rest=REST)
    assert climb_ladder(rival_sponsor_qa, watch) is None
    assert postpone_clock(rival_sponsor_qa, watch, rest=REST) is None
    assert len(rows_of(alert)["steps"]) == 1


def test_the_sweep_takes_each_due_step_and_touches_no_other_program(database, clock):
    ours, rivals = raised(), raised(program=cast.RIVAL_PROGRAM)
    acknowledged = rows_of(rivals)["receipts"]
    clock.move(THREE)
    assert tasks.sweep() == 2
    assert [each.number for each in rows_of(ours)["steps"]] == [0, 1]
    assert [each.code for each in rows_of(rivals)["receipts"]] == [each.code for each in acknowledged]
    assert tasks.sweep() == 1  # the rival has no quality head: its last step waits for nobody
    assert rows_of(rivals)["alert"].state == "unanswered"
    assert tasks.sweep() == 0


@action("test.start_clock")
def start_one(actor, program_id, *, kind, seconds=0):
    program = get_program(actor, program_id)
    due_at = instant() + timedelta(seconds=seconds)
    return start_clock(
        program, kind=kind, clause="5.3", side=Side.MANUFACTURER, due_at=due_at, audience="manufacturer"
    )


@action("test.end_clocks")
def end_all(actor, program_id, *, kind, state):
    return end_clocks(get_program(actor, program_id), kind=kind, state=state)


def clock_row(found):
    with reading(SWEEP):
        return Clock.objects.visible_to(SWEEP).get(pk=found.pk)


@pytest.fixture
def kinds(monkeypatch):
    monkeypatch.setattr(running, "_handlers", dict(running._handlers))


@pytest.mark.usefixtures("kinds")
def test_a_higher_apps_clock_calls_the_handler_it_registered(database, clock):
    called = []
    on_clock("test.half_time", lambda actor, clock_id: called.append((actor, clock_id)))
    found = start_one(SWEEP, cast.PROGRAM, kind="test.half_time")
    tasks.sweep()
    assert called == [(SWEEP, found.pk)]


@pytest.mark.usefixtures("kinds")
def test_a_clock_whose_handler_fails_rests_and_stops_no_other(database, clock, caplog):
    def fail(actor, clock_id):
        raise ZeroDivisionError

    on_clock("test.broken", fail)
    broken = start_one(SWEEP, cast.PROGRAM, kind="test.broken")
    alert = raised()
    clock.move(THREE)
    assert tasks.sweep() == 1
    assert [each.number for each in rows_of(alert)["steps"]] == [0, 1]
    row = clock_row(broken)
    assert (row.state, row.step) == ("running", 0)
    assert row.next_at > broken.next_at + THREE
    assert tasks.sweep() == 0
    clock.move(SIX)
    assert "clock_failed" in caplog.text


def test_a_clock_that_no_app_knows_rests_and_stays_on_the_record(database):
    found = start_one(SWEEP, cast.PROGRAM, kind="test.nobodys")
    with pytest.raises(LookupError):
        handler_of("test.nobodys")
    assert tasks.sweep() == 0
    assert clock_row(found).next_at > found.next_at


def test_a_clock_ahead_is_not_postponed(database):
    found = start_one(SWEEP, cast.PROGRAM, kind="test.nobodys", seconds=60)
    assert postpone_clock(SWEEP, found.pk, rest=REST) is None
    assert clock_row(found).next_at == found.next_at


def test_ending_clocks_ends_the_running_ones_of_a_kind_once(database):
    first, other = (start_one(SWEEP, cast.PROGRAM, kind=kind, seconds=60) for kind in ("a", "b"))
    assert end_all(SWEEP, cast.PROGRAM, kind="a", state=ClockState.MET) == 1
    assert end_all(SWEEP, cast.PROGRAM, kind="a", state=ClockState.WITHDRAWN) == 0
    ended = clock_row(first)
    assert (ended.state, ended.next_at, ended.version) == ("met", None, 2)
    assert clock_row(other).state == "running"


def test_a_clock_of_an_answered_alert_that_still_runs_is_a_fault_that_is_seen(database, clock):
    alert = raised()
    watch = rows_of(alert)["clock"].pk
    break_apart(SWEEP, alert.pk)
    clock.move(THREE)
    with pytest.raises(InvalidTransition):
        climb_ladder(SWEEP, watch)


@action("test.break_apart")
def break_apart(actor, alert_id):
    from portal.access import lock_alert

    alert = lock_alert(actor, alert_id)
    alert.end_unanswered()
    alert.save(update_fields=["state", "version"])


def test_tidying_sweeps_what_is_old_and_keeps_what_is_not(database, clock, api):
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from portal.models import Idempotency, RefusalCount

    api("sponsor_system").post(
        f"/api/v1/alerts/{raised().pk}/acknowledge/",
        content_type="application/json",
        headers={"Idempotency-Key": "k-1"},
    )
    now = timezone.now()
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=now + timedelta(hours=80))
    Session.objects.create(session_key="b" * 32, session_data="", expire_date=now + timedelta(hours=60))
    RefusalCount.objects.create(person_id=cast.person_id("sponsor_qa"), hour=now, count=1)

    def left():
        return [model.objects.count() for model in (Idempotency, RefusalCount, Session)]

    tasks.tidy()
    assert left() == [1, 1, 2]
    clock.move(timedelta(hours=73))
    tasks.tidy()
    assert left() == [0, 0, 1]


def test_the_heartbeat_shows_when_the_worker_last_worked(database, clock):
    from portal.models import Heartbeat

    tasks.heartbeat()
    first = Heartbeat.objects.get(process="worker").seen_at
    clock.move(THREE)
    tasks.heartbeat()
    assert Heartbeat.objects.get(process="worker").seen_at > first + timedelta(minutes=2)
