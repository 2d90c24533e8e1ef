"""A ladder tells who is on duty, keeps duty hours, and climbs at once when the told person cannot."""

import json
from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from portal import tasks
from portal.action import reading
from portal.actions.alerts import acknowledge_alert, climb_ladder, refuse_alert
from portal.actions.rostering import note_absence
from portal.actor import Side, system_actor
from portal.errors import DomainError
from portal.models import Refusal
from portal.queries import escalation
from tests.conftest import actor, entries_of, head_of
from tests.factories import batches, cast
from tests.factories.alerts import facts_of, raised, rows_of
from tests.factories.rosters import hours, joined, kept
from tests.races.test_ladder_races import at_once

SWEEP = system_actor("sweep", cast.PROGRAM)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
WHY = "I am on the train until ten."


@pytest.fixture(autouse=True)
def _no_clock_of_a_neighbour(as_owner):
    as_owner.execute("update portal_clock set state = 'withdrawn', next_at = null where state = 'running'")


@pytest.fixture
def second(database):
    return joined("QA floor 09")


def told(alert):
    return [(each.code, each.role, each.step) for each in rows_of(alert)["receipts"]]


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def move_to(clock, words):
    """Let it be a local time in Stockholm on the next such weekday: words are `Wed 03:20`."""
    day, at = words.split()
    local = datetime.now(STOCKHOLM)
    ahead = (["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(day) - local.weekday()) % 7 or 7
    then = datetime.combine(local.date() + timedelta(days=ahead), time.fromisoformat(at), tzinfo=STOCKHOLM)
    clock.move(then.astimezone(UTC) - datetime.now(UTC))
    return then.astimezone(UTC)


def is_about(at, wanted):
    return abs(at - wanted) < timedelta(minutes=5)


def test_a_step_tells_who_is_on_duty_and_not_everybody_of_the_role(second, cdmo_qa):
    kept(cdmo_qa, second)
    assert told(raised(Side.MANUFACTURER)) == [
        ("QA floor 09", "qa", 0),
        ("Shift lead 04", "shift_lead", 0),
    ]


def test_without_anybody_on_duty_everybody_of_the_role_is_told(second, cdmo_qa):
    roster = kept(cdmo_qa, "cdmo_qa")
    at = batches.now() - hours(1)
    note_absence(
        cdmo_qa, roster.pk, person_id=cdmo_qa.person_id, begins_at=at, ends_at=at + hours(9), version=1
    )
    assert [code for code, _, _ in told(raised(Side.MANUFACTURER))] == [
        "QA floor 07",
        "QA floor 09",
        "Shift lead 04",
    ]


def test_the_sponsors_roster_decides_on_the_sponsors_side_whoever_raises_the_alert(
    database, sponsor_qa, cdmo_qa
):
    joined("Sponsor QA 04", employer=cast.ARVO, side=Side.SPONSOR)
    kept(sponsor_qa, "sponsor_qa", side=Side.SPONSOR)
    assert told(raised(by=cdmo_qa)) == [("Sponsor QA 03", "qa", 0), ("Sponsor viewer 11", "viewer", 0)]


@pytest.fixture
def office_hours(settings):
    settings.DUTY_HOURS = "mon-fri 08:00-18:00"


@pytest.mark.usefixtures("office_hours")
def test_at_night_it_stands_on_the_screen_and_wakes_nobody(database, clock):
    now = move_to(clock, "Wed 03:20")
    rows = rows_of(raised(Side.MANUFACTURER))
    opens = now + timedelta(hours=4, minutes=40)
    assert [each.told_at for each in rows["receipts"]] == [rows["alert"].raised_at] * 2
    assert all(is_about(each.next_at, opens) for each in rows["deliveries"])
    assert is_about(rows["clock"].next_at, opens + timedelta(minutes=2))
    assert tasks.due("delivery", 10) == {}
    assert tasks.sweep() == 0


@pytest.mark.usefixtures("office_hours")
def test_each_side_has_the_duty_hours_of_its_own_zone(database, clock):
    now = move_to(clock, "Wed 09:00")
    manufacturer, sponsor = (rows_of(raised(side)) for side in (Side.MANUFACTURER, Side.SPONSOR))
    assert is_about(manufacturer["clock"].next_at, now + timedelta(minutes=2))
    new_york = now.astimezone(ZoneInfo("America/New_York")).replace(hour=8, minute=2)
    assert is_about(sponsor["clock"].next_at, new_york.astimezone(UTC))


@pytest.mark.usefixtures("office_hours")
def test_over_the_weekend_it_waits_for_monday(database, clock):
    now = move_to(clock, "Sat 12:00")
    found = rows_of(raised(Side.MANUFACTURER))["clock"].next_at
    assert is_about(found, now + timedelta(hours=44, minutes=2))


@pytest.mark.usefixtures("office_hours")
def test_what_is_critical_wakes(database, clock):
    now = move_to(clock, "Wed 03:20")
    rows = rows_of(raised(Side.MANUFACTURER, kind="deviation.notice", classification="critical"))
    assert all(is_about(each.next_at, now) for each in rows["deliveries"])
    assert is_about(rows["clock"].next_at, now + timedelta(minutes=2))


@pytest.mark.usefixtures("office_hours")
def test_a_roster_brings_its_own_hours(second, clock, cdmo_quality_head):
    kept(cdmo_quality_head, second, hours="mon-sun 06:00-22:00")
    now = move_to(clock, "Sun 03:20")
    rows = rows_of(raised(Side.MANUFACTURER))
    assert is_about(rows["clock"].next_at, now + timedelta(hours=2, minutes=42))


@pytest.mark.usefixtures("office_hours")
def test_a_step_that_is_climbed_to_at_night_waits_for_the_morning(database, clock, as_owner):
    now = move_to(clock, "Wed 17:59")
    alert = raised(Side.MANUFACTURER)
    clock.move(now + timedelta(minutes=5) - datetime.now(UTC))
    climb_ladder(SWEEP, rows_of(alert)["clock"].pk)
    rows = rows_of(alert)
    assert is_about(rows["clock"].next_at, now + timedelta(hours=14, minutes=3))
    assert is_about(rows["deliveries"][-1].next_at, now + timedelta(hours=14, minutes=1))


@pytest.mark.usefixtures("office_hours")
def test_a_ladder_that_began_before_there_were_duty_hours_keeps_its_pace(database, clock, as_owner):
    alert = raised(Side.MANUFACTURER, kind="deviation.notice", classification="critical")
    watch = rows_of(alert)["clock"].pk
    strip(SWEEP, watch)
    now = move_to(clock, "Wed 03:20")
    climb_ladder(SWEEP, watch)
    assert is_about(rows_of(alert)["clock"].next_at, now + timedelta(minutes=2))


def strip(by, clock_id):
    from portal.action import action
    from portal.models import Clock

    @action("test.strip")
    def run(actor, clock_id):
        found = Clock.objects.visible_to(actor).get(pk=clock_id)
        found.plan = [{"roles": each["roles"], "wait_s": each["wait_s"]} for each in found.plan]
        found.save(update_fields=["plan"])

    run(by, clock_id)


def test_refused_climbs_at_once(database, sponsor_viewer):
    alert = raised()
    shared, own = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "sponsor")
    refuse_alert(sponsor_viewer, alert.pk, reason=WHY)
    rows = rows_of(alert)
    assert [(each.number, each.told) for each in rows["steps"]] == [(0, 2), (1, 1)]
    assert (rows["clock"].step, rows["clock"].state, rows["alert"].state) == (1, "running", "open")
    assert {each.code: each.refused_at is not None for each in rows["receipts"]} == {
        "Sponsor QA 03": False,
        "Sponsor viewer 11": True,
        "Sponsor quality head 01": False,
    }
    assert facts_of(cast.PROGRAM, after=shared) == [
        ("alert.refused", {"code": "Sponsor viewer 11", "step": "0"}),
        ("ladder.climbed", {"step": "1", "roles": ["quality_head"], "told": "1"}),
    ]
    assert len(entries_of(cast.PROGRAM, after=shared)) == 1
    assert facts_of(cast.PROGRAM, "sponsor", after=own) == []


def test_one_step_is_climbed_once_however_many_refuse(database, sponsor_viewer, sponsor_qa):
    alert = raised()
    for _ in range(2):
        refuse_alert(sponsor_viewer, alert.pk, reason=WHY)
    refuse_alert(sponsor_qa, alert.pk, reason=WHY)
    rows = rows_of(alert)
    assert (rows["clock"].step, rows["alert"].state) == (1, "open")
    assert len(rows["steps"]) == 2


def test_when_everybody_has_refused_the_ladder_ends_without_consent(
    database, sponsor_viewer, sponsor_qa, sponsor_quality_head
):
    alert = raised()
    refuse_alert(sponsor_viewer, alert.pk, reason=WHY)
    refuse_alert(sponsor_quality_head, alert.pk, reason=WHY)
    assert rows_of(alert)["alert"].state == "open"
    head = head_of(cast.PROGRAM)
    refuse_alert(sponsor_qa, alert.pk, reason=WHY)
    assert [name for name, _ in facts_of(cast.PROGRAM, after=head)] == ["alert.refused", "ladder.ended"]
    rows = rows_of(alert)
    assert (rows["alert"].state, rows["clock"].state) == ("unanswered", "breached")
    assert acknowledge_alert(sponsor_qa, alert.pk).state == "acknowledged"


def test_the_reason_stays_with_the_own_side(database, sponsor_viewer, cdmo_qa, rival_sponsor_qa):
    alert = raised()
    refuse_alert(sponsor_viewer, alert.pk, reason=WHY)

    def read(person):
        with reading(person):
            lines = {each.code: each for each in escalation(person, alert.pk).receipts}
        line = lines["Sponsor viewer 11"]
        return line.refused_at is not None, line.refused_because

    assert read(sponsor_viewer) == (True, WHY)
    assert read(cdmo_qa) == (True, "")
    for person in (cdmo_qa, rival_sponsor_qa):
        with reading(person):
            assert not Refusal.objects.visible_to(person).exists()


def test_who_was_not_told_does_not_refuse(
    database, sponsor_quality_head, cdmo_qa, rival_sponsor_qa, inspector
):
    alert = raised()
    for person in (sponsor_quality_head, cdmo_qa, inspector):
        assert refusal(refuse_alert, person, alert.pk, reason=WHY) == "refused"
    assert refusal(refuse_alert, rival_sponsor_qa, alert.pk, reason=WHY) == "not_found"
    assert len(rows_of(alert)["steps"]) == 1


def test_a_refusal_has_words_and_comes_before_the_receipt(database, sponsor_viewer):
    alert = raised()
    assert refusal(refuse_alert, sponsor_viewer, alert.pk, reason=" ") == "invalid"
    acknowledge_alert(sponsor_viewer, alert.pk)
    assert refusal(refuse_alert, sponsor_viewer, alert.pk, reason=WHY) == "invalid_transition"


def test_refusing_over_the_api(database, api, signed_in):
    alert = raised()
    address = f"/api/v1/alerts/{alert.pk}/refuse/"

    def post(client, body):
        return client.post(address, json.dumps(body), content_type="application/json")

    offered = [
        each["name"] for each in signed_in("sponsor_viewer").get(address[:-7]).json()["available_actions"]
    ]
    assert offered == ["acknowledge", "refuse"]
    assert post(api("sponsor_system"), {"reason": WHY}).status_code == 403
    assert post(api("rival_system"), {"reason": WHY}).status_code == 404
    assert post(signed_in("sponsor_viewer"), {}).status_code == 400
    found = post(signed_in("sponsor_viewer"), {"reason": WHY}).json()
    assert [each["taken_at"] is not None for each in found["steps"]] == [True, True]
    assert [each["name"] for each in found["available_actions"]] == ["acknowledge"]
    assert WHY not in json.dumps(found)


def test_a_refusal_and_a_sweep_at_once_climb_one_step(own_database, clock):
    for number in range(4):
        alert = raised()
        clock.move(timedelta(minutes=3 * (number + 1)))
        person = actor("sponsor_viewer")
        assert at_once(partial(refuse_alert, person, alert.pk, reason=WHY), tasks.sweep) == []
        rows = rows_of(alert)
        assert [each.number for each in rows["steps"]] == [0, 1]
        acknowledge_alert(person, alert.pk)


def test_two_refusals_at_once_climb_one_step(own_database):
    alert = raised()
    people = [actor(key) for key in ("sponsor_viewer", "sponsor_qa", "sponsor_viewer")]
    calls = [partial(refuse_alert, each, alert.pk, reason=WHY) for each in people]
    assert at_once(*calls) == []
    assert [each.number for each in rows_of(alert)["steps"]] == [0, 1]
    with reading(people[0]):
        assert Refusal.objects.visible_to(people[0]).count() == 2
