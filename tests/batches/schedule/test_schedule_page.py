"""The schedule over REST and as a picture: a week or four, and no other client in it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from batches.actions import schedule
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast

HOUR = timedelta(hours=1)


@pytest.fixture
def planned(database):
    batch, start = make.batch(), make.now() - 2 * HOUR
    given = {"title": "Fill", "planned_start": start, "planned_end": start + 6 * HOUR}
    mine = schedule.plan_slot(actor("cdmo_qa"), cast.PROGRAM, suite="LINE-4", batch_id=batch.pk, **given)
    given |= {"title": "THEIRS", "suite": "SUITE-THEIRS"}
    schedule.plan_slot(actor("cdmo_qa"), cast.RIVAL_PROGRAM, **given)
    return mine


def test_the_picture_is_drawn_and_hides_other_clients(planned, signed_in):
    shown = signed_in("sponsor_qa").get("/schedule/?span=week").content.decode()
    assert "THEIRS" not in shown
    assert "style=" not in shown
    assert re.findall(r'class="schedule-suite"[^>]*>([^<]*)<', shown) == ["LINE-4"]
    assert len(re.findall(r'<rect class="schedule-(?:planned|late|ahead)"', shown)) == 2
    assert "SUITE-THEIRS" in signed_in("cdmo_qa").get("/schedule/").content.decode()
    assert "LINE-4" not in signed_in("rival_sponsor_qa").get("/schedule/").content.decode()


@pytest.mark.parametrize(
    "asked", ["?from=2040-02-30&span=year", "?from=9999-12-31", "?from=0001-01-01", "?from=x"]
)
def test_a_day_that_is_none_still_shows_a_schedule(planned, signed_in, asked):
    assert signed_in("sponsor_qa").get(f"/schedule/{asked}").status_code == 200


def test_the_page_plans_begins_and_moves(planned, signed_in):
    client = signed_in("cdmo_qa")
    sent = {"do": "begin", "id": str(planned.pk), "version": "1"}
    assert client.post("/schedule/", sent).status_code == 303
    moved = {"do": "move", "id": str(planned.pk), "version": "2", "reason": "short"}
    times = {"planned_start": "2040-01-01T08:00", "planned_end": "2040-01-01T09:00"}
    assert client.post("/schedule/", moved | times).status_code == 400
    assert client.post("/schedule/", {"do": "melt"}).status_code == 404
    new = {"do": "plan", "where": str(cast.PROGRAM), "suite": "LINE-5", "title": "Fill"} | times
    assert client.post("/schedule/", new).status_code == 303
    assert signed_in("sponsor_qa").post("/schedule/", new).status_code == 403


def test_rest_tells_each_side_its_own_slots_with_forecast(planned, api):
    (told,) = api("sponsor_system").get("/api/v1/slots/").json()["results"]
    assert (told["suite"], told["state"], told["steps"]) == ("LINE-4", "planned", [])
    assert told["expected"]["why"] == "late"
    assert told["expected"]["later_s"] > 7000
    site = api("cdmo_system")
    steps = site.get("/api/v1/slots/?program=" + str(cast.PROGRAM)).json()["results"][0]["steps"]
    assert steps == ["begin", "move", "give_up"]
    address = f"/api/v1/slots/{planned.pk}/begin/"
    send = {"data": {}, "content_type": "application/json"}
    assert site.post(address, **send).status_code == 428
    theirs = api("rival_system").get("/api/v1/slots/").json()["results"]
    assert [each["suite"] for each in theirs] == ["SUITE-THEIRS"]
    assert site.post(address, **send, headers={"If-Match": '"1"'}).json()["state"] == "under_way"
