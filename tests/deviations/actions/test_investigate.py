import pytest

from deviations.errors import NoticeOutstanding
from deviations.models import Deviation
from portal.errors import Invalid, InvalidTransition, NotFound, Refused
from portal.models import Clock
from tests.conftest import entries_of
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make


def test_an_investigation_is_led_by_the_seat_that_starts_it(triaged, cdmo_qa):
    made = make.investigate(cdmo_qa, triaged)
    row = only(cdmo_qa, Deviation)
    assert (row.state, row.version, row.lead_code) == ("under_investigation", 3, "QA floor 07")
    assert row.investigated_at == made.investigated_at
    assert facts()[2:] == [("deviation.investigation_started", {"lead_code": "QA floor 07"})]
    assert row.audience == "manufacturer"


def test_another_lead_is_named_by_the_code_of_a_seat_that_may(triaged, cdmo_system):
    assert make.investigate(cdmo_system, triaged, lead_code="QA floor 07").lead_code == "QA floor 07"


@pytest.mark.parametrize("lead", ["Operator 31", "Sponsor QA 03", "CANARY QA floor 07", "nobody"])
def test_a_lead_is_a_qa_or_msat_seat_of_the_cdmo_here(triaged, cdmo_qa, lead):
    with pytest.raises(Invalid) as refused:
        make.investigate(cdmo_qa, triaged, lead_code=lead)
    assert refused.value.errors == {"lead_code": ["Choose one of: QA floor 07."]}


def test_closing_ends_the_record_with_its_summary(released, cdmo_qa, sponsor_qa):
    found = make.review(cdmo_qa, make.investigate(cdmo_qa, released))
    before = entries_of(cast.PROGRAM, "manufacturer")
    made = make.close(cdmo_qa, found)
    row = only(sponsor_qa, Deviation)
    assert (row.state, row.version, row.end_text) == ("closed", found.version + 1, make.SUMMARY)
    assert row.ended_at == made.ended_at
    assert facts(audience="shared")[-1] == ("deviation.closed", {})
    assert entries_of(cast.PROGRAM, "manufacturer") == before


@pytest.mark.parametrize("classification", ["major", "critical"])
def test_what_the_sponsor_was_not_told_is_not_closed(reported, cdmo_qa, classification):
    found = make.investigate(cdmo_qa, make.triage(cdmo_qa, reported, classification))
    with pytest.raises(NoticeOutstanding) as refused:
        make.close(cdmo_qa, found)
    assert refused.value.problem_code == "notice_outstanding"
    assert f"{found.number} is {classification}" in refused.value.detail
    assert only(cdmo_qa, Deviation).state == "under_investigation"
    assert [name for name, _ in facts()][-1] == "deviation.investigation_started"


def test_a_minor_one_is_closed_inside_and_stays_there(reported, cdmo_qa, sponsor_qa):
    found = make.investigate(cdmo_qa, make.triage(cdmo_qa, reported, "minor"))
    make.close(cdmo_qa, found)
    assert only(cdmo_qa, Deviation).state == "closed"
    assert seen_by(sponsor_qa, Deviation) == []


def test_closing_needs_a_summary(released, cdmo_qa):
    found = make.investigate(cdmo_qa, released)
    for summary in ("too short", "x" * 20_001):
        with pytest.raises(Invalid) as refused:
            make.close(cdmo_qa, found, summary=summary)
        assert list(refused.value.errors) == ["summary"]


def test_cancelling_gives_a_reason_and_withdraws_the_clocks(triaged, cdmo_qa):
    make.cancel(cdmo_qa, triaged)
    row = only(cdmo_qa, Deviation)
    assert (row.state, row.version, row.end_text) == ("cancelled", 3, make.REASON)
    assert {each.state for each in seen_by(cdmo_qa, Clock)} == {"withdrawn"}
    assert facts()[-1] == ("deviation.cancelled", {})


def test_cancelling_needs_a_reason(triaged, cdmo_qa):
    with pytest.raises(Invalid) as refused:
        make.cancel(cdmo_qa, triaged, reason="oops")
    assert list(refused.value.errors) == ["reason"]
    assert {each.state for each in seen_by(cdmo_qa, Clock)} == {"running"}


def test_an_ended_record_is_never_opened_again(triaged, cdmo_qa):
    found = make.cancel(cdmo_qa, triaged)
    for step in (make.triage, make.release, make.investigate, make.close, make.cancel):
        with pytest.raises(InvalidTransition):
            step(cdmo_qa, found)


def test_the_other_sides_reader_of_a_released_one_may_not_move_it(released, sponsor_qa, rival_sponsor_qa):
    for step in (make.investigate, make.cancel):
        with pytest.raises(Refused):
            step(sponsor_qa, released)
        with pytest.raises(NotFound):
            step(rival_sponsor_qa, released)
