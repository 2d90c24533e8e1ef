"""What a stranger's eyes found: each door that stood open, tried again."""

import re
import time
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from portal.actions import people, proposing
from portal.actions.invitations import set_password
from portal.actor import Side, system_actor
from portal.errors import Refused
from portal.middleware import actor_of
from portal.models import Person
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.administrators import administrator
from tests.factories.signing import PERIOD_S
from tests.portal.test_inspections import confirm, propose

SEATS = "/administration/seats/"


@pytest.fixture
def second(database):
    return administrator(cast.CDMO, "second", role="site_admin")


@pytest.fixture
def invited(cdmo_admin, second):
    proposal = propose(cdmo_admin)
    confirm(second, proposal)
    return Person.objects.get(pk=proposal.person_id)


class TestAnInspector:
    def test_takes_up_the_link_and_sets_a_password(self, invited):
        set_password(actor_of(invited), made_at=invited.link_made_at, password="five plain words of mine")
        assert Person.objects.get(pk=invited.pk).check_password("five plain words of mine")

    def test_acts_for_no_organisation(self, invited):
        assert actor_of(invited).organisation_id is None

    def test_is_seated_as_nothing_else_by_one_administrator(self, cdmo_admin, invited):
        seat = {"target_id": cast.PARTNERSHIP, "side": Side.MANUFACTURER, "role": "qa", "code": "QA 99"}
        with pytest.raises(Refused):
            people.give_assignment(cdmo_admin, cast.CDMO, person_id=invited.pk, **seat)

    def test_is_not_let_sign(self, cdmo_admin, invited):
        given = {"identity": "Passport seen by me.", "trained_until": make.now() + timedelta(days=30)}
        with pytest.raises(Refused):
            proposing.propose_signer(cdmo_admin, cast.CDMO, person_id=invited.pk, **given)


def test_what_a_closed_administrator_proposed_is_not_confirmed(cdmo_admin, second):
    asked = {"person_id": cast.person_id("cdmo_qa"), "reason": "Lost the telephone."}
    proposal = proposing.propose_reset(cdmo_admin, cast.CDMO, **asked)
    Person.objects.filter(pk=cdmo_admin.person_id).update(is_active=False)
    with pytest.raises(Refused):
        confirm(second, proposal)


@pytest.mark.parametrize("given", [{"role": "manufacturer:qa", "target": "x"}, {"role": "both:site_admin"}])
def test_an_administrator_is_proposed_for_the_organisation_alone(database, signed_in, given):
    body = {"person": str(cast.person_id("cdmo_qa")), "target": str(cast.PROGRAM), "code": "Admin 9"}
    answer = signed_in("cdmo_admin").post(SEATS, body | {"reason": "Holiday cover for a week."} | given)
    assert answer.status_code == 400


def test_one_address_written_in_two_ways_has_one_budget(database):
    client, email = Client(), cast.EMAILS["inspector"]
    for _ in range(10):
        client.post("/account/login/", {"login": email, "password": "wrong"})
    other = email.replace("i", "\u0131")
    answer = Client().post("/account/login/", {"login": other, "password": cast.PASSWORD})
    assert answer.status_code == 200, "with the right password alone nobody goes on"


def test_the_first_second_factor_ends_sessions_that_began_without_one(own_database):
    setup = system_actor("setup", cast.CDMO)
    given = {"name": "New", "password": cast.PASSWORD}
    person = people.add_member(setup, cast.CDMO, email="new@example.com", **given).person
    stolen, own = Client(), Client()
    for client in (stolen, own):
        client.post("/account/login/", {"login": "new@example.com", "password": cast.PASSWORD})
    own.post("/account/reauthenticate/?next=/account/2fa/totp/activate/", {"password": cast.PASSWORD})
    page = own.get("/account/2fa/totp/activate/").content.decode()
    secret = re.search(r'<output id="totp-secret">([A-Z2-7]+)<', page)[1]
    code = format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_S))
    own.post("/account/2fa/totp/activate/", {"code": code})
    assert Authenticator.objects.filter(user=person).exists()
    assert own.get("/security/").status_code == 200
    assert stolen.get("/security/").status_code == 302


@pytest.mark.parametrize("path", ["/security/sign-out/", "/administration/people/", "/deviations/new/"])
def test_u_0000_is_refused_on_every_page(database, signed_in, path):
    assert signed_in("cdmo_admin").post(path, {"note": "a\x00b"}).status_code in (400, 403, 404)


def test_a_number_of_thousands_of_digits_is_refused(database, signed_in):
    review = make.unknown_id()
    path = f"/administration/reviews/{review}/finish/"
    assert signed_in("cdmo_admin").post(path, {"version": "9" * 5000}).status_code in (400, 404)
