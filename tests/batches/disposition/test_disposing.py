"""A batch is disposed of in named steps, each signed, in their order."""

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection

from batches.access import get_batch
from batches.actions.disposing import _decide, decide_disposition
from batches.actions.holds import lift_batch_hold, place_batch_hold
from batches.actions.results import record_result
from batches.disposition.plan import chain, plan_of
from batches.disposition.signing import Word, needs_answer
from batches.disposition.states import Decision
from batches.errors import Blocked, NotItsTurn
from batches.models import Disposition, Lot
from batches.queries.countdown import countdown_of
from batches.queries.disposition import Standing, disposition_of
from batches.slots import BatchDeviation, facts_of
from batches.specs import ParameterSpec
from batches.states import DataKind, ParameterKind
from deviations.actions.investigate import investigate_deviation
from portal.action import reading
from portal.actor import Side
from portal.agreements.terms import default_terms
from portal.errors import Invalid, NotFound, Refused, StaleVersion
from portal.models import Signature
from portal.proving import Proof
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast, deviations, lots
from tests.factories.disposing import WHY, as_role, complete, decide, review, shown
from tests.factories.signing import fresh, make_signer

LATER = timedelta(hours=3)


@pytest.fixture
def heads(database, cdmo_quality_head, sponsor_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    make_signer(sponsor_quality_head, cast.ARVO)
    return cdmo_quality_head, sponsor_quality_head


@pytest.fixture
def batch(heads, cdmo_qa, sponsor_qa):
    """Complete, reviewed by both sides, with a lot in quarantine."""
    made = make.batch(number="B-7")
    lots.product(made, released=False)
    complete(cdmo_qa, made)
    review(cdmo_qa, made)
    review(sponsor_qa, made)
    return made


def lot_states(actor):
    with reading(actor):
        return list(Lot.objects.visible_to(actor).order_by("number").values_list("state", flat=True))


def words(actor, batch):
    with reading(actor):
        return facts_of(actor, [batch.pk])[batch.pk].disposition


def blocks(actor, batch):
    with reading(actor):
        return [each.kind for each in disposition_of(actor, get_batch(actor, batch.pk)).blocks]


def test_both_quality_units_and_the_qualified_person_sign_in_turn_and_the_lot_follows(
    batch, heads, sponsor_qa
):
    cdmo, sponsor = heads
    with pytest.raises(NotItsTurn, match="waits for the steps before it"):
        shown(sponsor, batch, step="sponsor", decision="released")
    given = decide(cdmo, batch, "cdmo", "released")
    assert (given.clause, given.decided_code) == ("8.4", "Quality head 01")
    assert lot_states(cdmo) == ["quarantine"]
    decide(sponsor, batch, "sponsor", "released")
    # For the European Union nobody has certified it yet.
    assert lot_states(cdmo) == ["restricted"]
    assert words(sponsor_qa, batch) == "Sponsor disposition: released"
    qp = as_role(sponsor, Side.SPONSOR, "qp")
    decide(qp, batch, "qp_certification", "certified", market="EU")
    assert lot_states(cdmo) == ["released"]
    with reading(sponsor):
        signed = Signature.objects.visible_to(sponsor).filter(subject_type="disposition")
        assert sorted(signed.values_list("meaning", flat=True)) == ["approved", "approved", "certified"]
    facts = [name for name, _ in make.facts(batch)]
    assert facts.count("batch.disposition_decided") == 3


def test_rejected_is_final_and_both_reject_in_their_own_name(batch, heads):
    cdmo, sponsor = heads
    decide(cdmo, batch, "cdmo", "rejected")
    assert lot_states(cdmo) == ["rejected"]
    with pytest.raises(NotItsTurn, match="final"):
        shown(cdmo, batch, step="cdmo", decision="released")
    with pytest.raises(Invalid):
        shown(sponsor, batch, step="sponsor", decision="released")
    decide(sponsor, batch, "sponsor", "rejected")
    assert words(sponsor, batch) == "CDMO batch disposition: rejected"
    with pytest.raises(NotItsTurn):
        shown(sponsor, batch, step="sponsor", decision="rejected")
    with reading(sponsor):
        assert disposition_of(sponsor, get_batch(sponsor, batch.pk)).next is None


def test_a_step_is_for_the_roles_of_its_clause(batch, heads, cdmo_qa, rival_sponsor_qa):
    make_signer(cdmo_qa, cast.CDMO)
    assert shown(cdmo_qa, batch, step="cdmo", decision="released").meanings == []
    with pytest.raises(Refused, match="quality head"):
        decide(cdmo_qa, batch, "cdmo", "released")
    with pytest.raises(Refused):
        decide(heads[1], batch, "cdmo", "released")
    with pytest.raises(NotFound):
        shown(rival_sponsor_qa, batch, step="cdmo", decision="released")


def test_what_is_signed_is_what_was_shown(batch, heads, cdmo_qa):
    digest = shown(heads[0], batch, step="cdmo", decision="released").digest
    given = {"step": "cdmo", "decision": "released", "digest": digest}
    with pytest.raises(StaleVersion):
        fresh(lambda **p: decide_disposition(heads[0], batch.pk, reason=WHY + " Or not.", **given, **p))
    with reading(cdmo_qa):
        assert not Disposition.objects.visible_to(cdmo_qa).exists()


def test_a_standing_hold_blocks_and_is_named(batch, heads, cdmo_qa):
    hold = place_batch_hold(cdmo_qa, batch.pk, kind="status", reason="Label of the bag does not match.")
    with pytest.raises(Blocked, match="Label of the bag"):
        shown(heads[0], batch, step="cdmo", decision="released")
    # A hold is an exception of the record, so the record has changed since it was reviewed.
    assert blocks(cdmo_qa, batch) == ["hold", "review_cdmo", "review_sponsor"]
    lift_batch_hold(cdmo_qa, hold.pk, version=1, reason="The label was read wrongly.")
    review(cdmo_qa, batch)
    decide(heads[0], batch, "cdmo", "released")


def test_an_open_major_deviation_blocks_by_its_clause_until_it_is_over(batch, heads, cdmo_qa, sponsor_qa):
    found = deviations.report(cdmo_qa, batch_id=batch.pk)
    assert "unclassified" in blocks(cdmo_qa, batch)
    # What the sponsor has not been told of says nothing to it.
    assert blocks(sponsor_qa, batch) == []
    found = deviations.release(cdmo_qa, deviations.triage(cdmo_qa, found))
    with pytest.raises(Blocked, match=f"{found.number} is open.*8.1"):
        shown(heads[0], batch, step="cdmo", decision="released")
    with reading(sponsor_qa):
        standing = disposition_of(sponsor_qa, get_batch(sponsor_qa, batch.pk))
        counted = countdown_of(sponsor_qa, standing, make.now())
    assert found.number in [each.item.words for each in counted.lines]
    assert [each.item.code.partition(":")[0] for each in counted.path][-1] == "qp_certification"
    found = investigate_deviation(cdmo_qa, found.pk, version=found.version)
    deviations.finish(cdmo_qa, found)
    assert blocks(cdmo_qa, batch) == ["review_cdmo", "review_sponsor"]


def test_rejecting_waits_for_nothing(heads, cdmo_qa):
    running = make.batch(number="B-8")
    assert "running" in blocks(cdmo_qa, running)
    with pytest.raises(Blocked, match="not complete"):
        shown(heads[0], running, step="cdmo", decision="released")
    decide(heads[0], running, "cdmo", "rejected")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"step": "nothing"}, "step"),
        ({"decision": "certified"}, "decision"),
        ({"reason": "Fine."}, "reason"),
        ({"step": "qp_certification", "market": "US"}, "step"),
    ],
)
def test_what_is_missing_is_named(batch, heads, given, field):
    with pytest.raises(Invalid) as refused:
        shown(heads[0], batch, **{"step": "cdmo", "decision": "released"} | given)
    assert list(refused.value.errors) == [field]


