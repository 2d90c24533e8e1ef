"""CAPA: planned by one side, approved and judged by others than who worked, read as shared by the other."""

from datetime import timedelta

import pytest

from deviations.actions.capa.deciding import decide_capa
from deviations.actions.capa.planning import carry_capa, link_deviation
from deviations.actions.capa.watching import collect_effectiveness
from deviations.actions.capa.working import give_measure_back, share_capa
from deviations.models import (
    Capa,
    CapaKin,
    CapaLink,
    CapaPlan,
    EffectivenessData,
    Measure,
    RiskForm,
)
from deviations.queries.capa import capa_detail, capas_waiting, count_capas, list_capas
from portal.action import reading
from portal.actions.clocks import extend_clock
from portal.actor import system_actor
from portal.errors import DomainError
from portal.models import Attachment, Clock, Signature
from tests.conftest import entries_of, head_of
from tests.deviations.conftest import seen_by
from tests.factories import capa as capas
from tests.factories import cast, signing
from tests.factories import deviations as make
from tests.factories.alerts import facts_of


@pytest.fixture
def signers(database, cdmo_qa, cdmo_quality_head):
    for person in (cdmo_qa, cdmo_quality_head):
        signing.make_signer(person, cast.CDMO)


@pytest.fixture
def released(database, cdmo_qa):
    triaged = make.triage(cdmo_qa, make.report(cdmo_qa), "minor")
    return make.investigate(cdmo_qa, make.release(cdmo_qa, triaged))


@pytest.fixture
def outside(sponsor_qa, rival_sponsor_qa):
    """The client, and the client of another program at the same manufacturer."""
    return sponsor_qa, rival_sponsor_qa


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


def names(program=cast.PROGRAM, audience="manufacturer", *, after=0):
    return [name for name, _payload in facts_of(program, audience, after=after)]


def clocks(row, kind="capa"):
    watcher = system_actor("watchdog", row.space_id)
    with reading(watcher):
        return list(Clock.objects.visible_to(watcher).filter(subject_id=row.pk, kind=kind))


def sweep(capa):
    """What the sweep does with the window of a CAPA, if it is due."""
    (window,) = clocks(capa, "effectiveness_window")
    return collect_effectiveness(system_actor("sweep", capa.space_id), window.pk)


def test_a_plan_is_known_to_its_own_side_alone(database, cdmo_qa, sponsor_qa, rival_sponsor_qa):
    shared = head_of(cast.PROGRAM)
    capa = capas.whole(cdmo_qa)
    assert (capa.number[-4:], capa.audience, capa.state) == ("0001", "manufacturer", "planned")
    for model in (Capa, Measure, CapaPlan, RiskForm):
        assert seen_by(sponsor_qa, model) == seen_by(rival_sponsor_qa, model) == []
    assert entries_of(cast.PROGRAM, after=shared) == []
    assert names() == ["capa.planned", *["capa.changed"] * 3]


def test_each_side_draws_its_own_numbers(database, cdmo_qa, sponsor_qa):
    capas.plan(cdmo_qa)
    theirs = capas.plan(sponsor_qa)
    assert theirs.number.split("-")[2] == "S0001"
    assert capas.plan(cdmo_qa).number.split("-")[2] == "0002"
    assert seen_by(cdmo_qa, Capa, side="sponsor") == []


def test_a_plan_without_check_or_risk_form_is_not_approved(database, cdmo_qa):
    capa = capas.plan(cdmo_qa)
    assert refusal(capas.decide, cdmo_qa, capa) == "invalid"
    capas.measure(cdmo_qa, capa)
    with pytest.raises(DomainError) as refused:
        capas.decide(cdmo_qa, capa)
    assert sorted(refused.value.errors) == ["check", "risk"]


def test_a_correction_alone_needs_neither(database, cdmo_qa, cdmo_quality_head):
    capa = capas.approved(cdmo_qa, cdmo_quality_head, kinds=["correction"])
    (only,) = capas.measures(capa)
    capas.verify(cdmo_quality_head, capas.do(cdmo_qa, only))
    assert capas.again(capa).state == "completed"


