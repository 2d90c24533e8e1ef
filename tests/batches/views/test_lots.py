from __future__ import annotations

import re

from batches.queries.links import links_of
from portal.action import reading
from tests.conftest import actor
from tests.factories import batches, cast, lots


def numbers(text):
    return re.findall(r'<td class="number"><a href="/lots/[^"]+">([^<]+)</a>', text)


def test_each_side_lists_its_lots_and_the_rival_none_of_them(page):
    batches.batch()
    lots.lot("OURS")
    lots.lot("THEIRS", program=cast.RIVAL_PROGRAM)
    for key in ("cdmo_shift_lead", "sponsor_viewer"):
        status, text = page(key, "/lots/")
        assert (status, numbers(text)) == (200, ["OURS"])
    assert numbers(page("rival_sponsor_qa", "/lots/")[1]) == ["THEIRS"]


def test_what_may_be_done_is_offered_to_who_may_do_it(page):
    batches.batch()
    lot = lots.lot(released=False)
    assert "Receive a lot" in page("cdmo_operator", "/lots/")[1]
    assert "Receive a lot" not in page("sponsor_viewer", "/lots/")[1]
    assert f"/lots/{lot.pk}/release/" in page("cdmo_qa", f"/lots/{lot.pk}/")[1]
    for key in ("cdmo_operator", "sponsor_qa"):
        assert f"/lots/{lot.pk}/release/" not in page(key, f"/lots/{lot.pk}/")[1]


def test_the_genealogy_is_drawn_and_listed(page):
    batch = batches.batch()
    lot = lots.lot("MEDIUM")
    lots.use(batch, lot)
    lots.product(batch, "DS-1")
    status, text = page("sponsor_viewer", f"/lots/{lot.pk}/")
    assert status == 200
    assert re.findall(r'<text x="[^"]+" y="[^"]+">([^<]+)</text>', text) == ["MEDIUM", "DS-1"]
    picture = text[text.index('class="family-tree"') : text.index("All 2 lots")]
    assert picture.count("<path") == 1
    text = page("sponsor_viewer", f"/batches/{batch.pk}/materials/")[1]
    assert numbers(text) == ["MEDIUM", "DS-1"]


def test_a_foreign_lot_is_not_there(page):
    batches.batch(cast.RIVAL_PROGRAM)
    lot = lots.lot(program=cast.RIVAL_PROGRAM)
    assert page("sponsor_viewer", f"/lots/{lot.pk}/")[0] == 404


def test_a_link_is_drawn_and_ended_by_the_sponsor_and_read_by_the_manufacturer(page, signed_in):
    batches.batch()
    lot, vials = lots.lot("DS-7"), lots.lot("VIALS-7", program=cast.SECOND_PROGRAM)
    address, sponsor = f"/lots/{lot.pk}/links/", signed_in("sponsor_qa")
    assert "Link with a lot elsewhere" not in page("cdmo_qa", f"/lots/{lot.pk}/")[1]
    assert signed_in("cdmo_qa").post(address, {"other": vials.pk}).status_code == 403
    assert sponsor.post(address, {"other": lot.pk}).status_code == 400
    assert sponsor.post(address, {"other": vials.pk}).status_code == 303
    with reading(actor("sponsor_qa")) as by:
        link = links_of(by, lot.pk)[0].row
    assert f'href="/lots/{vials.pk}/">VIALS-7' in page("sponsor_viewer", f"/lots/{lot.pk}/")[1]
    text = page("cdmo_qa", f"/lots/{lot.pk}/")[1]
    assert "VIALS-7" in text
    assert str(vials.pk) not in text
    ending = {"link": link.pk, "version": 1}
    assert sponsor.post(address, ending | {"reason": "no"}).status_code == 400
    assert sponsor.post(address, ending | {"reason": "It went to another fill."}).status_code == 303
    assert "link ended" in page("cdmo_qa", f"/lots/{lot.pk}/")[1]
