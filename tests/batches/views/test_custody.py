"""The page of identity and custody."""

from __future__ import annotations

from batches.actions.custody_events import take_events
from tests.conftest import actor
from tests.factories import custody as given


def test_the_page_shows_each_side_what_is_its_to_see(page):
    lot = given.lot()
    given.handed(lot, given.OTHER)
    take_events(actor("cdmo_qa"), lot.pk, body=given.document())
    address = f"/batches/{lot.pk}/custody/"
    status, mine = page("cdmo_qa", address)
    assert (status, "everything stops" in mine, "G123498654322" in mine) == (200, True, True)
    status, theirs = page("sponsor_viewer", address)
    assert (status, "everything stops" in theirs, "G123498654322" in theirs) == (200, True, False)
    assert "Take over from others" not in theirs
    assert page("rival_sponsor_qa", address)[0] == 404
    assert page("sponsor_viewer", f"{address}file/")[0] == 200
    assert page("rival_sponsor_qa", f"{address}file/")[0] == 404
    assert f'href="/batches/{lot.pk}/custody/"' in page("cdmo_qa", f"/batches/{lot.pk}/")[1]