def test_who_planned_does_not_approve(signers, cdmo_qa, cdmo_quality_head):
    decision = capas.decide(cdmo_quality_head, capas.whole(cdmo_qa))
    assert refusal(capas.sign, cdmo_qa, decision) == "own_work"
    capas.sign(cdmo_quality_head, decision)
    assert seen_by(cdmo_qa, Capa)[0].state == "approved"


def test_a_newer_decision_takes_the_place_of_an_unsigned_one(database, cdmo_qa, cdmo_quality_head):
    capa = capas.whole(cdmo_qa)
    first = capas.decide(cdmo_quality_head, capa)
    capas.settle(cdmo_quality_head, capas.decide(cdmo_quality_head, capa, "cancel"))
    assert refusal(capas.settle, cdmo_quality_head, first) == "invalid_transition"
    assert capas.again(capa).state == "cancelled"


def test_approval_starts_the_clock_of_the_clause_or_the_stated_one_if_earlier(
    database, cdmo_qa, cdmo_quality_head
):
    capa = capas.whole(cdmo_qa)
    late = capas.measure(cdmo_qa, capa, "preventive", days=200)
    capas.settle(cdmo_quality_head, capas.decide(cdmo_quality_head, capa))
    soon = capas.measures(capa)[0]
    ((first,), (second,)) = clocks(soon), clocks(late)
    assert first.due_at == soon.due_at
    assert timedelta(days=88) < second.due_at - make.now() < timedelta(days=91)
    assert {(each.clause, each.side, each.audience) for each in (first, second)} == {
        ("6.3", "manufacturer", "manufacturer")
    }


def test_what_comes_from_a_disclosed_deviation_is_shared_at_approval(
    released, cdmo_qa, cdmo_quality_head, outside
):
    sponsor_qa, rival_sponsor_qa = outside
    inside = make.report(cdmo_qa, title="Vessel temperature, not told yet")
    shared = head_of(cast.PROGRAM)
    capa = capas.approved(cdmo_qa, cdmo_quality_head, deviations=[released, inside])
    assert names(audience="shared", after=shared) == ["capa.shared"]
    with reading(sponsor_qa):
        found = capa_detail(sponsor_qa, capa.pk)
    assert (str(found.capa.title), str(found.capa.scope)) == (capas.TITLE, capas.SCOPE)
    assert [each.pk for each in found.deviations] == [released.pk]
    assert (found.plan, found.risk, found.decisions, found.kin, found.steps) == (None, None, [], [], [])
    assert [each.clock is not None for each in found.measures] == [True]
    assert [link.deviation_id for link in seen_by(sponsor_qa, CapaLink)] == [released.pk]
    assert refusal(read, rival_sponsor_qa, capa) == "not_found"


def read(who, capa):
    with reading(who):
        return capa_detail(who, capa.pk)


def test_what_comes_from_an_undisclosed_one_stays_until_it_is_shared(
    database, cdmo_qa, cdmo_quality_head, sponsor_qa
):
    capa = capas.approved(cdmo_qa, cdmo_quality_head, deviations=[make.report(cdmo_qa)])
    assert seen_by(sponsor_qa, Capa) == []
    assert refusal(share_capa, sponsor_qa, capa.pk, version=capa.version) == "not_found"
    share_capa(cdmo_qa, capa.pk, version=capa.version)
    assert [each.pk for each in seen_by(sponsor_qa, Capa)] == [capa.pk]
    assert seen_by(sponsor_qa, CapaLink) == []


def test_evidence_becomes_readable_with_the_capa(database, cdmo_qa, cdmo_quality_head, sponsor_qa):
    capa = capas.approved(cdmo_qa, cdmo_quality_head)
    (one,) = capas.measures(capa)
    make.attach(cdmo_qa, one, name="work order.png")
    assert seen_by(sponsor_qa, Attachment) == []
    share_capa(cdmo_qa, capa.pk, version=capas.again(capa).version)
    assert [str(each.name) for each in seen_by(sponsor_qa, Attachment)] == ["work order.png"]


