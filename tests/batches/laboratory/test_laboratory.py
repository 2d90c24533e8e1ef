"""Samples on their way and certificates beside the record: who does what, who reads it, what waits."""

from datetime import timedelta

import pytest

from batches.access import get_batch
from batches.actions.coas import accept_coa, answer_differences, withdraw_coa
from batches.actions.samples import cancel_sample, expect_sample, move_sample
from batches.errors import SamePerson
from batches.models import Coa, CoaDifference, Sample
from batches.queries.disposition import disposition_of
from portal.action import reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from tests.factories import batches as make
from tests.factories import laboratory
from tests.factories.executed import result

WHY = "The printed method is the old name."


@pytest.fixture
def batch(database):
    return make.batch(number="B-7")


def step(actor, sample, name, **given):
    return move_sample(actor, sample.pk, step=name, version=make.fresh(actor, sample).version, **given)


def test_a_sample_goes_from_plan_to_report_once_its_results_are_there(
    batch, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    sample = laboratory.sample(batch, laboratory_kind="contract", laboratory="Kemilab")
    with pytest.raises(InvalidTransition):
        step(cdmo_qa, sample, "receive")
    for name in ("take", "send", "receive", "test"):
        step(cdmo_qa, sample, name)
    with pytest.raises(Conflict, match="VCD"):
        step(cdmo_qa, sample, "report")
    result(batch, sample="S-2")
    found = step(cdmo_qa, sample, "report")
    assert (found.state, found.is_late(make.now() + timedelta(days=9))) == ("reported", False)
    assert [name for name, _ in make.facts(sample)] == ["sample.planned", *["sample.moved"] * 5]
    with pytest.raises(Refused):
        step(sponsor_qa, laboratory.sample(batch, number="S-3"), "take")
    with reading(rival_sponsor_qa):
        assert not Sample.objects.visible_to(rival_sponsor_qa).exists()


def test_a_sample_never_goes_on_before_it_came_and_a_plan_names_tests_of_the_master_record(batch, cdmo_qa):
    sample = laboratory.sample(batch)
    step(cdmo_qa, sample, "take")
    with pytest.raises(Invalid) as refused:
        step(cdmo_qa, sample, "receive", at=make.now() - timedelta(hours=2))
    assert "at" in refused.value.errors
    for given, field in (({"tests": ["NOPE"]}, "tests"), ({"tests": []}, "tests")):
        with pytest.raises(Invalid) as refused:
            laboratory.sample(batch, number="S-9", **given)
        assert field in refused.value.errors
    with pytest.raises(Invalid):
        laboratory.sample(batch, number="S-9", expected=-timedelta(days=1))
    with pytest.raises(Conflict):
        laboratory.sample(batch)


def test_another_date_and_the_end_of_a_plan_have_a_reason_and_late_is_told(batch, cdmo_qa):
    sample = laboratory.sample(batch)
    later = make.now() + timedelta(days=5)
    with pytest.raises(Invalid):
        expect_sample(cdmo_qa, sample.pk, version=1, expected_at=later, reason="no")
    found = expect_sample(cdmo_qa, sample.pk, version=1, expected_at=later, reason="The HPLC is in repair.")
    assert (found.expected_at, found.is_late(later - timedelta(hours=1))) == (later, True)
    step(cdmo_qa, sample, "take")
    taken = make.fresh(cdmo_qa, sample)
    assert (taken.is_late(later - timedelta(hours=1)), taken.is_late(later + timedelta(1))) == (False, True)
    gone = cancel_sample(cdmo_qa, sample.pk, version=taken.version, reason="The vial broke in transit.")
    assert (gone.state, gone.is_late(later + timedelta(1))) == ("cancelled", False)


def test_a_sample_with_a_test_of_the_cdmos_own_is_its_own(batch, sponsor_qa):
    laboratory.sample(batch, tests=["VCD", "LOAD"])
    with reading(sponsor_qa):
        assert not Sample.objects.visible_to(sponsor_qa).exists()


def test_a_certificate_is_compared_explained_and_accepted_by_another_person(
    batch, cdmo_qa, sponsor_qa, rival_sponsor_qa
):
    given = result(batch, sample="S-1")
    coa = laboratory.coa(
        batch,
        {"test": "VCD", "result": str(given.value + 1), "unit": given.unit},
        {"test": "Colour", "result": "clear"},
    )
    with reading(sponsor_qa):
        rows = CoaDifference.objects.visible_to(sponsor_qa).order_by("ordinal")
        assert [str(each.kind) for each in rows] == ["value", "not_specified"]
        kinds = [each.kind for each in disposition_of(sponsor_qa, get_batch(sponsor_qa, batch.pk)).blocks]
    assert (coa.state, "coa" in kinds) == ("open", True)
    half = answer_differences(sponsor_qa, coa.pk, version=1, answers={1: WHY})
    assert half.state == "open"
    with pytest.raises(Invalid):
        answer_differences(sponsor_qa, coa.pk, version=2, answers={1: WHY})
    whole = answer_differences(sponsor_qa, coa.pk, version=2, answers={2: WHY})
    assert whole.state == "answered"
    with pytest.raises(SamePerson):
        accept_coa(cdmo_qa, coa.pk, version=3)
    with pytest.raises(NotFound):
        accept_coa(rival_sponsor_qa, coa.pk, version=3)
    accepted = accept_coa(sponsor_qa, coa.pk, version=3)
    assert (accepted.state, accepted.closed_code) == ("accepted", sponsor_qa.code(batch.space_id))
    with reading(cdmo_qa):
        kinds = [each.kind for each in disposition_of(cdmo_qa, get_batch(cdmo_qa, batch.pk)).blocks]
    assert "coa" not in kinds
    assert [name for name, _ in make.facts(coa)] == ["coa.entered", *["coa.moved"] * 3]


def test_a_certificate_that_says_what_the_record_says_only_waits_for_acceptance(batch, cdmo_qa, sponsor_qa):
    given = result(batch, sample="S-1")
    coa = laboratory.coa(batch, {"test": "VCD", "result": str(given.value), "unit": given.unit})
    assert coa.state == "answered"
    with pytest.raises(Conflict):
        laboratory.coa(batch)
    with pytest.raises(SamePerson):
        withdraw_coa(sponsor_qa, coa.pk, version=1, reason="Not the final version.")
    withdraw_coa(cdmo_qa, coa.pk, version=1, reason="Not the final version.")
    laboratory.coa(batch)
    with reading(cdmo_qa):
        assert sorted(Coa.objects.visible_to(cdmo_qa).values_list("state", flat=True)) == [
            "open",
            "withdrawn",
        ]


def test_the_page_plans_moves_compares_and_shows(batch, signed_in):
    address = f"/batches/{batch.pk}/laboratory/"
    qa, sponsor = signed_in("cdmo_qa"), signed_in("sponsor_qa")
    plan = {
        "do": "plan",
        "number": "S-5",
        "title": "Release",
        "tests": ["VCD"],
        "laboratory": "Kemilab",
        "laboratory_kind": "contract",
        "planned_at": "2026-01-02T10:00",
        "expected_at": "2026-01-05T10:00",
    }
    assert qa.post(address, plan).status_code == 303
    enter = {
        "do": "enter",
        "number": "COA-9",
        "issuer": "Kemilab",
        "issuer_kind": "contract",
        "issued_on": "2026-01-02",
        "lines": "test,result\nColour,clear\n",
    }
    assert qa.post(address, enter).status_code == 303
    assert qa.post(address, enter | {"lines": "nonsense"}).status_code == 400
    text = sponsor.get(address).content.decode()
    for said in ("S-5", "Kemilab", "late", "COA-9", "no answer yet", "test is not in the specification"):
        assert said in text, said
    assert "S-5" in sponsor.get("/samples/").content.decode()
    assert "S-5" not in signed_in("rival_sponsor_qa").get("/samples/").content.decode()
    assert signed_in("rival_sponsor_qa").get(address).status_code == 404
