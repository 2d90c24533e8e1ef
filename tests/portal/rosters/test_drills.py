"""A drill runs a ladder from end to end, marked everywhere, and leaves a report that is signed."""

from datetime import timedelta
from functools import partial

import pytest
from django.core import mail

from portal import tasks
from portal.action import reading
from portal.actions.alerts import acknowledge_alert, climb_ladder, open_alert, refuse_alert
from portal.actions.drilling import start_drill
from portal.actor import Side, system_actor
from portal.errors import DomainError
from portal.models import Alert, Drill
from portal.rosters.drill_signing import DRILL_REPORT
from portal.states import Meaning
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories.alerts import facts_of, raised, rows_of
from tests.factories.rosters import joined, kept
from tests.factories.signing import make_signer, sign
from tests.races.test_ladder_races import at_once

SWEEP = system_actor("sweep", cast.PROGRAM)


@pytest.fixture(autouse=True)
def _no_clock_of_a_neighbour(as_owner):
    as_owner.execute("update portal_clock set state = 'withdrawn', next_at = null where state = 'running'")


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def drilled(key="cdmo_qa", **given):
    return start_drill(actor(key), cast.PROGRAM, **{"ladder": "live_alert", "wait_s": 60} | given)


def alert_of(drill):
    watcher = system_actor("watchdog", cast.PROGRAM)
    with reading(watcher):
        return Alert.objects.visible_to(watcher).get(subject_id=drill.pk)


def again(drill):
    watcher = system_actor("watchdog", cast.PROGRAM)
    with reading(watcher):
        return Drill.objects.visible_to(watcher).get(pk=drill.pk)


def climb(clock, drill, minutes):
    clock.move(timedelta(minutes=minutes))
    climb_ladder(SWEEP, rows_of(alert_of(drill))["clock"].pk)


def test_a_drill_tells_who_is_on_duty_of_the_own_side_and_the_other_learns_nothing(
    database, cdmo_qa, sponsor_qa
):
    second = joined("QA floor 09")
    kept(cdmo_qa, second)
    shared, head = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")
    drill = drilled()
    rows = rows_of(alert_of(drill))
    assert [each.code for each in rows["receipts"]] == ["QA floor 09", "Shift lead 04"]
    assert (drill.side, drill.audience, drill.state, drill.started_code) == (
        "manufacturer",
        "manufacturer",
        "running",
        "QA floor 07",
    )
    assert rows["alert"].title.startswith("DRILL")
    assert [each["wait_s"] for each in rows["clock"].plan] == [60, 60]
    assert [name for name, _ in facts_of(cast.PROGRAM, "manufacturer", after=head)] == [
        "drill.started",
        "alert.raised",
    ]
    assert head_of(cast.PROGRAM) == shared
    with reading(sponsor_qa):
        assert not Drill.objects.visible_to(sponsor_qa).exists()


def test_a_drill_climbs_to_its_end_though_it_is_acknowledged(
    database, clock, cdmo_shift_lead, cdmo_quality_head
):
    drill = drilled()
    alert = alert_of(drill)
    open_alert(cdmo_shift_lead, alert.pk)
    assert acknowledge_alert(cdmo_shift_lead, alert.pk).state == "open"
    assert acknowledge_alert(cdmo_shift_lead, alert.pk).version == 1
    climb(clock, drill, 2)
    acknowledge_alert(cdmo_quality_head, alert.pk)
    assert again(drill).state == "running"
    head = head_of(cast.PROGRAM, "manufacturer")
    climb(clock, drill, 4)
    found, rows = again(drill), rows_of(alert)
    assert (found.state, found.version, rows["alert"].state, rows["clock"].state) == (
        "ended",
        2,
        "acknowledged",
        "met",
    )
    assert rows["alert"].acknowledged_by == "Shift lead 04"
    first, last = found.report
    assert (first["step"], first["roles"], first["late_s"]) == (1, ["qa", "shift_lead"], 0.0)
    answers = {each["code"]: bool(each["acknowledged_at"]) for each in first["told"]}
    assert answers == {"QA floor 07": False, "Shift lead 04": True}
    assert {each["code"]: bool(each["opened_at"]) for each in first["told"]}["Shift lead 04"]
    assert last["told"][0]["code"] == "Quality head 01"
    assert last["late_s"] == pytest.approx(60, abs=20)
    assert facts_of(cast.PROGRAM, "manufacturer", after=head) == [
        ("drill.ended", {"steps": "2", "told": "3", "acknowledged": "2"}),
        ("ladder.ended", {"step": "1"}),
    ]
    assert len(entries_of(cast.PROGRAM, "manufacturer", after=head)) == 1


def test_a_drill_that_nobody_answers_says_so(database, clock, cdmo_qa):
    drill = drilled()
    refuse_alert(cdmo_qa, alert_of(drill).pk, reason="I run it myself.")
    clock.move(timedelta(minutes=2))
    climb_ladder(SWEEP, rows_of(alert_of(drill))["clock"].pk)
    found = again(drill)
    assert (found.state, alert_of(drill).state) == ("ended", "unanswered")
    assert {each["code"]: bool(each["refused_at"]) for each in found.report[0]["told"]}["QA floor 07"]


