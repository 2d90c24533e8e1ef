"""Home: one inbox by time left; nothing of anybody else."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.actor import Side
from tests.factories import alerts, cast
from tests.factories import deviations as make


def text_of(client, path="/"):
    page = client.get(path)
    assert page.status_code == 200
    return page.content.decode()


def test_the_empty_inbox_says_what_will_appear(database, signed_in):
    for key in ("cdmo_qa", "sponsor_viewer", "inspector", "cdmo_admin", "rival_sponsor_qa"):
        assert "Nothing waits for you" in text_of(signed_in(key))


def test_a_stranger_is_sent_to_sign_in(database, client):
    assert client.get("/").headers["Location"] == "/account/login/?next=/"


def test_an_alert_stands_in_the_inbox_of_whom_it_asks_and_below_for_the_other_side(database, signed_in):
    found = alerts.raised(Side.SPONSOR)
    asked = text_of(signed_in("sponsor_viewer"))
    assert f'action="/alerts/{found.pk}/acknowledge/"' in asked
    assert "AV-101, Norrsund Biologics" in asked
    other = text_of(signed_in("cdmo_qa"))
    assert "Waits for the other side" in other
    assert "acknowledge/" not in other
    assert "CANARY-PRODUCT" not in text_of(signed_in("rival_sponsor_qa"))


def test_acknowledging_from_home_comes_back_home_and_empties_it(database, signed_in):
    found = alerts.raised(Side.SPONSOR)
    client = signed_in("sponsor_viewer")
    page = client.post(f"/alerts/{found.pk}/acknowledge/", {"next": "/"})
    assert (page.status_code, page.headers["Location"]) == (303, "/")
    text = text_of(client)
    assert "Receipt given" in text
    assert "Nothing waits for you" in text


def test_least_time_left_comes_first_then_what_has_no_deadline(database, cdmo_operator, cdmo_qa, signed_in):
    reported = make.report(cdmo_operator, title="No deadline yet")
    major = make.triage(cdmo_qa, make.report(cdmo_operator, title="Due within a business day"), "major")
    alerts.raised(Side.MANUFACTURER, title="Due in two minutes")
    text = text_of(signed_in("cdmo_qa"))
    places = [text.index(each) for each in ("Due in two minutes", major.number, reported.number)]
    assert places == sorted(places)
    assert '<span class="nav-count" data-mine data-count="home">3<' in text.replace("\n", "")


def test_partners_stand_in_one_inbox_for_who_works_for_both(database, cdmo_qa, signed_in):
    make.report(cdmo_qa)
    make.report(cdmo_qa, cast.RIVAL_PROGRAM)
    text = text_of(signed_in("cdmo_qa"))
    assert "AV-101, Arvo Therapeutics" in text
    assert "CANARY-TB-22, CANARY Tessel Bio" in text


def test_the_live_part_alone_is_answered_to_the_page_itself(database, signed_in):
    page = signed_in("sponsor_viewer").get("/", headers={"HX-Request": "true"})
    assert page.content.decode().lstrip().startswith('<div class="stack" id="inbox"')


def test_three_items_cost_as_many_queries_as_one(database, cdmo_operator, cdmo_qa, signed_in):
    client = signed_in("cdmo_qa")

    def one():
        alerts.raised(Side.MANUFACTURER)
        alerts.raised(Side.SPONSOR)
        make.triage(cdmo_qa, make.report(cdmo_operator))

    def queries():
        with CaptureQueriesContext(connection) as found:
            text_of(client)
        return len(found)

    one()
    queries()
    few = queries()
    one()
    one()
    assert queries() == few
