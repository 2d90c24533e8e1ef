"""Clocks and calendars over REST."""

import json
from datetime import timedelta

import pytest

from portal.actor import Side
from tests.factories import cast
from tests.factories.clocks import FIVE_DAYS, WORDS, seen, started
from tests.portal.test_calendars import put, today

URL = "/api/v1/clocks/"
CALENDAR = {
    "program": str(cast.PROGRAM),
    "zone": "Europe/Stockholm",
    "country": "SE",
    "hours": dict.fromkeys(("monday", "tuesday", "wednesday", "thursday"), "08:00-17:00")
    | {"friday": "08:00-12:00"},
    "closures": {"2040-07-06": "Shutdown"},
    "half_days": {"2040-12-31": "08:00-12:00"},
    "reason": "Fridays are half days from now on.",
}


def post(client, address, body=None, version=None):
    headers = {"If-Match": f'"{version}"'} if version is not None else {}
    return client.post(address, json.dumps(body or {}), content_type="application/json", headers=headers)


def listed(client, query=""):
    answer = client.get(URL + query)
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()["results"]]


def test_a_clock_tells_what_it_was_worked_out_from(database, api):
    put()
    found = started(FIVE_DAYS)
    answer = api("cdmo_system").get(f"{URL}{found.pk}/")
    shown = answer.json()
    assert answer.headers["ETag"] == '"1"'
    assert {
        name: shown[name] for name in ("clause", "terms", "calendar", "zone", "duration", "side", "state")
    } == {
        "clause": "6.2",
        "terms": None,
        "calendar": 1,
        "zone": "Europe/Stockholm",
        "duration": {"business_days": 5, "calendar": "site"},
        "side": "manufacturer",
        "state": "running",
    }
    assert shown["subject"] == {"type": "program", "id": str(cast.PROGRAM), "number": "AV-101"}
    assert [each["step"] for each in shown["history"]] == ["started"]
    assert [each["name"] for each in shown["available_actions"]] == ["pause", "extend"]


def test_the_other_side_reads_a_shared_clock_and_takes_no_step_with_it(database, api):
    found = started()
    shown = api("sponsor_system").get(f"{URL}{found.pk}/").json()
    assert (shown["state"], shown["available_actions"]) == ("running", [])
    assert post(api("sponsor_system"), f"{URL}{found.pk}/pause/", {"reason": WORDS}, 1).status_code == 403


def test_a_rival_finds_nothing(database, api):
    found = started()
    assert listed(api("rival_system")) == []
    assert api("rival_system").get(f"{URL}{found.pk}/").status_code == 404


def test_an_internal_clock_is_not_in_the_other_sides_list(database, api):
    found = started(audience="manufacturer")
    assert str(found.pk) in listed(api("cdmo_system"))
    assert str(found.pk) not in listed(api("sponsor_system"))


def test_clocks_are_listed_by_time_left_and_found_by_record_and_state(database, api):
    late, soon = started(FIVE_DAYS), started()
    rests = post(api("cdmo_system"), f"{URL}{started().pk}/pause/", {"reason": WORDS}, 1).json()["id"]
    wanted = {str(late.pk), str(soon.pk)}
    assert [each for each in listed(api("cdmo_system")) if each in wanted] == [str(soon.pk), str(late.pk)]
    assert rests in listed(api("cdmo_system"), "?state=open")
    assert rests not in listed(api("cdmo_system"), "?state=running")
    assert listed(api("cdmo_system"), "?state=paused") == [rests]
    assert listed(api("cdmo_system"), f"?subject={cast.fixed('nothing')}") == []
    assert api("cdmo_system").get(URL + "?state=late").status_code == 400


def test_a_clock_is_paused_resumed_and_extended_by_its_version(database, api):
    client, found = api("cdmo_system"), started()
    address = f"{URL}{found.pk}/"
    assert post(client, address + "pause/", {"reason": WORDS}).status_code == 428
    rested = post(client, address + "pause/", {"reason": WORDS}, 1)
    assert (rested.status_code, rested.json()["state"], rested.json()["version"]) == (200, "paused", 2)
    assert [each["name"] for each in rested.json()["available_actions"]] == ["resume"]
    assert post(client, address + "resume/", {}, 1).status_code == 412
    gone_on = post(client, address + "resume/", {}, 2).json()
    later = (seen(found).due_at + timedelta(days=2)).isoformat()
    extended = post(
        client, address + "extend/", {"due_at": later, "reason": WORDS}, gone_on["version"]
    ).json()
    assert (extended["extensions"], extended["state"]) == (1, "running")
    assert [each["step"] for each in extended["history"]] == ["started", "paused", "resumed", "extended"]
    assert extended["history"][-1]["reason"] == WORDS


def test_the_other_side_consents_to_a_joint_pause(database, api, signed_in):
    found = started(is_joint=True, side=Side.SPONSOR)
    client = api("cdmo_system")
    asked = post(client, f"{URL}{found.pk}/pause/", {"reason": WORDS}, 1).json()
    assert (asked["pause_asked_by"], [each["name"] for each in asked["available_actions"]]) == (
        "manufacturer",
        ["take_back"],
    )
    refused = post(client, f"{URL}{found.pk}/consent/", {}, asked["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_transition")
    back = post(client, f"{URL}{found.pk}/take_back/", {}, asked["version"])
    assert (back.status_code, back.json()["pause_asked_by"]) == (200, "")
    again = post(client, f"{URL}{found.pk}/decline/", {"reason": WORDS}, back.json()["version"])
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": "short"},
        {"reason": WORDS, "due_at": "2040-01-01T00:00:00"},
        {"reason": WORDS, "who": "me"},
    ],
)
def test_a_body_that_says_too_little_or_too_much_is_refused_by_field(database, api, body):
    answer = post(api("cdmo_system"), f"{URL}{started().pk}/extend/", body, 1)
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_a_calendar_is_set_and_read_by_both_sides(database, api, signed_in):
    body = CALENDAR | {"effective_on": today().isoformat()}
    refused = post(api("cdmo_system"), "/api/v1/calendars/", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "refused")
    row = put()
    shown = api("sponsor_system").get(f"/api/v1/calendars/?program={cast.PROGRAM}").json()["results"]
    assert [(each["number"], each["side"], each["country"]) for each in shown] == [(1, "manufacturer", "SE")]
    assert shown[0]["closures"] == {"2027-07-05": "Shutdown"}
    assert api("sponsor_system").get(f"/api/v1/calendars/{row.pk}/").json() == shown[0]
    assert api("rival_system").get(f"/api/v1/calendars/{row.pk}/").status_code == 404


@pytest.mark.parametrize(
    "given",
    [
        {"zone": "Mars/Olympus"},
        {"country": "ZZ"},
        {"hours": {"monday": "8 to 5"}},
        {"hours": {}},
        {"closures": {"Christmas": "x"}},
        {"half_days": {"2040-12-31": "noon"}},
        {"hours": {"noday": "08:00-17:00"}},
    ],
)
def test_what_makes_no_calendar_is_refused_in_words(database, api, given):
    body = CALENDAR | {"effective_on": today().isoformat()} | given
    answer = post(api("cdmo_system"), "/api/v1/calendars/", body)
    assert (answer.status_code, bool(answer.json()["errors"])) == (400, True)
