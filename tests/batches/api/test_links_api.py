"""Links of lots over REST."""

from __future__ import annotations

from batches.actions.links import link_lots
from tests.conftest import actor
from tests.factories import batches, cast, lots


def test_a_link_is_read_by_both_sides_and_drawn_by_no_key_of_the_manufacturer(database, api):
    batches.batch()
    lot, vials = lots.lot("DS-7"), lots.lot("VIALS-7", program=cast.SECOND_PROGRAM)
    address = f"/api/v1/lots/{lot.pk}/links/"
    assert (
        api("cdmo_system")
        .post(address, {"other": str(vials.pk)}, content_type="application/json")
        .status_code
        == 403
    )
    link_lots(actor("sponsor_qa"), lot.pk, other_id=vials.pk)
    shown = api("cdmo_system").get(address).json()
    assert [(each["way"], each["other_number"], each["other_state"], each["other"]) for each in shown] == [
        ("onward", "VIALS-7", "released", None)
    ]
    assert api("sponsor_system").get(address).json()[0]["other"] == str(vials.pk)
    assert api("rival_system").get(address).status_code == 404
    ending = api("sponsor_system").post(
        f"/api/v1/lot-links/{shown[0]['id']}/end/",
        {"reason": "It went to another fill."},
        content_type="application/json",
    )
    assert ending.status_code == 403
