from datetime import timedelta

import pytest

from batches.actions.cycle import complete_batch
from batches.actions.shelves import shelve_alarm, unshelve_alarm
from batches.models import AlarmShelf, Limit
from batches.queries.shelves import list_shelves, shelves_of, what_happened
from batches.tasks import end_shelves
from portal.action import instant, reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from portal.models import Alert
from tests.factories import batches as make

REASON = "Probe is being calibrated."
HOUR = timedelta(hours=1)
TEN = timedelta(seconds=10)


@pytest.fixture
def batch(database):
    return make.batch(of=make.recipe(measured=[make.temperature(make.limit("par", 35.5, 37.5))]))


def limit_of(actor, batch):
    with reading(actor):
        rows = Limit.objects.visible_to(actor).filter(parameter__recipe_version_id=batch.recipe_version_id)
        return rows.get().pk


def shelve(actor, batch, *, hours=1.0, reason=REASON):
    with reading(actor):
        until = instant() + hours * HOUR
    return shelve_alarm(actor, batch.pk, limit_id=limit_of(actor, batch), until=until, reason=reason)


def alerts(actor):
    with reading(actor):
        return Alert.objects.visible_to(actor).filter(kind="excursion.par").count()


def outside(gateway, batch, *values, ago=5 * TEN):
    make.send(gateway, batch, make.course(values, start=make.now() - ago))


def test_a_shelved_alarm_waits_and_what_still_is_outside_alerts_at_its_end(batch, cdmo_shift_lead, gateway):
    shelf = shelve(cdmo_shift_lead, batch)
    outside(gateway, batch, 38.0, 38.2)
    outside(gateway, batch, 38.1, ago=2 * TEN)
    assert len(make.excursions(gateway, batch)) == 1
    assert alerts(cdmo_shift_lead) == 0
    ended = unshelve_alarm(cdmo_shift_lead, shelf.pk, version=1)
    assert (ended.state, ended.excursions, ended.lasting) == ("ended", 1, 1)
    assert what_happened(ended) == "1 excursion meanwhile, 1 of them went on and alerted"
    # Both sides are told, once.
    assert alerts(cdmo_shift_lead) == 2
    outside(gateway, batch, 38.1, ago=TEN)
    assert alerts(cdmo_shift_lead) == 2
    assert [name for name, _ in make.facts(shelf)] == ["alarm.shelved", "alarm.unshelved"]


def test_what_is_over_when_the_shelf_ends_never_alerts_and_is_told(batch, cdmo_qa, gateway):
    shelf = shelve(cdmo_qa, batch)
    outside(gateway, batch, 38.0, 36.5, ago=timedelta(0))
    ended = unshelve_alarm(cdmo_qa, shelf.pk, version=1)
    assert (alerts(cdmo_qa), what_happened(ended)) == (0, "1 excursion meanwhile")


def test_a_shelf_ends_by_itself(batch, cdmo_qa, gateway, clock):
    shelf = shelve(cdmo_qa, batch, hours=0.5)
    assert end_shelves() == 0
    clock.move(timedelta(minutes=31))
    assert end_shelves() == 1
    with reading(cdmo_qa):
        found = AlarmShelf.objects.visible_to(cdmo_qa).get(pk=shelf.pk)
    assert (found.state, found.ended_code, found.ended_at) == ("ended", "", shelf.until)
    assert end_shelves() == 0


def test_the_board_counts_what_is_shelved_for_both_sides_and_for_no_other(
    batch, cdmo_qa, sponsor_viewer, rival_sponsor_qa
):
    shelve(cdmo_qa, batch)
    for actor, count in ((cdmo_qa, 1), (sponsor_viewer, 1), (rival_sponsor_qa, 0)):
        with reading(actor):
            facts = shelves_of(actor, [batch.pk])
            assert (facts[batch.pk].shelved if facts else 0, list_shelves(actor).count()) == (count, count)


@pytest.mark.parametrize(
    ("given", "field"),
    [({"hours": 12.1}, "until"), ({"hours": 0}, "until"), ({"reason": "Because"}, "reason")],
    ids=["longer than a shift", "not at all", "without a reason"],
)
def test_a_shelf_has_a_reason_and_an_end_within_a_shift(batch, cdmo_qa, given, field):
    with pytest.raises(Invalid) as refused:
        shelve(cdmo_qa, batch, **given)
    assert list(refused.value.errors) == [field]


def test_an_alarm_is_shelved_once_and_taken_off_once(batch, cdmo_qa):
    shelf = shelve(cdmo_qa, batch)
    with pytest.raises(Conflict):
        shelve(cdmo_qa, batch)
    with pytest.raises(StaleVersion):
        unshelve_alarm(cdmo_qa, shelf.pk, version=2)
    unshelve_alarm(cdmo_qa, shelf.pk, version=1)
    with pytest.raises(InvalidTransition):
        unshelve_alarm(cdmo_qa, shelf.pk, version=2)
    shelve(cdmo_qa, batch)


def test_only_the_shift_lead_and_qa_of_the_cdmo_shelve(
    batch, cdmo_qa, cdmo_operator, sponsor_qa, rival_sponsor_qa
):
    limit_id, until = limit_of(cdmo_qa, batch), make.now() + HOUR
    for stranger, error in (
        (cdmo_operator, Refused),
        (sponsor_qa, Refused),
        (rival_sponsor_qa, NotFound),
    ):
        with pytest.raises(error):
            shelve_alarm(stranger, batch.pk, limit_id=limit_id, until=until, reason=REASON)
    shelf = shelve(cdmo_qa, batch)
    with pytest.raises(Refused):
        unshelve_alarm(sponsor_qa, shelf.pk, version=1)
    with pytest.raises(NotFound):
        unshelve_alarm(rival_sponsor_qa, shelf.pk, version=1)


def test_a_shelf_outlives_its_batch_and_ends_quietly(batch, cdmo_qa, gateway, clock):
    shelve(cdmo_qa, batch, hours=0.5)
    outside(gateway, batch, 38.0)
    complete_batch(cdmo_qa, batch.pk, version=make.fresh(cdmo_qa, batch).version)
    clock.move(timedelta(minutes=31))
    assert (end_shelves(), alerts(cdmo_qa)) == (1, 0)
