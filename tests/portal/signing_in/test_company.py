"""Signing in by the own organisation (goal G37): its provider is believed once it is proved."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import time

import jwt
import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import CommandError, call_command

from portal.action import reading
from portal.actions import people
from portal.actions.company import set_company_sign_in
from portal.actor import system_actor
from portal.errors import Conflict, Refused
from portal.models import CompanyIdentity, CompanySignIn, Member, Person, SignIn
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories.door import Browser, fresh_code
from tests.factories.issuer import Issuer

KEY = "cdmo_qa"
EMAIL = cast.EMAILS[KEY]
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def issuer():
    found = Issuer()
    found.claims["email"] = EMAIL
    yield found
    found.stop()


@pytest.fixture
def rival_issuer():
    found = Issuer()
    yield found
    found.stop()


def set_up(issuer, organisation=cast.CDMO, domains=("example.com",), *, trusts_mfa=False):
    return set_company_sign_in(
        system_actor("setup", organisation),
        organisation,
        issuer=issuer.issuer,
        client_id=issuer.client_id,
        secret=issuer.secret,
        domains=domains,
        trusts_mfa=trusts_mfa,
    )


@pytest.fixture
def provider(database, issuer):
    return set_up(issuer)


def address_in(answer):
    return re.search(r'href="(http[^"]+/authorize[^"]+)"', answer.content.decode())[1].replace("&amp;", "&")


def ask(browser, email=EMAIL):
    return address_in(browser.post("/account/company/", {"email": email}))


def come(issuer, browser=None):
    """Go to the provider and come back; returns browser and answer."""
    browser = browser or Browser()
    return browser, browser.get(issuer.authorize(ask(browser)))


def is_at_second_step(answer):
    return answer.status_code == 302 and answer.url == "/account/2fa/authenticate/"


def is_refused(browser, answer):
    said = browser.get(answer.url).content.decode()
    return answer.url == "/account/login/" and "did not let you in" in said and not browser.is_in()


class TestAPersonOfTheOrganisation:
    def test_comes_in_with_our_second_factor(self, provider, issuer):
        browser = Browser()
        with fresh_code() as code:
            _, answer = come(issuer, browser)
            assert is_at_second_step(answer)
            assert not browser.is_in()
            browser.try_code(code)
        assert browser.is_in()
        assert SignIn.objects.get().way == "company"
        linked = CompanyIdentity.objects.get()
        assert (linked.person_id, linked.subject) == (cast.person_id(KEY), "person-1")
        assert "company_identity.linked" in [kind for _, kind, *_ in entries_of(cast.CDMO)]

    def test_is_known_by_the_subject_from_then_on_not_by_the_address(self, provider, issuer):
        come(issuer)
        issuer.claims |= {"email": "someone.else@example.com", "email_verified": False}
        assert is_at_second_step(come(issuer)[1])
        issuer.claims |= {"sub": "person-2", "email": EMAIL, "email_verified": True}
        assert is_refused(*come(issuer))

    @pytest.mark.parametrize(
        ("trusts", "amr", "is_in"),
        [(True, ["pwd", "mfa"], True), (True, ["pwd"], False), (True, "mfa", False), (False, ["mfa"], False)],
    )
    def test_needs_no_second_factor_of_ours_where_the_providers_is_trusted(
        self, database, issuer, trusts, amr, is_in
    ):
        set_up(issuer, trusts_mfa=trusts)
        Authenticator.objects.filter(user_id=cast.person_id(KEY)).delete()
        issuer.claims["amr"] = amr
        browser, _ = come(issuer)
        assert browser.is_in() == is_in
        if is_in:
            assert SignIn.objects.get().way == "company"

    def test_is_not_believed_to_have_a_factor_by_an_earlier_sign_in(self, database, issuer):
        set_up(issuer, trusts_mfa=True)
        issuer.claims["amr"] = ["mfa"]
        browser, _ = come(issuer)
        assert browser.is_in()
        browser.post("/account/logout/")
        del issuer.claims["amr"]
        _, answer = come(issuer, browser)
        assert is_at_second_step(answer)
        assert not browser.is_in()

    def test_without_an_own_password_is_told_what_signing_needs(self, database, issuer):
        set_up(issuer, trusts_mfa=True)
        Person.objects.filter(pk=cast.person_id(KEY)).update(password="!")
        issuer.claims["amr"] = ["mfa"]
        browser, _ = come(issuer)
        page = browser.get("/security/").content.decode()
        assert "alone it never signs" in page
        assert "Set up one of these two first." not in page
        Authenticator.objects.filter(user_id=cast.person_id(KEY)).delete()
        assert "Set up one of these two first." in browser.get("/security/").content.decode()


LIES = {
    "another audience": {"aud": "somebody-else"},
    "two audiences": {"aud": ["covalent", "somebody-else"]},
    "another party": {"azp": "somebody-else"},
    "another issuer": {"iss": "http://127.0.0.1:1"},
    "another nonce": {"nonce": "n" * 43},
    "no nonce": {"nonce": None},
    "over": {"exp": int(time.time()) - 3600},
    "from the future": {"iat": int(time.time()) + 3600},
    "nobody": {"sub": ""},
    "an address not confirmed": {"email_verified": False},
    "an address confirmed in words": {"email_verified": "true"},
    "an address of no account": {"email": "nobody@example.com"},
    "an address of another domain": {"email": "cdmo_qa@elsewhere.example"},
    "an address of a service": {"email": "gateway@service.invalid"},
    "no address": {"email": None},
}
FORGERIES = {
    "none": lambda _, said: jwt.encode(said, None, "none"),
    "none, with the key's name": lambda i, said: jwt.encode(said, None, "none", headers={"kid": i.kid}),
    "another key": lambda i, said: jwt.encode(said, OTHER, "RS256", headers={"kid": i.kid}),
    "no such key": lambda i, said: jwt.encode(said, i.key, "RS256", headers={"kid": "x"}),
    "the public key as a secret": lambda i, said: hs256(i.pem(), i.kid, said),
    "the client's secret": lambda i, said: hs256(i.secret.encode(), i.kid, said),
    "a changed body": lambda i, said: swap_body(i.sign(said), i.sign(said | {"sub": "person-9"})),
    "nothing": lambda *_: "",
    "rubbish": lambda *_: "a.b.c",
}


def hs256(secret, kid, said):
    """A token under a shared secret, made by hand: the library refuses to make it."""

    def text(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    head = text(json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode())
    body = head + b"." + text(json.dumps(said).encode())
    return (body + b"." + text(hmac.digest(secret, body, hashlib.sha256))).decode()


def swap_body(one, other):
    head, _, signature = one.split(".")
    return f"{head}.{other.split('.')[1]}.{signature}"


class TestATokenThatLies:
    @pytest.mark.parametrize("lie", list(LIES))
    def test_in_what_it_says_lets_nobody_in(self, provider, issuer, lie):
        issuer.claims |= LIES[lie]
        issuer.forge = lambda said: issuer.sign({k: v for k, v in said.items() if v is not None})
        assert is_refused(*come(issuer))
        assert not CompanyIdentity.objects.exists()

    @pytest.mark.parametrize("forgery", list(FORGERIES))
    def test_in_how_it_was_made_lets_nobody_in(self, provider, issuer, forgery):
        issuer.forge = lambda said: FORGERIES[forgery](issuer, said)
        assert is_refused(*come(issuer))
        assert not CompanyIdentity.objects.exists()

    def test_about_its_keys_lets_nobody_in(self, provider, issuer):
        issuer.published = [issuer.public(), issuer.public(OTHER)]
        assert is_refused(*come(issuer))


class TestTheWayBack:
    def test_without_the_question_leads_nowhere(self, provider, issuer):
        asked = issuer.authorize(ask(Browser()))
        stranger = Browser()
        assert is_refused(stranger, stranger.get(asked))

    def test_with_another_state_leads_nowhere(self, provider, issuer):
        browser = Browser()
        back = issuer.authorize(ask(browser))
        assert is_refused(browser, browser.get(re.sub(r"state=[^&]+", "state=other", back)))

    def test_is_good_once(self, provider, issuer):
        browser = Browser()
        back = issuer.authorize(ask(browser))
        assert is_at_second_step(browser.get(back))
        assert browser.get(back).url == "/account/login/"

    def test_with_somebody_elses_code_leads_nowhere(self, provider, issuer):
        """A stolen code does not fit the verifier of this browser's question."""
        victim, thief = Browser(), Browser()
        stolen = re.search(r"code=([^&]+)", issuer.authorize(ask(victim)))[1]
        own = issuer.authorize(ask(thief))
        assert is_refused(thief, thief.get(re.sub(r"code=[^&]+", f"code={stolen}", own)))


