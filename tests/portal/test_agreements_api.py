"""Agreements over the API: what the pages do, but signing, which takes a person."""

from __future__ import annotations

import json

import pytest

from portal.action import reading
from portal.agreements.document import read_yaml
from portal.agreements.schema import SCHEMA
from portal.agreements.terms import template
from portal.models import AgreementVersion
from tests.factories import agreements as make
from tests.factories import cast

LIST = "/api/v1/agreements/"
REASON = {"reason": "Both heads spoke of it on the telephone."}


def post(client, where, body=None, **headers):
    return client.post(where, json.dumps(body or {}), content_type="application/json", headers=headers)


def begin(client, **given):
    return post(client, LIST, {"partnership": str(cast.PARTNERSHIP), "template": "commercial"} | given)


def test_a_draft_is_begun_edited_submitted_and_read_by_the_other_side(database, signed_in):
    maker, sponsor = signed_in("cdmo_qa"), signed_in("sponsor_viewer")
    answer = begin(maker)
    assert (answer.status_code, answer.json()["number"], answer["ETag"]) == (201, None, '"1"')
    where = f"{LIST}{answer.json()['id']}/"
    assert sponsor.get(where).status_code == 404
    text = template("commercial").to_yaml().replace("hours: 24", "hours: 4", 1)
    answer = post(maker, f"{where}edit/", {"text": text}, **{"If-Match": '"1"'})
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    answer = post(maker, f"{where}submit/", {"number": 4}, **{"If-Match": '"2"'})
    assert (answer.json()["state"], answer.json()["number"], answer.json()["pen"]) == (
        "in_review",
        4,
        "sponsor",
    )
    seen = sponsor.get(where).json()
    assert seen["document"] == read_yaml(text).plain()
    assert [each["id"] for each in sponsor.get(LIST).json()["results"]] == [seen["id"]]
    assert sponsor.get(f"{LIST}?partnership={cast.RIVAL_PARTNERSHIP}").json()["results"] == []


def test_each_step_says_its_body_and_wants_the_version_seen(database, signed_in):
    maker = signed_in("cdmo_qa")
    found = begin(maker).json()
    offered = {each["name"]: each for each in found["available_actions"]}
    assert set(offered) == {"edit", "submit", "put_in", "withdraw"}
    assert offered["withdraw"]["schema"]["required"] == ["reason"]
    where = f"{LIST}{found['id']}/withdraw/"
    assert post(maker, where, REASON).status_code == 428
    assert post(maker, where, REASON, **{"If-Match": '"7"'}).status_code == 412
    assert post(maker, where, REASON, **{"If-Match": '"1"'}).json()["state"] == "withdrawn"
    assert post(maker, where, REASON, **{"If-Match": '"2"'}).status_code == 409


def test_a_document_with_faults_is_refused_place_by_place(database, signed_in):
    body = {"partnership": str(cast.PARTNERSHIP), "text": "format: x\nphase: lunar"}
    answer = post(signed_in("cdmo_qa"), LIST, body)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (400, "document_invalid")
    places = {each["where"]: each["detail"] for each in problem["faults"]}
    assert "clinical, commercial, cell_therapy" in places["phase"]


@pytest.mark.parametrize("given", [{"template": "commercial", "text": "x"}, {}])
def test_a_draft_begins_with_exactly_one_thing(database, signed_in, given):
    answer = post(signed_in("cdmo_qa"), LIST, {"partnership": str(cast.PARTNERSHIP)} | given)
    assert answer.status_code == 400


def test_a_retried_draft_is_one_draft(database, signed_in):
    maker = signed_in("cdmo_qa")
    body = {"partnership": str(cast.PARTNERSHIP), "template": "commercial"}
    first, second = (post(maker, LIST, body, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    assert second["Idempotent-Replayed"] == "true"


def test_the_text_is_taken_away_and_reads_back_without_loss(database, signed_in, cdmo_qa):
    found = make.in_review(cdmo_qa, number=4)
    client = signed_in("sponsor_viewer")
    for form in ("yaml", "json"):
        answer = client.get(f"{LIST}{found.pk}/{form}/")
        assert read_yaml(answer.content.decode()) == found.document
        assert answer["Content-Disposition"] == f'attachment; filename="agreement-v4.{form}"'


def test_the_schema_is_published(database, api):
    assert api("gateway").get(f"{LIST}schema/1/").json() == json.loads(json.dumps(SCHEMA))


def test_a_rival_finds_nothing_and_drafts_nothing(database, api, signed_in, cdmo_qa):
    found = make.in_review(cdmo_qa)
    for rival in (api("rival_system"), signed_in("rival_sponsor_qa")):
        _finds_nothing(rival, found)
    with reading(cdmo_qa):
        assert AgreementVersion.objects.visible_to(cdmo_qa).count() == 1


def test_a_key_reaches_programs_and_no_partnership(database, api, cdmo_qa):
    _finds_nothing(api("cdmo_system"), make.in_review(cdmo_qa))


def _finds_nothing(rival, found):
    for part in ("", "yaml/", "json/"):
        assert rival.get(f"{LIST}{found.pk}/{part}").status_code == 404
    assert rival.get(LIST).json()["results"] == []
    assert begin(rival).status_code in (403, 404)
