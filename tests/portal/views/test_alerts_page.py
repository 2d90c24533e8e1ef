"""The page of one alert: opened is noted, a receipt is given once, the other side only reads."""

from __future__ import annotations

import pytest

from portal.actor import Side
from tests.conftest import entries_of
from tests.factories import alerts, cast


@pytest.fixture
def raised(database):
    return alerts.raised(Side.SPONSOR)


def page_of(client, alert, **given):
    return client.get(f"/alerts/{alert.pk}/", **given)


def test_looking_notes_the_opening_once_on_the_side_that_looked(raised, signed_in):
    client = signed_in("sponsor_viewer")
    first = page_of(client, raised)
    assert first.status_code == 200
    assert "TEMP outside its proven range" in first.content.decode()
    page_of(client, raised)
    rows = alerts.rows_of(raised)
    assert len(rows["openings"]) == 1
    assert rows["alert"].state == "open"
    assert [kind for _, kind, _, _ in entries_of(cast.PROGRAM, "sponsor")] == ["alert.opened"]


def test_the_other_side_reads_it_without_openings_and_without_a_button(raised, signed_in):
    page_of(signed_in("sponsor_viewer"), raised)
    text = page_of(signed_in("cdmo_qa"), raised).content.decode()
    assert "Sponsor viewer 11" in text
    assert '<th scope="col">Opened</th>' not in text
    assert "What was opened stays with Arvo Therapeutics" in text
    assert "acknowledge/" not in text
    assert [kind for _, kind, _, _ in entries_of(cast.CDMO)][-1] != "action.refused"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_rival_finds_nothing(raised, signed_in, method):
    client = signed_in("rival_sponsor_qa")
    path = f"/alerts/{raised.pk}/" + ("acknowledge/" if method == "post" else "")
    page = getattr(client, method)(path)
    assert page.status_code == 404
    assert "CANARY-PRODUCT" not in page.content.decode()


def test_an_alert_inside_the_cdmo_is_not_there_for_the_sponsor(database, signed_in):
    inside = alerts.raised(Side.MANUFACTURER, audience="manufacturer")
    assert page_of(signed_in("sponsor_qa"), inside).status_code == 404
    assert page_of(signed_in("cdmo_qa"), inside).status_code == 200


def test_a_receipt_is_given_once_and_a_repeat_finds_it(raised, signed_in):
    client = signed_in("sponsor_qa")
    for _turn in range(2):
        page = client.post(f"/alerts/{raised.pk}/acknowledge/")
        assert (page.status_code, page.headers["Location"]) == (303, f"/alerts/{raised.pk}/")
    text = page_of(client, raised).content.decode()
    assert "Acknowledged by Sponsor QA 03" in text
    shared = [kind for _, kind, _, _ in entries_of(cast.PROGRAM)]
    assert shared.count("alert.acknowledged") == 1


def test_a_banner_gets_itself_back(raised, signed_in):
    page = signed_in("sponsor_qa").post(f"/alerts/{raised.pk}/acknowledge/", headers={"HX-Request": "true"})
    text = page.content.decode()
    assert page.status_code == 200
    assert f'id="alert-{raised.pk}"' in text
    assert "acknowledged by Sponsor QA 03" in text
    assert "<form" not in text


@pytest.mark.parametrize("key", ["cdmo_qa", "inspector"])
def test_who_is_not_asked_is_refused_in_words(raised, signed_in, key):
    page = signed_in(key).post(f"/alerts/{raised.pk}/acknowledge/")
    assert page.status_code == 403
    assert "Refused" in page.content.decode()
    assert alerts.rows_of(raised)["alert"].state == "open"


def test_onward_leads_nowhere_else(raised, signed_in):
    client = signed_in("sponsor_qa")
    for onward in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        page = client.post(f"/alerts/{raised.pk}/acknowledge/", {"next": onward})
        assert page.headers["Location"] == f"/alerts/{raised.pk}/"


def test_a_hostile_title_is_shown_as_words(database, signed_in):
    found = alerts.raised(Side.SPONSOR, title="<script>alert(1)</script>")
    text = page_of(signed_in("sponsor_qa"), found).content.decode()
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;" in text


def test_the_live_part_alone_is_answered_to_the_page_itself(raised, signed_in):
    page = page_of(signed_in("sponsor_qa"), raised, headers={"HX-Request": "true"})
    assert page.content.decode().lstrip().startswith('<div class="stack" id="alert"')
