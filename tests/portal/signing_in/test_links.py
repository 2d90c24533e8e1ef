"""Invitations: a link to set the own password with, mailed, good once, for three days (11.300)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail

from portal import tasks
from portal.action import reading
from portal.actions import invitations, people
from portal.actor import system_actor
from portal.errors import Conflict, NotFound, Refused
from portal.links import Link, token_of
from portal.models import Member, Person
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories.door import Browser

EMAIL = "new.person@norrsund.example"
OWN = "a few words of my own"


@pytest.fixture(autouse=True)
def outbox(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    return mail.outbox


@pytest.fixture
def invited(database, cdmo_admin):
    return people.add_member(cdmo_admin, cast.CDMO, email=EMAIL, name="New Person")


def token_in(message):
    return re.search(r"/account/join/#(\S+)", message.body)[1]


def newest_token():
    tasks.send_links()
    return token_in(mail.outbox[-1])


def follow(token, password=OWN, again=None):
    """Open a link and set the password; returns the browser and the last answer."""
    browser = Browser()
    answer = browser.post("/account/join/", {"token": token})
    if answer.status_code == 302:
        answer = browser.post(answer.url, {"password": password, "again": again or password})
    return browser, answer


def password_of(email=EMAIL):
    return Person.objects.get(email=email)


class TestWhoIsInvited:
    def test_is_sent_one_neutral_mail_with_a_link(self, invited):
        assert tasks.send_links() == 1
        assert tasks.send_links() == 0
        [message] = mail.outbox
        assert message.to == [EMAIL]
        said = f"{message.subject}\n{message.body}"
        for word in ("Norrsund", "New Person", "AV-101", "antibody"):
            assert word not in said
        assert entries_of(cast.CDMO)[-1][1] == "member.joined"

    def test_sets_the_own_password_and_then_a_second_factor(self, invited):
        browser, answer = follow(newest_token())
        assert (answer.status_code, answer.url) == (302, "/account/login/")
        assert password_of().check_password(OWN)
        assert entries_of(cast.CDMO)[-1][1] == "password.set"
        assert not browser.is_in()
        browser.try_password(EMAIL, OWN)
        assert browser.get("/security/").url == "/account/2fa/totp/activate/"

    def test_cannot_come_in_before(self, invited):
        for password in ("", "!", OWN):
            browser = Browser()
            browser.try_password(EMAIL, password)
            assert browser.get("/").status_code == 302
        assert not password_of().has_usable_password()

    @pytest.mark.parametrize("password", ["too short", "passwordpassword", f"{EMAIL}"])
    def test_is_told_what_a_password_must_be(self, invited, password):
        _, answer = follow(newest_token(), password)
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode() or "data-invalid" in answer.content.decode()
        assert not password_of().has_usable_password()

    def test_types_it_twice_the_same(self, invited):
        _, answer = follow(newest_token(), OWN, f"{OWN}!")
        assert "The two are not the same." in answer.content.decode()


class TestALink:
    def dead(self, token):
        _, answer = follow(token, "another password of mine")
        assert answer.status_code == 410
        return re.sub(r"[A-Za-z0-9]{64}", "", answer.content.decode())

    def test_that_is_over_in_whatever_way_says_the_same(self, invited, cdmo_admin, clock):
        used = newest_token()
        follow(used)
        words = {self.dead(used)}
        cast.add_totp(password_of())
        invitations.make_link(cdmo_admin, invited.pk, reason="Forgot the password.")
        renewed = newest_token()
        invitations.make_link(cdmo_admin, invited.pk, reason="The mail was lost.")
        words.add(self.dead(renewed))
        withdrawn = newest_token()
        invitations.withdraw_link(cdmo_admin, invited.pk, reason="Starts later.")
        words.add(self.dead(withdrawn))
        invitations.make_link(cdmo_admin, invited.pk, reason="Starts now.")
        expired = newest_token()
        clock.move(timedelta(days=3, seconds=1))
        words.add(self.dead(expired))
        clock.move(timedelta(0))
        nobody = Link(cast.fixed("nobody"), password_of().link_made_at)
        words |= {self.dead(token_of(nobody)), self.dead("forged"), self.dead(expired[:-2] + "xx")}
        assert len(words) == 1
        assert password_of().check_password(OWN)

    def test_ends_with_the_account(self, invited, cdmo_admin):
        token = newest_token()
        people.close_member(cdmo_admin, invited.pk, reason="Never came.")
        self.dead(token)

    def test_that_ends_between_its_two_pages_sets_nothing(self, invited, cdmo_admin):
        browser = Browser()
        browser.post("/account/join/", {"token": newest_token()})
        invitations.withdraw_link(cdmo_admin, invited.pk, reason="Sent by mistake.")
        answer = browser.post("/account/join/password/", {"password": OWN, "again": OWN})
        assert answer.url == "/account/join/"
        assert not password_of().has_usable_password()

    def test_is_not_sent_when_it_was_withdrawn_before(self, invited, cdmo_admin):
        invitations.withdraw_link(cdmo_admin, invited.pk, reason="Sent by mistake.")
        assert tasks.send_links() == 0

    def test_for_who_forgot_the_password_ends_the_sessions_and_keeps_the_second_factor(
        self, database, cdmo_admin
    ):
        old = Browser()
        old.sign_in("cdmo_qa")
        with reading(cdmo_admin):
            member = Member.objects.visible_to(cdmo_admin).get(person_id=cast.person_id("cdmo_qa"))
        invitations.make_link(cdmo_admin, member.pk, reason="Forgot the password.")
        browser, _ = follow(newest_token())
        assert not old.is_in()
        browser.try_password(cast.EMAILS["cdmo_qa"], OWN)
        assert not browser.is_in()
        browser.sign_in("cdmo_qa", password=OWN)
        assert browser.is_in()

    def test_is_all_it_takes_without_a_second_factor_and_then_takes_two_administrators(
        self, invited, cdmo_admin
    ):
        invitations.make_link(cdmo_admin, invited.pk, reason="The mail was lost.")
        follow(newest_token())
        with pytest.raises(Refused) as refused:
            invitations.make_link(cdmo_admin, invited.pk, reason="Forgot the password.")
        assert refused.value.problem_code == "four_eyes"
        assert password_of().link_made_at is None

    def test_waits_for_a_mail_server_that_is_away(self, invited, settings, clock):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        assert tasks.send_links() == 0
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        assert tasks.send_links() == 0
        clock.move(invitations.TRY_AGAIN)
        assert tasks.send_links() == 1


class TestAnAdministrator:
    def test_never_sets_a_password_for_somebody(self, database, cdmo_admin):
        with pytest.raises(Refused):
            people.add_member(cdmo_admin, cast.CDMO, email=EMAIL, name="New Person", password=OWN)

    def test_invites_sends_again_and_withdraws_on_the_page(self, database, signed_in):
        client = signed_in("cdmo_admin")
        person = {"name": "New Person", "email": EMAIL, "zone": "Europe/Stockholm"}
        client.post("/administration/people/", person | {"password": OWN})
        assert "link not sent yet" in client.get("/administration/").content.decode()
        newest_token()
        page = client.get("/administration/").content.decode()
        assert "invited, link sent" in page
        assert "/account/join/#" not in page
        setup = system_actor("setup", cast.CDMO)
        with reading(setup):
            member = Member.objects.visible_to(setup).get(name="New Person")
        address = f"/administration/people/{member.pk}/link/"
        assert client.post(address, {"reason": "The mail was lost."}).status_code == 302
        assert tasks.send_links() == 1
        assert client.post(f"{address}withdraw/", {"reason": "Starts later."}).status_code == 302
        assert client.post(f"{address}withdraw/", {"reason": "Starts later."}).status_code == 400
        assert password_of().link_made_at is None
        assert not password_of().check_password(OWN)

    @pytest.mark.parametrize("who", ["cdmo_qa", "sponsor_qa", "rival_sponsor_qa"])
    def test_is_who_sends_links_and_nobody_else(self, invited, who, request):
        actor = request.getfixturevalue(who)
        before = password_of().link_made_at
        for act in (invitations.make_link, invitations.withdraw_link):
            with pytest.raises((Refused, NotFound)):
                act(actor, invited.pk, reason="To read the mail.")
        assert password_of().link_made_at == before


def test_what_opens_an_account_is_not_stored(invited, as_owner):
    token = newest_token()
    rows = as_owner.execute("select to_jsonb(p)::text from portal_person p").fetchall()
    assert not any(token in row or token.split(":")[0] in row for (row,) in rows)


def test_the_sweep_wakes_the_courier_for_a_link(invited, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "_send_courier", lambda: woken.append(1))
    tasks.sweep()
    tasks.send_links()
    tasks.sweep()
    assert woken == [1]


def test_an_address_that_cannot_be_used_is_told_in_one_sentence_whoever_has_it(database, cdmo_admin):
    said = set()
    for key in ("cdmo_qa", "rival_sponsor_qa", "sponsor_qa"):
        with pytest.raises(Conflict) as refused:
            people.add_member(cdmo_admin, cast.CDMO, email=cast.EMAILS[key], name="New Person")
        said.add(refused.value.detail)
    [words] = said
    assert not re.search(r"exist|another|already|client|organi", words)
