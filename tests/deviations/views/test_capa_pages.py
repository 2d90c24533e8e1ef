"""CAPA in pages and over REST: what is offered is what may be done, and each side reads its own."""

import pytest

from deviations.actions.capa.working import share_capa
from tests.factories import capa as capas
from tests.factories import cast
from tests.factories import deviations as make

RATIONALE = "INSIDE words of the rationale."


@pytest.fixture
def shared(database, cdmo_qa, cdmo_quality_head):
    capa = capas.plan(cdmo_qa, rationale=RATIONALE)
    capas.measure(cdmo_qa, capa, title="Seals changed by stroke count")
    capas.check(cdmo_qa, capa)
    capas.risk(cdmo_qa, capa)
    capas.settle(cdmo_quality_head, capas.decide(cdmo_quality_head, capa))
    return share_capa(cdmo_qa, capa.pk, version=capas.again(capa).version)


def told(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_both_sides_read_the_page_and_only_one_works_on_it(shared, signed_in):
    address = f"/capa/{shared.pk}/"
    own, other = told(signed_in("cdmo_qa"), address), told(signed_in("sponsor_qa"), address)
    for page in (own, other):
        assert capas.TITLE in page
        assert "Seals changed by stroke count" in page
    assert (RATIONALE in own, RATIONALE in other) == (True, False)
    assert ("Say that it is done" in own, "Say that it is done" in other) == (True, False)
    told(signed_in("rival_sponsor_qa"), address, 404)


def test_the_address_of_a_step_or_a_measure_leads_to_the_page(shared, signed_in):
    (one,) = capas.measures(shared)
    for path in (f"/capa/{shared.pk}/decide/", f"/capa/measures/{one.pk}/", f"/capa/measures/{one.pk}/do/"):
        assert signed_in("sponsor_qa").get(path)["Location"] == f"/capa/{shared.pk}/"
        told(signed_in("rival_sponsor_qa"), path, 404)


def test_the_list_leads_there_and_names_what_comes_next(shared, signed_in):
    for key in ("cdmo_qa", "sponsor_qa"):
        page = told(signed_in(key), "/capa/")
        assert f"/capa/{shared.pk}/" in page
    assert shared.number not in told(signed_in("rival_sponsor_qa"), "/capa/?filter=all")


def test_a_capa_is_planned_from_its_deviation(database, cdmo_qa, signed_in):
    deviation, client = make.report(cdmo_qa), signed_in("cdmo_qa")
    assert f"/capa/new/?deviation={deviation.pk}" in told(client, f"/deviations/{deviation.pk}/")
    given = {"title": capas.TITLE, "scope": capas.SCOPE, "rationale": "short"}
    sent = given | {"program": str(cast.PROGRAM), "deviation": str(deviation.pk)}
    refused = client.post("/capa/new/", sent)
    assert (refused.status_code, capas.SCOPE in refused.content.decode()) == (400, True)
    made = client.post("/capa/new/", sent | {"rationale": capas.RATIONALE})
    assert made.status_code == 303
    assert deviation.number in told(client, made["Location"])


def test_a_measure_is_done_on_the_page_and_a_stale_try_keeps_the_words(shared, signed_in):
    (one,) = capas.measures(shared)
    client, address = signed_in("cdmo_qa"), f"/capa/measures/{one.pk}/do/"
    stale = client.post(address, {"evidence": capas.EVIDENCE, "version": "99"})
    assert (stale.status_code, capas.EVIDENCE in stale.content.decode()) == (412, True)
    assert client.post(address, {"evidence": capas.EVIDENCE, "version": str(one.version)}).status_code == 303
    assert capas.measures(shared)[0].state == "done"


def test_rest_offers_what_may_be_done_and_does_it(shared, api):
    (one,) = capas.measures(shared)
    client, path = api("cdmo_system"), f"/api/v1/capa/{shared.pk}/"
    found = client.get(path).json()
    assert [each["name"] for each in found["available_actions"]] == ["link", "carry", "cancel"]
    offered = {each["name"]: each["href"] for each in found["measure_list"][0]["available_actions"]}
    assert list(offered) == ["do"]
    answer = client.post(
        offered["do"], {"evidence": capas.EVIDENCE}, "application/json", HTTP_IF_MATCH=f'"{one.version}"'
    )
    assert (answer.status_code, answer.json()["measure_list"][0]["state"]) == (200, "done")
    read = api("sponsor_system").get(path).json()
    assert (read["rationale"], read["risk"], read["kin"], read["decisions"]) == (None, None, [], [])
    assert [each["available_actions"] for each in read["measure_list"]] == [[]]
    assert api("rival_system").get(path).status_code == 404
