"""Recovery codes and keys: shown once, used once, and never the last one removed."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import connections

from portal.errors import Refused
from portal.models import Person, SignIn
from portal.states import Meaning, WayIn
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.door import Browser
from tests.factories.signing import code_at, make_signer, sign

KEY = "cdmo_quality_head"
CODES = "/account/2fa/recovery-codes/"
NEW = f"{CODES}new/"


@pytest.fixture
def person(database):
    return Person.objects.get(email=cast.EMAILS[KEY])


@pytest.fixture
def codes(person):
    return RecoveryCodes.activate(person).get_unused_codes()


def add_key(person, name="Key of mine"):
    """A security key as the table has it; what a real one answers is tried in a browser (tests/e2e)."""
    data = {"name": name, "credential": {"clientExtensionResults": {"credProps": {"rk": True}}}}
    return Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=data)


def remove(client, key):
    """Send the form of a removal, on a connection of its own."""
    try:
        return client.post(f"/account/2fa/webauthn/keys/{key.pk}/remove/")
    finally:
        connections.close_all()


def wait_until_it_waits(database, asked):
    """Until the request waits for a lock, or is done without having waited."""
    with database.connect("admin") as raw:
        while not asked.done():
            row = raw.execute(
                "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            ).fetchone()
            if row is not None:
                return
            time.sleep(0.02)


def shown(answer):
    return re.findall(r"<li>(\d{8})</li>", answer.content.decode())


class TestARecoveryCode:
    def test_lets_in_once(self, codes):
        for expected in (True, False):
            browser = Browser()
            browser.try_password(cast.EMAILS[KEY], cast.PASSWORD)
            browser.try_code(codes[0])
            assert browser.is_in() == expected
        assert SignIn.objects.get().way == WayIn.RECOVERY

    def test_signs_nothing(self, codes, cdmo_operator, cdmo_qa, cdmo_quality_head):
        make_signer(cdmo_quality_head, cast.CDMO)
        deviation = make.triage(cdmo_qa, make.report(cdmo_operator), "minor")
        deviation = make.investigate(cdmo_qa, deviation)
        with pytest.raises(Refused):
            sign(cdmo_quality_head, deviation, Meaning.APPROVED, code=codes[0])
        assert (
            codes[0] in RecoveryCodes.activate(Person.objects.get(email=cast.EMAILS[KEY])).get_unused_codes()
        )

    def test_is_counted_down_on_the_page_of_its_owner(self, codes):
        browser = Browser()
        browser.try_password(cast.EMAILS[KEY], cast.PASSWORD)
        browser.try_code(codes[3])
        page = browser.get("/security/").content.decode()
        assert "9 codes are left." in page
        assert not any(code in page for code in codes)


class TestRecoveryCodes:
    def test_are_made_anew_with_password_and_code_and_shown_once(self, codes, signed_in):
        client = signed_in(KEY)
        proof = {"password": cast.PASSWORD, "code": code_at(time.time())}
        made = client.post(NEW, proof, follow=True)
        assert len(shown(made)) == 10
        assert not set(shown(made)) & set(codes)
        assert shown(client.get(CODES)) == []
        old = Browser()
        old.try_password(cast.EMAILS[KEY], cast.PASSWORD)
        old.try_code(codes[0])
        assert not old.is_in()

    @pytest.mark.parametrize("wrong", [{"password": "somebody's guess"}, {"code": "000000"}, {"code": ""}])
    def test_are_not_made_without_both(self, codes, person, signed_in, wrong):
        client = signed_in(KEY)
        proof = {"password": cast.PASSWORD, "code": code_at(time.time())} | wrong
        assert client.post(NEW, proof).status_code == 200
        assert RecoveryCodes.activate(person).get_unused_codes() == codes

    def test_come_with_the_first_app(self, person, signed_in):
        Authenticator.objects.filter(user=person).delete()
        client = signed_in(KEY)
        client.post("/account/reauthenticate/?next=/account/2fa/totp/activate/", {"password": cast.PASSWORD})
        page = client.get("/account/2fa/totp/activate/").content.decode()
        secret = re.search(r'<output id="totp-secret">([A-Z2-7]+)<', page)[1]
        from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

        code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
        made = client.post("/account/2fa/totp/activate/", {"code": code}, follow=True)
        assert len(shown(made)) == 10

    def test_alone_are_no_second_factor(self, codes, person, signed_in):
        Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).delete()
        assert signed_in(KEY).get("/security/").status_code == 302


class TestAFactor:
    def test_is_added_after_confirming_again_who_one_is(self, person, signed_in):
        answer = signed_in(KEY).get("/account/2fa/webauthn/add/")
        assert answer.status_code == 302
        assert answer.url.startswith("/account/reauthenticate/")

    def test_that_is_the_only_one_stays(self, person, signed_in):
        Authenticator.objects.filter(user=person).delete()
        key = add_key(person)
        client = signed_in(KEY)
        client.post("/account/reauthenticate/", {"password": cast.PASSWORD})
        client.post(f"/account/2fa/webauthn/keys/{key.pk}/remove/")
        assert Authenticator.objects.filter(pk=key.pk).exists()
        assert "your only second factor" in client.get("/security/").content.decode()

    def test_may_go_while_another_stays(self, person, signed_in):
        key = add_key(person)
        client = signed_in(KEY)
        assert "Remove Key of mine" in client.get("/security/").content.decode()
        client.post("/account/reauthenticate/", {"password": cast.PASSWORD})
        client.post(f"/account/2fa/webauthn/keys/{key.pk}/remove/")
        assert not Authenticator.objects.filter(pk=key.pk).exists()

    def test_stays_when_the_other_one_goes_in_the_same_moment(self, own_database, signed_in):
        """A removal waits for one that is under way, and then sees what it left."""
        person = Person.objects.get(email=cast.EMAILS[KEY])
        Authenticator.objects.filter(user=person).delete()
        going, staying = (add_key(person, name) for name in ("First", "Second"))
        client = signed_in(KEY)
        client.post("/account/reauthenticate/", {"password": cast.PASSWORD})
        with ThreadPoolExecutor(1) as pool, own_database.connect("owner") as raw:
            with raw.transaction():
                raw.execute("select from portal_person where id = %s for update", [person.pk])
                raw.execute("delete from mfa_authenticator where id = %s", [going.pk])
                asked = pool.submit(remove, client, staying)
                wait_until_it_waits(own_database, asked)
            assert asked.result().status_code == 302
        assert list(Authenticator.objects.filter(user=person)) == [staying]

    def test_of_somebody_else_is_not_found(self, person, signed_in):
        key = add_key(person)
        for rival in ("rival_sponsor_qa", "cdmo_qa"):
            client = signed_in(rival)
            client.post("/account/reauthenticate/", {"password": cast.PASSWORD})
            for what in ("edit", "remove"):
                assert client.get(f"/account/2fa/webauthn/keys/{key.pk}/{what}/").status_code == 404
            assert "Key of mine" not in client.get("/security/").content.decode()


@pytest.mark.parametrize(
    "path",
    ["signup/", "password/reset/", "password/set/", "email/", "confirm-email/", "login/code/", "2fa/trust/"],
)
def test_what_is_not_needed_is_not_there(database, path):
    assert Browser().get(f"/account/{path}").status_code == 404


def test_a_sign_in_is_shown_to_who_came_in(database):
    first, second = Browser(), Browser()
    first.sign_in(KEY)
    assert "a browser not seen before" in first.get("/security/").content.decode()
    first.post("/account/logout/")
    first.sign_in(KEY)
    assert SignIn.objects.order_by("-pk")[0].is_known_device
    second.sign_in("rival_sponsor_qa")
    assert SignIn.objects.filter(person_id=cast.person_id("rival_sponsor_qa")).count() == 1
