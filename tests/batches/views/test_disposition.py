"""A finished batch goes from review to both signatures on its pages."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from batches.actions.holds import place_batch_hold
from tests.factories import batches as make
from tests.factories import cast, lots
from tests.factories.disposing import complete
from tests.factories.signing import fresh, make_signer

WHY = "Record reviewed in full; nothing speaks against it."


@pytest.fixture
def batch(database, cdmo_qa, cdmo_quality_head, sponsor_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    make_signer(sponsor_quality_head, cast.ARVO)
    made = make.batch(number="B-7", running=timedelta(hours=3))
    lots.product(made, released=False)
    place_batch_hold(
        cdmo_qa, made.pk, kind="use", scope="BR-203", reason="Gloves are changed first.", audience="shared"
    )
    complete(cdmo_qa, made)
    return made


def read(client, address):
    answer = client.get(address)
    return answer.status_code, unescape(answer.content.decode())


def field(text, name):
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)[1]


def review(client, batch):
    """Look at what is left, then mark every section, as the page offers it."""
    address = f"/batches/{batch.pk}/review/"
    _, text = read(client, address)
    keys = re.findall(r'name="key" value="([^"]+:[^"]+)"', text)
    assert client.post(f"{address}look/", {"key": keys}).status_code == 303
    _, text = read(client, address)
    sections = re.findall(r'name="section" value="([^"]+)"', text)
    marked = client.post(f"{address}sections/", {"section": sections, "mode": field(text, "mode")})
    assert marked.status_code == 303
    return read(client, address)[1]


def sign(client, batch, **given):
    address = f"/batches/{batch.pk}/disposition/{given.pop('step')}/"
    shown = client.post(address, {"reason": WHY, **given})
    text = unescape(shown.content.decode())
    assert shown.status_code == 200, text
    stated = {each: field(text, each) for each in ("decision", "reason", "digest", "meaning")}
    return fresh(lambda **proof: client.post(address, {**stated, **proof}))


def test_from_review_to_both_signatures(batch, signed_in):
    text = review(signed_in("cdmo_qa"), batch)
    assert "CDMO reviewed" in text
    assert "sponsor reviewed" in review(signed_in("sponsor_qa"), batch)
    head = signed_in("cdmo_quality_head")
    _, text = read(head, f"/batches/{batch.pk}/")
    assert f'href="/batches/{batch.pk}/disposition/"' in text
    _, text = read(head, f"/batches/{batch.pk}/disposition/")
    assert "Nothing is in the way of the next step." in text
    assert sign(head, batch, step="cdmo", decision="released").status_code == 303
    sponsor = signed_in("sponsor_quality_head")
    assert sign(sponsor, batch, step="sponsor", decision="released").status_code == 303
    for key in ("sponsor_viewer", "cdmo_operator"):
        _, text = read(signed_in(key), f"/batches/{batch.pk}/disposition/")
        assert "Released, not for EU" in text
        assert "Name of cdmo_quality_head" in text
        assert "Name of sponsor_quality_head" in text
        assert "Decide and sign" not in text


def test_the_page_says_what_is_in_the_way_and_who_holds_the_ball(batch, signed_in):
    _, text = read(signed_in("sponsor_viewer"), f"/batches/{batch.pk}/disposition/")
    assert "Not reviewed by the CDMO" in text
    assert "The ball is with: CDMO" in text
    assert "decides the date" in text
    refused = signed_in("cdmo_quality_head").post(
        f"/batches/{batch.pk}/disposition/cdmo/", {"decision": "released", "reason": WHY}
    )
    assert refused.status_code == 400
    status, text = read(signed_in("sponsor_quality_head"), f"/batches/{batch.pk}/disposition/cdmo/")
    assert (status, "Nothing to decide as you" in text) == (200, True)


def test_a_question_is_asked_and_answered_on_the_page(batch, signed_in):
    address = f"/batches/{batch.pk}/review/"
    sponsor, qa = signed_in("sponsor_qa"), signed_in("cdmo_qa")
    assert sponsor.post(f"{address}say/", {"text": "Which gloves?", "says": "ask"}).status_code == 303
    _, text = read(qa, address)
    assert "Which gloves?" in text
    stated = {"note": field(text, "note"), "version": "1", "text": "Those of port 4."}
    assert qa.post(f"{address}reply/", stated).status_code == 303
    assert "Those of port 4." in read(sponsor, address)[1]
    assert sponsor.post(f"{address}say/", {"text": "?", "says": "ask"}).status_code == 400


def test_rest_tells_the_chain_the_blocks_and_the_date(batch, api):
    found = api("sponsor_system").get(f"/api/v1/batches/{batch.pk}/disposition/").json()
    assert [(each["step"], each["stand"]) for each in found["steps"]] == [
        ("cdmo", "open"),
        ("sponsor", "waits"),
        ("qp_certification", "waits"),
    ]
    assert [each["kind"] for each in found["blocks"]] == ["review_cdmo", "review_sponsor"]
    assert found["expected_at"] == found["countdown"][-1]["expected_at"]
    review = api("cdmo_system").get(f"/api/v1/batches/{batch.pk}/review/").json()
    assert [each["kind"] for each in review["exceptions"]] == ["hold"]
    for path in ("disposition", "review"):
        assert api("rival_system").get(f"/api/v1/batches/{batch.pk}/{path}/").status_code == 404


def test_the_rival_finds_no_such_page(batch, signed_in):
    for path in ("disposition", "review", "disposition/cdmo"):
        assert read(signed_in("rival_sponsor_qa"), f"/batches/{batch.pk}/{path}/")[0] == 404