class TestTwoProviders:
    """An identity provider never speaks for another organisation's people."""

    @pytest.fixture
    def rival(self, provider, rival_issuer):
        return set_up(rival_issuer, cast.TESSEL, ("tessel.example",))

    def test_one_cannot_assert_a_person_of_the_other(self, rival, rival_issuer):
        rival_issuer.claims |= {"email": EMAIL, "sub": "person-1"}
        browser = Browser()
        answer = browser.get(rival_issuer.authorize(ask(browser, "anyone@tessel.example")))
        assert is_refused(browser, answer)
        assert not CompanyIdentity.objects.exists()

    def test_one_cannot_assert_the_subject_of_the_other(self, rival, issuer, rival_issuer):
        come(issuer)
        browser = Browser()
        answer = browser.get(rival_issuer.authorize(ask(browser, "anyone@tessel.example")))
        assert is_refused(browser, answer)

    def test_one_cannot_sign_tokens_of_the_other(self, rival, issuer, rival_issuer):
        rival_issuer.kid = issuer.kid
        issuer.forge = rival_issuer.sign
        assert is_refused(*come(issuer))

    def test_are_not_mixed_up(self, provider, rival, issuer, rival_issuer):
        """The question went to one; what comes back at the other's address, or in its name, is no answer."""
        browser = Browser()
        back = issuer.authorize(ask(browser))
        crossed = back.replace(str(provider.pk), str(rival.pk))
        assert is_refused(browser, browser.get(crossed))
        named = issuer.authorize(ask(browser))
        named = re.sub(r"iss=[^&]+", f"iss={rival_issuer.issuer}", named)
        assert is_refused(browser, browser.get(named))

    def test_do_not_share_a_domain_or_an_issuer(self, provider, issuer, rival_issuer):
        for taken in ((rival_issuer, ("EXAMPLE.com",)), (issuer, ("tessel.example",))):
            with pytest.raises(Conflict):
                set_up(taken[0], cast.TESSEL, taken[1])

    def test_a_person_who_changed_sides_is_no_longer_spoken_for(self, provider, issuer):
        come(issuer)
        Person.objects.filter(pk=cast.person_id(KEY)).update(organisation_id=cast.TESSEL)
        assert is_refused(*come(issuer))


