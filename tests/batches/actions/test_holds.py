import pytest

from batches.actions.holds import lift_batch_hold, place_batch_hold
from batches.errors import HeldByClause
from batches.models import BatchHold
from batches.queries.holds import blocks_of, list_batch_holds
from deviations.actions.investigate import cancel_deviation, investigate_deviation
from portal.action import reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from tests.factories import batches as make
from tests.factories import cast, deviations

REASON = "Label of the bag does not match."
SUMMARY = "Seal worn; replaced, no impact on the product."


@pytest.fixture
def batch(database):
    return make.batch(number="B-7")


def place(actor, batch, **changed):
    return place_batch_hold(actor, batch.pk, **({"kind": "status", "reason": REASON} | changed))


def standing(actor, batch):
    with reading(actor):
        rows = list_batch_holds(actor, batch_id=batch.pk, state="standing")
        return [(each.kind, each.clause, each.cause_number) for each in rows]


def blocks(actor, batch):
    with reading(actor):
        found = blocks_of(actor, [batch.pk]).get(batch.pk)
        return found.blocks if found is not None else ()


def triaged(qa, batch, classification="major"):
    found = deviations.report(qa, batch_id=batch.pk)
    return deviations.triage(qa, found, classification)


def test_qa_holds_a_batch_and_lifts_it_with_a_reason(batch, cdmo_qa, sponsor_viewer):
    hold = place(cdmo_qa, batch)
    assert blocks(sponsor_viewer, batch) == ("disposition blocked",)
    with pytest.raises(StaleVersion):
        lift_batch_hold(cdmo_qa, hold.pk, version=2, reason=REASON)
    with pytest.raises(Invalid):
        lift_batch_hold(cdmo_qa, hold.pk, version=1, reason="No.")
    lift_batch_hold(cdmo_qa, hold.pk, version=1, reason=REASON)
    assert blocks(sponsor_viewer, batch) == ()
    with pytest.raises(InvalidTransition):
        lift_batch_hold(cdmo_qa, hold.pk, version=2, reason=REASON)
    assert [name for name, _ in make.facts(batch)][-2:] == ["batch.held", "batch.hold_lifted"]


def test_each_kind_says_what_may_not_be_done(batch, cdmo_qa):
    place(cdmo_qa, batch, kind="processing", scope="Harvest")
    place(cdmo_qa, batch, kind="use", scope="BR-203")
    assert blocks(cdmo_qa, batch) == ("do not pass Harvest", "BR-203 out of use")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "pause"}, "kind"),
        ({"kind": "use"}, "scope"),
        ({"reason": "Because"}, "reason"),
        ({"audience": "sponsor"}, "audience"),
    ],
)
def test_what_is_missing_is_named(batch, cdmo_qa, changed, field):
    with pytest.raises(Invalid) as refused:
        place(cdmo_qa, batch, **changed)
    assert list(refused.value.errors) == [field]


def test_nobody_else_places_one(batch, cdmo_operator, sponsor_qa, rival_sponsor_qa):
    for stranger in (cdmo_operator, sponsor_qa):
        with pytest.raises(Refused):
            place(stranger, batch)
    with pytest.raises(NotFound):
        place(rival_sponsor_qa, batch)
    assert standing(cdmo_operator, batch) == []


def test_an_internal_hold_is_not_seen_across_the_border(batch, cdmo_qa, sponsor_qa):
    hold = place(cdmo_qa, batch, audience="manufacturer")
    assert blocks(sponsor_qa, batch) == ()
    with pytest.raises(NotFound):
        lift_batch_hold(sponsor_qa, hold.pk, version=1, reason=REASON)
    assert "batch.held" not in [name for name, _ in make.facts(batch)]
    assert [name for name, _ in make.facts(batch, "manufacturer")] == ["batch.held"]


def test_a_major_deviation_holds_its_batch_by_the_clause_until_it_is_closed(batch, cdmo_qa, sponsor_qa):
    found = triaged(cdmo_qa, batch)
    assert standing(cdmo_qa, batch) == [("status", "8.1", found.number)]
    assert blocks(cdmo_qa, batch) == (f"disposition blocked ({found.number})",)
    assert standing(sponsor_qa, batch) == []
    found = deviations.release(cdmo_qa, found)
    assert standing(sponsor_qa, batch) == [("status", "8.1", found.number)]
    found = investigate_deviation(cdmo_qa, found.pk, version=found.version)
    deviations.finish(cdmo_qa, found)
    assert standing(cdmo_qa, batch) == []


def test_a_minor_one_holds_nothing_and_a_cancelled_one_no_longer(batch, cdmo_qa):
    triaged(cdmo_qa, batch, "minor")
    assert standing(cdmo_qa, batch) == []
    found = triaged(cdmo_qa, batch, "critical")
    assert len(standing(cdmo_qa, batch)) == 1
    cancel_deviation(cdmo_qa, found.pk, reason="Logged for the wrong batch.", version=found.version)
    assert standing(cdmo_qa, batch) == []


def test_what_a_clause_holds_is_not_lifted_by_hand(batch, cdmo_qa):
    found = triaged(cdmo_qa, batch)
    with reading(cdmo_qa):
        hold = BatchHold.objects.visible_to(cdmo_qa).get(cause=found.pk)
    with pytest.raises(HeldByClause) as refused:
        lift_batch_hold(cdmo_qa, hold.pk, version=hold.version, reason=REASON)
    assert found.number in refused.value.detail


def test_two_causes_are_one_block_that_names_both(batch, cdmo_qa):
    first, second = triaged(cdmo_qa, batch), triaged(cdmo_qa, batch)
    assert blocks(cdmo_qa, batch) == (f"disposition blocked ({first.number}, {second.number})",)


def test_a_discontinued_batch_is_not_held(batch, cdmo_qa):
    from batches.actions.cycle import discontinue_batch

    discontinue_batch(cdmo_qa, batch.pk, version=batch.version)
    with pytest.raises(Conflict):
        place(cdmo_qa, batch)


def test_the_rival_has_holds_of_its_own_alone(batch, cdmo_qa, rival_sponsor_qa):
    place(cdmo_qa, batch)
    other = make.batch(cast.RIVAL_PROGRAM, number="R-1")
    place(make.setup(cast.RIVAL_PROGRAM), other)
    with reading(rival_sponsor_qa):
        found = list_batch_holds(rival_sponsor_qa)
        assert [each.batch_id for each in found] == [other.pk]
