"""A query has an owner and a clock, or says that no clause sets one; the asker closes it."""

from datetime import date, timedelta

import pytest

from deviations.actions.dockets.asking import ask_again, close_query, link_query, withdraw_query
from deviations.actions.dockets.monthly import release_monthly_list
from deviations.dockets.asking.monthly import following
from deviations.dockets.asking.rules import QUERIES
from deviations.models import Deviation, DocketLink, MonthlyLine, Query
from deviations.queries.dockets import count_dockets, docket_detail, dockets_waiting
from deviations.queries.monthly import month_to_release, preview_month
from portal.access import get_program
from portal.action import reading
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import Timeline
from portal.errors import DomainError
from portal.models import Alert, Clock
from portal.queries.inbox import list_inbox
from portal.queries.waiting import count_inbox
from tests.conftest import actor
from tests.deviations.conftest import seen_by
from tests.factories import batches, cast
from tests.factories import deviations as make
from tests.factories import dockets as file
from tests.factories.agreements import agree
from tests.factories.alerts import facts_of


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def clause(activity="query", held_by="manufacturer", days=2):
    rule = Timeline(activity=(activity,), within=Duration(days, "calendar_days"), held_by=held_by)
    return Clause("9.4", "responsibilities", "Queries", "Soon.", (rule,))


def clocks(query):
    by = actor("cdmo_qa")
    with reading(by):
        return list(Clock.objects.visible_to(by).filter(subject_id=query.pk, kind__in=QUERIES.clocks))


def waits(reader):
    with reading(reader):
        return [each for each in list_inbox(reader) if each.kind == "query"]


def test_without_a_clause_a_query_says_so_and_no_clock_runs(database, sponsor_qa):
    query = file.asked(sponsor_qa, wanted_at=make.now() + timedelta(days=1))
    assert (clocks(query), query.clause) == ([], "")
    with reading(sponsor_qa):
        stated = {each.name: each.words for each in docket_detail(QUERIES, sponsor_qa, query.pk).said}
    assert stated["clause"] == "none by clause"
    assert stated["wanted_at"]


def test_the_clause_gives_the_time_and_the_ball_to_who_is_asked(database, sponsor_qa, cdmo_qa):
    agree(clause())
    query = file.asked(sponsor_qa)
    (clock,) = clocks(query)
    assert (clock.side, clock.clause) == ("manufacturer", "9.4")
    assert clock.due_at - clock.started_at <= timedelta(days=3)
    file.answered(cdmo_qa, query)
    assert [each.state for each in clocks(query)] == ["met"]
    assert clocks(file.asked(cdmo_qa)) == []


def test_either_side_asks_the_other_answers_and_the_asker_closes(database, sponsor_qa, cdmo_qa):
    for asker, other in ((sponsor_qa, cdmo_qa), (cdmo_qa, sponsor_qa)):
        query = file.asked(asker)
        assert refusal(file.answered, asker, query) == "refused"
        query = file.answered(other, query)
        assert refusal(close_query, other, query.pk, version=query.version) == "refused"
        assert close_query(asker, query.pk, version=query.version).state == "closed"


def test_numbers_of_the_sides_are_drawn_apart(database, sponsor_qa, cdmo_qa):
    found = [file.asked(by).number[9:] for by in (sponsor_qa, cdmo_qa, sponsor_qa)]
    assert found == ["S0001", "0001", "S0002"]


def test_an_answer_that_is_not_enough_is_asked_again_with_its_time_anew(database, sponsor_qa, cdmo_qa):
    agree(clause())
    query = file.answered(cdmo_qa, file.asked(sponsor_qa))
    query = ask_again(sponsor_qa, query.pk, text="The gas flow is missing.", version=query.version)
    assert (query.state, sorted(each.state for each in clocks(query))) == ("open", ["met", "running"])


def test_a_query_waits_once_in_the_inbox_with_its_clock(database, sponsor_qa, cdmo_qa, rival_sponsor_qa):
    agree(clause())
    query = file.asked(sponsor_qa)
    (item,) = waits(cdmo_qa)
    assert (item.subject_id, item.due_at, item.clause) == (query.pk, clocks(query)[0].due_at, "9.4")
    assert waits(sponsor_qa) == waits(rival_sponsor_qa) == []
    with reading(cdmo_qa):
        assert count_inbox(cdmo_qa) == len(list_inbox(cdmo_qa))
    file.answered(cdmo_qa, query)
    assert waits(cdmo_qa) == []
    with reading(sponsor_qa):
        assert ([each.why for each in dockets_waiting(sponsor_qa)], count_dockets(sponsor_qa)) == (
            ["Close: waits for your side"],
            1,
        )


