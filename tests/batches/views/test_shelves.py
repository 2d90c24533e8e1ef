import re

import pytest

from batches.models import Limit
from portal.action import reading
from tests.factories import batches as make

REASON = "The probe is being calibrated."


@pytest.fixture
def batch(database):
    return make.batch(of=make.recipe(measured=[make.temperature(make.limit("par", 35.5, 37.5))]))


@pytest.fixture
def limit_id(batch, cdmo_qa):
    with reading(cdmo_qa):
        rows = Limit.objects.visible_to(cdmo_qa).filter(parameter__recipe_version_id=batch.recipe_version_id)
        return str(rows.get().pk)


def card(text):
    found = re.search(r'<section class="card" id="batch-shelves".*?</section>', text, re.DOTALL)
    return found[0] if found else ""


def test_an_alarm_is_shelved_on_the_page_and_taken_off_again(batch, limit_id, signed_in, page):
    lead, address = signed_in("cdmo_shift_lead"), f"/batches/{batch.pk}/"
    given = {"limit": limit_id, "hours": "4", "reason": REASON}
    assert lead.post(f"{address}shelve/", given).status_code == 303
    status, text = page("sponsor_viewer", address)
    assert status == 200
    assert "Temperature: PAR 35.5 to 37.5 °C" in card(text)
    assert REASON in card(text)
    assert "1 alarm shelved" in text
    assert "unshelve/" not in text
    shelf = re.search(r'name="shelf" value="([^"]+)"', page("cdmo_shift_lead", address)[1])[1]
    assert lead.post(f"{address}unshelve/", {"shelf": shelf, "version": "1"}).status_code == 303
    assert "No alarm is shelved." in card(page("cdmo_shift_lead", address)[1])
    assert page("rival_sponsor_qa", address)[0] == 404


def test_what_was_typed_stays_when_it_is_refused(batch, limit_id, signed_in):
    answer = signed_in("cdmo_qa").post(
        f"/batches/{batch.pk}/shelve/", {"limit": limit_id, "hours": "13", "reason": "Too"}
    )
    assert answer.status_code == 400
    assert ">Too</textarea>" in card(answer.content.decode()).replace("\n", "")
