import json
from datetime import timedelta

import pytest

from portal.actions.alerts import climb_ladder, open_alert
from portal.actor import Side, system_actor
from tests.factories import cast
from tests.factories.alerts import TITLE, raised, rows_of

ALERTS = "/api/v1/alerts/"


def path(alert, step=""):
    return f"{ALERTS}{alert.pk}/{step}"


def post(client, where, **given):
    return client.post(where, content_type="application/json", **given)


def ids(answer):
    return [each["id"] for each in answer.json()["results"]]


def test_both_sides_list_the_alerts_of_their_program_newest_first(database, api):
    alerts = [raised(side) for side in (Side.SPONSOR, Side.MANUFACTURER, Side.SPONSOR)]
    for key in ("sponsor_system", "cdmo_system"):
        assert ids(api(key).get(ALERTS)) == [str(each.pk) for each in reversed(alerts)]


def test_the_list_shows_what_asks_for_whose_receipt_and_until_when(database, api):
    alert = raised(classification="critical")
    (found,) = api("sponsor_system").get(ALERTS).json()["results"]
    assert found == {
        "id": str(alert.pk),
        "program": str(cast.PROGRAM),
        "kind": "excursion.par",
        "side": "sponsor",
        "classification": "critical",
        "title": TITLE,
        "clause": "5.7",
        "state": "open",
        "raised_at": found["raised_at"],
        "acknowledged_at": None,
        "acknowledged_by": "",
        "next_at": found["next_at"],
        "may_acknowledge": True,
        "subject": {"type": "program", "id": str(cast.PROGRAM), "number": "AV-101"},
        "version": 1,
    }
    assert found["raised_at"] < found["next_at"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"program={cast.PROGRAM}", [1, 0]),
        (f"program={cast.RIVAL_PROGRAM}", []),
        (f"program={cast.SECOND_PROGRAM}", [2]),
        ("state=open", [2, 1, 0]),
        ("state=acknowledged", []),
        ("side=mine", [2, 0]),
        ("side=manufacturer", [1]),
    ],
)
def test_the_list_is_filtered_by_program_state_and_side(database, api, query, expected):
    alerts = [
        raised(Side.SPONSOR),
        raised(Side.MANUFACTURER),
        raised(Side.SPONSOR, program=cast.SECOND_PROGRAM),
    ]
    raised(program=cast.RIVAL_PROGRAM, title="CANARY")
    assert ids(api("sponsor_system").get(f"{ALERTS}?{query}")) == [str(alerts[each].pk) for each in expected]