def test_a_restriction_names_markets_and_a_condition_says_what_has_to_be_fulfilled(batch, heads):
    cdmo, sponsor = heads
    decide(cdmo, batch, "cdmo", "released")
    for decision, field in (("restricted", "markets"), ("conditional", "condition")):
        with pytest.raises(Invalid) as refused:
            shown(sponsor, batch, step="sponsor", decision=decision)
        assert list(refused.value.errors) == [field]
    decide(sponsor, batch, "sponsor", "conditional", condition="Sterility on day 14 without growth.")
    assert lot_states(cdmo) == ["restricted"]
    decide(sponsor, batch, "sponsor", "restricted", markets=("US",))
    assert words(cdmo, batch) == "Sponsor disposition: restricted to markets"
    with pytest.raises(NotItsTurn, match="falls away"):
        shown(
            as_role(sponsor, Side.SPONSOR, "qp"),
            batch,
            step="qp_certification",
            market="EU",
            decision="certified",
        )


def test_reprocessing_asks_the_manufacturer_anew(batch, heads):
    cdmo, sponsor = heads
    decide(cdmo, batch, "cdmo", "released")
    decide(sponsor, batch, "sponsor", "reprocess")
    assert lot_states(cdmo) == ["on_hold"]
    with pytest.raises(NotItsTurn):
        shown(sponsor, batch, step="sponsor", decision="released")
    decide(cdmo, batch, "cdmo", "released")
    decide(sponsor, batch, "sponsor", "released")
    with reading(cdmo):
        states = Disposition.objects.visible_to(cdmo).order_by("decided_at").values_list("state", flat=True)
        assert list(states) == ["followed", "followed", "standing", "standing"]