def test_every_mail_of_a_drill_says_so_and_no_other_does(database, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    raised(Side.MANUFACTURER)
    drilled()
    tasks.deliver()
    marked = [each for each in mail.outbox if each.subject.startswith("DRILL")]
    assert (len(mail.outbox), len(marked)) == (4, 2)
    assert all("nothing has happened" in each.body for each in marked)
    assert not any("DRILL" in each.body for each in mail.outbox if each not in marked)


def test_in_earnest_a_drill_keeps_the_ladders_waits(database):
    plan = rows_of(alert_of(drilled(wait_s=None, ladder="critical")))["clock"].plan
    assert [(each["wait_s"], each["wakes"]) for each in plan] == [(120, True)] * 2


@pytest.mark.parametrize("key", ["cdmo_operator", "cdmo_shift_lead", "sponsor_viewer", "inspector"])
def test_nobody_else_starts_one(database, key):
    assert refusal(drilled, key) == "refused"


def test_a_rival_finds_no_program_to_drill_in(database):
    assert refusal(drilled, "rival_sponsor_qa") == "not_found"


@pytest.mark.parametrize("given", [{"ladder": "fire"}, {"wait_s": 4}, {"wait_s": 3601}])
def test_a_drill_of_nothing_is_refused(database, given):
    assert refusal(drilled, **given) == "invalid"


def test_one_drill_of_a_side_at_a_time(database, clock):
    drilled()
    assert refusal(drilled, "cdmo_quality_head") == "conflict"
    assert drilled("sponsor_qa").side == "sponsor"


def test_two_who_start_at_once_start_one(own_database):
    people = [actor("cdmo_qa"), actor("cdmo_quality_head")]
    calls = [partial(start_drill, each, cast.PROGRAM, ladder="live_alert") for each in people]
    assert [each.problem_code for each in at_once(*calls)] == ["conflict"]


def test_the_report_shows_a_signer_every_step_and_only_when_it_has_ended(
    database, clock, cdmo_qa, sponsor_qa
):
    drill = drilled()
    climb(clock, drill, 2)
    climb(clock, drill, 4)
    with reading(cdmo_qa):
        shown = DRILL_REPORT.show(cdmo_qa, DRILL_REPORT.find(cdmo_qa, drill.pk))
    assert list(shown.fields)[-2:] == ["Step 1", "Step 2"]
    assert "QA floor 07 (qa): told" in shown.fields["Step 1"]
    assert all(each.states == ("ended",) for each in DRILL_REPORT.rules.values())
    with reading(sponsor_qa), pytest.raises(DomainError):
        DRILL_REPORT.find(sponsor_qa, drill.pk)


def test_a_drill_is_started_and_read_on_its_pages(database, clock, signed_in):
    client = signed_in("cdmo_qa")
    said = {"program": str(cast.PROGRAM), "ladder": "live_alert", "wait": "30"}
    assert "/drills/" in client.get("/escalations/").content.decode()
    started = client.post("/drills/", said)
    assert started.status_code == 303
    place = started.headers["Location"]
    assert "The ladder is climbing" in client.get(place).content.decode()
    assert client.post("/drills/", said).status_code == 400
    for key in ("sponsor_qa", "rival_sponsor_qa"):
        assert signed_in(key).get(place).status_code == 404
        assert "DRILL-" not in signed_in(key).get("/drills/").content.decode()
    assert "Start the drill" not in signed_in("cdmo_operator").get("/drills/").content.decode()
    assert signed_in("cdmo_operator").post("/drills/", said).status_code == 400
    with reading(cdmo_qa := actor("cdmo_qa")):
        drill = Drill.objects.visible_to(cdmo_qa).get()
    home = client.get("/").content.decode()
    assert "DRILL, nothing happened" in home
    climb(clock, drill, 2)
    climb(clock, drill, 4)
    text = client.get(place).content.decode()
    assert ("Step 2: quality head" in text, f"/sign/drill/{drill.pk}/" in text) == (True, True)
    assert "Nobody acknowledged: " in text
    make_signer(cdmo_qa, cast.CDMO)
    sign(cdmo_qa, again(drill), Meaning.REVIEWED, kind="drill")
    signed = client.get(place).content.decode()
    assert ("holds for this version" in signed, "/sign/drill/" in signed) == (True, False)


def test_the_report_is_signed_as_reviewed_by_who_ran_it_and_approved_by_another(own_database, clock):
    qa, head = actor("cdmo_qa"), actor("cdmo_quality_head")
    drill = drilled()
    climb(clock, drill, 2)
    climb(clock, drill, 4)
    clock.move(timedelta(0))
    for person in (qa, head):
        make_signer(person, cast.CDMO)
    drill = again(drill)
    assert sign(qa, drill, Meaning.REVIEWED, kind="drill").meaning == "reviewed"
    assert refusal(sign, qa, drill, Meaning.APPROVED, kind="drill")
    assert sign(head, drill, Meaning.APPROVED, kind="drill").subject_version == drill.version


def test_a_running_drill_is_not_signed(own_database):
    person = actor("cdmo_qa")
    make_signer(person, cast.CDMO)
    assert refusal(sign, person, drilled(), Meaning.REVIEWED, kind="drill") == "invalid_transition"
