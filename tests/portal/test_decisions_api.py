"""Decision requests over REST: systems ask and talk; answering takes a person and a signature."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories import batches
from tests.factories import decisions as make

ADDRESS = "/api/v1/decision_requests/"


@pytest.fixture
def batch(database):
    return batches.batch(number="B-2417")


def body(**given):
    return {
        "title": "B-2417: continue, or stop?",
        "options": [{"code": "A", "words": "Continue"}, {"code": "B", "words": "Stop"}],
        "recommended": "A",
        "recommendation": "The culture recovered.",
        "lost_at": (batches.now() + timedelta(hours=3)).isoformat(),
        "meanwhile": "The culture goes on.",
        "if_lost": "It goes on as in A.",
    } | given


def post(client, address, given, version=None, **headers):
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return client.post(address, given, content_type="application/json", headers=headers)


def test_a_system_drafts_asks_talks_and_withdraws(batch, api):
    client = api("cdmo_system")
    made = post(client, ADDRESS, body(subject=str(batch.pk)))
    assert (made.status_code, made["ETag"]) == (201, '"1"')
    draft = made.json()
    assert (draft["state"], draft["audience"], draft["number"]) == ("drafted", "manufacturer", "")
    assert [each["name"] for each in draft["available_actions"]] == ["revise", "ask", "withdraw"]
    address = f"{ADDRESS}{draft['id']}/"
    assert api("sponsor_system").get(address).status_code == 404
    revised = post(client, f"{address}revise/", body(title="B-2417: go on, or stop?"), version=1)
    assert (revised.status_code, revised.json()["title"]) == (200, "B-2417: go on, or stop?")
    assert post(client, f"{address}ask/", {}).status_code == 428
    assert post(client, f"{address}ask/", {}, version=1).status_code == 412
    asked = post(client, f"{address}ask/", {}, version=2)
    assert (asked.status_code, asked.json()["state"], asked["ETag"]) == (200, "asked", '"3"')
    assert [each["name"] for each in asked.json()["available_actions"]] == ["message", "withdraw"]
    seen = api("sponsor_system").get(address).json()
    assert [each["code"] for each in seen["options"]] == ["A", "B"]
    assert seen["available_actions"] == []
    said = post(client, f"{address}message/", {"text": "Samples are at hand."}, version=3)
    assert [each["text"] for each in said.json()["messages"]] == ["Samples are at hand."]
    back = post(client, f"{address}withdraw/", {"reason": "Asked anew."}, version=3)
    assert (back.json()["state"], back.json()["available_actions"]) == ("withdrawn", [])
    assert api("rival_system").get(address).status_code == 404


def test_there_is_no_address_at_which_a_key_could_answer(batch, cdmo_qa, api):
    asked = make.asked(cdmo_qa, batch)
    answered = post(api("cdmo_system"), f"{ADDRESS}{asked.pk}/answer/", {"option": "A"}, version=2)
    assert answered.status_code == 404


def test_the_list_is_of_a_program_a_record_and_a_state(batch, cdmo_qa, api):
    other = batches.batch(number="B-2418")
    asked, draft = make.asked(cdmo_qa, batch), make.draft(cdmo_qa, other)

    def ids(key, query=""):
        return [each["id"] for each in api(key).get(f"{ADDRESS}{query}").json()["results"]]

    assert ids("cdmo_system") == [str(draft.pk), str(asked.pk)]
    assert ids("cdmo_system", f"?subject={other.pk}") == [str(draft.pk)]
    assert ids("cdmo_system", "?state=asked") == [str(asked.pk)]
    assert ids("sponsor_system") == [str(asked.pk)]
    assert ids("rival_system") == []
    assert api("cdmo_system").get(f"{ADDRESS}?state=open").status_code == 400


def test_a_repeat_with_the_same_key_drafts_one(batch, api):
    given = body(subject=str(batch.pk))
    first, second = (post(api("cdmo_system"), ADDRESS, given, **{"Idempotency-Key": "one"}) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("field", "given"),
    [("options", {"options": []}), ("lost_at", {"lost_at": "2030-01-01T00:00:00"}), ("extra", {"extra": 1})],
)
def test_what_is_wrong_is_named(batch, api, field, given):
    answer = post(api("cdmo_system"), ADDRESS, body(subject=str(batch.pk), **given))
    assert (answer.status_code, field in answer.json()["errors"]) == (400, True)


def test_the_events_of_a_request_are_on_the_stream(batch, cdmo_qa, api):
    from tests.conftest import head_of
    from tests.factories import cast

    before = head_of(cast.PROGRAM)
    asked = make.asked(cdmo_qa, batch)
    found = api("sponsor_system").get(
        f"/api/v1/events/?program={cast.PROGRAM}&audience=shared&after={before}"
    )
    events = found.json()["results"]
    assert [(each["kind"], each["subject"]["id"], each["subject"]["number"]) for each in events] == [
        ("decision.asked", str(asked.pk), asked.number)
    ]
