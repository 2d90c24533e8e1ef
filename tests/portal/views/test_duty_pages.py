"""The pages of duty: who to call, the week of both sides, and the rosters of one's own."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from portal.actions.rostering import note_absence, set_duty_card
from portal.actor import Side
from portal.rosters.duty import Duty, Holder, Span
from portal.views.weeks import bars
from tests.factories import batches, cast
from tests.factories.rosters import cover, gaps_of, hours, joined, kept, versions_of

CALL = f"/duty/?program={cast.PROGRAM}"


@pytest.fixture
def second(database):
    return joined("QA floor 09")


def page(client, address):
    answer = client.get(address)
    return answer.status_code, answer.content.decode()


def test_the_duty_list_shows_the_other_side_codes_and_what_is_shared(second, cdmo_qa, signed_in):
    kept(cdmo_qa, second)
    said = {"languages": "Swedish, English", "telephone": "+46 40 555 0107"}
    set_duty_card(second, cast.PROGRAM, person_id=second.person_id, audience="manufacturer", **said)
    own, other = (page(signed_in(key), CALL)[1] for key in ("cdmo_operator", "sponsor_viewer"))
    for text in (own, other):
        assert "QA floor 09" in text
        assert "Swedish, English" in text
        assert "QA floor 07" not in text
        assert "Name of" not in text.replace("Name of cdmo_operator", "").replace(
            "Name of sponsor_viewer", ""
        )
    assert "+46 40 555 0107" in own
    assert "+46 40" not in other
    set_duty_card(second, cast.PROGRAM, person_id=second.person_id, audience="shared", **said)
    assert not re.search(r'name="share"[^>]*checked', page(signed_in("cdmo_qa"), CALL)[1])
    assert 'href="tel:+46405550107"' in page(signed_in("sponsor_viewer"), CALL)[1]


def test_the_other_side_stands_first_because_it_is_who_is_called(database, signed_in):
    text = page(signed_in("sponsor_qa"), CALL)[1]
    assert text.index('id="side-manufacturer"') < text.index('id="side-sponsor"')
    text = page(signed_in("cdmo_qa"), CALL)[1]
    assert text.index('id="side-sponsor"') < text.index('id="side-manufacturer"')


def test_a_rival_reads_neither_list(second, cdmo_qa, signed_in):
    kept(cdmo_qa, second)
    text = page(signed_in("rival_sponsor_qa"), CALL)[1]
    assert "QA floor 09" not in text
    assert "AV-101" not in text


def test_a_person_says_how_they_are_reached(database, signed_in):
    client = signed_in("cdmo_shift_lead")
    wrong = client.post(CALL, {"telephone": "ring me"})
    assert (wrong.status_code, "digits" in wrong.content.decode()) == (400, True)
    kept_ = client.post(CALL, {"telephone": "+46 40 555", "languages": "English", "share": "on"})
    assert kept_.status_code == 303
    assert "+46 40 555" in page(signed_in("sponsor_viewer"), CALL)[1]
    # What is shared stays so unless its owner says otherwise.
    assert re.search(r'name="share"[^>]*checked', page(client, CALL)[1])
    # A seat in the whole partnership is reached so in each of its programs.
    second_program = f"/duty/?program={cast.SECOND_PROGRAM}"
    assert "+46 40 555" in page(signed_in("sponsor_viewer"), second_program)[1]


def test_the_escalations_page_holds_the_week_of_both_sides(second, cdmo_qa, sponsor_qa, signed_in):
    kept(cdmo_qa, "cdmo_qa", second, space=cast.PARTNERSHIP)
    kept(sponsor_qa, "sponsor_qa", side=Side.SPONSOR)
    for key in ("cdmo_operator", "sponsor_viewer"):
        text = page(signed_in(key), "/escalations/")[1]
        week = text[text.index('id="week"') :]
        assert "no cover" not in week
        assert "QA floor 07" in week or "QA floor 09" in week
        assert "Sponsor QA 03" in week
        assert "AV-101, AV-310" in week
        assert week.count('<th scope="row"') == 2
    assert 'id="week"' not in page(signed_in("rival_sponsor_qa"), "/escalations/")[1]


def test_a_gap_stands_in_the_week(second, cdmo_qa, signed_in):
    roster = kept(cdmo_qa, "cdmo_qa")
    at = batches.now() + timedelta(days=2)
    note_absence(
        cdmo_qa, roster.pk, person_id=cdmo_qa.person_id, begins_at=at, ends_at=at + hours(1), version=1
    )
    assert "no cover" in page(signed_in("sponsor_viewer"), "/escalations/")[1]


FIRST = date(2026, 3, 2)
ANN, BOB = (Holder(UUID(int=n), f"Code {n}", datetime(2020, 1, 1, tzinfo=UTC)) for n in (1, 2))


def span(begins, ends, primary):
    begins, ends = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (begins, ends))
    return Span(begins, ends, Duty(primary, None))


def test_bars_fill_the_week_and_lose_no_turn_however_short():
    week = [
        span("2026-03-02T00:00", "2026-03-03T07:00", ANN),
        span("2026-03-03T07:00", "2026-03-03T07:20", None),
        span("2026-03-03T07:20", "2026-03-03T08:00", BOB),
        span("2026-03-03T08:00", "2026-03-09T00:00", ANN),
    ]
    found = bars(week, FIRST, "UTC", ANN.person_id)
    assert [(each.quarters, each.code, each.is_mine) for each in found] == [
        (5, "Code 1", True),
        (1, "", False),
        (1, "Code 2", False),
        (21, "Code 1", True),
    ]
    begun = [span("2026-03-02T13:00", "2026-03-09T00:00", ANN)]
    assert [each.quarters for each in bars(begun, FIRST, "UTC", ANN.person_id)] == [26]
    late = [
        span("2026-03-02T00:00", "2026-03-08T23:00", ANN),
        span("2026-03-08T23:00", "2026-03-08T23:30", None),
        span("2026-03-08T23:30", "2026-03-09T00:00", BOB),
    ]
    assert [each.quarters for each in bars(late, FIRST, "UTC", ANN.person_id)] == [26, 1, 1]


def test_a_roster_is_begun_and_changed_on_its_page(second, signed_in, cdmo_qa):
    client = signed_in("cdmo_qa")
    assert f"/rosters/new/{cast.PARTNERSHIP}/qa/" in page(client, "/rosters/")[1]
    address = f"/rosters/new/{cast.PARTNERSHIP}/qa/"
    assert "QA floor 09, place in the order" in page(client, address)[1]
    said = {
        f"place_{second.person_id}": "1",
        f"place_{cdmo_qa.person_id}": "2",
        "begins_on": "2026-03-02",
        "handover_at": "07:00",
        "days": "7",
        "zone": "Europe/Stockholm",
        "hours": "mon-fri 08:00-18:00",
    }
    begun = client.post(address, said)
    assert begun.status_code == 303
    plan = cover().rosters["manufacturer", "qa"].plan
    assert plan.rotation.people == (second.person_id, cdmo_qa.person_id)
    assert plan.rotation.hours.plain()["days"] == ["mon", "tue", "wed", "thu", "fri"]
    place = begun.headers["Location"]
    assert client.post(place, said | {"days": "1", "version": "1"}).status_code == 303
    assert cover().rosters["manufacturer", "qa"].plan.rotation.days == 1
    stale = client.post(place, said | {"days": "2", "version": "1"})
    assert (stale.status_code, "version 2" in stale.content.decode()) == (412, True)
    nobody = client.post(place, {**said, "version": "2"} | {name: "" for name in said if "place" in name})
    assert (nobody.status_code, "1 to 40 people" in nobody.content.decode()) == (400, True)
    odd = client.post(place, said | {"hours": "whenever", "version": "2"})
    assert odd.status_code == 400
    assert client.post(address, said).status_code in (400, 428)


def test_stand_ins_and_absences_are_kept_in_the_local_time_of_the_roster(second, cdmo_qa, signed_in):
    roster = kept(cdmo_qa, "cdmo_qa", second)
    client, place = signed_in("cdmo_qa"), f"/rosters/{roster.pk}/"
    said = {
        "kind": "absence",
        "person": str(second.person_id),
        "begins_at": "2040-07-01T08:00",
        "ends_at": "2040-07-03T08:00",
        "version": "1",
    }
    assert client.post(f"{place}stretch/", said).status_code == 303
    (away,) = versions_of(roster)[-1].plan["away"]
    assert away["begins_at"] == "2040-07-01T08:00:00+02:00"
    assert (
        client.post(f"{place}stretch/", said | {"ends_at": "2039-01-01T08:00", "version": "2"}).status_code
        == 400
    )
    text = page(client, place)[1]
    begins = re.search(r'name="begins_at" value="([^"]+)"', text)[1]
    given = {"person": str(second.person_id), "begins_at": begins, "version": "2"}
    assert client.post(f"{place}withdraw/", given).status_code == 303
    assert versions_of(roster)[-1].plan["away"] == []
    assert client.post(f"{place}withdraw/", {**given, "begins_at": "soon"}).status_code == 404


def test_who_keeps_no_roster_reads_it_and_says_their_own_absence_alone(second, cdmo_qa, signed_in):
    roster = kept(cdmo_qa, "cdmo_shift_lead", role="shift_lead")
    place = f"/rosters/{roster.pk}/"
    status, text = page(signed_in("cdmo_shift_lead"), place)
    assert (status, "Keep the roster" in text, "stretch/" in text) == (200, False, True)
    status, text = page(signed_in("cdmo_operator"), place)
    assert (status, "Keep the roster" in text, "stretch/" in text) == (200, False, False)
    for key in ("sponsor_quality_head", "rival_sponsor_qa"):
        assert page(signed_in(key), place)[0] == 404
        assert page(signed_in(key), f"/rosters/new/{cast.PARTNERSHIP}/viewer/")[0] == (
            200 if key == "sponsor_quality_head" else 404
        )
    assert page(signed_in("cdmo_operator"), f"/rosters/new/{cast.PARTNERSHIP}/qa/")[0] == 404
    assert gaps_of(roster) == []


def test_an_alert_is_refused_from_its_page(database, signed_in):
    from tests.factories.alerts import raised, rows_of

    alert = raised()
    client = signed_in("sponsor_viewer")
    assert "Not me, I cannot" in page(client, f"/alerts/{alert.pk}/")[1]
    assert client.post(f"/alerts/{alert.pk}/refuse/", {"reason": ""}).status_code == 400
    assert client.post(f"/alerts/{alert.pk}/refuse/", {"reason": "On a train until ten"}).status_code == 303
    assert len(rows_of(alert)["steps"]) == 2
    text = page(client, f"/alerts/{alert.pk}/")[1]
    assert ("Not me, I cannot" in text, "On a train until ten" in text) == (False, True)
    assert "On a train" not in page(signed_in("cdmo_qa"), f"/alerts/{alert.pk}/")[1]
    assert "Not me, I cannot" not in page(signed_in("cdmo_qa"), f"/alerts/{alert.pk}/")[1]
    assert client.get(f"/alerts/{alert.pk}/refuse/").status_code == 302


def test_the_duty_list_costs_the_same_for_one_roster_and_for_three(
    second, cdmo_qa, signed_in, django_assert_num_queries
):
    from portal.action import instant, reading
    from portal.queries.duty import duty_lists
    from portal.queries.rooms import list_rooms

    def read():
        with reading(cdmo_qa):
            programs = [each.program for each in list_rooms(cdmo_qa).values()]
            instant()
            with django_assert_num_queries(4):
                return duty_lists(cdmo_qa, programs, instant())

    read()
    for role, key in (
        ("qa", "cdmo_qa"),
        ("shift_lead", "cdmo_shift_lead"),
        ("quality_head", "cdmo_quality_head"),
    ):
        kept(cdmo_qa, key, role=role)
    assert sum(line.is_rostered for line in read()[cast.PROGRAM]) == 3
