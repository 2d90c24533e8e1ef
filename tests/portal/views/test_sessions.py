"""How a session ends: by idling, by age, everywhere at once (21 CFR 11.10(d), 11.300(c)).

What it means for open sockets stands in `test_stream_access.py`.
"""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session

from portal.sessions import row_key_of
from tests.conftest import entries_of
from tests.factories import cast
from tests.factories.door import Browser
from tests.factories.signing import code_at

PAGE, API = ("/security/", 302), ("/api/v1/deviations/", 401)
IDLE, ABSOLUTE = timedelta(minutes=15), timedelta(hours=12)
A_LITTLE, NEARLY_IDLE = timedelta(seconds=5), timedelta(minutes=13)


@pytest.fixture
def browser(database):
    found = Browser()
    found.try_password(cast.EMAILS["cdmo_qa"], cast.PASSWORD)
    found.try_code(code_at(time.time()))
    return found


def later(by):
    return time_machine.travel(time.time() + by.total_seconds(), tick=False)


def keep_busy(browser, until):
    """Ask for a page every thirteen minutes."""
    gone = timedelta(0)
    while gone + NEARLY_IDLE < until:
        gone += NEARLY_IDLE
        with later(gone):
            assert browser.get(PAGE[0]).status_code == 200


def test_a_row_of_the_table_opens_nothing_to_who_reads_or_copies_it(browser):
    """With the database login alone nobody comes in as who is signed in."""
    assert browser.is_in()
    row = Session.objects.get(session_key=row_key_of(browser.cookies["sessionid"].value))
    mine = "a" * 32
    Session.objects.create(
        session_key=row_key_of(mine), session_data=row.session_data, expire_date=row.expire_date
    )
    for taken in (row.session_key, mine):
        thief = Browser()
        thief.cookies["sessionid"] = taken
        assert not thief.is_in()
    assert browser.is_in()


class TestASession:
    @pytest.mark.parametrize(("address", "refused"), [PAGE, API])
    def test_ends_after_fifteen_idle_minutes(self, browser, address, refused):
        with later(IDLE - timedelta(seconds=90)):
            assert browser.get(address).status_code == 200
        with later(2 * IDLE):
            assert browser.get(address).status_code == refused
        with later(A_LITTLE):
            assert browser.get(address).status_code == refused

    @pytest.mark.parametrize(("address", "refused"), [PAGE, API])
    def test_that_was_never_used_idles_from_the_sign_in(self, browser, address, refused):
        with later(IDLE + timedelta(minutes=1)):
            assert browser.get(address).status_code == refused

    def test_ends_after_twelve_hours_however_busy(self, browser):
        keep_busy(browser, ABSOLUTE)
        for address, _ in (PAGE, API):
            with later(ABSOLUTE - timedelta(minutes=2)):
                assert browser.get(address).status_code == 200
        for address, refused in (API, PAGE):
            with later(ABSOLUTE + timedelta(minutes=2)):
                assert browser.get(address).status_code == refused

    def test_is_no_younger_after_a_step_up(self, browser):
        keep_busy(browser, ABSOLUTE)
        with later(ABSOLUTE - timedelta(minutes=2)):
            browser.post("/account/reauthenticate/", {"password": cast.PASSWORD})
        with later(ABSOLUTE + timedelta(minutes=2)):
            assert browser.get(PAGE[0]).status_code == 302

    def test_is_not_kept_alive_by_what_a_page_asks_by_itself(self, browser):
        for minutes in range(0, 16, 3):
            with later(timedelta(minutes=minutes)):
                browser.get(API[0], headers={"X-Covalent-Background": "1"})
        with later(IDLE + timedelta(minutes=2)):
            assert browser.get(PAGE[0]).status_code == 302

    def test_does_not_come_back_with_its_old_cookie(self, browser):
        old = browser.cookies["sessionid"].value
        browser.post("/account/logout/")
        again = Browser()
        again.cookies["sessionid"] = old
        assert not again.is_in()


def test_all_sessions_of_a_person_end_and_nobody_elses(database, signed_in):
    here, there, colleague = signed_in("cdmo_qa"), signed_in("cdmo_qa"), signed_in("cdmo_operator")
    for client in (here, there, colleague):
        assert client.get("/security/").status_code == 200
    assert here.post("/security/sign-out/").status_code == 303
    for client in (here, there):
        assert client.get("/security/").status_code == 302
        assert client.get("/api/v1/deviations/").status_code == 401
    assert colleague.get("/security/").status_code == 200
    assert signed_in("cdmo_qa").get("/security/").status_code == 200
    assert entries_of(cast.CDMO)[-1][1] == "person.signed_out_everywhere"
