"""A signed clause that names a trigger releases the notice itself; no default rule and nobody else does."""

from datetime import timedelta

import pytest

from deviations.actions.release import chase_notice
from deviations.errors import NoticeReleased
from deviations.models import Deviation, Judgement, Notice
from deviations.queries import history, notice_preview
from deviations.queries.preview import compose
from portal.action import reading
from portal.actor import system_actor
from portal.agreements.document import Clause
from portal.agreements.durations import Duration
from portal.agreements.rules import Judgement as JudgementRule
from portal.agreements.rules import Notification
from portal.errors import Invalid, NotFound
from portal.models import Alert, Clock
from tests.deviations.conftest import facts, only, seen_by
from tests.factories import batches as plant
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.agreements import agree

CLASSES = ("critical",)


def told_by(*at_once, of="deviation", classification=(), within=None, code="5.9"):
    rule = Notification(
        of=(of,), classification=classification, within=within, to=("sponsor.qa",), at_once=at_once
    )
    return Clause(code, "quality_unit", "Told at once", "At once.", (rule,))


@pytest.fixture
def patient_lot(database, cdmo_qa):
    return plant.batch(is_patient_lot=True)


def clocks(actor, deviation, kind="notice_release"):
    with reading(actor):
        rows = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, kind=kind)
        return [
            (each.clause, each.state, each.due_at - deviation.aware_at)
            for each in rows.order_by("due_at", "pk")
        ]


def test_growth_in_grade_a_is_told_the_moment_it_is_logged_by_the_clause_and_by_nobody(
    database, cdmo_operator, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    agree(told_by("grade_a_growth", within=Duration(1, "hours")), number=3)
    made = make.report(cdmo_operator, triggers=["grade_a_growth"])
    row, notice = only(sponsor_qa, Deviation), only(sponsor_qa, Notice)
    assert (row.pk, row.audience, row.state) == (made.pk, "shared", "reported")
    assert (notice.released_by, notice.trigger) == ("clause 5.9, agreement v3", "grade_a_growth")
    assert (notice.clause, notice.classification) == ("5.9", None)
    assert notice.content["classification"] is None
    alert = only(sponsor_qa, Alert)
    assert (alert.kind, alert.clause, alert.terms, alert.classification) == (
        "deviation.notice",
        "5.9",
        3,
        None,
    )
    shared = facts(audience="shared")[-2:]
    assert [name for name, _ in shared] == ["notice.released", "alert.raised"]
    assert (shared[0][1]["trigger"], shared[0][1]["terms"]) == ("grade_a_growth", "3")
    assert seen_by(rival_sponsor_qa, Notice) == seen_by(rival_sponsor_qa, Deviation) == []
    with reading(sponsor_qa):
        (line, *_) = history(sponsor_qa, made.pk)
    assert line.words == ("Notice released at once by clause 5.9, agreement v3: growth in Grade A")
    assert line.code == ""


@pytest.mark.parametrize("said", [(), ("identity_mismatch",)])
def test_nothing_leaves_without_the_trigger_that_the_clause_names(database, cdmo_operator, sponsor_qa, said):
    agree(told_by("grade_a_growth", within=Duration(1, "hours")))
    make.report(cdmo_operator, triggers=said)
    assert seen_by(sponsor_qa, Deviation) == seen_by(sponsor_qa, Notice) == []


def test_another_clients_clause_releases_nothing_here(database, cdmo_operator, sponsor_qa):
    agree(told_by("grade_a_growth", within=Duration(1, "hours")), program=cast.RIVAL_PROGRAM)
    make.report(cdmo_operator, triggers=["grade_a_growth"])
    assert seen_by(sponsor_qa, Deviation) == []


def test_a_default_rule_never_releases_whatever_it_names(database, cdmo_operator, sponsor_qa, monkeypatch):
    from deviations.actions import report
    from deviations.clauses import sending
    from portal.agreements.document import Document
    from portal.agreements.terms import Terms

    unsigned = Terms(None, Document("Default", "commercial", (told_by("grade_a_growth"),)))
    monkeypatch.setattr(report, "terms_at", lambda *_: unsigned)
    assert sending.at_once_by(unsigned, list(unsigned.applying(Notification)), ["grade_a_growth"]) is None
    make.report(cdmo_operator, triggers=["grade_a_growth"])
    assert seen_by(sponsor_qa, Deviation) == []


def test_a_clause_on_a_class_waits_for_the_class_and_then_for_nobody(patient_lot, cdmo_qa, sponsor_qa):
    agree(told_by("patient_lot", classification=CLASSES, code="5.1"), number=6)
    minor = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=patient_lot.pk), "minor")
    assert minor.audience == "manufacturer"
    made = make.report(cdmo_qa, batch_id=patient_lot.pk)
    assert seen_by(sponsor_qa, Deviation) == []
    made = make.triage(cdmo_qa, made, "critical")
    notice = only(sponsor_qa, Notice)
    assert (notice.deviation_id, notice.released_by) == (made.pk, "clause 5.1, agreement v6")
    assert only(sponsor_qa, Judgement).rationale == make.RATIONALE
    with pytest.raises(NoticeReleased):
        make.release(cdmo_qa, made)
    assert len(seen_by(sponsor_qa, Notice)) == 1


