"""The clauses' times of a deviation's life: started and met by its acts, each naming clause and version."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from deviations.errors import NoticeOutstanding
from deviations.models import PreliminarySummary
from deviations.queries.inbox import deviations_waiting
from deviations.queries.preview import notice_preview
from deviations.states import CLOSING_CLOCK, OPENING_CLOCK, SUMMARY_CLOCK
from deviations.timelines import TIMELINES
from portal.action import reading
from portal.actions.clocks import breach_clock, extend_clock
from portal.actor import system_actor
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import Timeline
from portal.errors import InvalidTransition
from portal.models import Clock, ClockMove
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.agreements import agree

pytestmark = pytest.mark.usefixtures("database")
SWEEP = system_actor("sweep", cast.PROGRAM)
SITE = ZoneInfo("Europe/Stockholm")


def timeline(activity, within, *, code="6.9", held_by="manufacturer", since="aware", **given):
    rule = Timeline(activity=(activity,), within=within, held_by=held_by, since=since, **given)
    return Clause(code, "quality_unit", "Time", "In time.", (rule,))


def clocks(reader, deviation):
    """Kind, clause, version, state of each clock that the reader may see."""
    found = seen_by(reader, Clock, subject_id=deviation.pk, kind__in=TIMELINES)
    return sorted((each.kind, each.clause, each.terms, str(each.state)) for each in found)


def one(reader, deviation, kind):
    return only(reader, Clock, subject_id=deviation.pk, kind=kind)


def test_the_class_starts_the_clocks_of_its_clauses_with_the_ball_at_the_cdmo(reported, cdmo_qa):
    found = make.triage(cdmo_qa, reported, "major")
    assert clocks(cdmo_qa, found) == [
        ("closing", "6.3", None, "running"),
        ("draft_report", "6.2", None, "running"),
        ("preliminary_summary", "6.1", None, "running"),
    ]
    closing = one(cdmo_qa, found, CLOSING_CLOCK)
    assert (closing.side, closing.audience) == ("manufacturer", "manufacturer")
    aware, due = reported.aware_at.astimezone(SITE), closing.due_at.astimezone(SITE)
    assert due.replace(tzinfo=None) - aware.replace(tzinfo=None) == timedelta(days=30)


@pytest.mark.parametrize(("classification", "days"), [("major", 5), ("critical", 3)])
def test_the_time_is_that_of_the_class(reported, cdmo_qa, classification, days):
    clock = one(cdmo_qa, make.triage(cdmo_qa, reported, classification), SUMMARY_CLOCK)
    assert clock.duration == {"business_days": days, "calendar": "site"}


def test_a_record_keeps_the_version_under_which_it_began(cdmo_qa, reported):
    agree(
        timeline("closing", Duration(10, "calendar_days"), code="6.3"),
        number=7,
        effective_from=reported.recorded_at + timedelta(microseconds=1),
    )
    newer = make.report(cdmo_qa)
    for each in (reported, newer):
        make.triage(cdmo_qa, each)
    assert [one(cdmo_qa, each, CLOSING_CLOCK).terms for each in (reported, newer)] == [None, 7]
    assert one(cdmo_qa, newer, CLOSING_CLOCK).duration == {"calendar_days": 10}


def test_before_its_notice_the_sponsor_sees_no_clock_and_after_it_the_same_ones(
    triaged, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    before = one(cdmo_qa, triaged, CLOSING_CLOCK)
    later, reason = before.due_at + timedelta(days=3), "Waiting for the supplier, INTERNAL words."
    extend_clock(cdmo_qa, before.pk, due_at=later, reason=reason, version=before.version)
    assert clocks(sponsor_qa, triaged) == []
    with reading(cdmo_qa):
        leaves = {each.field: each.value for each in notice_preview(cdmo_qa, triaged.pk).leaves}
    assert f"{later:%Y-%m-%d %H:%M}" in leaves["deadlines"]
    make.release(cdmo_qa, triaged)
    assert clocks(sponsor_qa, triaged) == clocks(cdmo_qa, triaged)
    assert one(sponsor_qa, triaged, CLOSING_CLOCK).due_at == later
    assert seen_by(sponsor_qa, ClockMove, clock_id=before.pk) == []
    assert clocks(rival_sponsor_qa, triaged) == []


def test_a_time_that_counts_from_the_notice_begins_with_it(cdmo_qa, sponsor_qa):
    agree(timeline("preliminary_summary", Duration(48, "hours"), code="6.1", since="notice"))
    found = make.triage(cdmo_qa, make.report(cdmo_qa))
    assert [each[0] for each in clocks(cdmo_qa, found)] == ["closing", "draft_report"]
    released = make.release(cdmo_qa, found)
    clock = one(sponsor_qa, released, SUMMARY_CLOCK)
    assert clock.due_at - clock.started_at == timedelta(hours=48)


def test_no_clause_no_clock(cdmo_qa):
    agree(
        Clause("6.1", "quality_unit", "Nothing", "Nothing.", ()),
        Clause("6.2", "quality_unit", "Nothing", "Nothing.", ()),
        Clause("6.3", "quality_unit", "Nothing", "Nothing.", ()),
    )
    assert clocks(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa))) == []


def test_the_summary_is_read_by_both_once_told_and_meets_its_clock(released, cdmo_qa, sponsor_qa):
    found = make.summarise(cdmo_qa, released)
    assert (found.version, found.summarised_at is not None) == (released.version + 1, True)
    row = only(sponsor_qa, PreliminarySummary)
    assert (row.text, row.code, row.deviation_id) == (make.PRELIMINARY, "QA floor 07", released.pk)
    assert facts(audience="shared")[-1] == ("deviation.summarised", {})
    assert [each[0::3] for each in clocks(sponsor_qa, found)] == [
        ("closing", "running"),
        ("draft_report", "running"),
        ("preliminary_summary", "met"),
    ]
    with pytest.raises(InvalidTransition):
        make.summarise(cdmo_qa, found)


def test_the_notice_goes_before_the_summary(triaged, cdmo_qa):
    with pytest.raises(NoticeOutstanding):
        make.summarise(cdmo_qa, triaged)
    assert seen_by(cdmo_qa, PreliminarySummary) == []


def test_what_needs_no_notice_is_summarised_inside_and_leaves_with_a_notice(reported, cdmo_qa, sponsor_qa):
    found = make.summarise(cdmo_qa, make.triage(cdmo_qa, reported, "minor"))
    assert seen_by(sponsor_qa, PreliminarySummary) == []
    with reading(cdmo_qa):
        leaves = {each.field: each.value for each in notice_preview(cdmo_qa, found.pk).leaves}
    assert leaves["preliminary_summary"] == make.PRELIMINARY
    make.release(cdmo_qa, found)
    assert only(sponsor_qa, PreliminarySummary).text == make.PRELIMINARY


def test_closing_meets_what_is_open_and_leaves_a_breach(released, cdmo_qa, clock):
    found = make.investigate(cdmo_qa, released)
    clock.move(timedelta(days=12))
    late = one(cdmo_qa, found, SUMMARY_CLOCK)
    breach_clock(SWEEP, late.pk)
    with reading(cdmo_qa):
        (item,) = deviations_waiting(cdmo_qa)
    assert (item.kind, item.due_at, item.clause) == ("submit_report", late.due_at, "6.1")
    make.finish(cdmo_qa, found)
    assert [each[0::3] for each in clocks(cdmo_qa, found)] == [
        ("closing", "met"),
        ("draft_report", "met"),
        ("preliminary_summary", "breached"),
    ]
    assert one(cdmo_qa, found, SUMMARY_CLOCK).done_at is not None


@pytest.mark.parametrize(("hours", "state", "is_late"), [(2, "met", False), (1, "breached", True)])
def test_opening_is_met_at_once_or_late_for_good(cdmo_qa, hours, state, is_late):
    agree(timeline("opening", Duration(hours, "hours")))
    at = make.now() - timedelta(minutes=90)
    why = "The terminal of the hall was down." if is_late else ""
    found = make.report(cdmo_qa, occurred_at=at, detected_at=at, late_reason=why)
    row = one(cdmo_qa, found, OPENING_CLOCK)
    assert (row.state, row.done_at is not None, row.clause, row.terms) == (state, is_late, "6.9", 1)


def test_over_rest_the_step_is_offered_and_taken(released, api):
    address = f"/api/v1/deviations/{released.pk}/"
    found = api("cdmo_system").get(address)
    assert "summarise" in [each["name"] for each in found.json()["available_actions"]]
    sent = {"content_type": "application/json", "headers": {"If-Match": found["ETag"]}}
    told = api("cdmo_system").post(f"{address}summarise/", {"summary": make.PRELIMINARY}, **sent).json()
    assert told["preliminary_summary"]["text"] == make.PRELIMINARY
    assert "summarise" not in [each["name"] for each in told["available_actions"]]
    seen = api("sponsor_system").get(address).json()
    assert seen["preliminary_summary"]["code"] == "QA system 01"
    assert {each["kind"] for each in seen["clocks"]} == {
        "preliminary_summary",
        "product_impact",
        "draft_report",
        "closing",
    }
    assert api("rival_system").get(address).status_code == 404


def test_the_page_takes_and_shows_it(released, signed_in):
    cdmo, address = signed_in("cdmo_qa"), f"/deviations/{released.pk}/"
    given = {"summary": make.PRELIMINARY, "version": str(released.version)}
    assert cdmo.post(f"{address}summarise/", given).status_code == 303
    page = signed_in("sponsor_qa").get(address).content.decode()
    applies = signed_in("sponsor_qa").get(f"{address}terms/").content.decode()
    assert (applies.count("Met, due"), applies.count("Running, due")) == (1, 3)
    assert "are kept for 1 year after expiry" in applies
    assert make.PRELIMINARY in page
    assert "Closing" in page
