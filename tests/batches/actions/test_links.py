"""A sponsor-owned link: each manufacturer reads number and status of the other lot, and a hold travels."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from batches import tasks
from batches.actions.links import carry_link, end_link, link_lots
from batches.actions.lots import judge_lot
from batches.models import LotLink, LotLinkEnd
from batches.queries.links import links_of
from batches.queries.lots import get_lot
from portal.action import reading
from portal.actor import system_actor
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.models import Alert
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast, lots

BOTH = cast.PROGRAM, cast.SECOND_PROGRAM


@pytest.fixture
def pair(database):
    make.batch()
    make.batch(cast.SECOND_PROGRAM)
    return lots.lot("DS-7"), lots.lot("VIALS-7", program=cast.SECOND_PROGRAM)


def stands(lot, key="sponsor_qa"):
    with reading(actor(key)) as by:
        return get_lot(by, lot.pk).state


def seen(lot, key):
    with reading(actor(key)) as by:
        return [(each.row.way, each.row.other_number, each.row.other_state) for each in links_of(by, lot.pk)]


def judge(lot, to, key="cdmo_qa"):
    with reading(actor(key)) as by:
        version = get_lot(by, lot.pk).version
    return judge_lot(actor(key), lot.pk, to=to, version=version, reason="Particles were found in it.")


def alerts(lot):
    with reading(make.setup(lot.space_id)) as by:
        rows = Alert.objects.visible_to(by).filter(subject_id=lot.pk).order_by("raised_at", "side")
        return list(rows.values_list("kind", "side"))


def test_each_program_reads_number_and_status_of_the_other_ones_lot_and_nothing_else(pair, sponsor_qa):
    drug, vials = pair
    lots.linked(drug, vials, sponsor_qa)
    assert seen(drug, "cdmo_qa") == [("onward", "VIALS-7", "released")]
    assert seen(vials, "cdmo_qa") == [("origin", "DS-7", "released")]
    with reading(actor("cdmo_qa")) as by:
        assert not LotLinkEnd.objects.visible_to(by).exists()
        assert [each.other_lot for each in links_of(by, drug.pk)] == [None]
    with reading(sponsor_qa):
        assert [each.other_lot for each in links_of(sponsor_qa, drug.pk)] == [vials.pk]
    assert seen(drug, "rival_sponsor_qa") == []


@pytest.mark.parametrize("key", ["cdmo_qa", "cdmo_quality_head", "sponsor_viewer"])
def test_only_the_sponsors_quality_and_cmc_link(pair, key):
    with pytest.raises(Refused):
        link_lots(actor(key), pair[0].pk, other_id=pair[1].pk)


def test_a_rival_links_neither_what_is_not_theirs_nor_to_it(pair, rival_sponsor_qa):
    make.batch(cast.RIVAL_PROGRAM)
    theirs = lots.lot("THEIRS", program=cast.RIVAL_PROGRAM)
    for lot, other in ((pair[0], pair[1]), (theirs, pair[0]), (pair[0], theirs)):
        with pytest.raises(NotFound):
            link_lots(rival_sponsor_qa, lot.pk, other_id=other.pk)


def test_a_lot_is_linked_once_and_never_with_its_own_ancestor(pair, sponsor_qa):
    drug, vials = pair
    lots.linked(drug, vials, sponsor_qa)
    with pytest.raises(Conflict, match="already"):
        lots.linked(drug, vials, sponsor_qa)
    with pytest.raises(Conflict, match="ancestor"):
        lots.linked(vials, drug, sponsor_qa)
    with pytest.raises(Invalid, match="genealogy"):
        lots.linked(drug, lots.lot("DS-8"), sponsor_qa)


def test_no_circle_closes_through_what_batches_made(pair, sponsor_qa):
    drug, vials = pair
    batch = make.batch(cast.SECOND_PROGRAM, number="B-2")
    lots.use(batch, vials)
    made = lots.product(batch, "FILLED-7")
    lots.linked(drug, vials, sponsor_qa)
    with pytest.raises(Conflict, match="ancestor"):
        lots.linked(made, drug, sponsor_qa)


def test_a_hold_travels_and_is_lifted_by_hand_only(pair, sponsor_qa):
    drug, vials = pair
    lots.linked(drug, vials, sponsor_qa)
    judge(drug, "hold")
    assert stands(vials) == "released"
    assert tasks.carry_links() == 1
    assert stands(vials) == "on_hold"
    assert alerts(vials) == [("lot.origin_barred", "manufacturer"), ("lot.origin_barred", "sponsor")]
    assert seen(vials, "cdmo_qa") == [("origin", "DS-7", "on_hold")]
    tasks.carry_links()
    assert seen(drug, "cdmo_qa") == [("onward", "VIALS-7", "on_hold")]
    judge(drug, "release")
    tasks.carry_links()
    assert stands(vials) == "on_hold"
    assert alerts(vials)[2:] == [("lot.origin_changed", "manufacturer"), ("lot.origin_changed", "sponsor")]
    assert tasks.carry_links() == 0


def test_a_link_to_a_lot_that_is_on_hold_holds_at_once(pair, sponsor_qa):
    drug, vials = pair
    judge(drug, "hold")
    lots.linked(drug, vials, sponsor_qa)
    assert stands(vials) == "on_hold"


def test_what_befalls_the_later_lot_does_not_hold_the_earlier_one(pair, sponsor_qa):
    drug, vials = pair
    lots.linked(drug, vials, sponsor_qa)
    judge(vials, "reject")
    tasks.carry_links()
    assert stands(drug) == "released"
    assert seen(drug, "cdmo_qa") == [("onward", "VIALS-7", "rejected")]
    assert alerts(drug) == []


def test_an_ended_link_carries_nothing_and_stays_to_be_read(pair, sponsor_qa):
    drug, vials = pair
    link = lots.linked(drug, vials, sponsor_qa)
    with pytest.raises(Refused):
        end_link(actor("cdmo_qa"), link.pk, version=1, reason="It went to another fill.")
    end_link(sponsor_qa, link.pk, version=1, reason="It went to another fill.")
    judge(drug, "hold")
    assert (tasks.carry_links(), stands(vials)) == (0, "released")
    assert seen(vials, "cdmo_qa") == [("origin", "DS-7", "released")]
    with pytest.raises(Conflict, match="ended"):
        end_link(sponsor_qa, link.pk, version=2, reason="It went to another fill.")


def test_two_carriers_at_once_tell_it_once(own_database, clock):
    make.batch()
    make.batch(cast.SECOND_PROGRAM)
    drug, vials = lots.lot("DS-7"), lots.lot("VIALS-7", program=cast.SECOND_PROGRAM)
    link = lots.linked(drug, vials, actor("sponsor_qa"))
    judge(drug, "hold")
    told, start = [], threading.Barrier(2)

    def carry():
        start.wait()
        try:
            told.append(carry_link(system_actor("sweep", *BOTH), link.pk))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=carry) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len([each for each in told if each is not None]) == 1
    assert alerts(vials) == [("lot.origin_barred", "manufacturer"), ("lot.origin_barred", "sponsor")]
    with reading(make.setup(cast.PROGRAM)) as by:
        assert not LotLink.objects.visible_to(by).filter(carry_due=True).exists()
