"""Browsers in which a person came in before, known by a signed cookie (OWASP: device cookies).

The cookie signs nobody in. It only gives its browser a budget of its own, so that strangers who use up
theirs do not keep the owner out. Signing out everywhere ends it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from portal.models import Person

LASTS: Final = timedelta(days=180)
_SALT: Final = "covalent.device.1"


def device_of(request: HttpRequest, person: Person | None) -> str:
    """Return the name of the person's known device that asks, empty for a stranger's."""
    if person is None:
        return ""
    found = request.COOKIES.get(_cookie(person), "")
    try:
        said = signing.loads(found, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return ""
    since = person.signed_out_at.timestamp() if person.signed_out_at else 0.0
    is_own = said["person"] == str(person.pk) and said["at"] >= since
    return str(said["device"]) if is_own else ""


def remember(request: HttpRequest, response: HttpResponseBase, person: Person) -> None:
    """Let the browser be known from now on; one that is known keeps its name."""
    name = device_of(request, person) or secrets.token_hex(16)
    said = {"person": str(person.pk), "device": name, "at": time.time()}
    response.set_cookie(
        _cookie(person),
        signing.dumps(said, salt=_SALT),
        max_age=LASTS,
        path="/account/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _cookie(person: Person) -> str:
    """Return the cookie's name: people who share a screen each have their own, and none tells whose."""
    key = hmac.digest(settings.SECRET_KEY.encode(), f"{_SALT}\n{person.pk}".encode(), hashlib.sha256)
    return f"device_{key.hex()[:16]}"
