"""An OOS is investigated by the laboratory first; retests are planned, approved and counted."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from deviations.actions.dockets.laboratory import (
    conclude_investigation,
    enter_retest,
    return_plan,
    share_investigation,
    widen,
)
from deviations.dockets.laboratory.rules import is_outside, reportable
from deviations.models import LabInvestigation, Retest
from portal.errors import DomainError
from tests.conftest import actor
from tests.deviations.conftest import seen_by
from tests.factories import batches, cast, signing
from tests.factories import dockets as file

NUMBERS = some.integers(0, 10_000).map(lambda each: Decimal(each) / 100)


def refusal(call, *args, **given):
    with pytest.raises(DomainError) as refused:
        call(*args, **given)
    return refused.value.problem_code


@given(values=some.lists(NUMBERS, min_size=1, max_size=6), high=NUMBERS, mean=some.booleans())
def test_a_mean_hides_no_single_value_that_is_outside(values, high, mean):
    outside = [is_outside({"low": None, "high": str(high)}, each) for each in values]
    found = reportable(values, outside, "by_method" if mean else "none")
    if any(outside) or not mean:
        assert found == tuple(values)
    else:
        assert len(found) == 1
        assert min(values) - Decimal("0.01") <= found[0] <= max(values) + Decimal("0.01")


@pytest.fixture
def opened(database, cdmo_qa):
    return file.investigated(cdmo_qa, file.oos())


@pytest.fixture
def retesting(opened, cdmo_qa, cdmo_quality_head):
    signing.make_signer(cdmo_quality_head, cast.CDMO)
    file.planned(cdmo_qa, opened)
    file.sign(cdmo_quality_head, opened, "lab_investigation")
    return file.again(opened)


def enter(by, found, value):
    return enter_retest(by, found.pk, value=Decimal(value), version=file.again(found).version)


def conclude(by, found, outcome, cause=""):
    said = {"outcome": outcome, "cause": cause, "text": "As found.", "version": file.again(found).version}
    return conclude_investigation(by, found.pk, **said)


def test_it_is_cdmo_internal_until_it_is_shared(opened, cdmo_qa, sponsor_qa, rival_sponsor_qa):
    assert seen_by(sponsor_qa, LabInvestigation) == []
    share_investigation(cdmo_qa, opened.pk, version=opened.version)
    assert seen_by(sponsor_qa, LabInvestigation) == [opened]
    assert seen_by(rival_sponsor_qa, LabInvestigation) == []
    assert refusal(file.investigated, sponsor_qa, file.oos(batches.batch(number="B-9"))) == "refused"


def test_a_result_has_one_investigation(opened, cdmo_qa):
    result = type("Result", (), {"pk": opened.result_id, "space_id": opened.space_id})
    assert refusal(file.investigated, cdmo_qa, result) == "investigated_already"


def test_no_retest_before_the_plan_is_approved_by_another(opened, cdmo_qa, cdmo_quality_head):
    assert refusal(enter, cdmo_qa, opened, "20") == "invalid_transition"
    file.planned(cdmo_quality_head, opened)
    assert refusal(enter, cdmo_qa, opened, "20") == "invalid_transition"
    signing.make_signer(cdmo_quality_head, cast.CDMO)
    assert refusal(file.sign, cdmo_quality_head, opened, "lab_investigation") == "own_work"


def test_a_plan_that_is_not_approved_is_handed_back_and_another_takes_its_place(opened, cdmo_qa):
    found = file.planned(cdmo_qa, opened, retests=20)
    return_plan(cdmo_qa, found.pk, reason="Twenty is no plan.", version=found.version)
    assert file.planned(cdmo_qa, opened, retests=3).retests == 3


def test_the_number_is_fixed_in_advance(retesting, cdmo_qa):
    enter(cdmo_qa, retesting, "20")
    assert refusal(conclude, cdmo_qa, retesting, "inconclusive") == "invalid_transition"
    enter(cdmo_qa, retesting, "20.2")
    assert refusal(enter, cdmo_qa, retesting, "20.1") == "retests_done"
    found = widen(cdmo_qa, retesting.pk, text="No cause found.", version=file.again(retesting).version)
    assert refusal(file.planned, cdmo_qa, found) == "planned_already"
    assert len(seen_by(cdmo_qa, Retest)) == 2


def test_passing_retests_alone_make_no_result_invalid(retesting, cdmo_qa):
    for value in ("20", "20.1"):
        enter(cdmo_qa, retesting, value)
    assert refusal(conclude, cdmo_qa, retesting, "invalidated") == "invalid"
    assert conclude(cdmo_qa, retesting, "inconclusive").outcome == "inconclusive"


def test_phase_one_ends_by_a_cause_or_goes_on(opened, cdmo_qa):
    assert refusal(conclude, cdmo_qa, opened, "confirmed") == "invalid_transition"
    cause = "Dilution noted wrong; standard of the same vial agrees."
    assert conclude(cdmo_qa, opened, "invalidated", cause).state == "concluded"


def test_pages_and_rest_of_an_investigation(opened, signed_in, api):
    address = f"/laboratory-investigations/{opened.pk}/"
    assert opened.number in signed_in("cdmo_qa").get(address).content.decode()
    assert signed_in("sponsor_qa").get(address).status_code == 404
    assert api("cdmo_system").get(f"/api/v1{address}").json()["state"] == "phase_one"
    assert api("sponsor_system").get(f"/api/v1{address}").status_code == 404
    assert actor("rival_sponsor_qa").side(cast.PROGRAM) is None
