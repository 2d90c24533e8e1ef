from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError

from batches.actions.entries import check_entry, correct_entry, make_entry
from batches.actions.executing import abort_step, finish_step, skip_step, start_step, verify_step
from batches.actions.holds import place_batch_hold
from batches.errors import OutOfSequence, SamePerson
from batches.models import StepEntry, StepExecution
from batches.specs import StepSpec
from batches.states import Level
from portal.action import action, reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from tests.factories import batches as make

WHY = "The sample port leaked and was changed."


def steps():
    """Growth; a shift that needs a second check; harvest."""
    return [
        StepSpec(
            "make",
            "Make it",
            Level.PROCEDURE,
            children=[
                StepSpec("growth", "Growth", planned_s=3600),
                StepSpec("shift", "Shift", planned_s=3600, needs_second_check=True),
                StepSpec("harvest", "Harvest", planned_s=3600),
            ],
        )
    ]


@pytest.fixture
def batch(database):
    return make.batch(of=make.recipe(steps=steps()))


def do(actor, batch, *codes):
    """Steps begun and done one after the other."""
    for code in codes:
        done = finish_step(actor, start_step(actor, batch.pk, step=code).pk, version=1)
    return done


def test_a_step_is_begun_done_and_verified_by_a_second_person(batch, cdmo_operator, cdmo_shift_lead):
    begun = start_step(cdmo_operator, batch.pk, step="growth", equipment=["BR-203"], rooms=["R-12"])
    assert (begun.state, begun.started_code, begun.number) == ("started", "Operator 31", "B-1 growth")
    done = finish_step(cdmo_operator, begun.pk, version=1)
    checked = verify_step(cdmo_shift_lead, done.pk, version=2)
    assert (checked.state, checked.performed_code, checked.verified_code, checked.version) == (
        "verified",
        "Operator 31",
        "Shift lead 04",
        3,
    )
    assert make.facts(begun) == [
        (
            "step.started",
            {
                "batch_id": str(batch.pk),
                "step": "growth",
                "attempt": "1",
                "started_at": make.facts(begun)[0][1]["started_at"],
                "is_late": False,
            },
        ),
        (
            "step.performed",
            {
                "batch_id": str(batch.pk),
                "step": "growth",
                "code": "Operator 31",
                "ended_at": make.facts(begun)[1][1]["ended_at"],
                "is_late": False,
            },
        ),
        ("step.verified", {"batch_id": str(batch.pk), "step": "growth", "code": "Shift lead 04"}),
    ]


def test_who_did_a_step_does_not_verify_it(batch, cdmo_operator, cdmo_shift_lead):
    begun = start_step(cdmo_shift_lead, batch.pk, step="growth")
    done = finish_step(cdmo_operator, begun.pk, version=1)
    for performer in (cdmo_operator, cdmo_shift_lead):
        with pytest.raises(SamePerson) as refused:
            verify_step(performer, done.pk, version=2)
        assert "second person" in refused.value.detail
    assert [name for name, _ in make.facts(begun)] == ["step.started", "step.performed"]


@pytest.mark.parametrize("column", ["by", "code"])
def test_the_database_knows_no_verifier_who_is_the_performer(batch, cdmo_operator, column):
    done = do(cdmo_operator, batch, "growth")

    @action("test.check_oneself")
    def check(actor):
        verifier = {"by": (done.performed_by, "Somebody"), "code": (None, done.performed_code)}[column]
        done.verify(done.ended_at, *verifier)
        done.save()
        return done

    with pytest.raises(IntegrityError, match="verifier_is_not_performer"):
        check(make.setup())


def test_a_step_does_not_begin_before_those_that_come_first(batch, cdmo_operator, cdmo_shift_lead):
    with pytest.raises(OutOfSequence) as refused:
        start_step(cdmo_operator, batch.pk, step="shift")
    assert "Growth comes before Shift" in refused.value.detail
    growth = start_step(cdmo_operator, batch.pk, step="growth")
    with pytest.raises(OutOfSequence, match="under way"):
        start_step(cdmo_operator, batch.pk, step="shift")
    finish_step(cdmo_operator, growth.pk, version=1)
    shift = do(cdmo_operator, batch, "shift")
    with pytest.raises(OutOfSequence, match="second check"):
        start_step(cdmo_operator, batch.pk, step="harvest")
    verify_step(cdmo_shift_lead, shift.pk, version=2)
    assert start_step(cdmo_operator, batch.pk, step="harvest").state == "started"


def test_a_step_is_repeated_with_a_reason_and_left_out_by_qa_with_one(batch, cdmo_operator, cdmo_qa):
    do(cdmo_operator, batch, "growth")
    with pytest.raises(Invalid):
        start_step(cdmo_operator, batch.pk, step="growth")
    again = start_step(cdmo_operator, batch.pk, step="growth", reason=WHY)
    assert (again.attempt, again.number, again.reason) == (2, "B-1 growth (2)", WHY)
    abort_step(cdmo_operator, again.pk, version=1, reason=WHY)
    with pytest.raises(OutOfSequence):
        start_step(cdmo_operator, batch.pk, step="shift")
    with pytest.raises(Refused):
        skip_step(cdmo_operator, batch.pk, step="growth", reason=WHY)
    with pytest.raises(Invalid):
        skip_step(cdmo_qa, batch.pk, step="growth", reason="no")
    skipped = skip_step(cdmo_qa, batch.pk, step="growth", reason=WHY)
    assert (skipped.state, skipped.attempt) == ("skipped", 3)
    assert [name for name, _ in make.facts(skipped)] == ["step.skipped"]
    with pytest.raises(Conflict):
        skip_step(cdmo_qa, batch.pk, step="growth", reason=WHY)
    start_step(cdmo_operator, batch.pk, step="shift")