def test_a_measure_is_verified_by_another_person(database, cdmo_qa, cdmo_quality_head):
    capa = capas.approved(cdmo_qa, cdmo_quality_head)
    (one,) = capas.measures(capa)
    done = capas.do(cdmo_qa, one)
    assert refusal(capas.verify, cdmo_qa, done) == "own_work"
    opened = give_measure_back(
        cdmo_quality_head, one.pk, reason="The work order is not closed.", version=done.version
    )
    assert (opened.state, clocks(one)[0].state) == ("open", "running")
    verified = capas.verify(cdmo_quality_head, capas.do(cdmo_qa, opened))
    assert (verified.state, clocks(one)[0].state) == ("verified", "met")
    assert refusal(capas.do, cdmo_qa, verified) == "invalid_transition"


def test_the_other_side_works_on_none_of_it(released, cdmo_qa, cdmo_quality_head, sponsor_qa):
    capa = capas.approved(cdmo_qa, cdmo_quality_head, deviations=[released])
    (one,) = capas.measures(capa)
    assert refusal(capas.do, sponsor_qa, one) == "refused"
    assert refusal(capas.decide, sponsor_qa, capa, "cancel") == "refused"


def test_corrective_actions_wait_for_approval_and_corrections_do_not(database, cdmo_qa):
    capa = capas.whole(cdmo_qa, kinds=["correction", "corrective"])
    correction, corrective = capas.measures(capa)
    assert capas.do(cdmo_qa, correction).state == "done"
    assert refusal(capas.do, cdmo_qa, corrective) == "invalid_transition"


def test_a_deviation_does_not_close_with_an_open_correction(released, cdmo_qa, cdmo_quality_head):
    capa = capas.whole(cdmo_qa, deviations=[released], kinds=["correction", "preventive"])
    assert refusal(make.close, cdmo_qa, released) == "correction_open"
    correction = capas.do(cdmo_qa, capas.measures(capa)[0])
    assert refusal(make.close, cdmo_qa, released) == "correction_open"
    capas.verify(cdmo_quality_head, correction)
    assert make.close(cdmo_qa, released).state == "closed"
    assert capas.measures(capa)[1].state == "open"


def test_a_cancelled_capa_holds_no_deviation_open(released, cdmo_qa, cdmo_quality_head):
    capa = capas.whole(cdmo_qa, deviations=[released], kinds=["correction"])
    capas.settle(cdmo_quality_head, capas.decide(cdmo_quality_head, capa, "cancel"))
    assert make.close(cdmo_qa, released).state == "closed"


def test_an_extension_is_asked_before_the_due_date(clock, released, cdmo_qa, cdmo_quality_head):
    capa = capas.approved(cdmo_qa, cdmo_quality_head, deviations=[released])
    (one,) = capas.measures(capa)
    (first,) = clocks(one)
    later, why = first.due_at + timedelta(days=20), "The spare part arrives in week 50."
    longer = extend_clock(cdmo_qa, first.pk, due_at=later, reason=why, version=first.version)
    assert (longer.due_at, longer.extensions) == (later, 1)
    clock.move(timedelta(days=80))
    late = {"due_at": later + timedelta(days=5), "reason": why, "version": longer.version}
    assert refusal(extend_clock, cdmo_qa, first.pk, **late) == "invalid_transition"
    with reading(cdmo_qa):
        (item,) = [each for each in capas_waiting(cdmo_qa) if each.subject_id == one.pk]
    assert (item.due_at, item.due_at < make.now()) == (later, True)


