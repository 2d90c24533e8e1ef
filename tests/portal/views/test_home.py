"""Home: one inbox by time left; nothing of anybody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.actor import Side, system_actor
from portal.models import Look
from tests.factories import agreements, alerts, batches, cast
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


@pytest.fixture
def running(database):
    """Two batches of the first program and one of the rival's, all in process."""
    ours = batches.batch(number="B-1", title="The first one")
    return ours, batches.batch(number="B-2"), batches.batch(cast.RIVAL_PROGRAM, number="CANARY-B")


def news_of(client, path="/"):
    """The part of Home that tells what is new, as words."""
    found = re.search(r'id="news"[^>]*>(.*?)</section>', text_of(client, path), re.DOTALL)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found)).strip()


def leave_par(batch, program=cast.PROGRAM):
    rows = batches.course([38.2] * 12, start=batches.now() - timedelta(minutes=3))
    batches.send(system_actor("setup", program), batch, rows)


POLL = {"X-Covalent-Background": "1"}


def test_what_is_new_stands_by_batch_with_links_and_the_quiet_ones_in_a_line(
    running, signed_in, cdmo_operator, cdmo_qa
):
    first, second, rival = running
    leave_par(first)
    deviation = make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=first.pk, title="Out of range"))
    leave_par(rival, cast.RIVAL_PROGRAM)
    news = news_of(signed_in("cdmo_shift_lead"))
    assert "Since you last looked the last 24 hours B-1 The first one 3 excursions" in news
    assert "3 excursions, 1 deviation, 1 alert" in news
    assert "Temperature outside PAR" in news
    assert f"major {deviation.number} Out of range" in news
    assert news.endswith("Nothing new: B-2")
    page = text_of(signed_in("cdmo_shift_lead"))
    assert f'href="/deviations/{deviation.pk}/"' in page
    assert f'<a href="/batches/{second.pk}/">B-2</a>' in page
    assert "CANARY" not in page


def test_the_sponsor_reads_of_a_deviation_when_its_notice_left_and_not_before(
    running, signed_in, cdmo_operator, cdmo_qa
):
    first, _, _ = running
    logged = make.report(cdmo_operator, batch_id=first.pk, title="INTERNAL until told")
    assert "deviation" not in news_of(signed_in("sponsor_qa")).replace("Nothing new", "")
    make.release(cdmo_qa, make.triage(cdmo_qa, logged))
    assert f"{logged.number} INTERNAL until told" in news_of(signed_in("sponsor_qa"))
    assert "CANARY" in news_of(signed_in("rival_sponsor_qa"))
    assert "INTERNAL" not in text_of(signed_in("rival_sponsor_qa"))


def test_an_excursion_inside_the_cdmo_is_no_news_to_the_sponsor(running, signed_in):
    first, _, _ = running
    rows = batches.course([95.0] * 3, code="LOAD", start=batches.now() - timedelta(minutes=3))
    batches.send(system_actor("setup", cast.PROGRAM), first, rows)
    assert "1 excursion" in news_of(signed_in("cdmo_qa"))
    assert "excursion" not in news_of(signed_in("sponsor_qa"))


def test_news_stay_for_the_sitting_and_are_gone_in_the_next(running, signed_in, clock):
    first, _, _ = running
    leave_par(first)
    client = signed_in("sponsor_viewer")
    assert "3 excursions" in news_of(client)
    clock.move(timedelta(minutes=10))
    assert "3 excursions" in news_of(client)
    clock.move(timedelta(minutes=40))
    later = news_of(signed_in("sponsor_viewer"))
    assert "excursion" not in later
    assert "the last 24 hours" not in later


def test_a_poll_is_no_look(running, signed_in, clock):
    client = signed_in("sponsor_viewer")
    news_of(client)
    before = list(Look.objects.values_list())
    clock.move(timedelta(minutes=5))
    client.get("/", headers=POLL | {"HX-Request": "true"})
    client.get("/?part=news", headers=POLL | {"HX-Request": "true"})
    client.get(f"/batches/{running[0].pk}/?part=stand", headers=POLL | {"HX-Request": "true"})
    assert list(Look.objects.values_list()) == before
    part = client.get("/?part=news", headers=POLL | {"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="stack aside" id="news"')


def test_opening_a_batch_ends_its_news_and_no_other(running, signed_in):
    first, second, _ = running
    leave_par(first)
    leave_par(second)
    client = signed_in("sponsor_viewer")
    assert client.get(f"/batches/{first.pk}/").status_code == 200
    news = news_of(client)
    assert "B-2" in news.split("Nothing new")[0]
    assert news.endswith("Nothing new: B-1")
    assert "B-1" in news_of(signed_in("sponsor_qa")).split("Nothing new")[0]


def test_a_foreign_batch_leaves_no_look_behind(running, signed_in):
    client = signed_in("rival_sponsor_qa")
    assert client.get(f"/batches/{running[0].pk}/").status_code == 404
    assert not Look.objects.exists()


def test_without_a_running_batch_it_says_what_will_stand_there(database, signed_in):
    assert "No batch is in process" in text_of(signed_in("cdmo_qa"))


def test_news_of_three_batches_cost_as_many_queries_as_of_one(database, signed_in, cdmo_operator, cdmo_qa):
    client = signed_in("cdmo_qa")

    def one(number):
        batch = batches.batch(number=number)
        leave_par(batch)
        make.triage(cdmo_qa, make.report(cdmo_operator, batch_id=batch.pk))

    def queries():
        with CaptureQueriesContext(connection) as found:
            news_of(client)
        return len(found)

    one("B-1")
    queries()
    few = queries()
    one("B-2")
    one("B-3")
    assert queries() == few


def test_the_clause_of_a_line_leads_to_where_it_is_read(database, signed_in):
    alerts.raised(Side.SPONSOR)
    address = reverse("program_terms", args=[cast.PROGRAM, "default"])
    link = f'<a href="{address}#clause-5.7">clause 5.7, default rule</a>'
    for key in ("sponsor_viewer", "cdmo_qa"):
        assert link in text_of(signed_in(key))


def test_a_version_in_review_stands_with_the_side_that_has_the_pen(database, cdmo_qa, signed_in):
    found = agreements.in_review(cdmo_qa)
    link = f'href="/agreement/{found.pk}/"'
    assert link not in text_of(signed_in("cdmo_qa"))
    for key in ("sponsor_qa", "sponsor_quality_head"):
        text = text_of(signed_in(key))
        assert link in text
        assert "your side has the pen" in text
    for key in ("sponsor_viewer", "rival_sponsor_qa", "inspector"):
        assert link not in text_of(signed_in(key))


def test_what_one_head_signed_waits_for_the_other(
    database, cdmo_quality_head, sponsor_quality_head, signed_in
):
    maker, _sponsor = agreements.heads(cdmo_quality_head, sponsor_quality_head)
    found = agreements.in_review(maker)
    agreements.approve(maker, found)
    link = f'href="/agreement/{found.pk}/"'
    text = text_of(signed_in("sponsor_quality_head"))
    assert link in text
    assert "waits for your signature" in text
    for key in ("cdmo_quality_head", "sponsor_qa", "rival_sponsor_qa"):
        assert link not in text_of(signed_in(key))
