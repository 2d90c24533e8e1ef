from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from deviations.actions.release import chase_notice
from deviations.models import Deviation, Judgement
from deviations.states import NOTICE_CLOCK
from portal.actor import system_actor
from portal.errors import Invalid, InvalidTransition, NotFound, Refused, StaleVersion, VersionMissing
from portal.models import Alert, Clock
from tests.conftest import entries_of
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make

SWEEP = system_actor("sweep", cast.PROGRAM)


def test_triage_gives_the_provisional_class_a_row_of_its_own(reported, cdmo_qa):
    made = make.triage(cdmo_qa, reported, "major")
    row = only(cdmo_qa, Deviation)
    assert (row.state, row.version, row.audience) == ("triaged", 2, "manufacturer")
    assert row.triaged_at == made.triaged_at
    given = only(cdmo_qa, Judgement)
    assert (given.kind, given.classification, given.rationale) == ("provisional", "major", make.RATIONALE)
    assert (given.audience, given.side, given.code) == ("manufacturer", "manufacturer", "QA floor 07")
    assert given.given_at == row.triaged_at


def test_triage_is_one_entry_with_one_exact_fact_inside_the_cdmo(reported, cdmo_qa):
    shared, internal = entries_of(cast.PROGRAM), entries_of(cast.PROGRAM, "manufacturer")
    make.triage(cdmo_qa, reported, "critical")
    due = reported.aware_at + timedelta(hours=24)
    assert facts()[1:] == [
        (
            "deviation.triaged",
            {"classification": "critical", "clause": "5.1", "due_at": due.isoformat()},
        )
    ]
    assert len(entries_of(cast.PROGRAM, "manufacturer")) == len(internal) + 1
    assert entries_of(cast.PROGRAM) == shared


def test_triage_changes_none_of_the_stated_facts(reported, cdmo_qa):
    make.triage(cdmo_qa, reported)
    row = only(cdmo_qa, Deviation)
    stated = ("number", "title", "description", "occurred_at", "detected_at", "aware_at", "recorded_at")
    assert [getattr(row, name) for name in stated] == [getattr(reported, name) for name in stated]
    assert (row.lead_code, row.investigated_at, row.ended_at) == ("", None, None)


def test_a_critical_notice_is_due_24_hours_after_awareness(reported, cdmo_qa):
    make.triage(cdmo_qa, reported, "critical")
    clock = only(cdmo_qa, Clock, kind=NOTICE_CLOCK)
    assert (clock.kind, clock.clause, clock.side, clock.state) == (
        "notice_release",
        "5.1",
        "manufacturer",
        "running",
    )
    assert clock.due_at == reported.aware_at + timedelta(hours=24)
    assert clock.next_at == reported.aware_at + timedelta(hours=12)
    assert clock.audience == "manufacturer"


def test_a_major_notice_is_due_at_the_same_site_time_of_the_next_business_day(reported, cdmo_qa):
    make.triage(cdmo_qa, reported, "major")
    clock = only(cdmo_qa, Clock, kind=NOTICE_CLOCK)
    site = ZoneInfo("Europe/Stockholm")
    aware, due = reported.aware_at.astimezone(site), clock.due_at.astimezone(site)
    assert clock.clause == "5.2"
    assert due.weekday() < 5
    assert due.time() == aware.time()
    assert timedelta(days=1) <= due.replace(tzinfo=None) - aware.replace(tzinfo=None) <= timedelta(days=3)


def test_a_minor_one_starts_no_clock_of_a_notice(reported, cdmo_qa):
    make.triage(cdmo_qa, reported, "minor")
    assert seen_by(cdmo_qa, Clock, kind=NOTICE_CLOCK) == []
    assert facts()[-1] == (
        "deviation.triaged",
        {"classification": "minor", "clause": "5.3", "due_at": None},
    )