class TestWhoIsNotIn:
    def test_a_closed_account_stays_closed(self, provider, issuer):
        come(issuer)
        setup = system_actor("setup", cast.CDMO)
        with reading(setup):
            member = Member.objects.visible_to(setup).get(person_id=cast.person_id(KEY))
        people.close_member(setup, member.pk, reason="Left the company.")
        assert is_refused(*come(issuer))

    def test_nobody_signs_up(self, provider, issuer):
        before = Person.objects.count()
        issuer.claims |= {"sub": "new", "email": "new.person@example.com"}
        assert is_refused(*come(issuer))
        assert Person.objects.count() == before

    def test_an_unknown_domain_and_a_provider_that_is_away_say_the_same(self, provider, issuer):
        unknown = Browser().post("/account/company/", {"email": "a@nowhere.example"})
        issuer.says_issuer = "https://elsewhere.example"
        away = Browser().post("/account/company/", {"email": EMAIL})
        words = "No organisation signs in people of this address here"
        assert words in unknown.content.decode()
        assert words in away.content.decode()

    def test_the_page_tells_nothing_of_accounts(self, provider, issuer):
        pages = [
            re.sub(
                r"state=[\w-]+|nonce=[\w-]+|code_challenge=[\w-]+|[A-Za-z0-9]{64}",
                "",
                Browser().post("/account/company/", {"email": email}).content.decode(),
            )
            for email in (EMAIL, "nobody@example.com")
        ]
        assert pages[0] == pages[1]


class TestSettingItUp:
    def test_is_for_who_runs_the_installation(self, database, issuer, cdmo_admin):
        with pytest.raises(Refused):
            set_company_sign_in(
                cdmo_admin,
                cast.CDMO,
                issuer=issuer.issuer,
                client_id="x",
                secret="y",
                domains=["example.com"],
                trusts_mfa=True,
            )

    def test_by_command_keeps_the_secret_encrypted(self, database, issuer, monkeypatch, capsys):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{issuer.secret}\n"))
        options = ["--issuer", issuer.issuer, "--client-id", "covalent", "--domain", "Example.com"]
        call_command("company_sign_in", str(cast.CDMO), *options)
        found = CompanySignIn.objects.get()
        assert str(found.pk) in capsys.readouterr().out
        assert found.domains == ["example.com"]
        assert issuer.secret not in found.secret
        assert is_at_second_step(come(issuer)[1])

    @pytest.mark.parametrize("address", ["http://idp.example", "ftp://idp.example", ""])
    def test_wants_an_address_that_secrets_may_be_sent_to(self, database, monkeypatch, address):
        monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))
        options = ["--issuer", address, "--client-id", "covalent", "--domain", "example.com"]
        with pytest.raises(CommandError):
            call_command("company_sign_in", str(cast.CDMO), *options)

    def test_another_issuer_knows_nobody_whom_the_one_before_knew(self, provider, issuer, rival_issuer):
        come(issuer)
        set_up(rival_issuer)
        rival_issuer.claims |= {"sub": "person-1", "email": None}
        rival_issuer.forge = lambda said: rival_issuer.sign({k: v for k, v in said.items() if v is not None})
        assert is_refused(*come(rival_issuer))
