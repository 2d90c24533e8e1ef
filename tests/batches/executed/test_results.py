from datetime import timedelta
from decimal import Decimal

import pytest

from batches.actions.cycle import complete_batch, move_phase
from batches.actions.results import invalidate_result, read_again, record_result, review_result
from batches.errors import SamePerson
from batches.models import SampleResult
from batches.specs import ParameterSpec
from batches.states import DataKind, ParameterKind
from portal.action import reading
from portal.errors import Conflict, Invalid, InvalidTransition, Refused
from portal.models import Alert
from tests.factories import batches as make

WHY = "The column was overloaded; see LI-26-014."
DAY = timedelta(days=1)


def measured():
    lab = {"data_kind": DataKind.LAB, "expected_interval_s": 86_400}
    return (
        ParameterSpec(
            "HMW",
            "SEC HMW",
            "%",
            ParameterKind.CQA,
            decimals=2,
            limits=(make.limit("spec", high=2.5),),
            **lab,
        ),
        ParameterSpec("TITER", "Titre", "g/L", ParameterKind.IPC, decimals=2, **lab),
    )


@pytest.fixture
def recipe(database):
    return make.recipe(measured=measured())


@pytest.fixture
def batch(recipe):
    return make.batch(of=recipe)


def record(actor, batch, *, parameter="HMW", sample="S-1", value="1.4", **given):
    given.setdefault("sampled_at", make.now() - timedelta(hours=1))
    return record_result(actor, batch.pk, parameter=parameter, sample=sample, value=Decimal(value), **given)


def asked(actor):
    with reading(actor):
        return sorted(Alert.objects.visible_to(actor).values_list("kind", "side"))


def test_a_result_is_read_twice_and_reviewed_by_another(batch, cdmo_operator, cdmo_shift_lead, cdmo_qa):
    result = record(cdmo_operator, batch, unit="%", method="SEC-HPLC", instrument="HPLC-04")
    assert (result.state, result.flag, result.reader_code) == ("unreviewed", "", "Operator 31")
    for step in (read_again, review_result):
        with pytest.raises((SamePerson, Refused)):
            step(cdmo_operator, result.pk, version=1)
    read_again(cdmo_shift_lead, result.pk, version=1)
    assert review_result(cdmo_qa, result.pk, version=2).state == "reviewed"
    assert [name for name, _ in make.facts(result)] == [
        "result.recorded",
        "result.second_read",
        "result.reviewed",
    ]
    assert asked(cdmo_qa) == []


@pytest.mark.parametrize(
    ("value", "qualifier", "flag"),
    [("2.5", "", ""), ("2.51", "", "oos"), ("2.5", "<", ""), ("3", "<", "oos"), ("1", ">", "oos")],
)
def test_what_cannot_be_shown_to_keep_the_specification_is_oos(batch, cdmo_qa, value, qualifier, flag):
    result = record(cdmo_qa, batch, value=value, qualifier=qualifier)
    assert result.flag == flag
    assert asked(cdmo_qa) == ([("result.oos", "manufacturer")] if flag else [])


def test_what_earlier_batches_did_not_give_is_oot(recipe, cdmo_qa):
    for place in range(6):
        earlier = make.batch(number=f"R-{place}", of=recipe, running=timedelta(days=30 - place))
        for point, shift in (("day 9", 0), ("day 14", 2)):
            record(
                cdmo_qa,
                earlier,
                parameter="TITER",
                sample=f"S-{point}",
                point=point,
                value=str(Decimal("2.40") + shift + Decimal(place % 3) / 100),
            )
        complete_batch(cdmo_qa, earlier.pk, version=earlier.version)
    batch = make.batch(number="B-9", of=recipe)
    flags = {
        value: record(cdmo_qa, batch, parameter="TITER", sample=f"S-{value}", point=point, value=value).flag
        for point, value in (("day 9", "2.43"), ("day 14", "4.44"), ("day 9", "2.48"), ("harvest", "9"))
    }
    assert flags == {"2.43": "", "4.44": "", "2.48": "oot", "9": ""}
    with reading(cdmo_qa):
        basis = SampleResult.objects.visible_to(cdmo_qa).get(number="S-2.48").basis
    assert (basis["n"], basis["mean"]) == (6, "2.41")


def test_a_late_result_lands_on_its_window_and_asks_both_sides(batch, cdmo_qa, sponsor_qa):
    exposed = make.now() - timedelta(hours=20)
    move_phase(cdmo_qa, batch.pk, phase="production", version=batch.version)
    within = record(cdmo_qa, batch, sample="S-2", sampled_at=exposed)
    result = record(cdmo_qa, batch, value="9", sampled_at=exposed, exposed_until=exposed + timedelta(hours=4))
    assert (within.is_late, result.is_late, result.window_end) == (True, True, exposed + timedelta(hours=4))
    assert asked(sponsor_qa) == [("result.oos", "manufacturer"), ("result.oos", "sponsor")]


def test_a_sample_has_one_result_and_another_only_after_qa_declared_it_invalid(batch, cdmo_operator, cdmo_qa):
    first = record(cdmo_operator, batch, value="3")
    with pytest.raises(Conflict) as refused:
        record(cdmo_operator, batch, value="2")
    assert refused.value.problem_code == "result_stands"
    with pytest.raises(Refused):
        invalidate_result(cdmo_operator, first.pk, version=1, reason=WHY)
    with pytest.raises(Invalid):
        invalidate_result(cdmo_qa, first.pk, version=1, reason="bad")
    invalidate_result(cdmo_qa, first.pk, version=1, reason=WHY)
    with pytest.raises(InvalidTransition):
        review_result(cdmo_qa, first.pk, version=2)
    with pytest.raises(Invalid):
        record(cdmo_operator, batch, value="2")
    retest = record(cdmo_operator, batch, value="2", replaces_id=first.pk, reason=WHY)
    assert (retest.replaces_id, retest.flag) == (first.pk, "")


@pytest.mark.parametrize(
    "given",
    [
        {"sampled_at": make.now() + DAY},
        {"resulted_at": make.now() - DAY},
        {"exposed_until": make.now() - DAY},
        {"unit": "g/L"},
        {"qualifier": "~"},
        {"parameter": "NONE"},
        {"value": "NaN"},
        {"value": "0.0000001"},
    ],
    ids=["sampled", "resulted", "exposed", "unit", "qualifier", "parameter", "number", "digits"],
)
def test_what_cannot_be_is_refused(batch, cdmo_qa, given):
    with pytest.raises(Invalid):
        record(cdmo_qa, batch, **given)