@pytest.mark.parametrize("query", ["program=x", "state=lost", "side=both"])
def test_an_unknown_filter_value_is_refused_by_name(database, api, query):
    answer = api("sponsor_system").get(f"{ALERTS}?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [query.split("=")[0]]


def test_the_list_costs_the_same_for_one_alert_and_for_three(
    database, api, django_assert_num_queries, django_assert_max_num_queries
):
    raised()
    with django_assert_max_num_queries(20) as once:
        api("sponsor_system").get(ALERTS)
    for _ in range(2):
        raised()
    with django_assert_num_queries(len(once)):
        assert len(ids(api("sponsor_system").get(ALERTS))) == 3


def test_an_alert_shows_who_was_told_by_code_and_what_they_did(database, clock, api, sponsor_qa):
    alert = raised()
    open_alert(sponsor_qa, alert.pk)
    clock.move(timedelta(minutes=3))
    climb_ladder(system_actor("sweep", cast.PROGRAM), rows_of(alert)["clock"].pk)
    answer = api("sponsor_system").get(path(alert))
    assert answer.headers["ETag"] == '"1"'
    found = answer.json()
    assert [(each["number"], each["roles"], each["told"]) for each in found["steps"]] == [
        (0, ["qa", "viewer", "cmc"], 2),
        (1, ["quality_head"], 1),
    ]
    first = found["receipts"][0]
    assert first.pop("told_at") < first.pop("opened_at")
    assert first == {
        "code": "Sponsor QA 03",
        "role": "qa",
        "step": 0,
        "delivered_at": None,
        "acknowledged_at": None,
        "refused_at": None,
        "mail": "waiting",
    }
    assert [each["code"] for each in found["receipts"][1:]] == [
        "Sponsor viewer 11",
        "Sponsor quality head 01",
    ]


def test_the_other_side_reads_who_was_told_and_not_what_was_opened(database, api, sponsor_qa):
    alert = raised()
    open_alert(sponsor_qa, alert.pk)
    found = api("cdmo_system").get(path(alert)).json()
    assert [each["opened_at"] for each in found["receipts"]] == [None, None]
    assert [each["code"] for each in found["receipts"]] == ["Sponsor QA 03", "Sponsor viewer 11"]
    assert found["may_acknowledge"] is False


def test_no_name_and_no_address_of_a_person_is_in_an_answer(database, api):
    text = api("cdmo_system").get(path(raised())).content.decode()
    assert "Name of" not in text
    assert "@" not in text


def test_a_step_ahead_shows_when_it_will_be_taken(database, api):
    alert = raised()
    ahead = api("sponsor_system").get(path(alert)).json()["steps"][1]
    due_at = rows_of(alert)["clock"].next_at.isoformat().replace("+00:00", "Z")
    assert ahead == {"number": 1, "roles": ["quality_head"], "due_at": due_at, "taken_at": None, "told": None}


def test_an_alert_offers_its_receipt_to_who_may_give_it_and_nothing_else(database, api, signed_in):
    alert = raised()
    (offer,) = api("sponsor_system").get(path(alert)).json()["available_actions"]
    assert (offer["name"], offer["method"], offer["href"]) == (
        "acknowledge",
        "POST",
        path(alert, "acknowledge/"),
    )
    assert offer["schema"]["properties"] == {}
    for client in (api("cdmo_system"), signed_in("inspector")):
        assert client.get(path(alert)).json()["available_actions"] == []
    post(api("sponsor_system"), offer["href"])
    assert api("sponsor_system").get(path(alert)).json()["available_actions"] == []


def test_a_key_with_the_scope_acknowledges_for_its_side(database, api):
    alert = raised()
    answer = post(api("sponsor_system"), path(alert, "acknowledge/"))
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert (answer.json()["state"], answer.json()["acknowledged_by"]) == (
        "acknowledged",
        "Sponsor system 01",
    )
    again = post(api("sponsor_system"), path(alert, "acknowledge/"))
    assert again.json() == answer.json()


def test_a_repeat_under_one_idempotency_key_says_so(database, api):
    alert = raised()
    answers = [
        post(api("sponsor_system"), path(alert, "acknowledge/"), headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert [each.json()["version"] for each in answers] == [2, 2]
    assert [each.headers.get("Idempotent-Replayed") for each in answers] == [None, "true"]


def test_a_person_acknowledges_from_a_page(database, signed_in):
    answer = post(signed_in("sponsor_viewer"), path(raised(), "acknowledge/"))
    assert (answer.status_code, answer.json()["acknowledged_by"]) == (200, "Sponsor viewer 11")


def test_opening_is_told_over_rest_once(database, signed_in):
    alert = raised()
    first, again = (post(signed_in("sponsor_qa"), path(alert, "open/")) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["receipts"][0]["opened_at"]


@pytest.mark.parametrize("step", ["acknowledge/", "open/"])
def test_the_wrong_side_and_the_wrong_role_are_refused_in_words(database, api, signed_in, step):
    alert = raised(Side.SPONSOR)
    assert post(api("cdmo_system"), path(alert, step)).status_code == 403
    operator = post(signed_in("cdmo_operator"), path(raised(Side.MANUFACTURER), "acknowledge/"))
    assert (operator.status_code, operator.json()["code"]) == (403, "refused")
    assert post(signed_in("inspector"), path(alert, "acknowledge/")).status_code == 403


def test_a_key_without_the_scope_is_refused(database, api):
    answer = post(api("gateway"), path(raised(Side.MANUFACTURER), "acknowledge/"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.parametrize("step", ["", "acknowledge/", "open/"])
def test_a_rival_gets_the_same_answer_as_for_an_alert_that_is_not_there(database, api, signed_in, step):
    from uuid import uuid4

    alert = raised(title="CANARY words")
    for client in (api("rival_system"), signed_in("rival_sponsor_qa")):
        answers = [
            (post(client, where) if step else client.get(where))
            for where in (path(alert, step), f"{ALERTS}{uuid4()}/{step}")
        ]
        assert [each.status_code for each in answers] == [404, 404]
        assert answers[0].content == answers[1].content
    assert rows_of(alert)["alert"].state == "open"


def test_a_rival_lists_their_own_alerts_alone(database, api):
    raised(title="CANARY ours")
    own = raised(program=cast.RIVAL_PROGRAM)
    answer = api("rival_system").get(ALERTS)
    assert ids(answer) == [str(own.pk)]
    assert "CANARY ours" not in answer.content.decode()


def test_the_sponsor_reads_no_internal_alert_of_the_manufacturer(database, api):
    alert = raised(Side.MANUFACTURER, audience="manufacturer", title="CANARY internal")
    assert api("sponsor_system").get(path(alert)).status_code == 404
    assert ids(api("sponsor_system").get(ALERTS)) == []
    assert api("cdmo_system").get(path(alert)).json()["title"] == "CANARY internal"


def test_a_body_with_members_is_refused_by_name(database, api):
    answer = post(api("sponsor_system"), path(raised(), "acknowledge/"), data=json.dumps({"note": "x"}))
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["note"])


def test_nobody_reads_alerts_without_signing_in(database, client):
    assert client.get(ALERTS).status_code == 401
