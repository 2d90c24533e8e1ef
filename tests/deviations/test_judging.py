"""Judging a deviation: impact, other batches, the class given blind and settled, what records are tied to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError

from batches.models import BatchHold
from deviations.access import class_of
from deviations.actions.judging.classes import open_classes
from deviations.api.outputs import represent_deviation, represent_list
from deviations.errors import ClassUnsettled, ImpactOpen, PlannedDeparture
from deviations.judging.impact import Found
from deviations.judging.states import OPENING_LOOK, SPONSOR_AREAS, Modality, topics_of
from deviations.models import (
    Deviation,
    DeviationTie,
    ImpactAssessment,
    ImpactFinding,
    Judgement,
    Precedent,
    Reclassification,
    RiskForm,
    ScopeCandidate,
)
from deviations.queries import deviation_detail, deviation_then, history
from deviations.queries.inbox import deviations_waiting
from portal.action import action, reading
from portal.actor import Seat, Side, system_actor
from portal.agreements.rules import Judgement as JudgementRule
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from portal.models import Alert, Clock, ClockMove
from portal.states import Meaning
from tests.conftest import actor as member
from tests.conftest import entries_of
from tests.deviations.conftest import facts, only, seen_by
from tests.deviations.test_timelines import Clause
from tests.factories import batches, cast, executed, lots, signing
from tests.factories import deviations as make
from tests.factories.agreements import agree

pytestmark = pytest.mark.usefixtures("database")
SWEEP = system_actor("sweep", cast.PROGRAM)


@pytest.fixture
def running():
    return batches.batch(number="B-2417", equipment="BR-203")


@pytest.fixture
def investigated(running, cdmo_qa):
    """A major deviation of a batch, told to the sponsor, under investigation."""
    found = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=running.pk))
    return make.investigate(cdmo_qa, make.release(cdmo_qa, found))


def steps(actor, deviation):
    with reading(actor):
        return deviation_detail(actor, deviation.pk).steps


def holds(deviation, state="standing"):
    rows = seen_by(member("sponsor_qa"), BatchHold, cause_id=deviation.pk, state=state)
    return sorted((each.batch_id, str(each.kind), each.until) for each in rows)


def drives(deviation):
    """The class in force, for either side."""
    found = set()
    for key in ("cdmo_qa", "sponsor_qa"):
        with reading(member(key)):
            found.add(class_of(member(key), deviation))
    (one,) = found
    return one


def sweep(deviation):
    """What the sweep does with the looks that are due, however often."""
    for each in seen_by(SWEEP, Clock, subject_id=deviation.pk, kind=OPENING_LOOK):
        open_classes(SWEEP, each.pk)
    return make.again(deviation)


class TestImpact:
    def test_a_conclusion_says_something_of_every_topic_of_its_kind_of_product(self, investigated, cdmo_qa):
        for modality in Modality.values:
            said = make.findings(modality)
            assert len(said) == 12
            with pytest.raises(Invalid) as refused:
                make.conclude_impact(cdmo_qa, investigated, modality=modality, findings=said[1:])
            assert list(refused.value.errors) == ["product"]
        alien = [*make.findings("sterile"), Found("dissolution", "none", "Not of this kind.")]
        with pytest.raises(Invalid) as refused:
            make.conclude_impact(cdmo_qa, investigated, modality="sterile", findings=alien)
        assert refused.value.errors == {"dissolution": ["It is not asked here."]}
        assert seen_by(cdmo_qa, ImpactAssessment) == []

    def test_it_ends_the_hold_of_its_clause_when_it_is_signed_and_not_with_the_closing(
        self, investigated, running, cdmo_qa, cdmo_quality_head
    ):
        sponsor_qa, rival_sponsor_qa = member("sponsor_qa"), member("rival_sponsor_qa")
        assert holds(investigated) == [(running.pk, "status", "impact_conclusion")]
        found = make.conclude_impact(cdmo_qa, investigated)
        assert len(holds(found)) == 1
        (given,) = seen_by(sponsor_qa, ImpactAssessment)
        signing.make_signer(cdmo_qa, cast.CDMO)
        with pytest.raises(Refused):
            signing.sign(cdmo_qa, given, Meaning.APPROVED, kind="impact_assessment")
        signing.make_signer(cdmo_quality_head, cast.CDMO)
        signing.sign(cdmo_quality_head, given, Meaning.APPROVED, kind="impact_assessment")
        found = make.again(found)
        assert (found.state, holds(found)) == ("under_investigation", [])
        assert holds(found, "lifted") == [(running.pk, "status", "impact_conclusion")]
        assert [name for name, _ in facts(audience="shared")][-4:-1] == [
            "impact.given",
            "impact.concluded",
            "batch.hold_lifted",
        ]
        assert seen_by(rival_sponsor_qa, ImpactAssessment) == seen_by(rival_sponsor_qa, ImpactFinding) == []

    def test_a_newer_conclusion_takes_the_place_of_one_that_nobody_signed(
        self, investigated, cdmo_qa, cdmo_quality_head
    ):
        found = make.conclude_impact(cdmo_qa, investigated)
        (old,) = seen_by(cdmo_qa, ImpactAssessment)
        make.conclude_impact(cdmo_qa, found)
        signing.make_signer(cdmo_quality_head, cast.CDMO)
        with pytest.raises(InvalidTransition, match="newer assessment"):
            signing.sign(cdmo_quality_head, old, Meaning.APPROVED, kind="impact_assessment")

    def test_the_sponsor_says_it_of_its_product_and_signs_as_product_impact_approved(
        self, investigated, cdmo_quality_head, sponsor_qa, sponsor_quality_head
    ):
        said = [Found(topic, "none", "Nothing registered changed.") for topic in SPONSOR_AREAS]
        with pytest.raises(Invalid):
            make.assess(sponsor_qa, investigated, findings=said[:2])
        make.assess(sponsor_qa, investigated, findings=said)
        given = only(cdmo_quality_head, ImpactAssessment)
        assert (given.side, given.impact, len(seen_by(sponsor_qa, ImpactFinding))) == ("sponsor", "minor", 4)
        signing.make_signer(cdmo_quality_head, cast.CDMO)
        with pytest.raises(Refused):
            signing.sign(cdmo_quality_head, given, Meaning.APPROVED, kind="impact_assessment")
        signing.make_signer(sponsor_qa, cast.ARVO)
        signing.sign(sponsor_qa, given, Meaning.IMPACT_APPROVED, kind="impact_assessment")
        # It is no conclusion of the CDMO's: nothing that waits for that ends.
        assert make.again(investigated).impact_concluded_at is None
        assert len(holds(investigated)) == 1

    def test_an_investigation_does_not_end_before_its_impact_is_concluded_and_its_scope_decided(
        self, investigated, cdmo_qa
    ):
        def submit(found):
            return make.submit(cdmo_qa, found, version=found.version)

        with pytest.raises(ImpactOpen, match="looked for first"):
            submit(investigated)
        found = make.look_around(cdmo_qa, investigated)
        with pytest.raises(ImpactOpen, match="conclusion on its impact"):
            submit(found)
        other = batches.batch(number="B-2418")
        found = make.name_batch(cdmo_qa, found, other.pk)
        with pytest.raises(ImpactOpen, match="each other batch first: B-2418"):
            submit(found)
        assert not {"submit_report", "close"} & set(steps(cdmo_qa, found))
        assert submit(make.judged(cdmo_qa, found)).state == "cdmo_qa_review"

    def test_a_minor_one_needs_no_conclusion_but_no_batch_stays_undecided(self, running, cdmo_qa):
        found = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=running.pk), "minor")
        found = make.name_batch(cdmo_qa, make.investigate(cdmo_qa, found), batches.batch(number="B-9").pk)
        with pytest.raises(ImpactOpen, match="B-9"):
            make.close(cdmo_qa, found)
        candidate = only(cdmo_qa, ScopeCandidate)
        found = make.decide_batch(cdmo_qa, found, candidate.pk)
        assert make.close(cdmo_qa, found).state == "closed"

    def test_what_was_assessed_inside_leaves_with_the_notice_as_the_preview_says(
        self, running, cdmo_qa, sponsor_qa
    ):
        found = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=running.pk))
        found = make.conclude_impact(cdmo_qa, make.investigate(cdmo_qa, found))
        found = make.name_batch(cdmo_qa, found, batches.batch(number="B-2418").pk)
        assert seen_by(sponsor_qa, ImpactAssessment) == seen_by(sponsor_qa, ScopeCandidate) == []
        from deviations.queries import notice_preview

        with reading(cdmo_qa):
            leaves = {each.field: each.value for each in notice_preview(cdmo_qa, found.pk).leaves}
        assert leaves["scope"] == "B-2418"
        assert "Viral safety: no impact" in leaves["impact"]
        make.release(cdmo_qa, found)
        assert str(only(sponsor_qa, ImpactAssessment).conclusion).startswith("No impact on product")
        assert only(sponsor_qa, ScopeCandidate).reasons == [
            {"kind": "named", "common": "Made with the same valve."}
        ]


class TestScope:
    def test_each_candidate_says_what_it_has_in_common(self, running, cdmo_qa, sponsor_qa):
        shared = lots.lot("RM-1")
        same_lot = batches.batch(number="B-LOT", running=timedelta(days=90))
        lots.use(running, shared)
        lots.use(same_lot, shared)
        unit = batches.batch(number="B-UNIT", running=timedelta(days=3), equipment="BR-203")
        hands = batches.batch(number="B-HANDS", running=timedelta(days=2))
        executed.started(running, equipment=["P-41"], rooms=["R-1"])
        executed.started(hands, equipment=["P-41"], rooms=["R-1"])
        found = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=running.pk))
        make.look_around(cdmo_qa, make.release(cdmo_qa, found))
        seen = {
            each.batch_id: {(one["kind"], one["common"]) for one in each.reasons}
            for each in seen_by(sponsor_qa, ScopeCandidate)
        }
        time = ("time", "")
        code = cdmo_qa_code("cdmo_operator")
        assert seen == {
            same_lot.pk: {("genealogy", "RM-1"), time},
            unit.pk: {("equipment", "BR-203"), time},
            hands.pk: {("equipment", "P-41"), ("area", "R-1"), ("people", code), time},
        }

    def test_a_batch_of_another_client_is_never_a_candidate_nor_counted(self, running, cdmo_qa, sponsor_qa):
        foreign = batches.batch(cast.RIVAL_PROGRAM, number="TB-0111", equipment="BR-203")
        second = batches.batch(cast.SECOND_PROGRAM, number="P-0091", equipment="BR-203")
        found = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=running.pk))
        found = make.look_around(cdmo_qa, found)
        assert seen_by(cdmo_qa, ScopeCandidate) == []
        assert ("scope.looked", {"found": "0"}) in facts()
        for each in (foreign, second):
            with pytest.raises(NotFound, match="no such batch in this program"):
                make.name_batch(cdmo_qa, found, each.pk)

    def test_looking_again_adds_what_is_new_and_leaves_what_was_decided(self, investigated, running, cdmo_qa):
        first = batches.batch(number="B-1", equipment="BR-203")
        found = make.look_around(cdmo_qa, investigated)
        (candidate,) = seen_by(cdmo_qa, ScopeCandidate)
        found = make.decide_batch(cdmo_qa, found, candidate.pk)
        batches.batch(number="B-2", equipment="BR-203")
        found = make.look_around(cdmo_qa, found)
        rows = {each.batch_id: each.outcome for each in seen_by(cdmo_qa, ScopeCandidate)}
        assert (len(rows), rows[first.pk]) == (2, "excluded")
        with pytest.raises(Conflict):
            make.name_batch(cdmo_qa, found, first.pk)
        with pytest.raises(NotFound):
            make.name_batch(cdmo_qa, found, running.pk)
        with pytest.raises(Invalid):
            make.look_around(cdmo_qa, found, window_days=401)

    def test_a_batch_in_scope_is_held_and_asks_for_the_conclusion_anew(self, investigated, running, cdmo_qa):
        other = batches.batch(number="B-2418", equipment="BR-203")
        found = make.judged(cdmo_qa, investigated)
        assert (holds(found), found.impact_concluded_at is None) == ([], False)
        candidate = only(cdmo_qa, ScopeCandidate)
        found = make.decide_batch(cdmo_qa, found, candidate.pk, outcome="accepted", because="Same valve.")
        assert found.impact_concluded_at is None
        assert holds(found) == sorted((each.pk, "status", "impact_conclusion") for each in (running, other))
        assert holds(make.sign_impact(make.conclude_impact(cdmo_qa, found))) == []

    def test_candidates_of_another_record_are_unknown_here(self, investigated, cdmo_qa):
        batches.batch(number="B-2418", equipment="BR-203")
        make.look_around(cdmo_qa, investigated)
        candidate = only(cdmo_qa, ScopeCandidate)
        other = make.triage(cdmo_qa, make.report(cdmo_qa))
        with pytest.raises(NotFound):
            make.decide_batch(cdmo_qa, other, candidate.pk)


def cdmo_qa_code(key):
    return member(key).code(cast.PROGRAM)


class TestReclassifying:
    def test_a_stricter_class_holds_at_once_and_starts_the_clocks_of_its_rules_beside_the_old_ones(
        self, running, cdmo_qa, sponsor_qa, rival_sponsor_qa
    ):
        found = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=running.pk))
        found = make.release(cdmo_qa, found)
        before = {each.pk: each for each in seen_by(sponsor_qa, Clock, subject_id=found.pk, alert=None)}
        found = make.reclassify(cdmo_qa, found, "critical")
        assert drives(found) == "critical"
        assert sorted(str(each.kind) for each in seen_by(sponsor_qa, Judgement)) == ["provisional"] * 2
        after = seen_by(sponsor_qa, Clock, subject_id=found.pk, alert=None)
        summaries = sorted(
            (str(each.state), each.due_at) for each in after if each.kind == "preliminary_summary"
        )
        assert [state for state, _ in summaries] == ["running", "withdrawn"]
        assert summaries[0][1] < summaries[1][1]
        for each in after:
            if each.pk in before:
                assert (each.due_at, each.started_at) == (before[each.pk].due_at, before[each.pk].started_at)
        impact = [each for each in after if each.kind == "product_impact" and each.state == "running"]
        assert [each.inputs["classification"] for each in impact] == ["critical"]
        assert [str(each.kind) for each in seen_by(sponsor_qa, Alert)][-1] == "deviation.classified"
        assert seen_by(rival_sponsor_qa, Judgement) == []

    def test_a_lower_class_is_proposed_inside_and_holds_with_a_second_signature(
        self, investigated, cdmo_qa, cdmo_quality_head, sponsor_qa
    ):
        shared = entries_of(cast.PROGRAM, "shared")
        found = make.reclassify(cdmo_qa, investigated, "minor")
        assert (drives(found), found.version) == ("major", investigated.version)
        assert entries_of(cast.PROGRAM, "shared") == shared
        assert seen_by(sponsor_qa, Reclassification) == []
        proposed = only(cdmo_qa, Reclassification)
        signing.make_signer(cdmo_qa, cast.CDMO)
        with pytest.raises(Refused):
            signing.sign(cdmo_qa, proposed, Meaning.APPROVED, kind="reclassification")
        signing.make_signer(cdmo_quality_head, cast.CDMO)
        signing.sign(cdmo_quality_head, proposed, Meaning.APPROVED, kind="reclassification")
        assert drives(found) == "minor"
        (changed,) = [fact for name, fact in facts(audience="shared") if name == "class.changed"]
        assert (changed["before"], changed["classification"]) == ("major", "minor")
        assert changed["code"] == cdmo_quality_head.code(cast.PROGRAM)
        running = seen_by(sponsor_qa, Clock, subject_id=found.pk, state="running")
        assert {"closing", "preliminary_summary"} <= {str(each.kind) for each in running}

    def test_a_stricter_class_asks_for_the_conclusion_anew(self, investigated, running, cdmo_qa):
        found = make.judged(cdmo_qa, investigated)
        found = make.reclassify(cdmo_qa, found, "critical")
        assert found.impact_concluded_at is None
        assert holds(found) == [(running.pk, "status", "impact_conclusion")]

    def test_it_is_never_done_after_the_end_nor_to_the_same_class(self, investigated, cdmo_qa):
        with pytest.raises(Invalid):
            make.reclassify(cdmo_qa, investigated, "major")
        closed = make.in_state("closed", cdmo_qa)
        with pytest.raises(InvalidTransition):
            make.reclassify(cdmo_qa, closed, "critical")

    def test_a_proposal_lapses_when_another_class_is_given(self, investigated, cdmo_qa, cdmo_quality_head):
        make.reclassify(cdmo_qa, investigated, "minor")
        proposed = only(cdmo_qa, Reclassification)
        found = make.reclassify(cdmo_qa, investigated, "critical")
        signing.make_signer(cdmo_quality_head, cast.CDMO)
        with pytest.raises(InvalidTransition, match="propose it anew"):
            signing.sign(cdmo_quality_head, proposed, Meaning.APPROVED, kind="reclassification")
        assert drives(found) == "critical"

    def test_what_was_proposed_and_settled_is_never_changed(self, investigated, cdmo_qa):
        make.reclassify(cdmo_qa, investigated, "minor")

        @action("test.rewrite")
        def rewrite(actor):
            Reclassification.objects.visible_to(actor).update(classification="critical")

        with pytest.raises(DatabaseError, match="permission denied"):
            rewrite(cdmo_qa)


def all_that(key, deviation):
    """Everything that a person can read of the program: rows of every table, chains, lists, history."""
    actor = member(key)
    models = [each for each in apps.get_models() if hasattr(getattr(each, "objects", None), "visible_to")]
    chains = {
        "chain": entries_of(cast.PROGRAM, "shared"),
        "own chain": entries_of(cast.PROGRAM, str(actor.side(cast.PROGRAM))),
    }
    with reading(actor):
        rows = {
            model.__name__: sorted(map(str, model.objects.visible_to(actor).values_list()))
            for model in models
        }
        return {
            **chains,
            **rows,
            "whole": str(represent_deviation(actor, deviation.pk)),
            "list": str(represent_list(actor, list(Deviation.objects.visible_to(actor)))),
            "history": str(history(actor, deviation.pk)),
            "waiting": str(deviations_waiting(actor)),
        }


HEADS = {"manufacturer": "cdmo_quality_head", "sponsor": "sponsor_quality_head"}
OTHERS = {
    "manufacturer": ("sponsor_quality_head", "sponsor_qa", "sponsor_viewer"),
    "sponsor": ("cdmo_quality_head", "cdmo_qa"),
}


class TestConfirmedClass:
    @pytest.mark.parametrize("side", ["manufacturer", "sponsor"])
    def test_before_both_are_in_the_other_side_reads_what_it_read_before(self, investigated, cdmo_qa, side):
        found = make.submit(cdmo_qa, investigated)
        before = {key: all_that(key, found) for key in OTHERS[side]}
        given = make.confirm_class(member(HEADS[side]), found, "critical")
        assert given.version == found.version
        sweep(found)
        for key, seen in before.items():
            after = all_that(key, found)
            assert {name for name in seen if seen[name] != after[name]} == set()
        own = only(member(HEADS[side]), Judgement, kind="blind")
        assert (own.audience, own.classification) == (side, "critical")
        assert "confirm_class" not in steps(member(HEADS[side]), found)
        with pytest.raises(InvalidTransition, match="given once"):
            make.confirm_class(member(HEADS[side]), found, "major")

    def test_the_clocks_of_both_sides_run_from_the_report_and_show_nobody_who_has_given(
        self, investigated, cdmo_qa, sponsor_qa
    ):
        found = make.submit(cdmo_qa, investigated)

        def states():
            rows = seen_by(sponsor_qa, Clock, subject_id=found.pk, kind="confirmed_class")
            return sorted((str(each.side), str(each.state)) for each in rows)

        both = [("manufacturer", "running"), ("sponsor", "running")]
        assert states() == both
        make.confirm_class(member("cdmo_quality_head"), found)
        sweep(found)
        assert states() == both
        make.confirm_class(member("sponsor_quality_head"), found)
        assert states() == both
        sweep(found)
        assert states() == [("manufacturer", "met"), ("sponsor", "met")]

    def test_the_same_class_from_both_holds_as_confirmed(self, investigated, cdmo_qa, sponsor_qa):
        for each in HEADS.values():
            make.confirm_class(member(each), investigated)
        found = sweep(investigated)
        assert (found.class_standing, drives(found)) == ("agreed", "major")
        seen = sorted((str(each.kind), str(each.side)) for each in seen_by(sponsor_qa, Judgement))
        assert seen == [
            ("blind", "manufacturer"),
            ("blind", "sponsor"),
            ("confirmed", "shared"),
            ("provisional", "manufacturer"),
        ]
        assert not {"confirm_class", "reclassify", "decide_class"} & set(steps(cdmo_qa, found))
        with pytest.raises(InvalidTransition, match="one side changes it no more"):
            make.reclassify(cdmo_qa, found, "critical")
        again = sweep(found)
        assert again.version == found.version

    def test_of_different_ones_the_stricter_holds_until_both_heads_have_decided(
        self, investigated, cdmo_qa, sponsor_qa, rival_sponsor_qa
    ):
        make.confirm_class(member("cdmo_quality_head"), investigated, "major")
        make.confirm_class(member("sponsor_quality_head"), investigated, "critical")
        found = sweep(investigated)
        assert (found.class_standing, drives(found)) == ("differs", "critical")
        clock = only(sponsor_qa, Clock, subject_id=found.pk, kind="class_disagreement")
        assert clock.inputs["classification"] == "critical"
        asked = [each for each in seen_by(SWEEP, Alert) if each.kind == "class.differs"]
        assert sorted(str(each.side) for each in asked) == ["manufacturer", "sponsor"]
        done = make.concur(cdmo_qa, make.approve(cdmo_qa, make.submit(cdmo_qa, found)))
        with pytest.raises(ClassUnsettled):
            make.close(cdmo_qa, done)
        found = make.decide_class(member("cdmo_quality_head"), done, "major")
        assert drives(found) == "critical"
        found = make.decide_class(member("sponsor_quality_head"), found, "critical")
        found = make.decide_class(member("cdmo_quality_head"), found, "critical")
        assert (found.class_standing, drives(found)) == ("decided", "critical")
        kept = only(sponsor_qa, Precedent)
        assert (kept.manufacturer_class, kept.sponsor_class, kept.classification) == (
            "major",
            "critical",
            "critical",
        )
        assert only(sponsor_qa, Clock, pk=clock.pk).state == "met"
        assert seen_by(rival_sponsor_qa, Precedent) == []
        assert make.close(cdmo_qa, found).state == "closed"

    def test_a_precedent_is_shown_when_the_next_class_is_given(self, investigated, cdmo_qa):
        make.confirm_class(member("cdmo_quality_head"), investigated, "major")
        make.confirm_class(member("sponsor_quality_head"), investigated, "critical")
        found = sweep(investigated)
        for each in HEADS.values():
            found = make.decide_class(member(each), found, "critical")
        following = make.report(cdmo_qa)
        with reading(cdmo_qa):
            (shown,) = deviation_detail(cdmo_qa, following.pk).judging.precedents
        assert str(shown.text).startswith("Growth with a breach")

    def test_who_sits_on_both_sides_gives_none_and_a_clause_has_to_ask(self, investigated, cdmo_qa):
        head = member("cdmo_quality_head")
        seats = (
            *head.seats[cast.PROGRAM],
            Seat(cast.PROGRAM, Side.SPONSOR, frozenset({"quality_head"}), "Both 01"),
        )
        with pytest.raises(Refused, match="both sides"):
            make.confirm_class(replace(head, seats={cast.PROGRAM: seats}), investigated)
        minor = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa), "minor"))
        with pytest.raises(InvalidTransition, match="No clause asks"):
            make.confirm_class(head, make.investigate(cdmo_qa, minor), "major")

    def test_where_the_clause_is_not_blind_each_word_is_read_at_once(self, running, cdmo_qa, sponsor_qa):
        by = ("manufacturer.quality_head", "sponsor.quality_head")
        rule = JudgementRule(judgement="confirmed_class", by=by, classification=("major",))
        agree(Clause("5.6", "quality_unit", "Openly", "Openly.", (rule,)))
        found = make.triage(cdmo_qa, make.report(cdmo_qa, batch_id=running.pk))
        found = make.investigate(cdmo_qa, make.release(cdmo_qa, found))
        make.confirm_class(member("cdmo_quality_head"), found)
        assert only(sponsor_qa, Judgement, kind="blind").classification == "major"

    def test_as_of_a_time_before_the_opening_the_other_sides_word_is_not_there(
        self, investigated, sponsor_qa
    ):
        make.confirm_class(member("cdmo_quality_head"), investigated, "critical")
        between = make.now()
        make.confirm_class(member("sponsor_quality_head"), investigated)
        sweep(investigated)
        with reading(sponsor_qa):
            then = deviation_then(sponsor_qa, investigated.pk, between)
            now = deviation_then(sponsor_qa, investigated.pk, make.now())
        assert [str(each.kind) for each in then.judgements] == ["provisional"]
        assert (then.classification, now.classification) == ("major", "critical")

    def test_the_looks_of_the_system_stand_in_no_list_of_deadlines(self, investigated, cdmo_quality_head):
        make.confirm_class(cdmo_quality_head, investigated)
        with reading(cdmo_quality_head):
            clocks = deviation_detail(cdmo_quality_head, investigated.pk).clocks
        assert OPENING_LOOK not in {each.kind for each in clocks}
        assert {each.audience for each in seen_by(SWEEP, ClockMove, clock__kind=OPENING_LOOK)} == {
            "manufacturer"
        }


class TestTies:
    def test_a_link_to_what_the_sponsor_does_not_know_leaves_no_trace_until_it_does(
        self, investigated, cdmo_qa, sponsor_qa, rival_sponsor_qa
    ):
        other = make.triage(cdmo_qa, make.report(cdmo_qa))
        before = all_that("sponsor_qa", investigated)
        linked = make.link(cdmo_qa, investigated, other.pk)
        assert linked.version == investigated.version
        after = all_that("sponsor_qa", investigated)
        assert {name for name in before if before[name] != after[name]} == set()
        make.release(cdmo_qa, make.again(other))
        (tie,) = seen_by(sponsor_qa, DeviationTie)
        assert (tie.kind, tie.other_id, str(tie.because)) == ("linked", other.pk, "The same valve.")
        assert seen_by(rival_sponsor_qa, DeviationTie) == []

    def test_one_that_is_merged_keeps_its_own_clocks_and_its_own_end(self, investigated, cdmo_qa, sponsor_qa):
        child = make.investigate(
            cdmo_qa, make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa), "minor"))
        )
        before = {each.pk: each.version for each in seen_by(sponsor_qa, Clock, subject_id=child.pk)}
        merged = make.merge(cdmo_qa, child, investigated.pk)
        assert (merged.state, merged.version) == ("under_investigation", child.version + 1)
        assert {each.pk: each.version for each in seen_by(sponsor_qa, Clock, subject_id=child.pk)} == before
        assert "merge" not in steps(cdmo_qa, merged)
        third = make.triage(cdmo_qa, make.report(cdmo_qa))
        for one, into in ((merged, third), (third, merged)):
            with pytest.raises(Conflict):
                make.merge(cdmo_qa, one, into.pk)
        with pytest.raises(Conflict, match="tied already"):
            make.link(cdmo_qa, make.again(investigated), merged.pk)
        assert make.close(cdmo_qa, merged).state == "closed"
        assert make.again(investigated).state == "under_investigation"

    def test_nothing_is_merged_into_what_has_ended_nor_tied_across_programs(self, investigated, cdmo_qa):
        closed = make.in_state("closed", cdmo_qa)
        with pytest.raises(InvalidTransition, match="has ended"):
            make.merge(cdmo_qa, investigated, closed.pk)
        found = make.link(cdmo_qa, investigated, closed.pk)
        elsewhere = make.report(cdmo_qa, cast.SECOND_PROGRAM)
        for each in (elsewhere.pk, investigated.pk):
            with pytest.raises(NotFound, match="no such other"):
                make.link(cdmo_qa, found, each)


def test_a_risk_form_stays_with_its_side_and_changes_nothing_that_both_read(
    investigated, cdmo_qa, sponsor_qa
):
    before = all_that("sponsor_qa", investigated)
    found = make.assess_risk(cdmo_qa, investigated)
    assert found.version == investigated.version
    after = all_that("sponsor_qa", investigated)
    assert {name for name in before if before[name] != after[name]} == set()
    make.assess_risk(sponsor_qa, investigated, severity=2)
    (own,) = seen_by(cdmo_qa, RiskForm, about_id=found.pk)
    assert (own.audience, own.severity) == ("manufacturer", 4)
    with pytest.raises(Invalid):
        make.assess_risk(cdmo_qa, investigated, severity=6)


def test_hints_say_what_speaks_for_a_criterion_and_give_no_class(cdmo_qa):
    patient = batches.batch(number="P-1", is_patient_lot=True)
    found = make.report(cdmo_qa, batch_id=patient.pk, triggers=["data_integrity"])
    with reading(cdmo_qa):
        detail = deviation_detail(cdmo_qa, found.pk)
    assert [str(each.criterion) for each in detail.judging.hints] == ["patient", "data_integrity"]
    assert detail.classification is None


def test_what_was_planned_before_it_was_done_is_led_to_change_control(cdmo_qa):
    with pytest.raises(PlannedDeparture, match="as a temporary change") as refused:
        make.report(cdmo_qa, planned=True)
    assert (refused.value.status, list(refused.value.errors)) == (400, ["planned"])
    assert seen_by(cdmo_qa, Deviation) == []


def test_every_topic_has_its_words():
    assert {len(topics_of(each)) for each in Modality.values} == {12}


def test_it_is_judged_from_the_page_and_taken_away_with_the_record(investigated, signed_in, api, cdmo_qa):
    cdmo, sponsor = signed_in("cdmo_qa"), signed_in("sponsor_qa")
    other = batches.batch(number="B-2418")

    def take(client, step, **given):
        found = make.again(investigated)
        answer = client.post(f"/deviations/{found.pk}/{step}/", {"version": found.version, **given})
        assert answer.status_code == 303, answer.content.decode()
        return client.get(f"/deviations/{found.pk}/").content.decode()

    assert "each other batch first: B-2418" in take(
        cdmo, "name_batch", batch_id=other.pk, because="Same valve."
    )
    candidate = only(cdmo_qa, ScopeCandidate)
    take(cdmo, "decide_batch", candidate=candidate.pk, outcome="excluded", because="Another vessel.")
    said = {f"verdict_{topic}": "none" for topic in topics_of("sterile")}
    said |= {f"text_{topic}": f"Not touched: {topic}." for topic in topics_of("sterile")}
    page = take(
        cdmo, "conclude_impact", modality="sterile", conclusion="Nothing that matters is touched.", **said
    )
    assert "Not touched: media_fill." in page
    take(cdmo, "reclassify", classification="critical", rationale=make.RATIONALE)
    risk = {"hazard": "It happens again.", "severity": 2, "likelihood": 2, "detectability": 2}
    risk |= {"decision_maker": "Head", "formality": "low", "formality_why": "A small matter of ours."}
    assert "It happens again." in take(cdmo, "assess_risk", **risk)
    page = sponsor.get(f"/deviations/{investigated.pk}/").content.decode()
    assert "Another vessel." in page
    assert "It happens again." not in page
    bad = cdmo.post(f"/deviations/{investigated.pk}/conclude_impact/", {"modality": "sterile", "version": 1})
    assert (bad.status_code, "Conclusion on the impact" in bad.content.decode()) == (400, True)
    assert (
        signed_in("rival_sponsor_qa")
        .post(f"/deviations/{investigated.pk}/conclude_impact/", {"modality": "sterile", "version": 1})
        .status_code
        == 404
    )
    at = make.now().isoformat().replace("+", "%2B")
    for key, has_risk in (("sponsor_system", False), ("cdmo_system", True)):
        shown = api(key).get(f"/api/v1/deviations/{investigated.pk}/").json()["judging"]
        then = api(key).get(f"/api/v1/deviations/{investigated.pk}/?as_of={at}").json()["judging"]
        assert [each["number"] for each in shown["other_batches"]] == ["B-2418"]
        assert (shown["risk"] is not None) == has_risk
        for name in ("impact_assessments", "other_batches", "ties", "lower_class_proposals", "risk"):
            assert then[name] == shown[name]