def test_a_late_entry_needs_a_reason_and_keeps_three_times(batch, cdmo_operator):
    at = make.now() - timedelta(hours=2)
    typed = make.now() - timedelta(minutes=90)
    with pytest.raises(Invalid) as refused:
        start_step(cdmo_operator, batch.pk, step="growth", at=at)
    assert refused.value.problem_code == "late_without_reason"
    late = start_step(
        cdmo_operator, batch.pk, step="growth", at=at, entered_at=typed, late_reason="The tablet was offline."
    )
    assert (late.is_late, late.started_at, late.started_entered_at) == (True, at, typed)
    assert late.started_recorded_at > typed
    with pytest.raises(Invalid):
        finish_step(cdmo_operator, late.pk, version=1, at=at - timedelta(seconds=1), late_reason=WHY)


def test_steps_do_not_overlap_and_lie_within_their_batch(batch, cdmo_operator):
    do(cdmo_operator, batch, "growth")
    for at in (make.now() - timedelta(minutes=5), batch.started_at - timedelta(hours=1)):
        with pytest.raises(Invalid) as refused:
            start_step(cdmo_operator, batch.pk, step="shift", at=at, late_reason=WHY)
        assert "at" in refused.value.errors


def test_what_is_held_is_not_passed_and_what_is_out_of_use_not_used(batch, cdmo_operator, cdmo_qa):
    place_batch_hold(cdmo_qa, batch.pk, kind="use", scope="BR-203", reason=WHY)
    with pytest.raises(Conflict, match="out of use"):
        start_step(cdmo_operator, batch.pk, step="growth", equipment=["br-203"])
    place_batch_hold(cdmo_qa, batch.pk, kind="processing", scope="Growth", reason=WHY)
    with pytest.raises(Conflict, match="do not pass"):
        start_step(cdmo_operator, batch.pk, step="growth")


def test_sponsor_rival_and_planned_batches_begin_no_step(batch, cdmo_operator, sponsor_qa, rival_sponsor_qa):
    with pytest.raises(Refused):
        start_step(sponsor_qa, batch.pk, step="growth")
    with pytest.raises(NotFound):
        start_step(rival_sponsor_qa, batch.pk, step="growth")
    planned = make.batch(number="B-2", running=None)
    with pytest.raises(Conflict):
        start_step(cdmo_operator, planned.pk, step="growth")
    with reading(rival_sponsor_qa):
        assert not StepExecution.objects.visible_to(rival_sponsor_qa).exists()


def test_a_value_is_kept_as_read_and_in_the_unit_of_its_parameter(batch, cdmo_operator):
    do(cdmo_operator, batch, "growth")
    entry = make_entry(
        cdmo_operator, batch.pk, step="growth", parameter="TEMP", value=Decimal("311.15"), unit="K"
    )
    assert (entry.given_value, entry.given_unit, entry.value, entry.unit, entry.outside) == (
        Decimal("311.15"),
        "K",
        Decimal("38.000000"),
        "°C",
        "par",
    )
    with pytest.raises(Invalid) as refused:
        make_entry(cdmo_operator, batch.pk, parameter="TEMP", value=Decimal(1), unit="bar")
    assert refused.value.problem_code == "unit_does_not_convert"
    assert "°C, K, degF" in refused.value.detail


def test_a_corrected_entry_stays_to_be_read_with_its_reason(batch, cdmo_operator, cdmo_shift_lead):
    first = make_entry(cdmo_operator, batch.pk, title="Feed volume", value=Decimal("4.2"), unit="L")
    with pytest.raises(Invalid):
        correct_entry(cdmo_operator, first.pk, version=1, value=Decimal("2.4"), reason="typo")
    second = correct_entry(cdmo_operator, first.pk, version=1, value=Decimal("2.4"), reason=WHY)
    with reading(cdmo_operator):
        rows = {
            row.pk: (str(row.state), row.value, row.replaces_id)
            for row in StepEntry.objects.visible_to(cdmo_operator)
        }
    assert rows == {
        first.pk: ("corrected", Decimal("4.200000"), None),
        second.pk: ("standing", Decimal("2.400000"), first.pk),
    }
    with pytest.raises(InvalidTransition):
        correct_entry(cdmo_operator, first.pk, version=2, value=Decimal(3), reason=WHY)
    with pytest.raises(SamePerson):
        check_entry(cdmo_operator, second.pk, version=1)
    assert check_entry(cdmo_shift_lead, second.pk, version=1).verified_code == "Shift lead 04"


def test_what_is_the_cdmos_own_is_not_the_sponsors_to_read(batch, cdmo_operator, sponsor_qa):
    own = make_entry(cdmo_operator, batch.pk, parameter="LOAD", value=Decimal(95))
    note = make_entry(cdmo_operator, batch.pk, title="Note", text="A word", audience="manufacturer")
    assert (own.audience, own.outside, note.audience) == ("manufacturer", "action", "manufacturer")
    assert [name for name, _ in make.facts(own, "manufacturer")] == ["step_entry.made"]
    assert make.facts(own) == []
    with reading(sponsor_qa):
        assert not StepEntry.objects.visible_to(sponsor_qa).exists()
