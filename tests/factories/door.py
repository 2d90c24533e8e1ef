"""Standing at the door: browsers that sign in by the pages, with one-time codes that nobody used before."""

from __future__ import annotations

import re
import time
from itertools import cycle

import time_machine
from django.test import Client

from tests.factories import cast
from tests.factories.signing import PERIOD_S, code_at

LOGIN, SECOND = "/account/login/", "/account/2fa/authenticate/"
# Within the idle time of a session; a test that needs more codes than these must wait.
_steps = cycle(range(12, 25))


class Browser(Client):
    """A browser with its own cookies; forms are posted as the pages would."""

    def try_password(self, email, password, code=""):
        """Send the first page."""
        return self.post(LOGIN, {"login": email, "password": password, "code": code})

    def try_code(self, code):
        """Send the second page."""
        return self.post(SECOND, {"code": code})

    def sign_in(self, key, *, password=cast.PASSWORD):
        """Come in with both components; returns the answer to the second step."""
        with fresh_code() as code:
            self.try_password(cast.EMAILS[key], password)
            return self.try_code(code)

    def is_in(self):
        """Say whether the browser is signed in."""
        return self.get("/security/").status_code == 200


class fresh_code:  # noqa: N801 - reads as a word
    """A moment whose one-time code nobody used before."""

    def __enter__(self):
        moment = time.time() + PERIOD_S * next(_steps)
        self._travel = time_machine.travel(moment, tick=False)
        self._travel.start()
        return code_at(moment)

    def __exit__(self, *_):
        self._travel.stop()


def words_of(answer):
    """What the page says, without what is drawn anew for every page and what was typed."""
    return re.sub(r'value="[^"]*@[^"]*"|[A-Za-z0-9]{64}', "", answer.content.decode())
