"""Duties to report, beside a deviation: from the sponsor's facts to the decision that is signed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from portal.actor import Side
from portal.models import Person
from tests.deviations.views.test_record import shown, text_of, url
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.rosters import joined

FACTS = {"kinds": ["nda"], "reach": "distributed", "events": ["out_of_specification"]}
BECAUSE = "The lot was not distributed and stays in quarantine."


@pytest.fixture
def regulatory(released):
    joined("Regulatory 01", employer=cast.ARVO, side=Side.SPONSOR, role="regulatory")
    person = Person.objects.get(email="Regulatory 01@example.com")
    cast.add_totp(person)
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def give(client, found, **given):
    aware = (make.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    return client.post(url(found, "reporting/"), FACTS | {"aware_at": aware} | given)


def test_the_card_leads_from_the_facts_to_the_signature(released, regulatory):
    text = text_of(regulatory.get(url(released)))
    assert "Nobody has said yet what the product is" in text
    assert give(regulatory, released).status_code == 303
    text = shown(text_of(regulatory.get(url(released))))
    assert "Field alert report" in text
    assert "21 CFR 314.81(b)(1), 3 business days" in text
    assert "waits for a decision" in text
    inbox = text_of(regulatory.get("/"))
    assert "Field alert report" in inbox
    given = {"rule": "field_alert", "decision": "not_reportable", "because": BECAUSE}
    answer = regulatory.post(url(released, "reporting/decide/"), given)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign/reporting_decision/")
    text = text_of(regulatory.get(url(released)))
    assert answer.headers["Location"] in text
    assert BECAUSE in text
    assert "waits for a signature" in text


def test_what_is_wrong_is_said_in_the_card_and_nothing_typed_is_lost(released, regulatory):
    bad = give(regulatory, released, kinds=[])
    assert bad.status_code == 400
    assert 'id="reporting"' in text_of(bad)
    give(regulatory, released)
    given = {"rule": "field_alert", "decision": "reportable", "because": "too short"}
    answer = regulatory.post(url(released, "reporting/decide/"), given)
    assert (answer.status_code, "too short" in text_of(answer)) == (400, True)


def test_only_the_sponsors_side_sees_it_and_only_regulatory_affairs_decide(released, regulatory, signed_in):
    assert 'id="reporting"' not in text_of(signed_in("sponsor_qa").get(url(released)))
    give(regulatory, released)
    text = text_of(signed_in("sponsor_qa").get(url(released)))
    assert "Field alert report" in text
    assert "Go on to sign" not in text
    for key in ("cdmo_qa", "cdmo_quality_head"):
        assert "Field alert report" not in text_of(signed_in(key).get(url(released)))
    assert give(signed_in("sponsor_qa"), released).status_code == 403
    assert give(signed_in("cdmo_qa"), released).status_code == 403
    assert give(signed_in("rival_sponsor_qa"), released).status_code == 404
