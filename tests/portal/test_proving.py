"""The other components of a signature: a key that signs the ceremony, and the organisation's fresh word."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from fido2.utils import websafe_decode

from portal.action import reading
from portal.actions.company import link_identity
from portal.models import Person, Signature
from portal.oidc import Identity
from portal.queries.signatures import own_signer
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.door import fresh_code
from tests.factories.issuer import Issuer
from tests.factories.security_key import SecurityKey
from tests.factories.signing import enable, make_signer
from tests.portal.signing_in.test_company import set_up

KEY = "cdmo_quality_head"


@pytest.fixture
def head(database, cdmo_quality_head):
    make_signer(cdmo_quality_head, cast.CDMO)
    return cdmo_quality_head


@pytest.fixture
def investigated(database, cdmo_operator, cdmo_qa):
    deviation = make.triage(cdmo_qa, make.report(cdmo_operator))
    return make.investigate(cdmo_qa, make.release(cdmo_qa, deviation))


def browser_of(key=KEY):
    client = Client()
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    client.force_login(Person.objects.get(pk=cast.person_id(key)), backend=backend)
    return client


class Room:
    """The signing page of one record, open in one browser."""

    def __init__(self, record, key=KEY):
        self.browser, self.address = browser_of(key), f"/sign/deviation/{record.pk}/"
        self.actor_id = cast.person_id(key)
        self.text = self.browser.get(self.address).content.decode()
        self.shown = dict(re.findall(r'name="(version|digest)" value="([^"]+)"', self.text))

    def challenge(self, meaning="approved", **stated):
        """What the page is told to ask a key: (token, challenge)."""
        given = {"digest": self.shown["digest"], "meaning": meaning} | stated
        said = self.browser.get("/signing/key/", given).json()
        return said["ceremony"], websafe_decode(said["request_options"]["publicKey"]["challenge"])

    def sign(self, meaning="approved", **given):
        return self.browser.post(self.address, self.shown | {"meaning": meaning} | given)

    def sign_with(self, key, meaning="approved", *, password=cast.PASSWORD, **how):
        token, challenge = self.challenge(meaning)
        return self.sign(meaning, password=password, ceremony=token, credential=key.answer(challenge, **how))


def signatures(actor):
    with reading(actor):
        return list(Signature.objects.visible_to(actor))


def failures():
    return [kind for _, kind, *_ in entries_of(cast.CDMO)].count("signing.failed")


def is_refused(answer, head):
    """Refused, counted, told, and nothing signed."""
    return (answer.status_code, signatures(head), failures()) == (403, [], 1)


class TestAKey:
    def test_signs_beside_the_password(self, investigated, head):
        room, key = Room(investigated), SecurityKey(head.person_id)
        answer = room.sign_with(key)
        assert answer.status_code == 303
        [signature] = signatures(head)
        assert json.loads(signature.manifest)["proved_by"] == ["password", "security key"]
        assert signature.holds
        key.factor.refresh_from_db()
        assert key.factor.last_used_at is not None

    def test_is_enough_without_an_app(self, investigated, head):
        key = SecurityKey(head.person_id)
        Authenticator.objects.filter(user_id=head.person_id, type=Authenticator.Type.TOTP).delete()
        room = Room(investigated)
        assert 'name="code"' not in room.text
        assert "Sign with your key" in room.text
        assert room.sign_with(key).status_code == 303

    def test_is_offered_to_who_has_one(self, investigated, head):
        assert "Use a key instead of the code" not in Room(investigated).text
        assert browser_of().get("/signing/key/", {"digest": "x", "meaning": "y"}).status_code == 404
        SecurityKey(head.person_id)
        assert "Use a key instead of the code" in Room(investigated).text

    def test_is_asked_only_for_something_to_sign(self, investigated, head):
        SecurityKey(head.person_id)
        room = Room(investigated)
        for stated in ({"meaning": ""}, {"digest": ""}, {"digest": "x" * 200}):
            given = {"digest": room.shown["digest"], "meaning": "approved"} | stated
            assert room.browser.get("/signing/key/", given).status_code == 403

    def test_signs_nothing_without_the_password(self, investigated, head):
        key = SecurityKey(head.person_id)
        assert is_refused(Room(investigated).sign_with(key, password="a very wrong password"), head)

    @pytest.mark.parametrize(
        "how",
        [
            {"origin": "https://elsewhere.example"},
            {"host": "elsewhere"},
            {"kind": "webauthn.create"},
            {"flags": 0},
        ],
    )
    def test_that_answers_somebody_else_proves_nothing(self, investigated, head, how):
        key = SecurityKey(head.person_id)
        assert is_refused(Room(investigated).sign_with(key, **how), head)

    def test_of_another_person_proves_nothing(self, investigated, head, cdmo_qa):
        SecurityKey(head.person_id)
        theirs = SecurityKey(cdmo_qa.person_id)
        assert is_refused(Room(investigated).sign_with(theirs), head)

    def test_signs_for_one_meaning(self, investigated, head):
        room, key = Room(investigated), SecurityKey(head.person_id)
        token, challenge = room.challenge("rejected")
        answer = room.sign(password=cast.PASSWORD, ceremony=token, credential=key.answer(challenge))
        assert is_refused(answer, head)

    def test_signs_what_was_shown(self, investigated, head):
        room, key = Room(investigated), SecurityKey(head.person_id)
        token, challenge = room.challenge(digest="0" * 64)
        answer = room.sign(password=cast.PASSWORD, ceremony=token, credential=key.answer(challenge))
        assert is_refused(answer, head)

    def test_signs_once(self, investigated, head):
        room, key = Room(investigated), SecurityKey(head.person_id)
        token, challenge = room.challenge()
        said = {"password": cast.PASSWORD, "ceremony": token, "credential": key.answer(challenge)}
        assert room.sign(**said).status_code == 303
        again = room.sign(**said)
        assert again.status_code == 403
        assert "was used before" in again.content.decode()
        assert len(signatures(head)) == 1

    def test_signs_within_two_minutes(self, investigated, head, clock):
        room, key = Room(investigated), SecurityKey(head.person_id)
        token, challenge = room.challenge()
        clock.move(timedelta(minutes=2, seconds=1))
        answer = room.sign(password=cast.PASSWORD, ceremony=token, credential=key.answer(challenge))
        assert is_refused(answer, head)

    def test_answers_no_ceremony_of_anybodys_making(self, investigated, head, cdmo_qa):
        room, key = Room(investigated), SecurityKey(head.person_id)
        SecurityKey(cdmo_qa.person_id)
        other = Room(investigated, "cdmo_qa")
        other.shown = room.shown
        theirs, challenge = other.challenge()
        answer = room.sign(password=cast.PASSWORD, ceremony=theirs, credential=key.answer(challenge))
        assert is_refused(answer, head)

    @pytest.mark.parametrize("credential", ["{", "[]", "null", "1", '{"rawId": 1}', "{}", "x" * 9000])
    def test_that_says_rubbish_proves_nothing(self, investigated, head, credential):
        SecurityKey(head.person_id)
        room = Room(investigated)
        token, _ = room.challenge()
        assert is_refused(room.sign(password=cast.PASSWORD, ceremony=token, credential=credential), head)

    def test_a_changed_token_is_no_token(self, investigated, head):
        room, key = Room(investigated), SecurityKey(head.person_id)
        token, challenge = room.challenge()
        changed = re.sub(r"^-\d", "-1" if token[1] != "1" else "-2", token)
        answer = room.sign(password=cast.PASSWORD, ceremony=changed, credential=key.answer(challenge))
        assert is_refused(answer, head)

    def test_accepts_the_statement(self, database, cdmo_quality_head):
        enable(cdmo_quality_head, cast.CDMO)
        key, browser = SecurityKey(cdmo_quality_head.person_id), browser_of()
        page = browser.get("/security/").content.decode()
        stated = dict(re.findall(r'name="(statement|digest|meaning)" value="([^"]+)"', page))
        said = browser.get("/signing/key/", stated).json()
        challenge = websafe_decode(said["request_options"]["publicKey"]["challenge"])
        given = {"password": cast.PASSWORD, "ceremony": said["ceremony"], "credential": key.answer(challenge)}
        assert browser.post("/security/", stated | given).status_code == 303
        with reading(cdmo_quality_head):
            assert own_signer(cdmo_quality_head).accepted_at is not None


@pytest.fixture
def issuer():
    found = Issuer()
    found.claims |= {"sub": "the-head", "auth_time": int(time.time())}
    yield found
    found.stop()


@pytest.fixture
def sso(head, issuer):
    """The head of quality comes by the organisation's sign-in and has no password here."""
    provider = set_up(issuer)
    link_identity(head, provider.pk, Identity("the-head", cast.EMAILS[KEY], has_shown_mfa=False))
    Person.objects.filter(pk=head.person_id).update(password="!")
    return head