def test_the_answer_is_receipt_too(database, sponsor_qa, cdmo_qa):
    query = file.asked(sponsor_qa)
    file.answered(cdmo_qa, query)
    with reading(cdmo_qa):
        (alert,) = Alert.objects.visible_to(cdmo_qa).filter(subject_id=query.pk)
    assert (alert.side, alert.state) == ("manufacturer", "acknowledged")


def test_a_concern_and_a_reconsideration_are_the_sponsors(database, cdmo_qa, sponsor_qa):
    assert refusal(file.asked, cdmo_qa, kind="concern") == "refused"
    assert file.asked(sponsor_qa, kind="concern").kind == "concern"
    assert refusal(file.asked, sponsor_qa, kind="reconsideration") == "invalid"


def test_a_concern_may_end_in_a_deviation_that_the_cdmo_opens_and_links(database, cdmo_qa, sponsor_qa):
    query = file.asked(sponsor_qa, kind="concern")
    deviation = make.triage(cdmo_qa, make.report(cdmo_qa))
    link_query(cdmo_qa, query.pk, other_id=deviation.pk, version=query.version)
    assert seen_by(sponsor_qa, DocketLink) == seen_by(sponsor_qa, Deviation) == []
    assert file.again(query).version == query.version
    answered = file.answered(cdmo_qa, file.again(query), outcome="opened")
    assert answered.state == "answered"
    assert refusal(link_query, sponsor_qa, query.pk, other_id=deviation.pk, version=2) == "invalid"
    make.release(cdmo_qa, deviation)
    link_query(cdmo_qa, query.pk, other_id=deviation.pk, version=answered.version)
    assert len(seen_by(sponsor_qa, DocketLink)) == 1


def test_a_query_names_nothing_that_only_one_side_knows(database, cdmo_qa, sponsor_qa):
    hidden = make.report(cdmo_qa)
    theirs = batches.batch(cast.RIVAL_PROGRAM)
    assert refusal(file.asked, cdmo_qa, deviation_id=hidden.pk) == "not_found"
    assert refusal(file.asked, sponsor_qa, deviation_id=hidden.pk) == "not_found"
    assert refusal(file.asked, sponsor_qa, batch_id=theirs.pk) == "not_found"


def test_a_query_is_withdrawn_before_its_answer_with_a_reason(database, sponsor_qa):
    agree(clause())
    query = file.asked(sponsor_qa)
    gone = withdraw_query(sponsor_qa, query.pk, reason="Found in the record.", version=query.version)
    assert (gone.state, [each.state for each in clocks(gone)]) == ("withdrawn", ["withdrawn"])


def test_a_rival_is_told_nothing_of_queries(database, sponsor_qa, rival_sponsor_qa):
    query = file.asked(sponsor_qa)
    assert seen_by(rival_sponsor_qa, Query) == []
    assert refusal(file.answered, rival_sponsor_qa, query) == "not_found"
    assert refusal(file.asked, rival_sponsor_qa) == "not_found"
    assert file.asked(rival_sponsor_qa, cast.RIVAL_PROGRAM).number == query.number


@pytest.mark.parametrize(("day", "after"), [("2026-01-01", "2026-02-01"), ("2026-12-01", "2027-01-01")])
def test_a_month_is_followed_by_the_next(day, after):
    assert following(date.fromisoformat(day)) == date.fromisoformat(after)


@pytest.fixture
def past_month(database, cdmo_qa, clock):
    """A minor deviation that was never told, and one that was, of a month that is over."""
    untold = make.triage(cdmo_qa, make.report(cdmo_qa, title="Label corrected late"), "minor")
    told = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa)))
    day = untold.recorded_at.date()
    clock.move(timedelta(days=32))
    return untold, told, day


def released(by, day, program=cast.PROGRAM, digest=None):
    with reading(by):
        found = preview_month(by, program, day)
    return release_monthly_list(by, program, month=day, digest=digest or found.digest)