def test_triaging_twice_is_refused_and_leaves_no_fact(triaged, cdmo_qa):
    with pytest.raises(InvalidTransition):
        make.triage(cdmo_qa, triaged, "critical")
    assert [name for name, _ in facts()] == ["deviation.reported", "deviation.triaged"]
    assert len(seen_by(cdmo_qa, Judgement)) == 1


@pytest.mark.parametrize("key", ["cdmo_operator", "cdmo_shift_lead", "cdmo_quality_head", "gateway"])
def test_other_roles_of_the_cdmo_are_refused(reported, request, key):
    with pytest.raises(Refused):
        make.triage(request.getfixturevalue(key), reported)
    assert [name for name, _ in facts()] == ["deviation.reported"]


@pytest.mark.parametrize(
    "key",
    ["sponsor_qa", "sponsor_quality_head", "sponsor_system", "inspector", "rival_sponsor_qa", "rival_system"],
)
def test_who_does_not_see_it_finds_nothing(reported, request, key):
    with pytest.raises(NotFound):
        make.triage(request.getfixturevalue(key), reported)


def test_the_version_that_was_seen_is_asked_for(reported, cdmo_qa):
    with pytest.raises(VersionMissing):
        make.triage(cdmo_qa, reported, version=None)
    with pytest.raises(StaleVersion) as stale:
        make.triage(cdmo_qa, reported, version=9)
    assert stale.value.extra == {"version": 1}
    assert only(cdmo_qa, Deviation).state == "reported"


@pytest.mark.parametrize("rationale", ["too short", " " * 30, "x" * 4_001])
def test_a_class_needs_a_rationale(reported, cdmo_qa, rationale):
    with pytest.raises(Invalid) as refused:
        make.triage(cdmo_qa, reported, rationale=rationale)
    assert list(refused.value.errors) == ["rationale"]


def test_at_half_time_the_cdmo_asks_itself_once(reported, cdmo_qa, sponsor_qa, clock):
    make.triage(cdmo_qa, reported, "critical")
    running = only(cdmo_qa, Clock, kind=NOTICE_CLOCK)
    chase_notice(SWEEP, running.pk)
    assert seen_by(cdmo_qa, Alert) == []
    clock.move(timedelta(hours=12))
    chase_notice(SWEEP, running.pk)
    chase_notice(SWEEP, running.pk)
    alert = only(cdmo_qa, Alert)
    assert (alert.kind, alert.side, alert.audience) == ("notice.unreleased", "manufacturer", "manufacturer")
    assert (alert.subject_id, alert.clause, alert.classification) == (reported.pk, "5.1", "critical")
    assert seen_by(sponsor_qa, Alert) == []
    after = only(cdmo_qa, Clock, pk=running.pk)
    assert (after.state, after.step, after.next_at) == ("running", 1, running.due_at)


def test_a_notice_that_is_not_released_in_time_is_noted_once(reported, cdmo_qa, clock):
    make.triage(cdmo_qa, reported, "critical")
    running = only(cdmo_qa, Clock, kind=NOTICE_CLOCK)
    clock.move(timedelta(hours=24))
    chase_notice(SWEEP, running.pk)
    chase_notice(SWEEP, running.pk)
    after = only(cdmo_qa, Clock, pk=running.pk)
    assert (after.state, after.next_at) == ("breached", None)
    assert [name for name, _ in facts()] == [
        "deviation.reported",
        "deviation.triaged",
        "alert.raised",
        "notice.overdue",
    ]
    assert facts()[-1][1] == {"clause": "5.1", "due_at": running.due_at.isoformat()}


def test_nobody_but_the_sweep_chases(reported, cdmo_qa, sponsor_qa, clock):
    make.triage(cdmo_qa, reported, "critical")
    running = only(cdmo_qa, Clock, kind=NOTICE_CLOCK)
    with pytest.raises(Refused):
        chase_notice(cdmo_qa, running.pk)
    with pytest.raises(NotFound):
        chase_notice(sponsor_qa, running.pk)