def test_the_window_collects_by_itself_and_judges_nothing(
    clock, released, cdmo_qa, cdmo_quality_head, sponsor_qa
):
    capa = capas.monitored(cdmo_qa, cdmo_quality_head, deviations=[released])
    assert capa.state == "monitored"
    clock.move(timedelta(days=3))
    told = make.release(cdmo_qa, make.triage(cdmo_qa, make.report(cdmo_qa, title="Vessel TEMPERATURE again")))
    inside = make.report(cdmo_qa, title="Room temperature, not told")
    make.report(cdmo_qa, title="Label torn")
    assert sweep(capa) is None
    assert refusal(capas.decide, cdmo_quality_head, capa, "effective") == "invalid_transition"
    clock.move(timedelta(days=91))
    sweep(capa)
    rows = {each.audience: (each.found, each.numbers) for each in seen_by(cdmo_qa, EffectivenessData)}
    assert rows == {"manufacturer": (2, [told.number, inside.number]), "shared": (1, [told.number])}
    assert [each.audience for each in seen_by(sponsor_qa, EffectivenessData)] == ["shared"]
    assert capas.again(capa).state == "monitored"
    assert sweep(capa) is None


def test_a_window_of_batches_is_looked_at_before_its_days_are_over(
    database, clock, cdmo_qa, cdmo_quality_head
):
    capa = capas.whole(cdmo_qa)
    capas.check(cdmo_qa, capa, window_batches=5)
    capas.settle(cdmo_quality_head, capas.decide(cdmo_quality_head, capa))
    capas.verify(cdmo_quality_head, capas.do(cdmo_qa, capas.measures(capa)[0]))
    clock.move(timedelta(hours=13))
    looked = sweep(capa)
    assert (looked.state, looked.next_at > make.now()) == ("running", True)
    assert seen_by(cdmo_qa, EffectivenessData) == []


def judged(capa, clock, who, kind):
    clock.move(timedelta(days=91))
    sweep(capa)
    decision = capas.decide(who, capa, kind)
    capas.settle(who, decision)
    return capas.again(capa)


def test_a_judgement_is_signed_by_nobody_who_did_the_work(signers, clock, cdmo_qa, cdmo_quality_head):
    capa = capas.monitored(cdmo_qa, cdmo_quality_head)
    clock.move(timedelta(days=91))
    sweep(capa)
    decision = capas.decide(cdmo_qa, capa, "effective")
    assert refusal(capas.sign, cdmo_qa, decision) == "own_work"
    capas.sign(cdmo_quality_head, decision)
    assert capas.again(capa).state == "effective"
    assert clocks(capa, "effectiveness")[0].state == "met"


def test_not_effective_opens_a_new_linked_one(clock, released, cdmo_qa, cdmo_quality_head, sponsor_qa):
    capa = capas.monitored(cdmo_qa, cdmo_quality_head, deviations=[released])
    ended = judged(capa, clock, cdmo_quality_head, "not_effective")
    assert (ended.state, str(ended.end_text)) == ("not_effective", capas.BECAUSE)
    with reading(cdmo_qa):
        following = capa_detail(cdmo_qa, capa.pk).followed_by
        assert (following.state, following.follows_id, following.audience) == (
            "planned",
            capa.pk,
            "manufacturer",
        )
        assert [each.pk for each in capa_detail(cdmo_qa, following.pk).deviations] == [released.pk]
    assert [each.pk for each in seen_by(sponsor_qa, Capa)] == [capa.pk]


def test_a_shared_signature_names_only_what_both_sides_know(
    clock, released, cdmo_qa, cdmo_quality_head, outside
):
    sponsor_qa, _rival = outside
    signing.make_signer(cdmo_quality_head, cast.CDMO)
    inside = make.report(cdmo_qa, title="CANARY not told")
    capa = capas.monitored(cdmo_qa, cdmo_quality_head, deviations=[released, inside])
    clock.move(timedelta(days=91))
    sweep(capa)
    capas.sign(cdmo_quality_head, capas.decide(cdmo_quality_head, capa, "effective"))
    (signature,) = seen_by(sponsor_qa, Signature)
    assert released.number in signature.manifest
    assert inside.number not in signature.manifest
    assert "leaves its range again unseen" not in signature.manifest


