"""The strip of clocks, the page of one, and the page of calendars."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.actor import Side
from tests.factories import batches, cast
from tests.factories.clocks import FIVE_DAYS, WORDS, seen, started
from tests.portal.test_calendars import put, today

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def words(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_a_clock_shows_whose_ball_by_what_and_its_history(database, signed_in):
    put()
    found = started(FIVE_DAYS)
    text = words(signed_in("cdmo_qa").get(f"/clocks/{found.pk}/"))
    said = re.sub("<[^>]+>", "", text)
    assert "your side, clause 6.2, default rule, 5 business days, calendar v1, Europe/Stockholm" in said
    assert "Started" in text
    assert f'href="/calendars/{cast.PROGRAM}/"' in text
    assert 'name="due_at"' in text
    most = f"{found.due_at.astimezone(STOCKHOLM) + timedelta(days=30):%Y-%m-%dT}"
    assert f'max="{most}' in text
    assert "Extended 0 of 2 times by clause 6.3, default rule; the next time to " in said
    assert 'name="due_at"' not in words(signed_in("sponsor_qa").get(f"/clocks/{found.pk}/"))


def test_a_clock_is_paused_from_its_page_and_leads_back(database, signed_in):
    found = started()
    given = {"reason": WORDS, "version": "1", "next": "/escalations/"}
    answer = signed_in("cdmo_qa").post(f"/clocks/{found.pk}/pause/", given)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/escalations/")
    assert seen(found).state == "paused"


def test_a_refusal_says_why_and_keeps_the_words(database, signed_in):
    found = started()
    answer = signed_in("sponsor_qa").post(f"/clocks/{found.pk}/pause/", {"reason": WORDS, "version": "1"})
    assert answer.status_code == 403
    assert seen(found).version == 1


def test_an_extension_is_given_on_the_wall_of_the_site(database, signed_in):
    found = started()
    wall = f"{found.due_at.astimezone(STOCKHOLM) + timedelta(days=5):%Y-%m-%dT12:00}"
    given = {"reason": WORDS, "version": "1", "due_at": wall}
    assert signed_in("cdmo_qa").post(f"/clocks/{found.pk}/extend/", given).status_code == 303
    assert seen(found).due_at == datetime.fromisoformat(wall).replace(tzinfo=STOCKHOLM)
    bad = given | {"due_at": "soon", "version": "2"}
    assert signed_in("cdmo_qa").post(f"/clocks/{found.pk}/extend/", bad).status_code == 400


def test_an_asked_pause_is_declined_or_taken_back_from_the_page(database, signed_in):
    found = started(is_joint=True)
    address = f"/clocks/{found.pk}/"
    signed_in("sponsor_qa").post(f"{address}pause/", {"reason": WORDS, "version": "1"})
    asker, asked = words(signed_in("sponsor_qa").get(address)), words(signed_in("cdmo_qa").get(address))
    assert ("Take the request back" in asker, "Decline the pause" in asker) == (True, False)
    assert ("Take the request back" in asked, "Decline the pause" in asked) == (False, True)
    given = {"reason": WORDS, "version": "2"}
    assert signed_in("cdmo_qa").post(f"{address}decline/", given).status_code == 303
    text = words(signed_in("sponsor_qa").get(address))
    assert "Pause declined" in text
    assert WORDS in text
    signed_in("sponsor_qa").post(f"{address}pause/", {"reason": WORDS, "version": "3"})
    assert signed_in("sponsor_qa").post(f"{address}take_back/", {"version": "4"}).status_code == 303
    assert seen(found).pause_asked_by == ""


def test_a_rival_finds_no_clock_and_no_calendar(database, signed_in):
    found = started()
    rival = signed_in("rival_sponsor_qa")
    assert rival.get(f"/clocks/{found.pk}/").status_code == 404
    assert rival.get(f"/calendars/{cast.PROGRAM}/").status_code == 404


def test_where_no_clause_sets_a_time_the_page_says_so_and_never_late(database, signed_in):
    batch = batches.batch()
    text = words(signed_in("cdmo_qa").get(f"/batches/{batch.pk}/"))
    assert "None by clause" in text
    assert "late since" not in text


def test_home_has_my_clocks_and_those_of_the_other_side(database, signed_in):
    mine = started(side=Side.SPONSOR)
    theirs = started(side=Side.MANUFACTURER)
    text = words(signed_in("sponsor_qa").get("/"))
    waits, others = text.split("Waits for the other side")
    assert f"/clocks/{mine.pk}/" in waits
    assert f"/clocks/{theirs.pk}/" not in waits
    assert f"/clocks/{theirs.pk}/" in others


def test_a_head_of_quality_sets_the_calendar_on_its_page(database, signed_in):
    client = signed_in("cdmo_quality_head")
    fresh = re.sub("<[^>]+>", "", words(client.get(f"/calendars/{cast.PROGRAM}/")))
    assert ("none set" in fresh, "Monday to Friday 08:00-17:00" in fresh) == (True, True)
    given = {
        "effective_on": today().isoformat(),
        "zone": "Europe/Stockholm",
        "country": "SE",
        "hours": "monday 08:00-17:00\nfriday 08:00-12:00",
        "closures": f"{today().year}-12-24 Stocktaking",
        "half_days": f"{today().year}-12-30 08:00-12:00",
        "reason": "Mondays and Fridays alone.",
        "after": "0",
    }
    assert client.post(f"/calendars/{cast.PROGRAM}/", given).status_code == 303
    text = words(signed_in("sponsor_qa").get(f"/calendars/{cast.PROGRAM}/"))
    assert "version 1, Europe/Stockholm" in text
    assert "Stocktaking" in text
    assert "Set the calendar of your side" not in text
    stale = client.post(f"/calendars/{cast.PROGRAM}/", given)
    assert stale.status_code == 400
    bad = client.post(f"/calendars/{cast.PROGRAM}/", given | {"hours": "monday noon", "after": "1"})
    assert (bad.status_code, "Hours are given like" in words(bad)) == (400, True)
    assert signed_in("sponsor_viewer").post(f"/calendars/{cast.PROGRAM}/", given).status_code == 403