def test_the_monthly_list_tells_every_number_and_nothing_of_the_record(past_month, cdmo_qa, sponsor_qa):
    untold, told, day = past_month
    assert seen_by(sponsor_qa, MonthlyLine) == []
    released(cdmo_qa, day)
    lines = seen_by(sponsor_qa, MonthlyLine)
    assert {(each.number, each.title, each.classification) for each in lines} == {
        (untold.number, untold.title, "minor"),
        (told.number, told.title, "major"),
    }
    assert [each.pk for each in seen_by(sponsor_qa, Deviation)] == [told.pk]
    assert str(untold.pk) not in str(facts_of(cast.PROGRAM, "shared", after=0))


def test_a_list_leaves_once_as_it_was_previewed_and_not_before_the_month_is_over(
    past_month, cdmo_qa, sponsor_qa, cdmo_operator
):
    _untold, _told, day = past_month
    assert refusal(released, cdmo_qa, day, digest="0" * 64) == "stale_version"
    assert refusal(released, cdmo_qa, make.now().date()) == "invalid"
    assert refusal(released, sponsor_qa, day) == refusal(released, cdmo_operator, day) == "not_found"
    released(cdmo_qa, day)
    assert refusal(released, cdmo_qa, day) == "released"
    with reading(cdmo_qa):
        assert month_to_release(cdmo_qa, get_program(cdmo_qa, cast.PROGRAM)) is None


def test_a_line_of_the_list_is_reconsidered_with_a_clock(past_month, cdmo_qa, sponsor_qa):
    agree(clause("reconsideration"))
    released(cdmo_qa, past_month[2])
    line = next(each for each in seen_by(sponsor_qa, MonthlyLine) if each.number == past_month[0].number)
    query = file.asked(sponsor_qa, kind="reconsideration", line_id=line.pk)
    assert [each.kind for each in clocks(query)] == ["reconsideration"]
    assert refusal(file.answered, cdmo_qa, query) == "invalid"
    answered = file.answered(cdmo_qa, query, outcome="stands")
    assert answered.state == "answered"


def test_over_rest_a_query_is_asked_answered_and_closed_by_version(database, api, sponsor_qa):
    body = {"program": str(cast.PROGRAM), **file.QUESTION}
    keyed = {"content_type": "application/json", "headers": {"Idempotency-Key": "one"}}
    made = api("cdmo_system").post("/api/v1/queries/", body, **keyed)
    again = api("cdmo_system").post("/api/v1/queries/", body, **keyed)
    assert (made.status_code, again.json()["id"]) == (201, made.json()["id"]), made.json()
    query = file.asked(sponsor_qa)
    address = f"/api/v1/queries/{query.pk}/"
    offered = api("cdmo_system").get(address)
    assert {each["name"] for each in offered.json()["available_actions"]} == {"answer", "say", "link"}
    assert api("sponsor_system").get(address).json()["available_actions"] == []
    assert api("rival_system").get(address).status_code == 404
    sent = {"content_type": "application/json"}
    assert api("cdmo_system").post(f"{address}answer/", {"text": file.ANSWER}, **sent).status_code == 428
    stated = {**sent, "headers": {"If-Match": offered["ETag"]}}
    told = api("cdmo_system").post(f"{address}answer/", {"text": file.ANSWER}, **stated).json()
    assert (told["state"], told["entries"][0]["text"]) == ("answered", file.ANSWER)


def test_the_pages_ask_show_answer_and_close(database, signed_in):
    sponsor, cdmo = signed_in("sponsor_qa"), signed_in("cdmo_qa")
    given = {"program": str(cast.PROGRAM), "kind": "question", **file.QUESTION}
    assert 'name="description"' in sponsor.get("/queries/new/").content.decode()
    assert sponsor.post("/queries/new/", given | {"title": "no"}).status_code == 400
    address = sponsor.post("/queries/new/", given)["Location"]
    assert 'name="outcome"' not in sponsor.get(address).content.decode()
    assert "none by clause" in cdmo.get(address).content.decode()
    typed = {"text": file.ANSWER, "outcome": "", "version": "7"}
    stale = cdmo.post(f"{address}answer/", typed)
    assert (stale.status_code, file.ANSWER in stale.content.decode()) == (412, True)
    assert cdmo.post(f"{address}answer/", typed | {"version": "1"}).status_code == 303
    assert file.ANSWER in sponsor.get(address).content.decode()
    assert file.QUESTION["title"] in sponsor.get("/queries/").content.decode()
    assert signed_in("sponsor_viewer").get("/queries/new/").status_code == 403
    rival = signed_in("rival_sponsor_qa")
    assert rival.get(address).status_code == 404
    assert file.QUESTION["title"] not in rival.get("/queries/?filter=all").content.decode()