def test_a_capa_is_carried_to_another_program_and_neither_client_reads_of_the_other(
    released, cdmo_qa, cdmo_quality_head, outside
):
    sponsor_qa, rival_sponsor_qa = outside
    capa = capas.approved(cdmo_qa, cdmo_quality_head, deviations=[released])
    words = {"title": "CANARY seals", "scope": "CANARY suite of the rival.", "rationale": capas.RATIONALE}
    stated = {"program_id": cast.RIVAL_PROGRAM, "version": capa.version, **words}
    carried = carry_capa(cdmo_qa, capa.pk, **stated)
    assert (carried.number[-4:], carried.state, len(capas.measures(carried))) == ("0001", "planned", 1)
    with reading(cdmo_qa):
        assert [each.capa.pk for each in capa_detail(cdmo_qa, capa.pk).kin] == [carried.pk]
    for client in (sponsor_qa, rival_sponsor_qa):
        assert seen_by(client, CapaKin) == []
    with reading(sponsor_qa):
        assert capa_detail(sponsor_qa, capa.pk).kin == []
        assert [each.pk for each in list_capas(sponsor_qa)] == [capa.pk]
    assert refusal(carry_capa, cdmo_qa, capa.pk, **stated) == "carried_already"
    assert refusal(carry_capa, sponsor_qa, capa.pk, **stated) == "refused"


def test_a_deviation_of_another_program_is_not_linked(database, cdmo_qa):
    capa, foreign = capas.plan(cdmo_qa), make.report(cdmo_qa, cast.RIVAL_PROGRAM)
    given = {"deviation_id": foreign.pk, "version": capa.version}
    assert refusal(link_deviation, cdmo_qa, capa.pk, **given) == "not_found"
    given["deviation_id"] = make.unknown_id()
    assert refusal(link_deviation, cdmo_qa, capa.pk, **given) == "not_found"


def test_a_sponsor_owns_capa_the_same_way_round(database, cdmo_qa, sponsor_qa, sponsor_quality_head):
    capa = capas.approved(sponsor_qa, sponsor_quality_head)
    assert seen_by(cdmo_qa, Capa) == []
    (one,) = capas.measures(capa)
    # No clause of the template times the sponsor's CAPA: its own due time runs.
    assert [(each.side, each.clause, each.due_at) for each in clocks(one)] == [("sponsor", "", one.due_at)]
    share_capa(sponsor_qa, capa.pk, version=capa.version)
    assert [each.pk for each in seen_by(cdmo_qa, Capa)] == [capa.pk]


def test_a_stale_version_and_none_are_refused(database, cdmo_qa):
    capa = capas.whole(cdmo_qa)
    stated = {"kind": "approve", "because": capas.BECAUSE}
    assert refusal(decide_capa, cdmo_qa, capa.pk, **stated, version=1) == "stale_version"
    assert refusal(decide_capa, cdmo_qa, capa.pk, **stated, version=None) == "version_required"


def test_a_window_longer_than_the_clause_is_refused(database, cdmo_qa):
    capa = capas.plan(cdmo_qa)
    with pytest.raises(DomainError) as refused:
        capas.check(cdmo_qa, capa, window_days=181)
    assert "6.3" in refused.value.errors["window_days"][0]


def test_what_waits_in_home_is_what_is_counted(signers, clock, released, cdmo_qa, cdmo_quality_head):
    def waits(who):
        with reading(who):
            items = capas_waiting(who)
            assert len(items) == count_capas(who)
            return sorted(each.number for each in items)

    capa = capas.whole(cdmo_qa, deviations=[released])
    assert waits(cdmo_qa) == [capa.number]
    decision = capas.decide(cdmo_qa, capa)
    assert (waits(cdmo_qa), waits(cdmo_quality_head)) == ([], [capa.number])
    capas.sign(cdmo_quality_head, decision)
    (one,) = capas.measures(capa)
    assert waits(cdmo_qa) == [one.number]
    done = capas.do(cdmo_qa, one)
    assert (waits(cdmo_qa), waits(cdmo_quality_head)) == ([], [one.number])
    capas.verify(cdmo_quality_head, done)
    assert waits(cdmo_quality_head) == []
    clock.move(timedelta(days=91))
    sweep(capa)
    assert waits(cdmo_quality_head) == [capa.number]
