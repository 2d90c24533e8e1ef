"""The pages of signing: what is shown is signed, secrets are not shown again, one lets another sign."""

from __future__ import annotations

import re

import pytest

from portal.actor import Actor
from portal.models import Signature
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.administrators import administrator, client_of
from tests.factories.signing import enable, fresh, make_signer


@pytest.fixture
def investigated(database, cdmo_operator, cdmo_qa):
    deviation = make.triage(cdmo_qa, make.report(cdmo_operator))
    return make.investigate(cdmo_qa, make.release(cdmo_qa, deviation))


def address(deviation):
    return f"/sign/deviation/{deviation.pk}/"


def filled(page, **given):
    hidden = dict(re.findall(r'name="(version|digest)" value="([^"]+)"', page.content.decode()))
    return hidden | given


def test_a_person_reads_it_signs_it_and_sees_the_signature(investigated, signed_in, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    client = signed_in("cdmo_quality_head")
    page = client.get(address(investigated))
    assert make.WORDS in page.content.decode()
    stated = filled(page, meaning="approved")
    answer = fresh(lambda **proof: client.post(address(investigated), stated | proof, follow=True))
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "Name of cdmo_quality_head, Norrsund Biologics" in shown
    assert "holds for this version" in shown
    data = client.get(f"/api/v1/deviations/{investigated.pk}/").json()
    assert [(each["meaning"], each["current"]) for each in data["signatures"]] == [("approved", True)]


def test_a_wrong_password_is_refused_and_not_shown_again(investigated, signed_in, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    client = signed_in("cdmo_quality_head")
    stated = filled(client.get(address(investigated)), meaning="approved", code="000000")
    answer = client.post(address(investigated), stated | {"password": "a very wrong password"})
    assert answer.status_code == 403
    assert "4 tries are left" in answer.content.decode()
    assert "a very wrong password" not in answer.content.decode()


def test_a_session_alone_signs_nothing(investigated, signed_in, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    client = signed_in("cdmo_quality_head")
    stated = filled(client.get(address(investigated)), meaning="approved")
    assert client.post(address(investigated), stated).status_code == 403
    assert not _signatures(cdmo_quality_head)


def test_who_may_not_sign_is_told_what_is_missing(investigated, signed_in, sponsor_qa):
    client = signed_in("sponsor_qa")
    assert "You may not sign yet" in client.get(address(investigated)).content.decode()
    enable(sponsor_qa, cast.ARVO)
    assert "Accept the signer" in client.get(address(investigated)).content.decode()
    assert "The signer" in client.get("/security/").content.decode()


def test_another_records_page_and_an_unknown_kind_are_not_found(investigated, signed_in):
    assert signed_in("rival_sponsor_qa").get(address(investigated)).status_code == 404
    assert signed_in("cdmo_qa").get(f"/sign/batchx/{investigated.pk}/").status_code == 404


def test_an_administrator_proposes_a_signer_and_another_one_confirms(database, signed_in, cdmo_qa):
    stated = {
        "person": str(cdmo_qa.person_id),
        "identity": "Passport seen by N. N.",
        "trained_until": "2040-01-01",
    }
    assert signed_in("cdmo_qa").post("/administration/signers/", stated).status_code == 403
    client = signed_in("cdmo_admin")
    assert client.post("/administration/signers/", stated | {"identity": "x"}).status_code == 400
    shown = client.post("/administration/signers/", stated, follow=True).content.decode()
    assert "another administrator confirms it" in shown
    assert "Passport seen by N. N." not in shown
    second = client_of(administrator(cast.CDMO, "cdmo_second_admin"))
    page = second.get("/administration/?tab=four_eyes").content.decode()
    assert "Passport seen by N. N." in page
    confirm = re.search(r'action="(/administration/proposals/[^/]+/confirm/)"', page)[1]
    assert client.post(confirm).status_code == 403
    assert second.post(confirm).status_code == 302
    assert "Passport seen by N. N." in client.get("/administration/signers/").content.decode()


def _signatures(actor: Actor):
    from portal.action import reading

    with reading(actor):
        return list(Signature.objects.visible_to(actor))
