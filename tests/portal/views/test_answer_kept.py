"""An answer that is confirmed at the own organisation's sign-in is found again as it was written."""

from __future__ import annotations

import re
import time
from html import unescape

import pytest

from portal.actions.company import link_identity
from portal.models import Person
from portal.oidc import Identity
from tests.factories import batches, cast
from tests.factories import decisions as make
from tests.factories.door import fresh_code
from tests.factories.issuer import Issuer
from tests.factories.signing import make_signer
from tests.portal.signing_in.test_company import set_up

KEY = "sponsor_qa"
WHY = "The culture recovered; CANARY of the reasons."


@pytest.fixture
def issuer():
    found = Issuer()
    found.claims |= {"sub": KEY, "auth_time": int(time.time())}
    yield found
    found.stop()


@pytest.fixture
def asked(database, cdmo_qa):
    return make.asked(cdmo_qa, batches.batch(number="B-2417"))


@pytest.fixture
def answerer(asked, sponsor_qa, issuer, signed_in):
    """Somebody of the sponsor without a password here; returns the browser."""
    make_signer(sponsor_qa, cast.ARVO)
    provider = set_up(issuer, organisation=cast.ARVO)
    link_identity(sponsor_qa, provider.pk, Identity(KEY, cast.EMAILS[KEY], has_shown_mfa=False))
    Person.objects.filter(pk=sponsor_qa.person_id).update(password="!")
    return signed_in(KEY)


def text_of(answer):
    return unescape(answer.content.decode())


def hidden(text):
    names = ("meaning", "version", "digest", "option", "reason")
    return {name: re.search(rf'name="{name}" value="([^"]*)"', text)[1] for name in names}


def go_out(client, address):
    """Write the answer, read what is signed, ask for the own organisation's sign-in; returns its page."""
    shown = hidden(text_of(client.post(address, {"option": "B", "reason": WHY})))
    return text_of(client.post("/signing/company/", shown | {"next": address}))


def test_who_comes_back_signs_the_answer_as_it_was_written(asked, answerer, issuer):
    address = f"/decisions/{asked.pk}/answer/"
    out = go_out(answerer, address)
    theirs = re.search(r'href="(http[^"]+/authorize[^"]+)"', out)[1]
    assert ["CANARY" in theirs, WHY in theirs] == [False, False]
    back = answerer.get(issuer.authorize(theirs))
    assert back.url == address
    text = text_of(answerer.get(address))
    assert "Your organisation confirmed" in text
    shown = hidden(text)
    assert (shown["option"], shown["reason"]) == ("B", WHY)
    with fresh_code() as code:
        signed = answerer.post(address, shown | {"code": code})
    assert (signed.status_code, signed.url) == (303, f"/decisions/{asked.pk}/")
    assert "kept" not in answerer.session


def test_who_turns_back_may_change_it(asked, answerer):
    address = f"/decisions/{asked.pk}/answer/"
    go_out(answerer, address)
    assert hidden(text_of(answerer.get(address)))["reason"] == WHY
    changing = text_of(answerer.get(f"{address}?change"))
    assert (WHY in changing, 'name="digest"' in changing) == (True, False)
    assert re.search(r'value="B"[^>]* checked', changing)


def test_it_is_sealed_where_it_is_kept_and_stands_on_no_other_page(asked, answerer, cdmo_qa):
    other = make.asked(cdmo_qa, batches.batch(number="B-2418"))
    go_out(answerer, f"/decisions/{asked.pk}/answer/")
    kept = dict(answerer.session)
    assert kept["kept"]["sealed"].startswith("\x01s2:")
    assert "CANARY" not in str(kept)
    assert WHY not in text_of(answerer.get(f"/decisions/{other.pk}/answer/"))


def test_no_proof_is_kept(asked, answerer):
    address = f"/decisions/{asked.pk}/answer/"
    shown = hidden(text_of(answerer.post(address, {"option": "B", "reason": WHY})))
    answerer.post("/signing/company/", shown | {"next": address, "password": "a secret", "code": "123456"})
    assert "a secret" not in text_of(answerer.get(address))
