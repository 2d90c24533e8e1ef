"""What signed clauses make of a deviation: who judges it and how, when it is shared, when it is late."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from deviations.actions.release import disclose_when_due
from deviations.clauses.authority import narrowed, roles_for
from deviations.clauses.naming import names_of, own_name
from deviations.errors import NoticeReleased
from deviations.models import Deviation, Judgement, Notice
from deviations.queries import history
from portal.action import reading
from portal.actor import system_actor
from portal.agreements.document import Clause, Document
from portal.agreements.durations import Duration
from portal.agreements.rules import ClassMap, Disclosure, NoReply, Notification, Timeline
from portal.agreements.rules import Judgement as JudgementRule
from portal.agreements.terms import Applied, Terms
from portal.clocks.silence import silence_by
from portal.errors import Invalid, NotFound, Refused
from portal.models import Clock
from portal.states import CDMO_QA, SPONSOR_CMC, SPONSOR_QA, SPONSOR_QUALITY_HEAD, Classification
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.agreements import agree

HOUR = timedelta(hours=1)


def clause(*rules, code="5.9"):
    return Clause(code, "quality_unit", "Agreed", "As agreed.", tuple(rules))


def terms(*rules, version=3):
    return Terms(version, Document("Agreed", "commercial", (clause(*rules),)))


def shared(*state, delay=None):
    return clause(Disclosure(of=("deviation",), to="shared", state=state, delay=delay), code="7.9")


def sweep(deviation, actor):
    (clock,) = seen_by(actor, Clock, subject_id=deviation.pk, kind="disclosure")
    return disclose_when_due(system_actor("sweep", cast.PROGRAM), clock.pk)


class TestSharedByClause:
    def test_a_record_is_shared_in_the_state_that_the_clause_names(
        self, database, cdmo_qa, cdmo_operator, sponsor_qa, rival_sponsor_qa
    ):
        agree(shared("under_investigation"), number=4)
        found = make.triage(cdmo_qa, make.report(cdmo_operator))
        assert seen_by(sponsor_qa, Deviation) == []
        found = make.investigate(cdmo_qa, found)
        notice = only(sponsor_qa, Notice)
        assert (notice.deviation_id, notice.released_by) == (found.pk, "clause 7.9, agreement v4")
        assert notice.trigger == "in_under_investigation"
        assert seen_by(rival_sponsor_qa, Notice) == []
        with reading(sponsor_qa):
            (line, *_) = history(sponsor_qa, found.pk)
        assert line.words == (
            "Notice released at once by clause 7.9, agreement v4: it is under investigation"
        )

    def test_a_delay_is_a_row_that_the_sweep_acts_on_and_nothing_before(
        self, database, clock, cdmo_qa, cdmo_operator, sponsor_qa
    ):
        agree(shared("reported", delay=Duration(3, "hours")), number=4)
        found = make.report(cdmo_operator)
        (waits,) = seen_by(cdmo_qa, Clock, subject_id=found.pk, kind="disclosure")
        assert (waits.clause, waits.terms, waits.due_at - found.recorded_at) == ("7.9", 4, 3 * HOUR)
        assert seen_by(sponsor_qa, Clock) == []
        sweep(found, cdmo_qa)
        assert seen_by(sponsor_qa, Deviation) == []
        clock.move(3 * HOUR)
        assert sweep(found, cdmo_qa).state == "met"
        notice = only(sponsor_qa, Notice)
        assert (notice.released_by, notice.classification) == ("clause 7.9, agreement v4", None)
        sweep(found, cdmo_qa)
        assert len(seen_by(sponsor_qa, Notice)) == 1

    def test_who_is_quicker_by_hand_leaves_the_clause_nothing_to_do(
        self, database, clock, cdmo_qa, cdmo_operator
    ):
        agree(shared(delay=Duration(3, "hours")))
        found = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_operator)))
        clock.move(9 * HOUR)
        sweep(found, cdmo_qa)
        assert only(cdmo_qa, Notice).released_by == "QA floor 07"
        with pytest.raises(NoticeReleased):
            make.release(cdmo_qa, found)

    def test_a_cancelled_record_is_never_shared(self, database, clock, cdmo_qa, cdmo_operator, sponsor_qa):
        agree(shared(delay=Duration(3, "hours")))
        found = make.cancel(cdmo_qa, make.report(cdmo_operator))
        clock.move(9 * HOUR)
        assert sweep(found, cdmo_qa).state == "withdrawn"
        assert seen_by(sponsor_qa, Deviation) == []

    @pytest.mark.parametrize(
        ("given", "program"),
        [
            ({"to": "manufacturer"}, cast.PROGRAM),
            ({"of": ("result",), "to": "shared"}, cast.PROGRAM),
            ({"to": "shared"}, cast.RIVAL_PROGRAM),
        ],
    )
    def test_nothing_else_is_shared(self, database, cdmo_operator, sponsor_qa, given, program):
        agree(clause(Disclosure(**{"of": ("deviation",)} | given)), program=program)
        make.report(cdmo_operator)
        assert seen_by(sponsor_qa, Deviation) == []

    def test_only_the_sweep_shares_in_a_clauses_name(self, database, cdmo_qa, cdmo_operator, sponsor_qa):
        agree(shared(delay=Duration(3, "hours")))
        found = make.report(cdmo_operator)
        (clock,) = seen_by(cdmo_qa, Clock, subject_id=found.pk, kind="disclosure")
        with pytest.raises(Refused):
            disclose_when_due(cdmo_qa, clock.pk)
        with pytest.raises(NotFound):
            disclose_when_due(sponsor_qa, clock.pk)


NAMES = {"Significant": "major", "Life-threatening": "critical", "Grave": "critical"}


class TestNamesOfClasses:
    def test_the_only_name_that_reads_so_stands_beside_the_class(
        self, database, cdmo_qa, cdmo_operator, sponsor_qa
    ):
        agree(clause(ClassMap("manufacturer", NAMES)))
        found = make.triage(cdmo_qa, make.report(cdmo_operator), "major")
        assert only(cdmo_qa, Judgement).own_class == "Significant"
        make.release(cdmo_qa, found)
        assert only(sponsor_qa, Notice).content["own_class"] == "Significant"
        assert facts(audience="shared")[-2][1]["classification"] == "major"

    @pytest.mark.parametrize(
        ("classification", "given", "kept"),
        [("critical", "Grave", "Grave"), ("critical", "", ""), ("major", "Significant", "Significant")],
    )
    def test_where_several_names_read_so_the_one_given_is_kept(self, classification, given, kept):
        assert own_name(terms(ClassMap("manufacturer", NAMES)), "manufacturer", classification, given) == kept

    @pytest.mark.parametrize(
        ("classification", "given", "field"),
        [("minor", "", "classification"), ("critical", "Significant", "own_class")],
    )
    def test_a_class_that_is_not_given_there_and_a_wrong_name_are_refused(self, classification, given, field):
        with pytest.raises(Invalid) as refused:
            own_name(terms(ClassMap("manufacturer", NAMES)), "manufacturer", classification, given)
        assert list(refused.value.errors) == [field]
        assert "clause 5.9, agreement v3" in refused.value.errors[field][0]

    def test_each_side_has_its_own_names_and_without_a_map_there_is_none(self):
        agreed = terms(ClassMap("sponsor", {"2": "major"}))
        assert names_of(agreed, "sponsor") == {"2": Classification.MAJOR}
        assert names_of(agreed, "manufacturer") == {}
        assert own_name(agreed, "manufacturer", "minor") == ""
        with pytest.raises(Invalid):
            own_name(agreed, "manufacturer", "minor", "2")


class TestWhoActs:
    def test_a_clause_names_some_of_those_who_may_and_never_lets_another_in(self):
        may = (SPONSOR_QA, SPONSOR_CMC, SPONSOR_QUALITY_HEAD)
        assert narrowed(may, ["sponsor.cmc"]) == (SPONSOR_CMC,)
        assert narrowed(may, ["sponsor.cmc", "manufacturer.qa"]) == (SPONSOR_CMC,)
        assert narrowed(may, ["manufacturer.quality_head"]) == may
        assert narrowed(may, []) == may

    def test_the_clause_of_the_class_says_who_assesses_and_that_of_a_patient_lot_narrows_it(self):
        agreed = terms(
            JudgementRule("product_impact", ("sponsor.qa", "sponsor.cmc"), classification=("major",)),
            JudgementRule("product_impact", ("sponsor.cmc",), trigger=("patient_lot",)),
        )
        assert roles_for(agreed, "assess_impact", "major", ()) == (SPONSOR_QA, SPONSOR_CMC)
        assert roles_for(agreed, "assess_impact", "major", ("patient_lot",)) == (SPONSOR_CMC,)
        assert roles_for(agreed, "release_notice", "major", ()) == (CDMO_QA,)

    def test_who_releases_by_the_clause_is_no_wider_than_the_product(self):
        rule = Notification(of=("deviation",), to=("sponsor.qa",), released_by=("manufacturer.quality_head",))
        assert roles_for(terms(rule), "release_notice", "major", ()) == (CDMO_QA,)

    def test_the_clause_keeps_the_head_of_quality_from_assessing(
        self, database, cdmo_qa, cdmo_operator, sponsor_quality_head
    ):
        agree(
            clause(JudgementRule("product_impact", ("sponsor.cmc",), classification=("major",)), code="5.5")
        )
        found = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_operator), "major"))
        with pytest.raises(Refused):
            make.assess(sponsor_quality_head, found)


class TestLateEntry:
    def test_the_clause_says_from_when_on_a_reason_is_asked_for(self, database, cdmo_operator, cdmo_qa):
        opening = Timeline(("opening",), Duration(4, "hours"), "manufacturer", since="detected")
        agree(clause(opening, code="5.8"), number=2)
        aware = make.now() - 5 * HOUR
        given = {"occurred_at": aware, "detected_at": aware}
        with pytest.raises(Invalid) as refused:
            make.report(cdmo_operator, **given)
        assert "4 hours after the detection (clause 5.8, agreement v2)" in refused.value.detail
        make.report(cdmo_operator, late_reason="The shift had no terminal.", **given)
        assert facts()[-1][1]["is_late"] is True
        make.report(cdmo_operator)
        assert facts()[-1][1]["is_late"] is False

    def test_without_a_clause_it_is_a_day_after_awareness(self, database, cdmo_operator):
        aware = make.now() - 25 * HOUR
        with pytest.raises(Invalid) as refused:
            make.report(cdmo_operator, occurred_at=aware, detected_at=aware)
        assert "24 h after awareness" in refused.value.detail
        make.report(cdmo_operator, occurred_at=aware, detected_at=aware + 2 * HOUR)


@pytest.mark.parametrize(
    ("classification", "outcome", "not_for", "comes"),
    [
        ("critical", "go_on", (), "wait"),
        ("critical", "climb", (), "climb"),
        ("major", "go_on", ("major",), "wait"),
        ("major", "go_on", (), "go_on"),
        (None, "go_on", ("critical",), "go_on"),
    ],
)
def test_nothing_critical_goes_on_by_silence(classification, outcome, not_for, comes):
    rule = NoReply(("decision",), outcome, not_for)
    found = Applied(SimpleNamespace(code="9.1"), rule)
    assert silence_by(found, classification, 3).outcome == comes