def ask_company(room, meaning="approved", **stated):
    given = room.shown | {"meaning": meaning, "next": room.address} | stated
    return room.browser.post("/signing/company/", given)


def confirm(room, issuer, meaning="approved", **stated):
    """Go to the organisation's sign-in and come back; returns the answer there."""
    page = ask_company(room, meaning, **stated).content.decode()
    address = re.search(r'href="(http[^"]+/authorize[^"]+)"', page)[1].replace("&amp;", "&")
    return room.browser.get(issuer.authorize(address))


def sign_with_code(room, meaning="approved", **given):
    with fresh_code() as code:
        return room.sign(meaning, code=code, **given)


class TestTheOrganisationsWord:
    def test_stands_in_for_the_password(self, investigated, sso, issuer):
        room = Room(investigated)
        assert 'name="password"' not in room.text
        assert confirm(room, issuer).url == room.address
        assert "Your organisation confirmed" in room.browser.get(room.address).content.decode()
        assert sign_with_code(room).status_code == 303
        [signature] = signatures(sso)
        said = json.loads(signature.manifest)["proved_by"]
        assert said == ["own organisation's sign-in", "one-time code"]

    def test_is_asked_for_by_signing_in_there_anew(self, investigated, sso, issuer):
        page = ask_company(Room(investigated)).content.decode()
        address = re.search(r'href="(http[^"]+/authorize[^"]+)"', page)[1].replace("&amp;", "&")
        asked = dict(parse_qsl(urlsplit(address).query))
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")

    def test_goes_with_a_key_too(self, investigated, sso, issuer):
        room, key = Room(investigated), SecurityKey(sso.person_id)
        confirm(room, issuer)
        assert room.sign_with(key, password="").status_code == 303

    def test_alone_signs_nothing(self, investigated, sso, issuer):
        room = Room(investigated)
        confirm(room, issuer)
        assert is_refused(room.sign(), sso)

    @pytest.mark.parametrize(
        "claims",
        [
            pytest.param(lambda: {"auth_time": int(time.time()) - 600}, id="ten minutes ago"),
            pytest.param(lambda: {"auth_time": int(time.time()) + 3600}, id="in an hour"),
            {"auth_time": "now"},
            {"auth_time": True},
            {"auth_time": None},
            {"sub": "somebody-else"},
            {"aud": "somebody-else"},
        ],
        ids=str,
    )
    def test_that_is_not_of_this_person_and_moment_is_none(self, investigated, sso, issuer, claims):
        room = Room(investigated)
        issuer.claims |= claims() if callable(claims) else claims
        assert confirm(room, issuer).url == room.address
        assert "did not confirm" in room.browser.get(room.address).content.decode()
        assert failures() == 1
        assert sign_with_code(room).status_code == 403
        assert signatures(sso) == []

    @pytest.mark.parametrize("stated", [{"meaning": "rejected"}, {"digest": "0" * 64}])
    def test_is_for_one_thing(self, investigated, sso, issuer, stated):
        room = Room(investigated)
        confirm(room, issuer, **stated)
        assert is_refused(sign_with_code(room), sso)

    def test_is_good_for_five_minutes(self, investigated, sso, issuer, clock):
        room = Room(investigated)
        confirm(room, issuer)
        clock.move(timedelta(minutes=5, seconds=1))
        assert "Your organisation confirmed" not in room.browser.get(room.address).content.decode()
        assert is_refused(sign_with_code(room), sso)

    def test_is_good_once(self, investigated, sso, issuer):
        room = Room(investigated)
        confirm(room, issuer)
        kept = room.browser.session["company_word"]
        assert sign_with_code(room).status_code == 303
        assert "company_word" not in room.browser.session
        session = room.browser.session
        session["company_word"] = kept
        session.save()
        again = sign_with_code(room)
        assert (again.status_code, "was used before" in again.content.decode()) == (403, True)

    def test_of_another_persons_asking_is_none(self, investigated, sso, issuer, cdmo_qa):
        """A word in the wrong session: the ceremony names whose it is."""
        room, other = Room(investigated), Room(investigated, "cdmo_qa")
        confirm(room, issuer)
        session = other.browser.session
        session["company_word"] = room.browser.session["company_word"]
        session.save()
        make_signer(cdmo_qa, cast.CDMO)
        assert sign_with_code(other).status_code == 403

    def test_is_not_asked_while_signing_is_locked(self, investigated, sso):
        room = Room(investigated)
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into portal_signingtry (person_id, at)"
                " select %s, portal.instant() from generate_series(1, 5)",
                [sso.person_id],
            )
        assert ask_company(room).status_code == 303
        page = room.browser.get(room.address).content.decode()
        assert "Signing is locked" in page
        assert 'name="code"' not in page

    def test_leads_back_to_nowhere_else(self, investigated, sso, issuer):
        for elsewhere in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", ""):
            assert confirm(Room(investigated), issuer, next=elsewhere).url == "/security/"

    def test_of_no_organisation_is_not_asked(self, investigated, head):
        room = Room(investigated)
        assert ask_company(room).status_code == 303
        assert "no sign-in of its own" in room.browser.get(room.address).content.decode()

    def test_accepts_the_statement(self, database, cdmo_quality_head, issuer):
        enable(cdmo_quality_head, cast.CDMO)
        provider = set_up(issuer)
        link_identity(
            cdmo_quality_head, provider.pk, Identity("the-head", cast.EMAILS[KEY], has_shown_mfa=False)
        )
        Person.objects.filter(pk=cdmo_quality_head.person_id).update(password="!")
        browser = browser_of()
        stated = r'name="(statement|digest|meaning)" value="([^"]+)"'
        shown = dict(re.findall(stated, browser.get("/security/").content.decode()))
        page = browser.post("/signing/company/", shown | {"next": "/security/"}).content.decode()
        address = re.search(r'href="(http[^"]+/authorize[^"]+)"', page)[1].replace("&amp;", "&")
        assert browser.get(issuer.authorize(address)).url == "/security/"
        with fresh_code() as code:
            assert browser.post("/security/", shown | {"code": code}).status_code == 303
