import json
from datetime import timedelta

import pytest

from portal.action import OutsideContextError
from portal.actor import Side
from portal.alerts import raise_alert
from portal.clocks import end_clocks, start_clock
from portal.models import Program
from portal.states import ClockState
from tests.conftest import entries_of, head_of
from tests.factories import cast
from tests.factories.agreements import agree, ladder_clause
from tests.factories.alerts import TITLE, facts_of, raise_one, raised, rows_of


def test_the_people_of_the_first_roles_of_the_asked_side_are_told_and_nobody_else(database):
    rows = rows_of(raised(Side.SPONSOR))
    assert [(each.code, each.role, each.step) for each in rows["receipts"]] == [
        ("Sponsor QA 03", "qa", 0),
        ("Sponsor viewer 11", "viewer", 0),
    ]


def test_the_manufacturers_alert_tells_its_own_qa_and_shift_lead(database):
    rows = rows_of(raised(Side.MANUFACTURER))
    assert [(each.code, each.role) for each in rows["receipts"]] == [
        ("QA floor 07", "qa"),
        ("Shift lead 04", "shift_lead"),
    ]


def test_each_person_told_gets_one_mail_to_be_sent(database):
    rows = rows_of(raised())
    assert [(each.channel, each.state, each.attempts) for each in rows["deliveries"]] == [
        ("email", "waiting", 0),
        ("email", "waiting", 0),
    ]
    assert {each.person_id for each in rows["deliveries"]} == {each.person_id for each in rows["receipts"]}


def test_the_ladder_runs_with_the_plan_of_the_moment(database, settings):
    settings.LADDER_WAIT = timedelta(seconds=90)
    alert = raised()
    settings.LADDER_WAIT = timedelta(days=9)
    clock = rows_of(alert)["clock"]
    common = {"wait_s": 90, "channels": [], "wakes": False}
    assert clock.plan == [
        {"roles": ["qa", "viewer", "cmc"], **common},
        {"roles": ["quality_head"], **common},
    ]
    assert (clock.kind, clock.side, clock.state, clock.step) == ("ladder", "sponsor", "running", 0)
    assert clock.next_at == clock.due_at == alert.raised_at + timedelta(seconds=90)


def test_the_first_step_stands_on_the_record(database):
    alert = raised()
    assert [(each.number, each.roles, each.told, each.taken_at) for each in rows_of(alert)["steps"]] == [
        (0, ["qa", "viewer", "cmc"], 2, alert.raised_at)
    ]


def test_raising_seals_one_entry_with_the_title_and_no_other_words(database):
    before = head_of(cast.PROGRAM)
    alert = raised(classification="major")
    ((_, kind, summary, is_news),) = entries_of(cast.PROGRAM, after=before)
    assert (kind, is_news) == ("alert.raised", True)
    assert json.loads(summary) == {
        "subject": {"type": "alert", "id": str(alert.pk), "number": "", "version": 1},
        "classification": "major",
        "title": TITLE,
        "version": 1,
        "news": True,
    }
    payload = {
        "kind": "excursion.par",
        "side": "sponsor",
        "clause": "5.7",
        "subject_id": str(cast.PROGRAM),
    }
    assert facts_of(cast.PROGRAM, after=before) == [("alert.raised", payload)]


def test_a_gateway_that_sits_on_one_side_alerts_both(database, gateway):
    sponsors, own = (raised(side, by=gateway) for side in (Side.SPONSOR, Side.MANUFACTURER))
    assert len(rows_of(sponsors)["receipts"]) == len(rows_of(own)["receipts"]) == 2


def test_an_internal_alert_stands_on_the_internal_chain_alone(database):
    shared, internal = head_of(cast.PROGRAM), head_of(cast.PROGRAM, "manufacturer")
    rows = rows_of(raised(Side.MANUFACTURER, audience="manufacturer", kind="notice.unreleased"))
    assert entries_of(cast.PROGRAM, after=shared) == []
    ((_, kind, summary, _),) = entries_of(cast.PROGRAM, "manufacturer", after=internal)
    assert kind == "alert.raised"
    assert TITLE not in json.loads(summary)["title"]
    every = [rows["alert"], rows["clock"], *rows["steps"], *rows["receipts"], *rows["deliveries"]]
    assert {each.audience for each in every} == {"manufacturer"}


def test_an_alert_never_stands_on_the_other_sides_private_chain(database):
    with pytest.raises(ValueError, match="cannot stand on the chain"):
        raised(Side.SPONSOR, audience="manufacturer")


def test_an_alert_in_the_rivals_program_tells_the_rivals_people_alone(database):
    rows = rows_of(raised(Side.SPONSOR, program=cast.RIVAL_PROGRAM))
    assert [each.code for each in rows["receipts"]] == ["Rival QA 05"]


def test_a_step_that_finds_nobody_is_over_at_once(database):
    agree(ladder_clause("excursion.par", "sponsor", (("cmc",), 2), (("quality_head",), 2), code="1.1"))
    alert = raised()
    rows = rows_of(alert)
    assert [(each.number, each.told) for each in rows["steps"]] == [(0, 0)]
    assert rows["clock"].next_at == alert.raised_at


def test_shared_steps_refuse_to_run_outside_an_action(database):
    program = Program(pk=cast.PROGRAM, space_id=cast.PROGRAM)
    with pytest.raises(OutsideContextError):
        raise_alert(program, kind="excursion.par", side=Side.SPONSOR, title="x")
    with pytest.raises(OutsideContextError):
        end_clocks(program, kind="ladder", state=ClockState.MET)
    with pytest.raises(OutsideContextError):
        start_clock(program, kind="x", clause="", side=Side.SPONSOR, due_at=None, audience="shared")


def test_an_unknown_program_raises_nothing(database, rival_system):
    from portal.errors import NotFound

    with pytest.raises(NotFound):
        raise_one(rival_system, cast.PROGRAM)
