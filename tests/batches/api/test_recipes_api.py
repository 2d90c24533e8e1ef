"""Recipes over REST: files in and out, the steps of their life, what each reader is offered."""

import json
import time

import pytest

from batches.recipes.batchml_out import write_batchml
from batches.recipes.document import plain, to_text
from batches.recipes.files import FORMS, read_file
from batches.recipes.table import write_table
from tests.factories import cast
from tests.factories import recipes as write

URL = "/api/v1/recipes/"
HERE = f"{URL}?program={cast.PROGRAM}"
REASON = {"reason": "The limit of the harvest is missing."}


def post(client, address, body=None, **headers):
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return client.post(address, data=content, content_type="application/json", headers=headers)


def drafted(api, body=None):
    return post(api("cdmo_system"), HERE, body or to_text(write.whole()).encode())


def take(api, key, answer, step, body=None, *, version=None):
    seen = version if version is not None else answer.json()["version"]
    return post(api(key), f"{URL}{answer.json()['id']}/{step}/", body, **{"If-Match": f'"{seen}"'})


@pytest.mark.parametrize("body", [to_text(write.whole()).encode(), write_table(write.whole()),
                                  write_batchml(write.whole())], ids=list(FORMS))  # fmt: skip
def test_a_file_of_every_form_becomes_a_draft_that_the_sponsor_does_not_find(database, api, body):
    answer = drafted(api, body)
    shown = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert (shown["state"], shown["revision"], shown["audience"]) == ("draft", None, "manufacturer")
    assert shown["document"] == plain(write.whole())
    for key in ("sponsor_system", "rival_system"):
        assert api(key).get(f"{URL}{shown['id']}/").status_code == 404
        assert api(key).get(f"{URL}{shown['id']}/document/").status_code == 404
        assert api(key).get(f"{URL}{shown['id']}/changes/").status_code == 404
        assert api(key).get(HERE).json()["results"] == []


def test_a_version_goes_to_review_and_comes_back_and_says_what_may_be_done(database, api):
    draft = drafted(api)
    assert [each["name"] for each in draft.json()["available_actions"]] == ["share", "submit", "withdraw"]
    assert post(api("cdmo_system"), f"{URL}{draft.json()['id']}/submit/").status_code == 428
    assert take(api, "cdmo_system", draft, "submit", version=9).status_code == 412
    review = take(api, "cdmo_system", draft, "submit")
    assert (review.status_code, review.json()["state"], review.json()["revision"]) == (200, "in_review", 1)
    told = api("sponsor_system").get(f"{URL}{review.json()['id']}/").json()
    assert told["document"] == plain(write.whole().shared())
    assert take(api, "sponsor_system", review, "send_back", REASON).status_code == 403
    assert api("rival_system").get(f"{URL}{review.json()['id']}/").status_code == 404
    effect = take(api, "cdmo_system", review, "make_effective")
    assert (effect.status_code, effect.json()["code"]) == (409, "invalid_transition")
    gone = take(api, "cdmo_system", review, "withdraw", REASON)
    assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    assert gone.json()["available_actions"] == []
    again = post(api("cdmo_system"), f"{URL}{gone.json()['id']}/draft/")
    assert (again.status_code, again.json()["based_on"]) == (201, gone.json()["id"])


def test_each_form_comes_out_without_what_is_the_cdmos_own(database, api):
    review = take(api, "cdmo_system", drafted(api), "submit")
    address = f"{URL}{review.json()['id']}/document/"
    for form in FORMS:
        own = api("cdmo_system").get(f"{address}?form={form}")
        assert read_file(own.content) == write.whole()
        assert FORMS[form].media_type.split(";")[0] in own.headers["Content-Type"]
        assert f'filename="MBR-7-rev-1.{FORMS[form].ending}"' in own.headers["Content-Disposition"]
        theirs = api("sponsor_system").get(f"{address}?form={form}")
        assert read_file(theirs.content) == write.whole().shared()
        assert b"LOAD" not in theirs.content
    assert api("cdmo_system").get(f"{address}?form=pdf").status_code == 400


def test_a_draft_takes_another_document_and_tells_what_it_changes(database, api):
    draft = drafted(api)
    address = f"{URL}{draft.json()['id']}/"
    later = write.whole(title="Another title", hold_times=write.whole().hold_times[:1])
    edited = api("cdmo_system").put(
        f"{address}document/",
        data=write_table(later),
        content_type="text/csv",
        headers={"If-Match": '"1"'},
    )
    assert (edited.status_code, edited.json()["title"], edited.json()["version"]) == (200, "Another title", 2)
    other = drafted(api).json()["id"]
    changes = api("cdmo_system").get(f"{address}changes/?since={other}").json()
    assert changes["since"] == other
    assert [(each["part"], each["code"], each["kind"]) for each in changes["changes"]] == [
        ("recipe", "MBR-7", "changed"),
        ("hold_time", "HT-2", "removed"),
    ]
    assert changes["changes"][0]["lines"] == ["title: AV-101 drug substance, now Another title"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 400, "xml_hostile"),
        (b'<BatchInformation xmlns="http://www.wbf.org/xml/BatchML-V02"/>', 400, "older_version"),
        (b'{"format": "covalent.recipe/1", "number": "A"}', 400, "recipe_invalid"),
        (b"", 400, "recipe_invalid"),
        (to_text(write.whole(steps=())).encode(), 400, "recipe_invalid"),
    ],
    ids=range(5),
)
def test_what_cannot_be_read_is_a_problem_with_its_reason(database, api, body, status, code):
    answer = post(api("cdmo_system"), HERE, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"]


def test_only_its_authors_draft_and_the_program_must_be_ones_own(database, api):
    body = to_text(write.whole()).encode()
    assert post(api("sponsor_system"), HERE, body).status_code == 403
    assert post(api("rival_system"), HERE, body).status_code in (403, 404)
    assert post(api("cdmo_system"), URL, body).status_code == 400


def test_the_schema_is_published_and_the_list_is_filtered_by_state(database, api):
    schema = api("sponsor_system").get(f"{URL}schema/1/").json()
    assert schema["properties"]["format"]["const"] == "covalent.recipe/1"
    drafted(api)
    found = api("cdmo_system").get(f"{HERE}&state=draft").json()["results"]
    assert [each["number"] for each in found] == ["MBR-7"]
    assert api("cdmo_system").get(f"{HERE}&state=effective").json()["results"] == []


def go_whole_way(api, steps):
    draft = drafted(api, write_batchml(write.long(steps)))
    assert draft.status_code == 201
    review = take(api, "cdmo_system", draft, "submit")
    assert (review.status_code, len(review.json()["phases"])) == (200, steps - 51)


def test_a_recipe_of_many_steps_is_drafted_and_submitted(database, api):
    go_whole_way(api, 400)


@pytest.mark.soak
def test_a_recipe_of_5000_steps_is_drafted_and_submitted_in_time(database, api):
    began = time.monotonic()
    go_whole_way(api, 5_000)
    assert time.monotonic() - began < 10
