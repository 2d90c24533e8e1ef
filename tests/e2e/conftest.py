"""A real browser on the running product; people sign in by the page like anybody."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect, sync_playwright

from config.bootstrap.browser import find_browser
from tests import database as databases
from tests.conftest import OwnDatabase, _point_to, actor
from tests.factories import batches, cast, deviations
from tests.servers import bearer, start_stack

BROWSER = os.environ.get("COVALENT_CHROMIUM") or find_browser()
ARGUMENTS = [
    "--no-sandbox",  # a container's root has no other way
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A loaded machine is slow; what never comes fails all the same.
PATIENCE_MS = 45_000
HARD_TITLE = f"Positioner of {'TV203' * 24} stuck"
TOTP_PERIOD_S = 30
CODE_LASTS_S = 8
TELL_OF_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample}`));
"""


@dataclass
class Stage:
    """The product on a database of its own, a browser, and a batch that runs."""

    database: OwnDatabase
    stack: Any
    browser: Any
    batch_id: Any
    used: set = field(default_factory=set)

    def send(self, *rows):
        """Post readings as the plant's gateway does."""
        answer = httpx.post(
            f"{self.stack.url}/api/v1/batches/{self.batch_id}/readings/",
            content=batches.frame(*rows),
            headers=bearer("gateway") | {"Content-Type": "application/json"},
            timeout=60,
        )
        assert (answer.status_code, answer.json()["refused"]) == (200, []), answer.text

    def code_for(self, key):
        """A code of the authenticator that lasts a while yet and was not used: each serves once."""
        while True:
            counter, gone = divmod(time.time(), TOTP_PERIOD_S)
            if gone < TOTP_PERIOD_S - CODE_LASTS_S and (key, counter) not in self.used:
                self.used.add((key, counter))
                return format_hotp_value(hotp_value(cast.TOTP_SECRET, int(counter)))
            time.sleep(0.5)


class Screen:
    """One person at a screen; whatever the browser complains about is kept."""

    def __init__(self, stage, key, *, width=1440, height=900):
        self.stage, self.key = stage, key
        self.complaints = []
        self.context = stage.browser.new_context(
            base_url=stage.stack.url,
            viewport={"width": width, "height": height},
            has_touch=width < 500,
            is_mobile=width < 500,
            locale="en-GB",
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(TELL_OF_VIOLATIONS)
        self.page = self.context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._complain(f"script: {error}"))
        self.page.on("response", self._see)

    def _complain(self, words):
        self.complaints.append(f"{self.key} at {self.page.url.removeprefix(self.stage.stack.url)}: {words}")

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self._complain(message.text)

    def _see(self, answer):
        if answer.status >= 400:
            self._complain(f"{answer.status} from {answer.url}")

    def sign_in(self, to="/"):
        """Through the page: e-mail and password, then the code; ends where one wanted to go."""
        self.page.goto(to)
        self.page.get_by_label("Email").fill(cast.EMAILS[self.key])
        self.page.get_by_label("Password").fill(cast.PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Second step")).to_be_visible()
        self.page.get_by_label("code").fill(self.stage.code_for(self.key))
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"**{to}")
        return self

    def is_live(self):
        """Wait until the page says that it hears what happens."""
        # Read from the state, for a phone hides the word when all is well.
        expect(self.page.locator("[data-connection]").first).to_have_attribute("data-state", "live")

    def stay(self):
        """Put a mark into the page that a reload would wipe away."""
        self.is_live()
        self.page.evaluate("window.stayed = true")

    def has_stayed(self):
        return self.page.evaluate("window.stayed === true")

    def cards(self):
        """What came up over the page since it opened."""
        return self.page.get_by_role("region", name="New since the page opened").get_by_role("listitem")

    def close(self):
        with suppress(NotInTime):
            self.context.close()


@pytest.fixture(scope="module")
def own_clone():
    name = f"own_{uuid4().hex[:12]}"
    databases.clone(name)
    _point_to(name)
    yield OwnDatabase(name)
    _point_to(databases.OWN)
    databases.drop(name)


@pytest.fixture(scope="module")
def stage(own_clone):
    """The product and a browser, whose loop holds the thread: no test queries by Django beside it."""
    if BROWSER is None:
        pytest.skip("no Chromium: set COVALENT_CHROMIUM or install one")
    running = batches.batch(number="B-2417", title="AV-101 drug substance", equipment="BR-203")
    told_of = deviations.report(actor("cdmo_qa"), title=HARD_TITLE, batch_id=running.pk)
    deviations.release(actor("cdmo_qa"), deviations.triage(actor("cdmo_qa"), told_of))
    with start_stack(own_clone) as stack, sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        found = Stage(own_clone, stack, browser, running.pk)
        at = batches.now() - timedelta(minutes=30)
        found.send(
            *batches.course([36.4, 36.6] * 60, start=at), *batches.course([7.0] * 120, code="PH", start=at)
        )
        yield found
        browser.close()


@pytest.fixture
def person(stage):
    """Sign somebody of the cast in on a screen of their own; afterwards no screen may have complained."""
    screens = []

    def sit_down(key, *, to="/", **size):
        screens.append(Screen(stage, key, **size))
        return screens[-1].sign_in(to)

    yield sit_down
    complaints = [each for screen in screens for each in screen.complaints]
    for screen in screens:
        screen.close()
    assert complaints == []
