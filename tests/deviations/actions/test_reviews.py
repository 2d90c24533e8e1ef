"""The report between the sides: drafts and comments, both reviews, objection, silence (domain 2b)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deviations.errors import NoticeOutstanding, ReviewOutstanding
from deviations.models import Deviation, ReportComment, ReportRound
from deviations.queries import deviation_detail
from portal.action import reading
from portal.actions.clocks import breach_clock
from portal.actor import system_actor
from portal.agreements.durations import Duration
from portal.agreements.rules import Responsibility
from portal.agreements.terms import template
from portal.errors import Invalid, InvalidTransition, NotFound, Refused
from portal.models import Alert, Clock
from portal.states import Meaning
from tests.deviations.conftest import facts, only, seen_by
from tests.deviations.test_timelines import clocks as timelines
from tests.deviations.test_timelines import timeline
from tests.factories import cast, signing
from tests.factories import deviations as make
from tests.factories.agreements import agree, put

pytestmark = pytest.mark.usefixtures("database")
SWEEP = system_actor("sweep", cast.PROGRAM)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def investigated(released, cdmo_qa):
    return make.judged(cdmo_qa, make.investigate(cdmo_qa, released))


@pytest.fixture
def reviewed(investigated, cdmo_qa):
    return make.approve(cdmo_qa, make.submit(cdmo_qa, investigated))


def steps(actor, deviation):
    with reading(actor):
        return deviation_detail(actor, deviation.pk).steps


def running(actor, deviation):
    return {str(each.kind) for each in seen_by(actor, Clock, subject_id=deviation.pk, state="running")}


class TestDrafts:
    def test_a_draft_is_commented_answered_and_followed_by_the_report(
        self, investigated, cdmo_qa, sponsor_qa, rival_sponsor_qa
    ):
        found = make.share_draft(cdmo_qa, investigated)
        assert "draft_comments" in running(sponsor_qa, found)
        assert ("draft_report", "met") in [(each[0], each[3]) for each in timelines(sponsor_qa, found)]
        found = make.comment(sponsor_qa, found)
        with pytest.raises(InvalidTransition, match="time is not over"):
            make.submit(cdmo_qa, found)
        found = make.finish_comments(sponsor_qa, found)
        assert "draft_comments" not in running(sponsor_qa, found)
        with pytest.raises(InvalidTransition, match="wait for an answer"):
            make.submit(cdmo_qa, found)
        found = make.answer_comment(cdmo_qa, found)
        comment = only(sponsor_qa, ReportComment)
        assert (comment.outcome, comment.answered_code) == ("answered", "QA floor 07")
        with pytest.raises(InvalidTransition, match="was answered"):
            make.answer_comment(cdmo_qa, found, comment=comment.pk)
        found = make.submit(cdmo_qa, found)
        assert sorted(each.number for each in seen_by(sponsor_qa, ReportRound)) == [1, 2]
        assert seen_by(rival_sponsor_qa, ReportRound) == []
        names = [name for name, _ in facts(audience="shared")]
        assert names[-7:] == [
            "report.draft_shared", "alert.raised", "report.commented", "alert.acknowledged",
            "report.comments_finished", "report.comment_answered", "report.submitted",
        ]  # fmt: skip

    def test_there_are_as_many_rounds_as_the_clause_gives_and_one_at_a_time(
        self, investigated, cdmo_qa, sponsor_qa
    ):
        found = make.share_draft(cdmo_qa, investigated)
        with pytest.raises(InvalidTransition, match="one draft at a time"):
            make.share_draft(cdmo_qa, found)
        found = make.finish_comments(sponsor_qa, found)
        found = make.finish_comments(sponsor_qa, make.share_draft(cdmo_qa, found))
        with pytest.raises(InvalidTransition, match=r"Clause 6\.2 gives 2 rounds"):
            make.share_draft(cdmo_qa, found)

    def test_without_a_clause_on_comments_who_is_consulted_has_the_time_of_that_clause(
        self, cdmo_operator, cdmo_qa, sponsor_qa
    ):
        document = template("commercial")
        silent = [
            replace(
                each,
                rules=tuple(
                    rule for rule in each.rules if "draft_comments" not in getattr(rule, "activity", ())
                ),
            )
            for each in document.clauses
        ]
        consults = next(
            each.code
            for each in silent
            for rule in each.rules
            if isinstance(rule, Responsibility) and rule.consulted
        )
        put(SWEEP, cast.PROGRAM, 1, replace(document, clauses=tuple(silent)), LONG_AGO)
        found = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_operator)))
        make.share_draft(cdmo_qa, make.investigate(cdmo_qa, found))
        clock = only(sponsor_qa, Clock, kind="draft_comments")
        assert (clock.clause, clock.side, clock.duration) == (
            consults, "sponsor", {"business_days": 5, "calendar": "sponsor"}
        )  # fmt: skip

    def test_nothing_is_shared_before_the_notice(self, triaged, cdmo_qa, sponsor_qa):
        found = make.investigate(cdmo_qa, triaged)
        for step in (make.share_draft, make.submit):
            with pytest.raises(NoticeOutstanding):
                step(cdmo_qa, found)
        assert seen_by(cdmo_qa, ReportRound) == []

    def test_comments_on_another_record_are_unknown_here(
        self, investigated, cdmo_operator, cdmo_qa, sponsor_qa
    ):
        make.comment(sponsor_qa, make.share_draft(cdmo_qa, investigated))
        other = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_operator)))
        other = make.investigate(cdmo_qa, other)
        with pytest.raises(NotFound):
            make.answer_comment(cdmo_qa, other, comment=only(cdmo_qa, ReportComment).pk)

    @pytest.mark.parametrize("words", ["too short", "x" * 60_001, "a NUL \x00 in the midst of it"])
    def test_a_report_says_what_is_accepted(self, investigated, cdmo_qa, words):
        with pytest.raises(Invalid) as refused:
            make.submit(cdmo_qa, investigated, report=words)
        assert list(refused.value.errors) == ["report"]


class TestReviews:
    def test_a_major_one_closes_after_both_sides_reviewed_its_report(self, reviewed, cdmo_qa, sponsor_qa):
        assert (reviewed.state, "close" in steps(cdmo_qa, reviewed)) == ("sponsor_review", False)
        assert "sponsor_review" in running(sponsor_qa, reviewed)
        with pytest.raises(ReviewOutstanding, match="signs as concurred, or objects"):
            make.close(cdmo_qa, reviewed)
        found = make.concur(sponsor_qa, reviewed)
        assert "sponsor_review" not in running(sponsor_qa, found)
        assert make.close(cdmo_qa, found).state == "closed"
        (report,) = seen_by(sponsor_qa, ReportRound)
        assert (report.outcome, report.outcome_code) == ("concurred", "Head 01")

    @pytest.mark.parametrize("classification", ["major", "critical"])
    def test_it_does_not_go_straight(self, reported, cdmo_qa, classification):
        found = make.release(cdmo_qa, make.triage(cdmo_qa, reported, classification))
        found = make.investigate(cdmo_qa, found)
        with pytest.raises(ReviewOutstanding, match="submit it for review"):
            make.close(cdmo_qa, found)
        found = make.submit(cdmo_qa, found)
        with pytest.raises(ReviewOutstanding, match="signs the report as approved"):
            make.close(cdmo_qa, found)

    def test_a_minor_one_goes_straight_unless_a_clause_asks_for_its_review(self, cdmo_qa, cdmo_operator):
        agree(
            timeline(
                "sponsor_review", Duration(5, "business_days"), held_by="sponsor", classification=("minor",)
            )
        )
        found = make.investigate(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_operator), "minor"))
        with pytest.raises(ReviewOutstanding):
            make.close(cdmo_qa, found)
        assert make.close(cdmo_qa, make.review(cdmo_qa, found)).state == "closed"

    def test_who_wrote_leads_or_reported_it_does_not_approve_it(
        self, investigated, cdmo_qa, cdmo_quality_head, sponsor_qa
    ):
        found = make.submit(cdmo_qa, investigated)
        signing.make_signer(cdmo_qa, cast.CDMO)
        with pytest.raises(Refused):
            signing.sign(cdmo_qa, found, Meaning.APPROVED)
        signing.make_signer(cdmo_quality_head, cast.CDMO)
        signing.sign(cdmo_quality_head, found, Meaning.APPROVED)
        row = only(sponsor_qa, Deviation)
        assert (row.state, row.version) == ("sponsor_review", found.version)
        signing.make_signer(sponsor_qa, cast.ARVO)
        signing.sign(sponsor_qa, row, Meaning.CONCURRED)
        assert only(cdmo_qa, Deviation).review == "concurred"

    def test_a_question_in_the_review_waits_for_its_answer(self, reviewed, cdmo_qa, sponsor_qa):
        found = make.concur(sponsor_qa, make.comment(sponsor_qa, reviewed))
        with pytest.raises(ReviewOutstanding, match="waits for its answer"):
            make.close(cdmo_qa, found)
        found = make.answer_comment(cdmo_qa, only(cdmo_qa, Deviation))
        assert make.close(cdmo_qa, found).state == "closed"

    def test_a_report_handed_back_is_reviewed_anew(self, reviewed, cdmo_qa, sponsor_qa):
        found = make.return_report(cdmo_qa, make.concur(sponsor_qa, reviewed))
        assert (found.state, found.review, found.approved_at) == ("under_investigation", "", None)
        with pytest.raises(ReviewOutstanding):
            make.close(cdmo_qa, found)
        found = make.approve(cdmo_qa, make.submit(cdmo_qa, found))
        assert {each.number: each.returned_at is None for each in seen_by(sponsor_qa, ReportRound)} == {
            1: False,
            2: True,
        }
        with pytest.raises(ReviewOutstanding):
            make.close(cdmo_qa, found)


class TestObjections:
    def test_both_heads_decide_and_the_newest_word_of_each_holds(
        self, reviewed, cdmo_qa, sponsor_qa, cdmo_quality_head, sponsor_quality_head
    ):
        found = make.object_report(sponsor_qa, reviewed)
        asked = seen_by(cdmo_quality_head, Alert, kind="report.objected")
        assert sorted(str(each.side) for each in asked) == ["manufacturer", "sponsor"]
        assert "disagreement" in running(sponsor_qa, found)
        with pytest.raises(ReviewOutstanding, match="the sponsor objects"):
            make.close(cdmo_qa, found)
        found = make.settle(cdmo_quality_head, found)
        found = make.settle(sponsor_quality_head, found, outcome="rework")
        assert (found.state, found.review) == ("sponsor_review", "objected")
        found = make.settle(sponsor_quality_head, found)
        assert (found.review, "disagreement" in running(sponsor_qa, found)) == ("settled", False)
        assert make.close(cdmo_qa, found).state == "closed"

    def test_both_saying_so_sends_it_back(
        self, reviewed, cdmo_qa, sponsor_qa, cdmo_quality_head, sponsor_quality_head
    ):
        found = make.object_report(sponsor_qa, reviewed)
        found = make.settle(sponsor_quality_head, found, outcome="rework")
        found = make.settle(cdmo_quality_head, found, outcome="rework")
        assert (found.state, found.review) == ("under_investigation", "")

    def test_it_comes_once_and_not_after_concurring(self, reviewed, sponsor_qa):
        found = make.concur(sponsor_qa, reviewed)
        with pytest.raises(InvalidTransition, match="has come to its end"):
            make.object_report(sponsor_qa, found)


class TestSilence:
    def test_lets_the_work_go_on_by_its_clause_and_is_never_agreement(
        self, reviewed, cdmo_qa, sponsor_qa, clock
    ):
        (waiting,) = seen_by(cdmo_qa, Clock, kind="sponsor_review")
        clock.move(timedelta(days=20))
        breach_clock(SWEEP, waiting.pk)
        found = make.close(cdmo_qa, only(cdmo_qa, Deviation))
        (report,) = seen_by(sponsor_qa, ReportRound)
        assert (found.review, report.outcome, report.outcome_text) == ("no_reply", "no_reply", "6.4")
        assert ("report.reviewed", {"round": "1", "outcome": "no_reply", "clause": "6.4"}) in facts(
            audience="shared"
        )

    def test_never_lets_a_critical_one_go_on(self, reported, cdmo_qa, clock):
        found = make.release(cdmo_qa, make.triage(cdmo_qa, reported, "critical"))
        found = make.approve(cdmo_qa, make.submit(cdmo_qa, make.investigate(cdmo_qa, found)))
        (waiting,) = seen_by(cdmo_qa, Clock, kind="sponsor_review")
        clock.move(timedelta(days=20))
        breach_clock(SWEEP, waiting.pk)
        with pytest.raises(ReviewOutstanding):
            make.close(cdmo_qa, found)


class TestNoDeviation:
    def test_takes_a_reason_and_a_second_signature(self, reported, cdmo_qa, cdmo_quality_head, sponsor_qa):
        signing.make_signer(cdmo_quality_head, cast.CDMO)
        with pytest.raises(InvalidTransition, match="nothing to approve yet"):
            signing.sign(cdmo_quality_head, reported, Meaning.APPROVED)
        found = make.dismiss(cdmo_qa, reported)
        signing.make_signer(cdmo_qa, cast.CDMO)
        with pytest.raises(Refused):
            signing.sign(cdmo_qa, found, Meaning.APPROVED)
        signing.sign(cdmo_quality_head, found, Meaning.APPROVED)
        row = only(cdmo_qa, Deviation)
        assert (row.state, row.end_text) == ("no_deviation", make.REASON)
        assert running(cdmo_qa, found) == set()
        assert seen_by(sponsor_qa, Deviation) == []
        with pytest.raises(InvalidTransition):
            make.triage(cdmo_qa, row)

    def test_giving_a_class_takes_the_proposal_back(self, reported, cdmo_qa):
        found = make.triage(cdmo_qa, make.dismiss(cdmo_qa, reported))
        assert (found.state, found.dismissal, found.dismissed_code) == ("triaged", "", "")


def test_each_side_takes_its_steps_from_the_page(investigated, signed_in, cdmo_qa, sponsor_qa):
    cdmo, sponsor = signed_in("cdmo_qa"), signed_in("sponsor_qa")

    def take(client, step, **given):
        found = only(cdmo_qa, Deviation)
        answer = client.post(f"/deviations/{found.pk}/{step}/", {"version": found.version, **given})
        assert answer.status_code == 303, answer.content.decode()
        return client.get(f"/deviations/{found.pk}/").content.decode()

    assert make.REPORT in take(cdmo, "share_draft", report=make.REPORT)
    assert "Which seal, by whom?" in take(sponsor, "comment", text="Which seal, by whom?")
    comment = only(sponsor_qa, ReportComment)
    page = take(cdmo, "answer_comment", comment=comment.pk, outcome="taken_up", answer="Seal 14.")
    assert "Taken up:" in page
    take(sponsor, "finish_comments")
    assert "Before closing: CDMO QA, not its author" in take(cdmo, "submit_report", report=make.REPORT)
    make.approve(cdmo_qa, only(cdmo_qa, Deviation))
    page = take(sponsor, "object_report", reason=make.REASON)
    assert "Before closing: The sponsor objects" in page


def test_the_export_and_the_view_of_the_past_hold_the_report(reviewed, cdmo_qa, sponsor_qa, api):
    found = make.concur(sponsor_qa, make.comment(sponsor_qa, reviewed))
    shown = api("sponsor_system").get(f"/api/v1/deviations/{found.pk}/").json()
    (report,) = shown["report"]
    assert (report["text"], report["outcome"]) == (make.REPORT, Meaning.CONCURRED)
    assert [each["text"] for each in report["comments"]] == ["Which seal, by whom?"]
    then = api("sponsor_system").get(
        f"/api/v1/deviations/{found.pk}/?as_of={make.now().isoformat().replace('+', '%2B')}"
    )
    assert then.json()["report"] == shown["report"]
    assert api("rival_system").get(f"/api/v1/deviations/{found.pk}/").status_code == 404