def test_what_leaves_at_once_is_what_the_preview_would_have_shown(database, cdmo_operator, cdmo_qa):
    agree(told_by("grade_a_growth", classification=CLASSES, within=Duration(4, "hours"), code="5.1"))
    by_hand = make.triage(cdmo_qa, make.report(cdmo_operator), "critical")
    with reading(cdmo_qa):
        shown = notice_preview(cdmo_qa, by_hand.pk)
    given = {"triggers": ["grade_a_growth"], "immediate_action": "Line stopped."}
    at_once = make.triage(cdmo_qa, make.report(cdmo_operator, **given), "critical")
    content = only(cdmo_qa, Notice).content
    with reading(cdmo_qa):
        after = {each.field: each.value for each in compose(cdmo_qa, at_once).leaves}
    assert set(content["fields"]) == {each.field for each in shown.leaves}
    assert content["fields"] == {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in after.items()
    }
    assert content["fields"]["triggers"] == "growth in Grade A"
    assert content["rationale"] == make.RATIONALE


def test_the_class_of_what_was_told_at_once_is_told_again_and_starts_what_counts_from_the_notice(
    database, cdmo_operator, cdmo_qa, sponsor_qa
):
    agree(told_by("data_integrity"))
    made = make.report(cdmo_operator, triggers=["data_integrity"])
    assert clocks(sponsor_qa, made, "product_impact") == []
    made = make.triage(cdmo_qa, made, "critical")
    alerts = {each.kind: each for each in seen_by(sponsor_qa, Alert)}
    assert set(alerts) == {"deviation.notice", "deviation.classified"}
    assert alerts["deviation.classified"].classification == "critical"
    assert only(sponsor_qa, Judgement).classification == "critical"
    assert [each[:2] for each in clocks(sponsor_qa, made, "product_impact")] == [("5.5", "running")]
    # Who knows needs no notice any more.
    assert clocks(cdmo_qa, made) == []
    make.finish(cdmo_qa, make.investigate(cdmo_qa, made))


def test_what_it_is_may_be_said_with_the_class_too_and_only_in_words_that_are_known(
    reported, cdmo_qa, sponsor_qa
):
    with pytest.raises(Invalid):
        make.triage(cdmo_qa, reported, triggers=["moon_phase"])
    found = make.triage(cdmo_qa, reported, triggers=["identity_mismatch"])
    assert found.triggers == ["identity_mismatch"]
    assert seen_by(sponsor_qa, Notice) == []


def test_any_event_on_a_patient_lot_has_its_two_hours_before_it_has_a_class(patient_lot, cdmo_qa):
    made = make.report(cdmo_qa, batch_id=patient_lot.pk)
    assert clocks(cdmo_qa, made) == [("5.4", "running", timedelta(hours=2))]
    for classification in ("minor", "critical"):
        each = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=patient_lot.pk), classification)
        assert clocks(cdmo_qa, each) == [("5.4", "running", timedelta(hours=2))]
        assert each.is_notice_due


