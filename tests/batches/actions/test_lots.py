from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from batches.actions.lots import judge_lot, produce_lot, receive_lot, use_lot, withdraw_use
from batches.queries.lots import genealogy, get_lot, left_of
from portal.action import reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from tests.factories import batches as make
from tests.factories import cast, lots


@pytest.fixture
def batch(database):
    return make.batch()


def receive(actor, program=cast.PROGRAM, **changed):
    given = {"number": "LOT-7", "material": "RM-7", "title": "Feed", "unit": "kg", "quantity": Decimal("2.5")}
    return receive_lot(actor, program, **(given | changed))


def left(actor, lot):
    with reading(actor):
        return left_of(get_lot(actor, lot.pk))


def family(actor, lot, way="both"):
    with reading(actor):
        return [each.number for each in genealogy(actor, lot.pk, way).nodes]


def test_a_lot_that_comes_in_stands_in_quarantine(batch, cdmo_operator):
    lot = receive(cdmo_operator)
    assert (lot.state, lot.supplied_by, lot.version) == ("quarantine", "manufacturer", 1)
    assert [name for name, _ in make.facts(lot)] == ["lot.received"]


@pytest.mark.parametrize("quantity", ["0", "-1", "NaN", "Infinity", "0.0000001", "1e20"])
def test_a_quantity_is_a_number_above_zero_with_six_decimals_at_most(batch, cdmo_operator, quantity):
    with pytest.raises(Invalid) as refused:
        receive(cdmo_operator, quantity=Decimal(quantity))
    assert "quantity" in refused.value.errors


def test_a_number_names_one_lot_of_a_program(batch, cdmo_operator):
    receive(cdmo_operator)
    with pytest.raises(Conflict):
        receive(cdmo_operator)


def test_the_sponsor_and_the_rival_receive_nothing(batch, sponsor_qa, rival_sponsor_qa):
    with pytest.raises(Refused):
        receive(sponsor_qa)
    with pytest.raises(NotFound):
        receive(rival_sponsor_qa)


def test_a_lot_is_released_by_the_quality_unit_of_who_supplied_it(batch, cdmo_operator, cdmo_qa, sponsor_qa):
    own, lent = receive(cdmo_operator), receive(cdmo_operator, number="VIALS", supplied_by="sponsor")
    for lot, mine, other in ((own, cdmo_qa, sponsor_qa), (lent, sponsor_qa, cdmo_qa)):
        with pytest.raises(Refused):
            judge_lot(other, lot.pk, to="release", version=1)
        assert judge_lot(mine, lot.pk, to="release", version=1).state == "released"
        assert [name for name, _ in make.facts(lot)][-1] == "lot.state_changed"


def test_a_rejected_lot_stays_rejected_and_a_stale_look_decides_nothing(batch, cdmo_qa):
    lot = lots.lot()
    with pytest.raises(StaleVersion):
        judge_lot(cdmo_qa, lot.pk, to="reject", version=1, reason="Wrong label.")
    with pytest.raises(Invalid):
        judge_lot(cdmo_qa, lot.pk, to="reject", version=2)
    judge_lot(cdmo_qa, lot.pk, to="reject", version=2, reason="Wrong label.")
    with pytest.raises(InvalidTransition):
        judge_lot(cdmo_qa, lot.pk, to="release", version=3)


def test_what_is_used_is_no_longer_there(batch, cdmo_operator):
    lot = lots.lot(quantity=10)
    use = use_lot(cdmo_operator, batch.pk, lot_id=lot.pk, quantity=Decimal(4))
    assert (use.code, use.phase.code, left(cdmo_operator, lot)) == ("Operator 31", "growth", Decimal(6))
    with pytest.raises(Conflict) as refused:
        use_lot(cdmo_operator, batch.pk, lot_id=lot.pk, quantity=Decimal("6.5"))
    assert refused.value.problem_code == "lot_used_up"
    assert "6 kg are left" in refused.value.detail


def test_a_use_entered_by_mistake_is_taken_back_and_stays_to_be_read(batch, cdmo_operator, cdmo_qa):
    lot = lots.lot(quantity=1)
    use = lots.use(batch, lot)
    with pytest.raises(Refused):
        withdraw_use(cdmo_operator, use.pk, version=1, reason="The wrong lot was scanned.")
    taken = withdraw_use(cdmo_qa, use.pk, version=1, reason="The wrong lot was scanned.")
    assert taken.withdrawn_at is not None
    assert left(cdmo_qa, lot) == 1
    with pytest.raises(Conflict):
        withdraw_use(cdmo_qa, use.pk, version=2, reason="The wrong lot was scanned.")