def test_a_qualified_person_answers_for_what_happened_before_and_what_was_known_is_not_unexpected(
    batch, heads, cdmo_qa
):
    cdmo, sponsor = heads
    decide(cdmo, batch, "cdmo", "released")
    decide(sponsor, batch, "sponsor", "released")
    qp = as_role(sponsor, Side.SPONSOR, "qp")
    at = make.now() - timedelta(days=3)
    found = deviations.report(
        cdmo_qa, batch_id=batch.pk, occurred_at=at, detected_at=at, late_reason="Found in the review."
    )
    deviations.release(cdmo_qa, deviations.triage(cdmo_qa, found, "minor"))
    certify = {"step": "qp_certification", "decision": "certified", "market": "EU"}
    with pytest.raises(Blocked, match="before manufacture began"):
        shown(qp, batch, **certify)


def test_who_certifies_answers_for_what_happened_before():
    found = BatchDeviation(
        *(uuid4(), "DEV-2", "Title", "Closed", False, None, "shared", make.now(), None, "/"),
        recurs_as=("DEV-1",),
    )
    plan = plan_of(default_terms(), out_of_specification=False)
    links = chain(plan, [])
    standing = Standing(None, None, links, [], [], [found], [])
    asked = [needs_answer(standing, each) for each in links]
    assert asked == [False, False, True]
    assert not needs_answer(standing, links[-1], Decision.REJECTED)
    assert not needs_answer(replace(standing, deviations=[replace(found, recurs_as=())]), links[-1])


def measured():
    return (
        ParameterSpec(
            "RELVIAB",
            "Viability",
            "%",
            ParameterKind.CQA,
            data_kind=DataKind.LAB,
            expected_interval_s=86_400,
            limits=(make.limit("spec", low=70),),
        ),
    )


@pytest.fixture
def patient_lot(heads, cdmo_qa):
    made = make.batch(number="P-1", of=make.recipe(measured=measured()), is_patient_lot=True)
    assert "result" in blocks(cdmo_qa, made)
    record_result(
        cdmo_qa, made.pk, parameter="RELVIAB", sample="S-1", value=Decimal("68.2"), sampled_at=make.now()
    )
    lots.product(made, released=False)
    complete(cdmo_qa, made)
    return made


def test_a_patient_lot_out_of_specification_is_supplied_at_the_physicians_request_and_never_released(
    patient_lot, heads, sponsor_qa
):
    cdmo, sponsor = heads
    qp = as_role(cdmo, Side.MANUFACTURER, "qp")
    with pytest.raises(Invalid, match="no such step"):
        shown(cdmo, patient_lot, step="cdmo", decision="released")
    with pytest.raises(NotItsTurn):
        shown(sponsor, patient_lot, step="supply", decision="supplied")
    make_signer(sponsor_qa, cast.ARVO)
    decide(sponsor_qa, patient_lot, "physician_request", "recorded")
    decide(qp, patient_lot, "risk_evaluation", "recorded")
    decide(sponsor, patient_lot, "physician_acceptance", "recorded")
    decide(sponsor, patient_lot, "supply", "supplied")
    assert words(sponsor_qa, patient_lot) == "supplied out of specification at the physician's request"
    assert lot_states(cdmo) == ["restricted"]


def test_a_batch_out_of_specification_that_nobody_waits_for_is_not_released(heads, cdmo_qa, sponsor_qa):
    made = make.batch(number="B-9", of=make.recipe(measured=measured()))
    record_result(
        cdmo_qa, made.pk, parameter="RELVIAB", sample="S-1", value=Decimal("68.2"), sampled_at=make.now()
    )
    complete(cdmo_qa, made)
    review(cdmo_qa, made)
    with pytest.raises(Blocked, match="outside its specification"):
        shown(heads[0], made, step="cdmo", decision="released")


def test_two_decisions_at_once_leave_exactly_one(own_database):
    head = actor("cdmo_quality_head")
    make_signer(head, cast.CDMO)
    batch = make.batch(number="B-7")
    word = Word("cdmo", "rejected", WHY)
    digest = shown(head, batch, step=word.step, decision=word.decision).digest
    outcomes, barrier = [], threading.Barrier(2)

    def go(counter):
        proof = Proof(head.person_id, (counter,), make.now())
        barrier.wait()
        try:
            _decide(head, proof, batch.pk, stated=word, digest=digest)
            outcomes.append("taken")
        except NotItsTurn as error:
            outcomes.append(error.problem_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(place,)) for place in (1, 2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["not_its_turn", "taken"]
    with reading(head):
        assert Disposition.objects.visible_to(head).filter(batch=batch).count() == 1
