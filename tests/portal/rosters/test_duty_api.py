"""Rosters, the duty list and drills over REST."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.access import get_program
from portal.action import instant, reading
from portal.actions.founding import open_program
from portal.actions.rostering import set_duty_card
from portal.actor import system_actor
from portal.queries.duty import duty_lists
from tests.conftest import actor
from tests.factories import batches, cast
from tests.factories.rosters import joined, kept

ROSTERS, DUTY, DRILLS = "/api/v1/rosters/", "/api/v1/duty/", "/api/v1/drills/"
TURNS = {"begins_on": "2026-03-02", "handover_at": "07:00", "zone": "Europe/Stockholm", "days": 4}


def post(client, address, given, version=None, **headers):
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return client.post(address, given, content_type="application/json", headers=headers)


def holders(client, role="qa", space=cast.PROGRAM):
    answer = client.get(f"{ROSTERS}holders/?space={space}&role={role}")
    return {each["code"]: each["person"] for each in answer.json()}


def test_a_system_keeps_a_roster_from_the_first_turn_to_an_absence(database, api):
    client, own = api("cdmo_system"), joined("QA floor 09")
    people = holders(client)
    assert {"QA floor 07", "QA floor 09"} <= set(people)
    order = [people["QA floor 09"], people["QA floor 07"]]
    given = TURNS | {
        "space": str(cast.PROGRAM),
        "role": "qa",
        "people": order,
        "hours": "mon-fri 08:00-18:00",
    }
    made = post(client, ROSTERS, given, **{"Idempotency-Key": "first"})
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    found = made.json()
    assert [each["code"] for each in found["rotation"]["people"]] == ["QA floor 09", "QA floor 07"]
    assert (found["rotation"]["hours"], found["rotation"]["days"]) == ("mon-fri 08:00-18:00", 4)
    again = post(client, ROSTERS, given, **{"Idempotency-Key": "first"})
    assert (again.json()["id"], again["Idempotent-Replayed"]) == (found["id"], "true")
    address = f"{ROSTERS}{found['id']}/"
    assert [each["id"] for each in client.get(ROSTERS).json()["results"]] == [found["id"]]
    assert post(client, f"{address}rotation/", TURNS | {"people": order[:1]}).status_code == 428
    assert post(client, f"{address}rotation/", TURNS | {"people": order[:1]}, version=7).status_code == 412
    changed = post(client, f"{address}rotation/", TURNS | {"people": order[:1]}, version=1)
    assert (changed["ETag"], changed.json()["rotation"]["hours"]) == ('"2"', "")
    assert changed.json()["primary"]["code"] == "QA floor 09"
    now = batches.now()
    stretch = {
        "person": people["QA floor 07"],
        "begins_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=9)).isoformat(),
    }
    stood = post(client, f"{address}stand_in/", stretch, version=2).json()
    assert (stood["primary"]["code"], stood["backup"]["code"]) == ("QA floor 07", "QA floor 09")
    away = post(client, f"{address}absence/", stretch, version=3).json()
    assert (away["primary"]["code"], [each["code"] for each in away["away"]]) == (
        "QA floor 09",
        ["QA floor 07"],
    )
    begins = {"person": people["QA floor 07"], "begins_at": stood["stand_ins"][0]["begins_at"]}
    back = post(client, f"{address}withdraw/", begins, version=4)
    assert (back.json()["stand_ins"], back.json()["away"], back["ETag"]) == ([], [], '"5"')
    assert client.get(address).json() == back.json()
    assert own.person_id


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"people": []}, "people"),
        ({"people": ["00000000-0000-4000-8000-000000000000"]}, "people"),
        ({"hours": "whenever"}, "hours"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"days": 0}, "days"),
        ({"role": "gateway"}, "role"),
        ({"who": "me"}, "who"),
    ],
)
def test_what_makes_no_roster_is_refused_by_field(database, api, cdmo_qa, wrong, field):
    given = TURNS | {"space": str(cast.PROGRAM), "role": "qa", "people": [str(cdmo_qa.person_id)]}
    answer = post(api("cdmo_system"), ROSTERS, given | wrong)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_a_roster_is_nobody_elses(database, api, cdmo_qa):
    roster = kept(cdmo_qa, "cdmo_qa")
    for key in ("sponsor_system", "rival_system"):
        client = api(key)
        assert client.get(f"{ROSTERS}{roster.pk}/").status_code == 404
        assert client.get(ROSTERS).json()["results"] == []
    assert holders(api("sponsor_system")).keys() == {"Sponsor QA 03"}
    foreign = api("rival_system").get(f"{ROSTERS}holders/?space={cast.PROGRAM}&role=qa")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    # A key of a role that keeps no rosters changes none, and one without the scope writes nothing.
    assert post(api("sponsor_system"), ROSTERS, {}).status_code == 403


def test_who_answers_now_is_read_by_both_sides_and_by_nobody_else(database, api, cdmo_qa):
    kept(cdmo_qa, "cdmo_qa")
    for audience in ("manufacturer", "shared"):
        set_duty_card(
            cdmo_qa,
            cast.PROGRAM,
            person_id=cdmo_qa.person_id,
            languages="Swedish",
            telephone="+46 40 628 04 07",
            audience=audience,
        )
        for key, number in (
            ("cdmo_system", "+46 40 628 04 07"),
            ("sponsor_system", "+46 40 628 04 07" if audience == "shared" else ""),
        ):
            (found,) = api(key).get(f"{DUTY}?program={cast.PROGRAM}").json()["results"]
            (line,) = [
                each for each in found["lines"] if (each["side"], each["role"]) == ("manufacturer", "qa")
            ]
            assert line["is_rostered"]
            assert line["people"] == [
                {"code": "QA floor 07", "is_delegate": False, "languages": "Swedish", "telephone": number}
            ]
    rival = api("rival_system")
    assert rival.get(f"{DUTY}?program={cast.PROGRAM}").status_code == 404
    text = rival.get(DUTY).content.decode()
    assert '"QA floor 07"' not in text
    assert str(cast.PROGRAM) not in text
    assert {each["code"] for each in api("cdmo_system").get(DUTY).json()["results"]} >= {"AV-101"}
    assert "Name of" not in api("sponsor_system").get(DUTY).content.decode()


def partners_card(by, audience):
    return set_duty_card(
        by,
        cast.PARTNERSHIP,
        person_id=by.person_id,
        languages="Swedish",
        telephone="+46 40 628 04 99",
        audience=audience,
    )


def reached(client, code, program=cast.PROGRAM):
    """The telephone of a person on duty as a caller reads it, None where the list does not name them."""
    (found,) = client.get(f"{DUTY}?program={program}").json()["results"]
    people = [each for line in found["lines"] for each in line["people"] if each["code"] == code]
    return {each["telephone"] for each in people} or None


def test_a_key_of_one_program_reads_how_people_of_the_partnership_are_reached(
    database, api, cdmo_quality_head
):
    partners_card(cdmo_quality_head, "manufacturer")
    assert reached(api("cdmo_system"), "Quality head 01") == {"+46 40 628 04 99"}
    assert reached(api("sponsor_system"), "Quality head 01") == {""}
    assert "628 04 99" not in api("rival_system").get(DUTY).content.decode()
    partners_card(cdmo_quality_head, "shared")
    assert reached(api("sponsor_system"), "Quality head 01") == {"+46 40 628 04 99"}
    assert "628 04 99" not in api("rival_system").get(DUTY).content.decode()


def test_a_program_that_is_opened_has_the_cards_of_its_partnership(database, cdmo_quality_head):
    partners_card(cdmo_quality_head, "manufacturer")
    program = cast.fixed("later program")
    setup = system_actor("setup", program, cast.PARTNERSHIP)
    open_program(setup, program, partnership_id=cast.PARTNERSHIP, code="AV-900", title="Later", sites=[])
    for key, number in (("cdmo_quality_head", "+46 40 628 04 99"), ("sponsor_quality_head", "")):
        reader = actor(key)
        with reading(reader):
            lines = duty_lists(reader, [get_program(reader, program)], instant())[program]
        (who,) = [each for line in lines for each in line.people if each.code == "Quality head 01"]
        assert (who.languages, who.telephone) == ("Swedish", number)


def test_a_drill_is_started_read_by_its_side_and_not_signed_by_a_key(database, api):
    client = api("cdmo_system")
    given = {"program": str(cast.PROGRAM), "ladder": "live_alert", "wait_s": 5}
    made = post(client, DRILLS, given, **{"Idempotency-Key": "drill"})
    assert (made.status_code, made.json()["state"], made.json()["side"]) == (201, "running", "manufacturer")
    assert post(client, DRILLS, given, **{"Idempotency-Key": "drill"}).json()["id"] == made.json()["id"]
    assert post(client, DRILLS, given).status_code == 409
    address = f"{DRILLS}{made.json()['id']}/"
    assert client.get(address).json()["number"].startswith("DRILL-")
    assert [each["id"] for each in client.get(f"{DRILLS}?state=running").json()["results"]] == [
        made.json()["id"]
    ]
    assert client.get(f"{DRILLS}?state=ended").json()["results"] == []
    for key in ("sponsor_system", "rival_system"):
        assert api(key).get(address).status_code == 404
        assert api(key).get(DRILLS).json()["results"] == []
    assert post(client, DRILLS, given | {"ladder": "none"}).status_code == 400
    assert post(client, DRILLS, given | {"wait_s": 4}).status_code == 400
