"""The Escalations page: open ladders first, each with who was told and what comes next."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.actions.alerts import acknowledge_alert, climb_ladder
from portal.actor import Side, system_actor
from tests.factories import alerts, cast


def text_of(client):
    page = client.get("/escalations/")
    assert page.status_code == 200
    return page.content.decode()


def test_nothing_climbing_says_what_will_stand_here(database, signed_in):
    for key in ("cdmo_qa", "sponsor_viewer", "rival_sponsor_qa", "inspector"):
        assert "No ladder is climbing" in text_of(signed_in(key))


def test_an_open_ladder_names_who_was_told_and_who_comes_next(database, signed_in):
    found = alerts.raised(Side.SPONSOR)
    text = text_of(signed_in("sponsor_qa"))
    assert "step 1 of 2" in text
    assert "Sponsor QA 03" in text
    assert "then quality head is told" in text
    assert f'action="/alerts/{found.pk}/acknowledge/"' in text
    assert "Name of sponsor_viewer" not in text
    assert found.title not in text_of(signed_in("rival_sponsor_qa"))


def test_a_climbed_ladder_shows_the_step_that_was_taken(database, signed_in, clock):
    found = alerts.raised(Side.SPONSOR)
    clock.move(timedelta(minutes=3))
    climb_ladder(system_actor("sweep", cast.PROGRAM), alerts.rows_of(found)["clock"].pk)
    text = text_of(signed_in("cdmo_qa"))
    assert "step 2 of 2" in text
    assert "Sponsor quality head 01" in text
    assert "then the ladder ends" in text


def test_open_ladders_of_ones_own_side_come_first_and_ended_ones_last(database, signed_in, sponsor_qa):
    ended = alerts.raised(Side.SPONSOR, title="The ended one")
    alerts.raised(Side.MANUFACTURER, title="Theirs")
    alerts.raised(Side.SPONSOR, title="Ours")
    acknowledge_alert(sponsor_qa, ended.pk)
    text = text_of(signed_in("sponsor_qa"))
    places = [text.index(each) for each in ("Ours", "Theirs", "The ended one")]
    assert places == sorted(places)
    assert "acknowledged by Sponsor QA 03" in text


def test_a_ladder_inside_the_cdmo_is_not_there_for_the_sponsor(database, signed_in):
    alerts.raised(Side.MANUFACTURER, audience="manufacturer", title="INSIDE")
    assert "INSIDE" not in text_of(signed_in("sponsor_qa"))
    assert "INSIDE" in text_of(signed_in("cdmo_qa"))


def test_three_ladders_cost_as_many_queries_as_one(database, signed_in):
    client = signed_in("sponsor_qa")

    def queries():
        with CaptureQueriesContext(connection) as found:
            text_of(client)
        return len(found)

    alerts.raised(Side.SPONSOR)
    queries()
    few = queries()
    alerts.raised(Side.SPONSOR)
    alerts.raised(Side.MANUFACTURER)
    assert queries() == few