def test_the_stricter_clause_takes_the_place_of_the_clock_that_runs(patient_lot, cdmo_qa):
    agree(told_by(classification=CLASSES, within=Duration(90, "minutes"), code="5.1"), number=2)
    made = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=patient_lot.pk), "critical")
    assert clocks(cdmo_qa, made) == [
        ("5.1", "running", timedelta(minutes=90)),
        ("5.4", "withdrawn", timedelta(hours=2)),
    ]
    assert dict(facts())["deviation.triaged"]["clause"] == "5.1"
    released = make.release(cdmo_qa, made)
    assert [each[1] for each in clocks(cdmo_qa, released)] == ["met", "withdrawn"]


def test_a_patient_lot_that_nobody_classified_is_asked_for_and_noted_as_late(
    patient_lot, cdmo_qa, sponsor_qa, clock
):
    made = make.report(cdmo_qa, batch_id=patient_lot.pk)
    (running,) = seen_by(cdmo_qa, Clock, subject_id=made.pk, kind="notice_release")
    assert running.next_at - made.aware_at == timedelta(hours=1)
    clock.move(timedelta(hours=5))
    chase_notice(system_actor("sweep", cast.PROGRAM), running.pk)
    assert [each.kind for each in seen_by(cdmo_qa, Alert)] == ["notice.unreleased"]
    assert clocks(cdmo_qa, made)[0][1] == "breached"
    assert seen_by(sponsor_qa, Alert) == []


def test_the_impact_on_a_patient_lot_is_assessed_in_the_stricter_time(patient_lot, cdmo_qa, sponsor_qa):
    made = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=patient_lot.pk), "major"))
    (impact,) = seen_by(sponsor_qa, Clock, subject_id=made.pk, kind="product_impact")
    notice = only(sponsor_qa, Notice)
    assert (impact.clause, impact.due_at - notice.released_at) == ("5.5", timedelta(hours=4))
    make.assess(sponsor_qa, made)
    assert [each[1] for each in clocks(sponsor_qa, made, "product_impact")] == ["met"]


def test_a_rule_for_a_trigger_stands_beside_that_for_the_class(database):
    rules = (
        JudgementRule(
            "product_impact", ("sponsor.qa",), classification=("major",), within=Duration(3, "hours")
        ),
        JudgementRule(
            "product_impact", ("sponsor.cmc",), trigger=("patient_lot",), within=Duration(9, "hours")
        ),
    )
    by_class, by_trigger = rules
    assert by_class.matches({"judgement": "product_impact", "classification": "major", "trigger": None})
    assert not by_class.matches({"classification": "major", "trigger": "patient_lot"})
    assert by_trigger.matches({"classification": "major", "trigger": "patient_lot"})
    assert not by_trigger.matches({"classification": "major"})
    assert not by_class.meets(by_trigger)
    assert not by_trigger.meets(by_class)


def test_growth_in_grade_a_holds_the_lot_at_once_and_the_class_lifts_no_such_hold(
    database, cdmo_qa, cdmo_operator, sponsor_qa
):
    from batches.models import BatchHold

    lot = plant.batch()
    made = make.report(cdmo_operator, batch_id=lot.pk, triggers=["grade_a_growth"])
    hold = only(cdmo_qa, BatchHold)
    assert (hold.clause, hold.kind, hold.until, hold.cause_id) == (
        "8.2",
        "status",
        "release_by_qa",
        made.pk,
    )
    assert seen_by(sponsor_qa, BatchHold) == []
    make.triage(cdmo_qa, made, "minor")
    assert only(cdmo_qa, BatchHold).state == "standing"


def test_the_sponsor_finds_no_preview_of_what_has_not_left(database, cdmo_operator, sponsor_qa):
    agree(told_by("grade_a_growth"))
    made = make.report(cdmo_operator)
    with pytest.raises(NotFound), reading(sponsor_qa):
        notice_preview(sponsor_qa, made.pk)