def test_a_lot_in_quarantine_is_used_by_qa_alone_and_with_a_reason(batch, cdmo_operator, cdmo_qa):
    lot = lots.lot(released=False)
    with pytest.raises(Refused):
        use_lot(cdmo_operator, batch.pk, lot_id=lot.pk, quantity=Decimal(1), reason="No time to wait.")
    with pytest.raises(Invalid):
        use_lot(cdmo_qa, batch.pk, lot_id=lot.pk, quantity=Decimal(1))
    use = use_lot(cdmo_qa, batch.pk, lot_id=lot.pk, quantity=Decimal(1), reason="Results by tomorrow.")
    assert use.under_quarantine


@pytest.mark.parametrize("to", ["hold", "reject"])
def test_a_lot_on_hold_or_rejected_is_not_used(batch, cdmo_qa, to):
    lot = lots.lot()
    judge_lot(cdmo_qa, lot.pk, to=to, version=2, reason="Particles were seen.")
    with pytest.raises(Conflict) as refused:
        lots.use(batch, lot)
    assert refused.value.problem_code == "lot_barred"


def test_an_expired_lot_is_not_used(batch):
    lot = lots.lot(expires_on=make.now().date() - timedelta(days=2))
    with pytest.raises(Conflict) as refused:
        lots.use(batch, lot)
    assert refused.value.problem_code == "lot_expired"


def test_a_planned_batch_uses_and_makes_nothing(database, cdmo_operator):
    planned = make.batch(running=None)
    with pytest.raises(Conflict):
        lots.use(planned, lots.lot())
    with pytest.raises(Conflict):
        lots.product(planned)


def test_no_lot_is_its_own_ancestor(batch, cdmo_qa):
    following = make.batch(number="B-2")
    first = lots.product(batch, "DS-1")
    lots.use(following, first)
    second = lots.product(following, "DP-1")
    with pytest.raises(Conflict) as refused:
        lots.use(batch, second)
    assert refused.value.problem_code == "lot_circle"
    with pytest.raises(Conflict):
        lots.use(batch, first)


def test_genealogy_goes_up_to_what_it_was_made_of_and_down_to_what_came_of_it(batch, cdmo_qa, sponsor_qa):
    following = make.batch(number="B-2")
    medium, resin = lots.lot("MEDIUM"), lots.lot("RESIN")
    lots.use(batch, medium)
    substance = lots.product(batch, "DS-1")
    for each in (substance, resin):
        lots.use(following, each)
    lots.product(following, "DP-1")
    assert family(sponsor_qa, substance, "up") == ["DS-1", "MEDIUM"]
    assert family(sponsor_qa, substance, "down") == ["DP-1", "DS-1"]
    assert family(sponsor_qa, substance) == ["DP-1", "DS-1", "MEDIUM"]


def test_what_was_taken_back_leads_nowhere(batch, cdmo_qa):
    medium = lots.lot("MEDIUM")
    use = lots.use(batch, medium)
    substance = lots.product(batch, "DS-1")
    withdraw_use(cdmo_qa, use.pk, version=1, reason="The wrong lot was scanned.")
    assert family(cdmo_qa, substance) == ["DS-1"]


def test_the_rival_and_a_lot_of_another_program_are_not_to_be_had(batch, cdmo_qa, rival_sponsor_qa):
    foreign = lots.lot("THEIRS", program=cast.RIVAL_PROGRAM)
    with pytest.raises(NotFound):
        use_lot(cdmo_qa, batch.pk, lot_id=foreign.pk, quantity=Decimal(1))
    own = lots.lot("OURS")
    with reading(rival_sponsor_qa), pytest.raises(NotFound):
        genealogy(rival_sponsor_qa, own.pk)
    with pytest.raises(NotFound):
        produce_lot(
            rival_sponsor_qa,
            batch.pk,
            number="X",
            material="X",
            title="X",
            unit="kg",
            quantity=Decimal(1),
        )
    with pytest.raises(NotFound):
        judge_lot(rival_sponsor_qa, uuid4(), to="hold", version=1, reason="A reason of a few words.")
