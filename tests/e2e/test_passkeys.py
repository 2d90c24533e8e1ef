"""Passkeys in a real browser with a virtual authenticator: added, used alone, used beside the password."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Screen
from tests.factories import cast

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
