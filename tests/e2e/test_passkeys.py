"""Passkeys in a real browser with a virtual authenticator: added, used alone, used beside the password."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.db import connections
from playwright.sync_api import expect

from tests.conftest import actor
from tests.e2e.conftest import Screen
from tests.factories import cast, deviations
from tests.factories.signing import enable

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(600)]


class Keyed(Screen):
    """A screen under the name of the site, for keys know no numbers, with an authenticator in it."""

    def __init__(self, stage, key, **size):
        super().__init__(stage, key, **size)
        self.base = f"http://localhost:{urlsplit(stage.stack.url).port}"
        self.cdp = self.context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.authenticator = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})[
            "authenticatorId"
        ]

    def sign_in(self, to="/"):
        return super().sign_in(f"{self.base}{to}")

    def verify_nobody(self):
        """Let the authenticator no longer find its owner."""
        self.cdp.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.authenticator, "isUserVerified": False}
        )

    def add_key(self, name, *, alone):
        page = self.page
        page.goto(f"{self.base}/security/")
        page.get_by_role("link", name="Add a key").click()
        if page.get_by_role("heading", name="Confirm that it is you").is_visible():
            page.get_by_label("Password").fill(cast.PASSWORD)
            page.get_by_role("button", name="Confirm").click()
        page.get_by_label("Name of the key").fill(name)
        page.get_by_label("It signs me in alone").set_checked(alone)
        page.get_by_role("button", name="Add", exact=True).click()
        # The first key brings recovery codes, a further one only its line on the page.
        page.wait_for_url(re.compile("/(recovery-codes|security)/$"))

    def sign_out(self):
        self.page.goto(f"{self.base}/account/logout/")
        self.page.get_by_role("button", name="Sign out").click()
        self.page.wait_for_url("**/account/login/**")


@pytest.fixture
def keyed(stage):
    screens = []

    def sit_down(key):
        screens.append(Keyed(stage, key))
        return screens[-1].sign_in("/security/")

    yield sit_down
    complaints = [each for screen in screens for each in screen.complaints]
    for screen in screens:
        screen.close()
    assert complaints == []


def test_a_passkey_is_added_named_and_signs_in_alone(keyed):
    screen = keyed("sponsor_qa")
    screen.add_key("My laptop", alone=True)
    expect(screen.page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    screen.page.get_by_role("link", name="Go on").click()
    expect(screen.page.get_by_text("My laptop")).to_be_visible()
    screen.sign_out()
    screen.page.get_by_role("button", name="Use a passkey").click()
    screen.page.wait_for_url(f"{screen.base}/")
    screen.page.goto(f"{screen.base}/security/")
    expect(screen.page.locator("#recent-title ~ ul li").first).to_contain_text("passkey")
    screen.sign_out()
    screen.verify_nobody()
    screen.page.get_by_role("button", name="Use a passkey").click()
    expect(screen.page.get_by_text("No key answered").first).to_be_visible()


def test_a_security_key_is_the_second_step_and_is_removed_again(keyed):
    screen = keyed("sponsor_viewer")
    screen.add_key("On my key ring", alone=False)
    screen.sign_out()
    page = screen.page
    page.get_by_label("Email").fill(cast.EMAILS[screen.key])
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey or security key").click()
    page.wait_for_url(f"{screen.base}/")
    page.goto(f"{screen.base}/security/")
    page.get_by_role("link", name="Remove On my key ring").click()
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None yet. A key cannot be guessed")).to_be_visible()


def something_to_sign():
    """A deviation under investigation, and a head of quality who may sign; returns its page of signing."""
    enable(actor("cdmo_quality_head"), cast.CDMO)
    qa = actor("cdmo_qa")
    told = deviations.release(qa, deviations.triage(qa, deviations.report(qa, title="Valve stuck")))
    found = deviations.investigate(qa, told)
    connections.close_all()
    return f"/sign/deviation/{found.pk}/"


def test_a_key_signs_beside_the_password(keyed):
    screen = keyed("cdmo_quality_head")
    screen.add_key("My laptop", alone=True)
    # The browser's loop holds this thread: what is asked of the database is asked in another.
    with ThreadPoolExecutor(1) as aside:
        address = aside.submit(something_to_sign).result()
    page = screen.page
    page.goto(f"{screen.base}/security/")
    page.get_by_role("textbox", name="Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Use a key instead of the code").click()
    expect(page.get_by_text("Accepted. You may sign now.")).to_be_visible()
    page.goto(f"{screen.base}{address}")
    page.get_by_label("approved").check()
    # Without the password the key is not asked.
    page.get_by_role("button", name="Use a key instead of the code").click()
    expect(page.get_by_role("textbox", name="Password")).to_be_focused()
    page.get_by_role("textbox", name="Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Use a key instead of the code").click()
    expect(page.get_by_text("Signed: approved.")).to_be_visible()
